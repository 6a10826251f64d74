/** The joint search as data: pairs, axes and filters, the past, and where everything stands. */
import { describe, expect, it } from "vitest";
import { makeSpace } from "@/nas/space/registry";
import { correlationText, geneText } from "@/viz/copy/joint";
import { fakeJoint } from "../testing/fakeJoint";
import { describePair, jointTable } from "./describe";
import { layoutCoarse, layoutEarlyStop, layoutFine, layoutParallel, layoutRounds, layoutScatter, layoutSweep, pathOf, shareDomain } from "./layout";
import { buildJoint, cutReport, isBroken, type JointInput, nextFilter, placeOnGene, untrained, walkPairs } from "./model";
import { JointTimeline } from "./timeline";

const made = fakeJoint({ fine: 6 });
const { report, candidates, winner } = made;
const input: JointInput = { space: makeSpace("fbnet-v3", "nano"), report, extent: null, candidates, winner, planned: 12, images: 1000, focus: {}, pinA: null, pinB: null, filters: {} };
const build = (over: Partial<JointInput> = {}) => buildJoint({ ...input, ...over });
const size = { width: 420, height: 240 };

describe("pairs", () => {
  it("carry their interval; the best is the most accurate; a focus by index or by network finds its pair", () => {
    const model = build({ focus: { candidate: 3 }, pinB: { archId: candidates[5]?.id ?? "" } });
    const top = Math.max(...report.trials.map(({ accuracy }) => accuracy));
    expect(model.best?.trial.accuracy).toBe(top);
    expect(model.focused?.trial.index).toBe(3);
    expect(model.marks[5]?.pin).toBe("b");
    for (const { interval, trial } of model.marks) expect(interval.low < trial.accuracy && trial.accuracy < interval.high).toBe(true);
    expect([model.round, model.planned]).toEqual([2, 12]);
  });

  it("are walked by order and by accuracy", () => {
    const model = build({ focus: { candidate: 3 } });
    expect(walkPairs("ArrowRight", model, "predictor")?.index).toBe(4);
    expect(walkPairs("ArrowLeft", build({ focus: { candidate: 0 } }), "predictor")?.index).toBe(0);
    const up = walkPairs("ArrowUp", model, "predictor")?.accuracy ?? 0;
    expect(up).toBeGreaterThanOrEqual(model.focused?.trial.accuracy ?? 1);
    expect(walkPairs("ArrowUp", build(), "predictor")?.index).toBe(build().best?.trial.index);
    expect(walkPairs("x", model, "predictor")).toBeNull();
  });

  it("the untrained winner is walked to among the recipes, where it is drawn, and nowhere else; the table has it", () => {
    const last = build({ focus: { candidate: 11 } });
    expect(walkPairs("ArrowRight", last, "recipes")?.index).toBe(winner);
    expect([walkPairs("ArrowRight", last, "predictor")?.index, walkPairs("ArrowRight", last, "stages")?.index]).toEqual([11, 11]);
    const line = untrained(last)[0];
    if (!line) throw new Error("no winner");
    expect(describePair(line, last)).toMatch(/^Pair 13, predicted \d+\.\d.%, not trained, /);
    const { columns, rows } = jointTable(last, "recipes");
    expect([rows.length, jointTable(last, "predictor").rows.length]).toEqual([13, 12]);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
    expect(rows.at(-1)?.at(-1)).toBeCloseTo(100 * (report.swap?.joint ?? 0), 1);
  });
});

describe("recipes", () => {
  it("genes lie on their axes: options evenly, logarithms by order of size", () => {
    expect(placeOnGene({ id: "lr", min: 0.02, max: 0.2, log: true }, 0.2 / Math.sqrt(10))).toBeCloseTo(0.5);
    expect(placeOnGene({ id: "d", min: 0, max: 0.4 }, 0.1)).toBe(0.25);
    expect(placeOnGene({ id: "o", options: ["sgd", "adam", "x"] }, "adam")).toBe(0.5);
    expect([placeOnGene({ id: "o", options: ["a"] }, "b"), placeOnGene({ id: "d", min: 0, max: 1 }, undefined)]).toEqual([null, null]);
    const { axes } = build();
    expect(axes.map(({ id }) => id)).toEqual([...report.recipeGenes.map(({ id }) => id), "macs", "accuracy"]);
    expect(axes.find(({ id }) => id === "lr")?.ticks.map(({ label }) => label)).toEqual(["0.02", "0.063", "0.2"]);
  });

  it("the winner that was never trained is a line of its own, by its prediction", () => {
    const line = build().lines.find(({ isWinner }) => isWinner);
    expect(line).toMatchObject({ index: winner, isTrained: false, accuracy: report.swap?.joint });
    expect(build({ extent: { trials: 12, fine: 0, isSwept: false } }).lines.some(({ isWinner }) => isWinner)).toBe(false);
  });

  it("filters keep a part of an axis, together with others", () => {
    const all = build().lines;
    const adam = build({ filters: { optimizer: [0.5, 1] } }).lines.filter(({ isKept }) => isKept);
    expect(adam.map(({ recipe }) => recipe["optimizer"])).toEqual(adam.map(() => "adam"));
    expect(adam.length).toBe(all.filter(({ recipe }) => recipe["optimizer"] === "adam").length);
    const both = build({ filters: { optimizer: [0.5, 1], macs: [0, 0.3] } }).lines.filter(({ isKept }) => isKept);
    expect(both.length).toBeLessThan(adam.length);
    expect([nextFilter(undefined), nextFilter([0.5, 1]), nextFilter([0, 0.5]), nextFilter([0.1, 0.2])]).toEqual([[0.5, 1], [0, 0.5], null, null]);
  });
});

describe("past", () => {
  it("shows what there was: pairs, ended rounds, no newest prediction", () => {
    const cut = cutReport(report, { trials: 4, fine: 0, isSwept: false });
    expect([cut.trials.length, cut.correlations.length, cut.earlyStop, cut.swap]).toEqual([4, 0, null, null]);
    expect(cutReport(report, { trials: 6, fine: 0, isSwept: false }).earlyStop).toBe(report.earlyStop);
    const layout = layoutScatter(build({ extent: { trials: 12, fine: 0, isSwept: false } }), size);
    expect(layout.marks.every(({ now }) => now === null)).toBe(true);
    expect(layout.marks.filter(({ before }) => before !== null)).toHaveLength(6);
  });

  it("a timeline knows the extent at a step; fewer pairs mean another run", () => {
    const timeline = new JointTimeline();
    timeline.record(0, { trials: 0, fine: 0, isSwept: false });
    timeline.record(90, { trials: 1, fine: 0, isSwept: false });
    timeline.record(180, { trials: 2, fine: 0, isSwept: false });
    timeline.record(181, { trials: 2, fine: 1, isSwept: true });
    expect([0, 90, 179, 200].map((step) => timeline.at(step).trials)).toEqual([0, 1, 1, 2]);
    expect(timeline.at(181).isSwept).toBe(true);
    timeline.record(50, { trials: 1, fine: 0, isSwept: false });
    expect(timeline.at(200)).toMatchObject({ trials: 1, fine: 0 });
  });

  it("predictions that are no numbers are noticed", () => {
    expect(isBroken(report)).toBe(false);
    const [first, ...rest] = report.trials;
    if (!first) throw new Error("no trial");
    expect(isBroken({ ...report, trials: [{ ...first, predicted: Number.NaN }, ...rest] })).toBe(true);
  });
});

describe("geometry", () => {
  it("a prediction that came true lies on the diagonal", () => {
    const [first, ...rest] = report.trials;
    if (!first) throw new Error("no trial");
    const model = build({ report: { ...report, trials: [{ ...first, predictedBefore: first.accuracy }, ...rest] } });
    const layout = layoutScatter(model, size);
    const { plot } = layout;
    const share = ((layout.marks[0]?.before ?? 0) - plot.x) / plot.width;
    expect((plot.y + plot.height - (layout.marks[0]?.y ?? 0)) / plot.height).toBeCloseTo(share);
  });

  it("correlations by round leave out the first; the early stop's epochs count from 1", () => {
    const rounds = layoutRounds(report, size);
    expect(rounds.spearman.map((p) => p === null)).toEqual([true, false]);
    if (!report.earlyStop) throw new Error("no early stop");
    const stop = layoutEarlyStop(report.earlyStop, size);
    expect(stop.spearman).toHaveLength(4);
    expect(stop.xTicks.map(({ label }) => label)).toEqual(["1", "2", "3", "4"]);
    expect(stop.spearman.at(-1)?.[1]).toBeCloseTo(stop.yOf(1));
  });

  it("sparklines: a column a round, a row a pair, inside the picture", () => {
    const layout = layoutCoarse(build(), size);
    expect(layout.columns.map(({ round }) => round)).toEqual([1, 2]);
    for (const { box, textX } of layout.sparks) {
      expect(box.y + box.height).toBeLessThanOrEqual(size.height);
      expect(textX).toBeLessThanOrEqual(size.width);
    }
    const full = fakeJoint({ size: "full", trials: 48 });
    const model = build({ report: full.report, candidates: full.candidates, space: full.space });
    for (const { box, textX } of layoutCoarse(model, { width: 300, height: 200 }).sparks) expect([box.y + box.height <= 200, textX <= 300]).toEqual([true, true]);
  });

  it("lines over axes, evolution and budgets", () => {
    const model = build({ focus: { candidate: 2 } });
    const layout = layoutParallel(model, size);
    expect(layout.lines.at(-1)?.line.index).toBe(2);
    expect(layout.placeAt(layout.yOf(0.25))).toBeCloseTo(0.25);
    const fine = layoutFine(report, size);
    expect(fine.best.match(/[ML]/g)).toHaveLength(6);
    const sweep = layoutSweep({ ...report, sweep: [...report.sweep].reverse() }, size);
    expect(sweep.points.every(({ x, limitX }) => x < limitX)).toBe(true);
    expect(sweep.points.map(({ x }) => x)).toEqual([...sweep.points.map(({ x }) => x)].sort((a, b) => a - b));
    expect(pathOf([[0, 0], null, [1, 1], [2, Number.NaN], [3, 3]])).toBe("M0.0,0.0M1.0,1.0M3.0,3.0");
    expect(shareDomain([])).toEqual([0, 1]);
  });

  it("numbers in words", () => {
    expect([correlationText(-0.123), correlationText(null), geneText(1e-5), geneText(0.0631), geneText("adam")]).toEqual(["−0.12", "–", "1.0e−5", "0.063", "adam"]);
  });
});
