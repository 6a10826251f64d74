/** What the op-probabilities picture knows: expectations that add up, masks as the paper defines them, the loss's parts, the planned temperature. */
import { beforeEach, describe, expect, it } from "vitest";
import latencyLoss from "@/golden/fbnet/latency_loss.json";
import resolution from "@/golden/fbnet/resolution.json";
import { maskOf } from "@/nas/relaxation/masks";
import { makeSpace } from "@/nas/space/registry";
import type { AlphaGroup } from "@/nas/space/types";
import { experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { alphaGroupsOf } from "@/store/methods";
import { runStore } from "@/store/run";
import { fakeFbnet } from "../testing/fakeFbnet";
import { resetStores } from "../testing/fakeRun";
import { layerPrices, targetOf } from "./costs";
import { focusOf, inkOf, isPinned } from "./focus";
import { bandsOf, buildMasks, effectiveText, readAt } from "./masks";
import { buildTheta, hasCollapsed, lastGood, rankOf } from "./model";
import { buildPressure, type CostPoint, splitLoss } from "./pressure";

beforeEach(resetStores);

const configOf = () => experimentStore.getState().config;
const newest = () => {
  const column = history.alpha.latest();
  if (!column) throw new Error("no column");
  return column;
};

describe("layers", () => {
  it("expects what the history says that the network costs, and the shares make a whole", () => {
    const { space, groups, table } = fakeFbnet();
    const model = buildTheta({ groups, at: newest(), prices: layerPrices(space, "latency", table), metric: "latency" });
    expect(model.total).toBeCloseTo(history.cost().column("expected").at(-1) ?? 0, 2);
    expect(model.layers).toHaveLength(5);
    expect(model.layers.reduce((sum, { share }) => sum + share, model.fixed?.share ?? 0)).toBeCloseTo(1, 6);
    expect(model.isStandIn).toBe(false);
    const dear = model.layers[model.dearest];
    expect(Math.max(...model.layers.map(({ expected }) => expected))).toBe(dear?.expected);
    for (const { weights, costs, expected } of model.layers) expect(expected).toBeCloseTo((costs ?? []).reduce((sum, cost, k) => sum + cost * (weights[k] ?? 0), 0), 6);
  });

  it("takes MACs where a latency table is missing, and says so", () => {
    const { space, groups } = fakeFbnet({ hasTable: false });
    const model = buildTheta({ groups, at: newest(), prices: layerPrices(space, "latency", null), metric: "latency" });
    expect(model).toMatchObject({ isStandIn: true, metric: "macs" });
    const even = groups.map(({ rows, ops }) => Array<number>(rows.length * ops.length).fill(1 / ops.length)).flat();
    const uniform = buildTheta({ groups, at: { step: 0, weights: Float32Array.from(even) }, prices: layerPrices(space, "macs", null), metric: "macs" });
    // The mean of all members' MACs.
    const { mutables } = space;
    const first = Object.fromEntries(mutables.map(({ id, choices }) => [id, choices[0]])) as Parameters<typeof space.cost>[0];
    const base = space.cost(first).macs;
    const mean = mutables.reduce((sum, { id, choices }) => sum + choices.reduce<number>((all, choice) => all + space.cost({ ...first, [id]: choice }).macs - base, 0) / choices.length, base);
    expect(uniform.total).toBeCloseTo(mean, -1);
    expect(uniform.entropy).toBeCloseTo(1, 6);
  });

  it("has equal columns where a space has no prices by layer", () => {
    const { groups } = fakeFbnet();
    const model = buildTheta({ groups, at: newest(), prices: null, metric: "latency" });
    expect(model).toMatchObject({ total: null, fixed: null });
    expect(model.layers.map(({ share }) => share)).toEqual([0.2, 0.2, 0.2, 0.2, 0.2]);
  });

  it("counts skips, and four of five are a collapse", () => {
    const ops = ["k3_e1", "skip"];
    const groups: AlphaGroup[] = [{ id: "layers", label: "", param: "p", rows: Array.from({ length: 5 }, (_, i) => ({ label: `Layer ${i + 1}` })), ops, none: null }];
    const of = (skips: number) => buildTheta({ groups, at: { step: 0, weights: Float32Array.from({ length: 10 }, (_, i) => ((i % 2 === 1) === (i >> 1 < skips) ? 0.9 : 0.1)) }, prices: null, metric: "latency" });
    expect([3, 4, 5].map((n) => of(n).skips)).toEqual([3, 4, 5]);
    expect([3, 4, 5].map((n) => hasCollapsed(of(n)))).toEqual([false, true, true]);
  });

  it("knows rows that are matrices of their own by their slot", () => {
    const space = makeSpace("macro8", "nano");
    const groups = alphaGroupsOf({ ...configOf(), algorithm: "fbnet-v1" });
    const n = groups.reduce((sum, { rows, ops }) => sum + rows.length * ops.length, 0);
    const model = buildTheta({ groups, at: { step: 0, weights: new Float32Array(n).fill(1 / 3) }, prices: layerPrices(space, "latency", null), metric: "latency" });
    expect(model.layers.map(({ slot }) => slot)).toEqual(space.slots.map((_, slot) => slot));
    expect(model.layers.every(({ costs, ops }) => costs?.length === ops.length)).toBe(true);
  });

  it("ranks, and finds the last column of numbers", () => {
    expect([0, 1, 2].map((k) => rankOf([0.2, 0.5, 0.3], k))).toEqual([3, 1, 2]);
    const good = { step: 1, raw: Float32Array.of(0), weights: Float32Array.of(1) };
    const bad = { step: 2, raw: Float32Array.of(Number.NaN), weights: Float32Array.of(Number.NaN) };
    expect(lastGood([good, bad])).toEqual({ good, brokeAt: 2 });
    expect(lastGood([good])).toEqual({ good, brokeAt: null });
    expect(lastGood([])).toEqual({ good: null, brokeAt: null });
  });
});

describe("masks", () => {
  it("keep a channel as the search's own mask does", () => {
    const [weights, widths] = [
      [0.2, 0.5, 0.3],
      [12, 16, 20],
    ];
    const mask = maskOf(weights ?? [], widths ?? [], 20);
    for (const { from, to, value } of bandsOf(weights ?? [], widths ?? [])) for (let c = Math.round(20 * from); c < Math.round(20 * to); c++) expect(value).toBeCloseTo(mask[c] ?? Number.NaN, 12);
    const whole = bandsOf([0.2, 0.5, 0.3], null);
    expect(whole.map(({ from }) => from)).toEqual([0, 0.2, 0.7]);
    expect(whole.at(-1)?.to).toBeCloseTo(1);
  });

  it("say effective values: 0.8 · 16 + 0.2 · 12 = 15.2 (spec 2.3)", () => {
    const rows = [{ id: "stem", label: "Stem", kind: "channels", options: [12, 16], widths: [12, 16], mutables: ["stem"], stage: -1 }] as const;
    const groups: AlphaGroup[] = [{ id: "stem", label: "Stem", param: "p", rows: [{ label: "Stem" }], ops: ["c12", "c16"], none: null, firstRow: 0 }];
    const [stem] = buildMasks(rows, groups, { step: 3, weights: Float32Array.of(0.2, 0.8) }).decisions;
    expect(stem?.effective).toBeCloseTo(15.2, 5);
    expect(stem?.channels).toBeCloseTo(15.2, 5);
    expect([15.2, 16, 15.96].map(effectiveText)).toEqual(["15.2", "16", "16"]);
  });

  it("read every row of the space's decisions from its place in the column", () => {
    const { space, groups } = fakeFbnet({ algorithm: "fbnet-v2", size: "small" });
    const rows = space.masked?.rows("stage") ?? [];
    const model = buildMasks(rows, groups, newest());
    expect(model.decisions.at(-1)?.offset).toBe(newest().weights.length - (rows.at(-1)?.options.length ?? 0));
    for (const { weights } of model.decisions) expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  });

  it("read pixels where the golden maps do", () => {
    for (const { from, to, index } of resolution.indexMaps) expect(readAt(from, to)).toEqual(index);
  });
});

describe("pressure", () => {
  const point = (step: number, tau: number): CostPoint => ({ step, expected: 200, tau });
  const input = (points: readonly CostPoint[], cursor: number | null = null) => {
    const { space, table } = fakeFbnet();
    return { config: configOf(), space, prices: layerPrices(space, "latency", table), plan: runStore.getState().plan, points, cursor, ce: 1.5 };
  };

  it("splits the loss as the golden values do", () => {
    // α of `paper` and `inner` is the paper's here, and so is the exponent of the others; the weight of `inner` has no effect.
    const cases = latencyLoss.cases.filter(({ alpha, beta }) => alpha === 0.2 && beta === 0.6);
    expect(cases).toHaveLength(2);
    for (const { lat, ce, alpha, beta, losses } of cases)
      for (const kind of ["paper", "inner", "additive", "additiveLog"] as const) {
        const split = splitLoss({ "fbnet.loss": kind, "fbnet.weight": kind === "paper" ? beta : kind === "inner" ? 7 : alpha }, ce, lat, null, 1);
        expect(split.total / losses[kind].loss).toBeCloseTo(1, 6);
        expect(split.isProduct ? split.ce * split.part : split.ce + split.part).toBeCloseTo(split.total, 9);
      }
  });

  it("presses no more below the target", () => {
    const at = (cost: number) => splitLoss({ "fbnet.loss": "paper", "fbnet.weight": 0.6 }, 1, cost, 300, 1).part;
    expect(at(100)).toBe(at(300));
    expect(at(400)).toBeGreaterThan(at(300));
  });

  it("reads the target in the run's unit", () => {
    const base = { algorithm: "fbnet-v1", "fbnet.metric": "latency", "fbnet.target": 15 } as const;
    expect(targetOf(base)).toBe(15_000);
    expect(targetOf({ ...base, "fbnet.metric": "macs", "fbnet.target": 4.6 })).toBe(4.6e6);
    expect(targetOf({ ...base, "fbnet.metric": "macs", "fbnet.target": 4_600_000 })).toBe(4.6e6);
    expect(targetOf({ ...base, algorithm: "fbnet-v2" })).toBe(15e6);
    expect(targetOf({ ...base, "fbnet.target": null })).toBeNull();
  });

  it("plans the temperature from where the warm-up was seen to end, else from the lengths of the passes", () => {
    const seen = buildPressure(input([point(0, 5), point(100, 5), point(110, 4.7)]));
    expect(seen.warmEnd).toBe(100);
    // 4,000 images in batches of 32, two epochs.
    expect(buildPressure(input([point(0, 5)])).warmEnd).toBe(250);
    expect(seen.plan[0]).toEqual([0, 5]);
    expect(seen.plan.at(-1)?.[0]).toBe(seen.span[1]);
    expect(seen.plan.at(-1)?.[1]).toBeCloseTo(0.15, 6);
  });

  it("shows what was at the cursor", () => {
    const points = [point(0, 5), point(100, 3), point(200, 1)];
    expect(buildPressure(input(points, 120)).now?.tau).toBe(3);
    expect(buildPressure(input(points)).now?.tau).toBe(1);
    expect(buildPressure(input([])).now).toBeNull();
    expect(buildPressure(input([])).loss).toBeNull();
  });
});

describe("focus", () => {
  const groups: AlphaGroup[] = [{ id: "layers", label: "", param: "p", rows: [{ label: "Layer 1" }, { label: "Layer 2" }], ops: ["a", "b"], none: null }];
  const row = { group: 0, row: 1, slot: 1, ops: ["a", "b"] };

  it("lights the op, then its row, then nothing else", () => {
    const focus = focusOf(row, 1);
    expect(focus).toEqual({ edge: { group: 0, row: 1 }, op: "b", slot: 1, choice: 1 });
    expect([1, 0].map((op) => inkOf(focus, groups, row, op))).toEqual([1, 0.6]);
    expect(inkOf(focus, groups, { ...row, row: 0, slot: 0 }, 1)).toBe(0.25);
    expect([1, 0].map((op) => inkOf({ op: "b" }, groups, row, op))).toEqual([1, 0.25]);
    // What no row here has dims nothing; a slot without an edge is the same row.
    expect(inkOf({ op: "elsewhere" }, groups, row, 0)).toBe(1);
    expect(inkOf({ slot: 1 }, groups, row, 0)).toBe(1);
    expect(isPinned(focus, row, 1)).toBe(true);
    expect(isPinned(focus, row, null)).toBe(false);
  });
});
