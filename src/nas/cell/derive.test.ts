import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { genotypeOfChoices } from "./choices";
import { alphaFacts, cellFacts, deriveCell, deriveTopPairs, nodesOfAlpha, type CellRule } from "./derive";
import { edgeRow, type Cell } from "./genotype";
import { argmaxRows, softmaxRows } from "./rows";
import { publishedGenotypes } from "./published";
import { cellOf, exact, readGolden, type GoldenTensor } from "./testing/golden";

type Pairs = readonly (readonly (string | number)[])[];

interface DeriveCase {
  readonly name: string;
  readonly steps: number;
  readonly alphas_normal: GoldenTensor;
  readonly alphas_reduce: GoldenTensor;
  readonly official: { readonly normal: Pairs; readonly normal_concat: number[]; readonly reduce: Pairs; readonly reduce_concat: number[] };
  readonly nni_export: Readonly<Record<string, string | readonly number[]>>;
  readonly top2_pairs_variant: { readonly normal: Pairs; readonly reduce: Pairs };
  readonly normal_skip_limited_2: Pairs;
  readonly normal_skip_limited_2_removed_edges: readonly number[];
  readonly metrics: Readonly<Record<string, number>>;
}

const { cases } = readGolden<{ readonly cases: readonly DeriveCase[] }>("derive");

describe.each(cases.map((c) => [c.name, c] as const))("%s", (_, golden) => {
  const [normal, reduce] = [exact(golden.alphas_normal.data), exact(golden.alphas_reduce.data)];

  it("derives as the paper's code", () => {
    expect(nodesOfAlpha(normal.length)).toBe(golden.steps);
    expect(deriveCell(normal).cell).toEqual(cellOf(golden.official.normal, golden.official.normal_concat));
    expect(deriveCell(reduce).cell).toEqual(cellOf(golden.official.reduce, golden.official.reduce_concat));
  });

  it("derives as NNI", () => {
    const plain = Object.fromEntries(Object.entries(golden.nni_export).map(([key, value]) => [key, typeof value === "string" ? value : (value[0] ?? NaN)]));
    expect({ ok: true, value: { normal: deriveCell(normal, "nni").cell, reduce: deriveCell(reduce, "nni").cell } }).toEqual(genotypeOfChoices(plain));
  });

  it("derives as AutoDL", () => {
    expect(deriveTopPairs(normal)).toEqual(cellOf(golden.top2_pairs_variant.normal));
    expect(deriveTopPairs(reduce)).toEqual(cellOf(golden.top2_pairs_variant.reduce));
  });

  it("limits skips", () => {
    const limited = deriveCell(normal, "official", 2);
    expect(limited.cell).toEqual(cellOf(golden.normal_skip_limited_2));
    expect(limited.removed).toEqual(golden.normal_skip_limited_2_removed_edges);
    expect(cellFacts(limited.cell).skips).toBeLessThanOrEqual(2);
  });

  it("measures", () => {
    const [n, r] = [alphaFacts(normal), alphaFacts(reduce)];
    const got = {
      entropy_normal: n.entropy,
      entropy_reduce: r.entropy,
      entropy_normal_normalised: n.normalisedEntropy,
      entropy_reduce_normalised: r.normalisedEntropy,
      skip_count_normal: cellFacts(deriveCell(normal).cell).skips,
      skip_count_reduce: cellFacts(deriveCell(reduce).cell).skips,
      mean_skip_weight_normal: n.means[3],
      mean_none_weight_normal: n.means[0],
      mean_none_weight_reduce: r.means[0],
    };
    expect(Object.keys(got).sort()).toEqual(Object.keys(golden.metrics).sort());
    for (const [name, value] of Object.entries(golden.metrics)) expect([name, got[name as keyof typeof got]]).toEqual([name, expect.closeTo(value, 6)]);
  });
});

describe("deriveCell", () => {
  const random = (seed: number): Float32Array => {
    const rng = rootKey(seed).stream();
    return Float32Array.from({ length: 112 }, () => rng.normal());
  };

  it.each(["official", "nni"] as const)("says what every edge keeps, and how close it was (%s)", (rule: CellRule) => {
    for (let seed = 0; seed < 20; seed++) {
      const alpha = random(seed);
      const scores = rule === "official" ? softmaxRows(alpha, 8) : alpha;
      const { cell, kept, margin } = deriveCell(alpha, rule);
      expect(kept.filter((column) => column >= 0).length).toBe(8);
      const best = (row: number): number => Math.max(...scores.slice(row * 8 + 1, row * 8 + 8));
      const margins = [3, 4, 5].map((node) => {
        const rows = Array.from({ length: node }, (_, from) => edgeRow(from, node));
        const inside = rows.filter((row) => (kept[row] ?? -1) >= 0);
        for (const row of inside) expect(scores[row * 8 + (kept[row] ?? 0)]).toBe(best(row));
        return Math.min(...inside.map(best)) - Math.max(...rows.filter((row) => !inside.includes(row)).map(best));
      });
      expect(margin).toBe(Math.min(...margins));
      expect(margin).toBeGreaterThanOrEqual(0);
      for (const [n, [a, b]] of cell.nodes.entries()) expect([a.from !== b.from, a.from < n + 2 && b.from < n + 2]).toEqual([true, true]);
    }
  });

  it("keeps other edges by the two rules where none is large", () => {
    // Node 3: state 0 has the best logit, but none on top of it; states 1 and 2 are plain.
    const alpha = new Float32Array(40);
    alpha.set([6, 2], edgeRow(0, 3) * 8);
    for (const from of [1, 2]) alpha[edgeRow(from, 3) * 8 + 4] = 1;
    expect(deriveCell(alpha).cell.nodes[1]?.map(({ from }) => from)).toEqual([1, 2]);
    expect(deriveCell(alpha, "nni").cell.nodes[1]?.map(({ from }) => from)).toEqual([0, 2]);
  });

  it("has no margin where nothing is dropped", () => {
    expect(deriveCell(new Float32Array(16)).margin).toBeNull();
    expect(deriveCell(new Float32Array(40)).margin).toBe(0);
  });

  it("removes every skip for a limit of 0", () => {
    const alpha = new Float32Array(112);
    for (let row = 0; row < 14; row++) alpha[row * 8 + 3] = 5 + row / 10;
    expect(cellFacts(deriveCell(alpha, "official", null).cell).skips).toBe(8);
    expect(cellFacts(deriveCell(alpha, "official", 0).cell).skips).toBe(0);
    expect(cellFacts(deriveCell(alpha, "nni", 1).cell).skips).toBe(1);
  });
});

describe("facts", () => {
  it("of cells: depth and where edges come from", () => {
    const facts = (cell: Cell) => {
      const { depth, inputShare } = cellFacts(cell);
      return [depth, inputShare];
    };
    expect(facts(publishedGenotypes.DARTS_V2.normal)).toEqual([2, 7 / 8]);
    expect(facts(publishedGenotypes.DARTS_V2.reduce)).toEqual([2, 5 / 8]);
    expect(facts(publishedGenotypes.GDAS_V1.normal)).toEqual([4, 1 / 2]);
    expect(facts(publishedGenotypes.AmoebaNet.reduce)).toEqual([2, 8 / 10]);
    // Node 3 is deeper, but its value goes nowhere.
    expect(facts(cellOf([["skip_connect", 0], ["skip_connect", 1], ["skip_connect", 2], ["skip_connect", 1]], [2]))).toEqual([1, 3 / 4]);
  });

  it("of rows: softmax and argmax", () => {
    expect([...softmaxRows([0, 0, 1000, 0], 2)]).toEqual([0.5, 0.5, 1, 0]);
    expect(argmaxRows([1, 1, 0, 3, 2, 5], 3)).toEqual([0, 2]);
  });
});
