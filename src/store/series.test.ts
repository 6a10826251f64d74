import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Candidate } from "@/nas/candidate";
import type { Frame, LatestState, LogEntry } from "@/session/protocol";
import { frameOf, latestState } from "@/ui/testing/runFixture";
import { CountsHistory } from "./countsHistory";
import { RunHistory } from "./history";
import { Columns, Pyramid } from "./series";

describe("Columns", () => {
  it("keep all rows until full, then thin the older half; first and newest always stay", () => {
    const columns = new Columns(["step", "loss"], 16);
    for (let i = 0; i < 1000; i++) {
      columns.push([i, i / 2]);
      expect(columns.rows).toBeLessThanOrEqual(16);
      const steps = columns.column("step");
      expect([steps[0], steps[steps.length - 1]]).toEqual([0, i]);
      if (i < 16) expect(columns.rows).toBe(i + 1);
    }
    const { step, loss } = columns.toArrays() as { step: Int32Array; loss: Float64Array };
    expect([...step]).toEqual([...step].sort((a, b) => a - b));
    expect([...loss]).toEqual([...step].map((s) => s / 2));
    expect([step.constructor, loss.constructor]).toEqual([Int32Array, Float64Array]);
    expect(() => columns.column("nope")).toThrow(RangeError);
  });

  it("give copies, not views", () => {
    const columns = new Columns(["loss"], 4);
    columns.push([1]);
    const out = columns.toArrays()["loss"] as Float64Array;
    columns.push([2]);
    out[0] = 9;
    expect([...columns.column("loss")]).toEqual([1, 2]);
  });
});

describe("Pyramid", () => {
  const value = fc.oneof({ weight: 6, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }, fc.constantFrom(Number.NaN, Infinity, -Infinity));

  it("keeps every extreme, the mean and the order, whatever comes and however little room there is", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), fc.constantFrom(2, 4, 8, 64), fc.integer({ min: 1, max: 70 }), (values, capacity, bins) => {
        const pyramid = new Pyramid(capacity);
        values.forEach((v, i) => pyramid.push(i, v));
        expect(pyramid.length).toBeLessThanOrEqual(capacity);
        const level = pyramid.level(bins);
        expect(level.x.length).toBeLessThanOrEqual(Math.max(1, bins));
        const edges = [...level.x, values.length];
        expect(edges[0]).toBe(0);
        for (let i = 0; i < level.x.length; i++) {
          const [from, to] = [edges[i] as number, edges[i + 1] as number];
          expect(to).toBeGreaterThan(from);
          const finite = values.slice(from, to).filter(Number.isFinite);
          if (finite.length === 0) expect([level.min[i], level.max[i], level.mean[i]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
          else {
            expect([level.min[i], level.max[i]]).toEqual([Math.min(...finite), Math.max(...finite)]);
            expect(level.mean[i]).toBeCloseTo(finite.reduce((a, b) => a + b, 0) / finite.length, 4);
          }
        }
      }),
    );
  });

  it("of nothing is empty", () => expect(new Pyramid(4).level(10).x).toHaveLength(0));
});

const columnsOf = (step: number, width = 3, layers = 2): Partial<LatestState> => ({
  step,
  path: new Int8Array(layers),
  counts: Float64Array.from({ length: layers * width }, (_, i) => step * 10 + i),
  expected: new Float64Array(layers * width),
  lossSum: new Float64Array(layers * width),
  lossSquares: new Float64Array(layers * width),
  pairs: new Float64Array(layers * width * width),
});

describe("CountsHistory", () => {
  it("keeps at most its capacity and answers with the newest column at or before a step", () => {
    const history = new CountsHistory(8);
    for (let step = 1; step <= 500; step++) {
      history.push(latestState(columnsOf(step)));
      expect(history.latest()?.step).toBe(step);
      expect(history.at(step)?.step).toBe(step);
      expect(history.at(0)).toBeNull();
      const half = history.at(Math.floor(step / 2) || 1);
      expect(half?.step ?? 0).toBeLessThanOrEqual(Math.floor(step / 2) || 1);
    }
    // Strides double: what is found is never older than a quarter of the run before what was asked for.
    for (const step of [60, 200, 333, 499]) expect(step - (history.at(step)?.step ?? -1000)).toBeLessThanOrEqual(125);
    history.clear();
    expect([history.latest(), history.at(100)]).toEqual([null, null]);
  });

  it("takes a later frame of the same step, which holds more losses", () => {
    const history = new CountsHistory(8);
    history.push(latestState(columnsOf(5)));
    const settled = Float64Array.from({ length: 6 }, () => 7);
    history.push(latestState({ ...columnsOf(5), counts: settled }));
    expect([...(history.latest()?.counts ?? [])]).toEqual([...settled]);
    history.push(latestState(columnsOf(6)));
    expect([...(history.at(5)?.counts ?? [])]).toEqual([...settled]);
  });

  it("exports layer, choice, count and expected of equal length, before the first path too", () => {
    const history = new CountsHistory(8);
    for (const path of [new Int8Array(0), new Int8Array(2)]) {
      history.clear();
      history.push(latestState({ ...columnsOf(1), path }));
      const { layer, choice, count, expected } = history.toArrays();
      expect([...(layer as Int32Array)]).toEqual([0, 0, 0, 1, 1, 1]);
      expect([...(choice as Int32Array)]).toEqual([0, 1, 2, 0, 1, 2]);
      expect([...(count as Int32Array)]).toEqual([10, 11, 12, 13, 14, 15]);
      expect(expected).toHaveLength(6);
    }
  });
});

const candidate = (index: number, id: string, change: Partial<Candidate> = {}): Candidate => ({
  index,
  id,
  choices: {},
  origin: { kind: "random" },
  generation: 0,
  arm: "evolution",
  macs: 1000 + index,
  params: 100 + index,
  accuracy: { value: index / 10, n: 20 },
  ...change,
});

function lossFrame(from: number, to: number, log: readonly LogEntry[] = []): Frame {
  const frame = frameOf(latestState(columnsOf(to - 1)));
  const steps = Int32Array.from({ length: to - from }, (_, i) => from + i);
  return { ...frame, log, series: { ...frame.series, loss: { step: steps, phase: new Uint8Array(steps.length).fill(1), loss: Float32Array.from(steps, (s) => 1 / s), lr: new Float32Array(steps.length).fill(0.1) } } };
}

describe("RunHistory", () => {
  it("holds a long run in bounded memory and exports columns of equal length", () => {
    const history = new RunHistory();
    for (let step = 1; step < 40_000; step += 100) history.apply(lossFrame(step, step + 100));
    for (const channel of ["loss", "accuracy", "counts", "alpha", "pool"]) {
      const columns = Object.values(history.export(channel) ?? {});
      expect(columns.length).toBeGreaterThan(3);
      expect(new Set(columns.map((c) => c.length)).size).toBe(1);
      expect(columns[0]?.length).toBeLessThanOrEqual(4096);
    }
    expect(history.lossPyramid("supernet")?.length).toBeLessThanOrEqual(4096);
    expect(history.lossPyramid("retrain")).toBeNull();
    expect(history.export("nonsense")).toBeNull();
    expect(history.throughput().rows).toBeLessThanOrEqual(2048);
  });

  it("origin is the index of the first parent among the candidates, evolution's before the random arm's", () => {
    const history = new RunHistory();
    const all = [
      candidate(0, "00"),
      candidate(1, "01"),
      candidate(2, "00", { arm: "random" }),
      candidate(3, "02", { origin: { kind: "mutation", parent: "00", layers: [1] }, generation: 1 }),
      candidate(4, "03", { origin: { kind: "crossover", parents: ["02", "01"] }, generation: 1 }),
      candidate(5, "04", { origin: { kind: "mutation", parent: "99", layers: [] }, generation: 1, accuracy: null }),
    ];
    history.apply(frameOf(latestState(), all.slice(0, 3)));
    history.apply(frameOf(latestState(), all.slice(3)));
    const pool = history.export("pool") as Record<string, ArrayLike<number>>;
    expect(Array.from(pool["origin"] as Int32Array)).toEqual([-1, -1, -1, 0, 3, -1]);
    expect(Array.from(pool["candidate"] as Int32Array)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pool["accuracy"]?.[5]).toBeNaN();
    expect(pool["n"]?.[5]).toBe(0);
    expect(history.candidateIndex("00")).toBe(0);
    // A replay after a resume changes nothing.
    history.apply(frameOf(latestState(), all));
    expect(history.candidates()).toEqual(all);
  });

  it("tells each channel's listeners once a frame, and forgets everything when cleared", () => {
    const history = new RunHistory();
    const heard: string[] = [];
    const stop = (["loss", "pool", "latest"] as const).map((channel) => history.subscribe(channel, () => heard.push(channel)));
    history.apply(lossFrame(1, 50));
    expect(heard.sort()).toEqual(["latest", "loss"]);
    history.apply(frameOf(latestState(), [candidate(0, "00")]));
    expect(heard.filter((c) => c === "pool")).toHaveLength(1);
    expect(history.version("pool")).toBe(1);
    stop.forEach((off) => off());
    history.clear();
    expect(heard).toHaveLength(4);
    expect([history.candidates().length, history.latest(), history.candidateIndex("00"), history.lossPyramid("supernet")]).toEqual([0, null, undefined, null]);
  });
});
