import { beforeEach, describe, expect, it } from "vitest";
import { RunHistory } from "@/store/history";
import { applyFrames, fakeRun } from "../testing/fakeRun";
import { curvesTable, describeCurves } from "./describe";
import { curvesLayout, wholeRun, zoomed } from "./layout";
import { accuracyAt, curvesModel, lossAt, risingFloor, smooth } from "./model";

const size = { width: 800, height: 168, log: false, domain: null } as const;

describe("curves", () => {
  let history: RunHistory;
  const model = (cursor: number | null = null, bins = 700) =>
    curvesModel({ history, version: 0, info: null, algorithm: "spos", cursor, bins });
  beforeEach(() => {
    history = new RunHistory();
  });

  it("is empty but whole before the first step", () => {
    const m = model();
    expect(m.loss).toEqual([]);
    expect(m.machine).toBeNull();
    expect(curvesLayout(m, size).xTicks.length).toBeGreaterThan(1);
    expect(describeCurves(m)).toBe("No loss yet.");
  });

  it("puts retraining after the supernet on one axis, with the search between", () => {
    applyFrames(fakeRun({ steps: 100, candidates: 8, retrainSteps: 50, tested: true }), history);
    const m = model();
    expect(m.bands.map((b) => b.phase)).toEqual(["supernet", "search", "retrain"]);
    for (const [i, band] of m.bands.entries()) expect(band.from).toBeGreaterThanOrEqual(m.bands[i - 1]?.to ?? 0);
    expect(m.bands[0]?.to).toBe(100);
    expect(m.loss.map((s) => s.x.length)).toEqual([100, 50]);
  });

  it("names the stretches of a run by its method", () => {
    applyFrames(fakeRun({ steps: 10, candidates: 8, retrainSteps: 5 }), history);
    const names = (algorithm: string): unknown[] => [
      ...new Set(curvesTable({ ...model(), algorithm, accuracy: [] }).rows.map((row) => row[1])),
    ];
    expect(names("spos")).toEqual(["Loss, Supernet", "Loss, Retrain"]);
    expect(names("darts")).toEqual(["Loss, Search", "Loss, Retrain"]);
  });

  it("carries validation points with their interval and never the training batches", () => {
    applyFrames(fakeRun({ steps: 100 }), history);
    const points = model().accuracy;
    expect(points.map((p) => p.step)).toEqual([25, 50, 75, 100]);
    for (const p of points) {
      expect(p.n).toBe(500);
      expect(p.low).toBeLessThan(p.value);
      expect(p.high).toBeGreaterThan(p.value);
    }
  });

  it("leaves a gap where the loss is not a number", () => {
    const run = fakeRun({ steps: 40 });
    for (const frame of run.frames) {
      const { loss } = frame.series;
      if (loss.step[0] === 20) loss.loss[0] = Number.NaN;
      history.apply(frame);
    }
    const m = model();
    expect(m.gaps).toEqual([20]);
    const layout = curvesLayout(m, size);
    expect(layout.loss[0]?.line.length).toBe(2);
    expect(layout.loss[0]?.line.flatMap((piece) => [...piece]).every(Number.isFinite)).toBe(true);
    expect(describeCurves(m)).toContain("not a number at step 20");
  });

  it("reads values at the cursor, not at the end", () => {
    applyFrames(fakeRun({ steps: 100 }), history);
    const m = model(50);
    expect([m.at, m.live, m.past]).toEqual([50, 100, true]);
    expect(accuracyAt(m, 1, m.at)?.step).toBe(50);
    expect(lossAt(m, 50)?.loss).toBeGreaterThan(lossAt(m, 100)?.loss ?? Infinity);
    expect(describeCurves(m)).toMatch(/^At step 50 the loss was /);
  });

  it("keeps extremes inside the plot at every width, linear and logarithmic", () => {
    applyFrames(fakeRun({ steps: 300, candidates: 8, retrainSteps: 100 }), history);
    for (const log of [false, true]) {
      for (const width of [200, 900]) {
        const layout = curvesLayout(model(null, 150), { ...size, width, log });
        const ys = layout.loss.flatMap((mark) =>
          mark.envelope.flatMap((piece) => [...piece].filter((_, i) => i % 3 !== 0)),
        );
        expect(Math.min(...ys)).toBeGreaterThanOrEqual(layout.plot.y - 0.5);
        expect(Math.max(...ys)).toBeLessThanOrEqual(layout.plot.y + layout.plot.height + 0.5);
      }
    }
  });

  it("labels a logarithmic axis at 1, 2 and 5 only", () => {
    applyFrames(fakeRun({ steps: 300 }), history);
    expect(curvesLayout(model(), { ...size, log: true }).yTicks.map((t) => t.text)).toEqual(["1", "2"]);
  });

  it("drops the lanes when it is folded", () => {
    applyFrames(fakeRun({ steps: 30 }), history);
    expect(curvesLayout(model(), size).lanes.map((l) => l.kind)).toEqual(["rate", "bytes"]);
    expect(curvesLayout(model(), { ...size, height: 70 }).lanes).toEqual([]);
  });

  it("zooms about the pointer, stays inside the run and unzooms to null", () => {
    const whole: [number, number] = [0, 1000];
    expect(zoomed(whole, 250, 0.5, whole)).toEqual([125, 625]);
    expect(zoomed([0, 100], 0, 0.5, whole)).toEqual([0, 50]);
    expect(zoomed([900, 1000], 1000, 1.5, whole)).toEqual([850, 1000]);
    expect(zoomed([100, 900], 500, 3, whole)).toBeNull();
    expect(wholeRun(model())).toEqual([0, 20]);
  });

  it("smooths over gaps without spreading them", () => {
    const out = smooth(Float64Array.of(1, 1, Number.NaN, 1), 1, 10);
    expect([...out]).toEqual([1, 1, Number.NaN, 1]);
  });

  it("calls out a floor that only rises, not one that swings", () => {
    expect(risingFloor(Float64Array.from({ length: 200 }, (_, i) => 100 + i + (i % 7)))).not.toBeNull();
    expect(risingFloor(Float64Array.from({ length: 200 }, (_, i) => 100 + 50 * (i % 20)))).toBeNull();
    expect(risingFloor(Float64Array.from({ length: 20 }, (_, i) => 100 + i))).toBeNull();
  });

  it("tells the same numbers as a table", () => {
    applyFrames(fakeRun({ steps: 50 }), history);
    const m = model(null, 10);
    const { columns, rows } = curvesTable(m);
    expect(rows.length).toBe(m.loss[0]!.x.length + m.accuracy.length);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
  });
});
