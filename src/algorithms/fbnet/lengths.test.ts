import { describe, expect, it } from "vitest";
import { tinyConfig, tinyData } from "../testing/tinyRun";
import { lengthsOf, placeOf, searchRecords } from "./lengths";

/** 160 and 40 records. */
function lengths(change: Parameters<typeof tinyConfig>[0] = {}) {
  const config = tinyConfig({ algorithm: "fbnet-v1", "train.batch": 10, "train.steps": 48, "fbnet.warmupEpochs": 1, ...change });
  const data = tinyData();
  return lengthsOf(config, { ...data, ...searchRecords(data, config) });
}

const story = (of: ReturnType<typeof lengths>) => Array.from({ length: of.steps }, (_, step) => placeOf(step, of));

describe("the passes of an epoch", () => {
  it("are weights alone in the warm-up, then weights and θ", () => {
    const of = lengths();
    expect(of).toMatchObject({ epochs: 3, warmup: 1, weightSteps: 16, thetaSteps: 4, steps: 56 });
    expect(story(of).map(({ kind }) => (kind === "theta" ? "t" : "w")).join("")).toBe(`${"w".repeat(32)}tttt${"w".repeat(16)}tttt`);
  });

  it("count each kind without a gap, the epochs in order", () => {
    const places = story(lengths());
    for (const kind of ["weights", "theta"]) expect(places.filter((p) => p.kind === kind).map((p) => p.index)).toEqual(Array.from({ length: kind === "theta" ? 8 : 48 }, (_, i) => i));
    expect(places.map((p) => p.epoch)).toEqual([...places.map((p) => p.epoch)].sort((a, b) => a - b));
  });

  it("end with θ though the last epoch is cut short", () => {
    const of = lengths({ "train.steps": 20 });
    expect(of).toMatchObject({ epochs: 2, steps: 24 });
    expect(story(of).map(({ kind }) => (kind === "theta" ? "t" : "w")).join("")).toBe(`${"w".repeat(20)}tttt`);
  });

  it("move θ even where the warm-up is longer than the search", () => {
    expect(lengths({ "train.steps": 6, "fbnet.warmupEpochs": 10 })).toMatchObject({ epochs: 1, warmup: 0, steps: 10 });
  });
});

describe("the data", () => {
  it("of weights and θ never meet", () => {
    const data = tinyData();
    const { weights, architecture } = searchRecords(data, tinyConfig({ algorithm: "fbnet-v1" }));
    expect([weights.length, architecture.length]).toEqual([160, 40]);
    expect(weights.some((record) => architecture.includes(record))).toBe(false);
  });
});
