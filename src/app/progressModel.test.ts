/** Segments, percent and the sentence of the progress bar. */
import { describe, expect, it } from "vitest";
import { defaultsFor, type RunConfig } from "@/store/keys";
import type { RunState } from "@/store/run";
import { latestState, runPlan } from "@/ui/testing/runFixture";
import { etaText, progressModel } from "./progressModel";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const sampled = defaultsFor("macro8", "nano");
const mixed = defaultsFor("darts-cell", "nano", "darts");

function model(latest: RunState["latest"], config: RunConfig = sampled, planned = false) {
  return progressModel({ latest, config, totals: planned ? runPlan(config).totals : null });
}

describe("progressModel", () => {
  it("has everything ahead before a run", () => {
    const before = model(null);
    expect(before.segments.map((segment) => segment.state)).toEqual(Array.from({ length: 6 }, () => "ahead"));
    expect(plain(before.valueText)).toBe("0 %, not started");
    expect(before.skip).toBeNull();
  });

  it("fills the phases before the running one", () => {
    const now = model(
      latestState({ phase: "search", done: 16, total: 64, progress: 0.41, eta: [120, 120] }),
      sampled,
      true,
    );
    expect(now.segments.map((segment) => segment.state)).toEqual(["done", "done", "done", "now", "ahead", "ahead"]);
    expect(now.segments[3]?.fill).toBe(0.25);
    expect(now.percent).toBe(41);
    expect(plain(now.valueText)).toBe("41 %, Search, ~2 min left");
    expect(now.skip).toBe("Retrain now");
  });

  it("is full and without a button at the end", () => {
    const end = model(latestState({ phase: "test", status: "complete", progress: 0.997 }));
    expect(end.percent).toBe(100);
    expect(end.eta).toBe("");
    expect(end.skip).toBeNull();
    expect(end.segments.every((segment) => segment.state === "done")).toBe(true);
  });

  it("survives a phase without work", () => {
    expect(model(latestState({ done: 0, total: 0 })).segments[1]?.fill).toBe(0);
  });
});

describe("phases of a search by α", () => {
  const names = (config: RunConfig, totals: Parameters<typeof progressModel>[0]["totals"] = null): string[] =>
    progressModel({ latest: null, config, totals }).segments.map((segment) => segment.name);

  it("are named for what they are, and none is there that has nothing to do", () => {
    const all = ["Warm-up", "Search", "Derive", "Retrain", "Test"];
    expect(names(mixed)).toEqual(all);
    expect(names(mixed, { ...runPlan(mixed).totals, recalibrate: 0 })).toEqual(all);
    expect(names(defaultsFor("macro8", "nano", "gdas"))).toEqual(all);
  });

  it("end early with words of their own", () => {
    expect(model(latestState({ phase: "supernet" }), mixed, true).skip).toBe("Derive now");
    expect(model(latestState({ phase: "search" }), mixed, true).skip).toBeNull();
    expect(model(latestState({ phase: "retrain" }), mixed, true).skip).toBe("Test now");
    expect(plain(model(latestState({ phase: "search", progress: 0.5, eta: null }), mixed, true).valueText)).toBe(
      "50 %, Derive",
    );
  });

  it("are three for an architecture that was given", () => {
    const given = { ...mixed, "retrain.arch": "DARTS_V2" };
    expect(names(given)).toEqual(["Warm-up", "Retrain", "Test"]);
    expect(names(given, { warmup: 1, supernet: 0, recalibrate: 0, search: 0, retrain: 60, test: 2000 })).toEqual([
      "Warm-up",
      "Retrain",
      "Test",
    ]);
  });
});

it("writes a range until the estimate settles", () => {
  expect(plain(etaText([100, 260]))).toBe("2 min – 4 min");
  expect(plain(etaText([118, 122]))).toBe("~2 min");
  expect(etaText(null)).toBe("");
});
