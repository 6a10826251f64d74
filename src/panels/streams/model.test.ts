/** The architecture weights as data: signals against the golden derivations, shares as derived, order, entropies over time. */
import { describe, expect, it } from "vitest";
import golden from "@/golden/darts/derive.json";
import { makeSpace } from "@/nas/space/registry";
import type { AlphaGroup, Derivation } from "@/nas/space/types";
import { type AlphaColumn, rowSoftmax } from "@/store/alphaHistory";
import { fakeAlphaGroups, fakeAlphaValues } from "../testing/fakeAlpha";
import {
  buildStreams,
  entropyLines,
  lastGood,
  rankOf,
  sampleStreams,
  splitGroups,
  type StreamsInput,
} from "./model";

const twoNodes = fakeAlphaGroups(2);

function columnOf(raw: Float32Array, groups: readonly AlphaGroup[], step = 0): AlphaColumn {
  return { step, raw, weights: rowSoftmax(raw, groups) };
}

function columnsOf(groups: readonly AlphaGroup[], count: number): AlphaColumn[] {
  return fakeAlphaValues(groups, { columns: count }).map((raw, i) => columnOf(raw, groups, 10 * i));
}

function build(groups: readonly AlphaGroup[], at: AlphaColumn, over: Partial<StreamsInput> = {}) {
  return buildStreams({
    ...{ groups, at, derivation: null, isDerived: false, sort: "position", whole: [0, at.step], zoom: null },
    ...over,
  });
}

describe("signals", () => {
  const four = golden.cases.filter(({ steps }) => steps === 4);
  const space = makeSpace("darts-cell", "small");
  const groups = space.mixed?.groups ?? [];

  it.each(four.map((c) => [c.name, c] as const))(
    "agree with the golden ones: %s",
    (_, { alphas_normal, alphas_reduce, metrics }) => {
      const raw = Float32Array.from([...alphas_normal.data, ...alphas_reduce.data]);
      const at = columnOf(raw, groups);
      const derivation = space.mixed?.derive(splitGroups(raw, groups), { rule: "official", skipLimit: null }) ?? null;
      const [normal, reduce] = build(groups, at, { derivation }).signals;
      expect(normal?.entropy).toBeCloseTo(metrics.entropy_normal_normalised, 5);
      expect(reduce?.entropy).toBeCloseTo(metrics.entropy_reduce_normalised, 5);
      expect(normal?.skips).toMatchObject({ count: metrics.skip_count_normal, of: 8 });
      expect(reduce?.skips?.count).toBe(metrics.skip_count_reduce);
      expect(normal?.skipMass).toBeCloseTo(metrics.mean_skip_weight_normal, 5);
      expect(normal?.noneMass).toBeCloseTo(metrics.mean_none_weight_normal, 5);
      expect(reduce?.noneMass).toBeCloseTo(metrics.mean_none_weight_reduce, 5);
    },
  );

  it("counts rows within five points of even, and says when nothing is decided", () => {
    const even = build(twoNodes, columnOf(new Float32Array(80), twoNodes));
    expect(even.signals.map((s) => [s.nearUniform, s.rows])).toEqual([[5, 5], [5, 5]]); // prettier-ignore
    expect(even.isUndecided).toBe(true);
    const raw = new Float32Array(80);
    raw[3] = 2;
    const one = build(twoNodes, columnOf(raw, twoNodes));
    expect(one.signals.map((s) => s.nearUniform)).toEqual([4, 5]);
    expect(one.isUndecided).toBe(false);
    expect(one.rows[0]).toMatchObject({ winner: 3, label: "2←0" });
  });

  it("knows no none and no skip where a space has none", () => {
    const groups: AlphaGroup[] = [
      {
        id: "layers",
        label: "Layers",
        param: "alpha.layers",
        rows: [{ label: "Layer 1" }],
        ops: ["a", "b"],
        none: null,
      },
    ];
    const derivation: Derivation = { choices: {}, kept: [[1]], margin: [null], skips: [0] };
    expect(build(groups, columnOf(Float32Array.of(0, 1), groups), { derivation }).signals[0]).toMatchObject({
      noneMass: null,
      skipMass: null,
      skips: null,
      margin: null,
    });
  });
});

describe("rows", () => {
  const raw = fakeAlphaValues(twoNodes, { columns: 2 }).at(-1) ?? new Float32Array(80);
  const at = columnOf(raw, twoNodes);

  it("as derived: none gone, the rest 1, what is kept is marked", () => {
    const derivation: Derivation = { choices: {}, kept: [[4, -1, 3, 2, -1], [1, 1, -1, 1, 1]], margin: [0.1, null], skips: [1, 0] }; // prettier-ignore
    const full = build(twoNodes, at, { derivation });
    const model = build(twoNodes, at, { derivation, isDerived: true });
    for (const [i, row] of model.rows.entries()) {
      expect(row.weights[0]).toBe(0);
      expect(row.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      const before = full.rows[i]?.weights ?? [];
      expect(row.weights[5]).toBeCloseTo((before[5] ?? 0) / (1 - (before[0] ?? 0)), 5);
      expect(row.winner).not.toBe(0);
    }
    expect(model.rows.map((row) => row.kept)).toEqual([4, -1, 3, 2, -1, 1, 1, -1, 1, 1]);
    // Signals are those of the search, not of what is left of it.
    expect(model.signals).toEqual(full.signals);
    // Even shares of the seven that are left are as undecided as there is.
    expect(build(twoNodes, columnOf(new Float32Array(80), twoNodes), { isDerived: true }).rows[0]?.entropy).toBeCloseTo(
      1,
      6,
    );
  });

  it("sorts by entropy within a group, by position otherwise", () => {
    const sorted = build(twoNodes, at, { sort: "entropy" }).rows;
    expect(sorted.map((row) => row.group)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    for (let i = 1; i < 5; i++) expect(sorted[i]?.entropy).toBeGreaterThanOrEqual(sorted[i - 1]?.entropy ?? 1);
    expect(build(twoNodes, at).rows.map((row) => row.row)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  it("ranks by share, equals by column", () => {
    const weights = Float32Array.of(0.25, 0.5, 0.25);
    expect([0, 1, 2].map((op) => rankOf({ weights }, op))).toEqual([2, 1, 3]);
  });
});

describe("over time", () => {
  const columns = columnsOf(twoNodes, 30);
  const at = columns.at(-1) as AlphaColumn;

  it("ends every stream on the numbers beside it", () => {
    for (const isDerived of [false, true]) {
      const model = build(twoNodes, at, { isDerived });
      const { values, bins } = sampleStreams(model, columns, 61);
      for (const row of model.rows)
        for (let k = 0; k < 8; k++)
          expect(values[(row.offset + k) * bins + bins - 1]).toBeCloseTo(row.weights[k] ?? -1, 6);
    }
  });

  it("shows the zoomed span", () => {
    const model = build(twoNodes, at, { zoom: [100, 150] });
    const { values, bins } = sampleStreams(model, columns, 5);
    expect(values[bins - 1]).toBeCloseTo(columns[15]?.weights[0] ?? -1, 6);
  });

  it("gives entropies of every row, and mean and range of its group", () => {
    const model = build(twoNodes, at, { sort: "entropy" });
    const lines = entropyLines(model, sampleStreams(model, columns, 9));
    for (const [i, row] of model.rows.entries()) expect(lines.rows[i * 9 + 8]).toBeCloseTo(row.entropy, 5);
    for (const g of [0, 1]) {
      const own = model.rows.filter((row) => row.group === g).map((row) => row.entropy);
      expect(lines.mean[g * 9 + 8]).toBeCloseTo(own.reduce((a, b) => a + b) / own.length, 5);
      expect(lines.low[g * 9 + 8]).toBeCloseTo(Math.min(...own), 5);
      expect(lines.high[g * 9 + 8]).toBeCloseTo(Math.max(...own), 5);
      expect(lines.mean[g * 9]).toBeCloseTo(1, 3);
    }
  });

  it("leaves out the columns of a search that broke", () => {
    const broken = [...columns.slice(0, 3), columnOf(new Float32Array(80).fill(Number.NaN), twoNodes, 30)];
    expect(lastGood(broken)?.step).toBe(20);
    expect(lastGood([])).toBeNull();
  });
});
