import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choicesOfGenotype, genotypeOfChoices } from "./choices";
import { allNodes, checkGenotype, edgeList, edgeRow, edgesOf, extraCellOps, dartsPrimitives, type Cell, type Genotype } from "./genotype";
import { dedupeId, formatCellId, parseCellId } from "./id";
import { publishedGenotypes, publishedNames } from "./published";
import { cellFacts } from "./derive";
import { genotypeOfList, readGolden } from "./testing/golden";

interface GenotypeFile {
  readonly genotypes: Readonly<Record<string, { readonly list: Parameters<typeof genotypeOfList>[0]; readonly skip_count: readonly number[] }>>;
}

const golden = readGolden<GenotypeFile>("genotypes").genotypes;
const v2 = publishedGenotypes.DARTS_V2;
const ops = [...dartsPrimitives.slice(1), ...extraCellOps];

const cellWith = (nodes: number): fc.Arbitrary<Cell> => {
  const input = (node: number) => fc.record({ op: fc.constantFrom(...ops), from: fc.nat(node - 1) });
  const pairs = allNodes(nodes).map((node) => fc.tuple(input(node), input(node)));
  return fc.record({ nodes: fc.tuple(...pairs), concat: fc.subarray(allNodes(nodes), { minLength: 1 }) });
};
const anyGenotype: fc.Arbitrary<Genotype> = fc.integer({ min: 1, max: 8 }).chain((n) => fc.record({ normal: cellWith(n), reduce: cellWith(n) }));

describe("edges", () => {
  it("are numbered as the rows of α", () => {
    expect([1, 2, 3, 4].map(edgesOf)).toEqual([2, 5, 9, 14]);
    expect(edgeList(4).map(({ from, to }) => edgeRow(from, to))).toEqual(Array.from({ length: 14 }, (_, i) => i));
    expect(edgeList(4).slice(-5)).toEqual([0, 1, 2, 3, 4].map((from) => ({ from, to: 5 })));
  });
});

describe("published genotypes", () => {
  it("are those of the golden file", () => {
    expect([...publishedNames].sort()).toEqual(Object.keys(golden).sort());
    for (const name of publishedNames) {
      const want = golden[name];
      expect(publishedGenotypes[name]).toEqual(want && genotypeOfList(want.list));
      expect([cellFacts(publishedGenotypes[name].normal).skips, cellFacts(publishedGenotypes[name].reduce).skips]).toEqual(want?.skip_count);
    }
  });

  it("write DARTS_V2 as the spec does", () => {
    expect(formatCellId(v2)).toBe("n:s3.0+s3.1-s3.0+s3.1-s3.1+sk.0-sk.0+d3.2;r:mp.0+mp.1-sk.2+mp.1-mp.0+sk.2-sk.2+mp.1");
    expect(formatCellId(publishedGenotypes.AmoebaNet)).toMatch(/\/456;r:.*\/346$/);
  });

  it("tell MMRazor's alias from the paper's only by the order of slots", () => {
    expect(formatCellId(publishedGenotypes.MMRAZOR_PAPER_ALIAS)).not.toBe(formatCellId(v2));
    expect(dedupeId(publishedGenotypes.MMRAZOR_PAPER_ALIAS)).toBe(dedupeId(v2));
    expect(new Set(publishedNames.map((name) => dedupeId(publishedGenotypes[name]))).size).toBe(publishedNames.length - 1);
  });
});

describe("ids", () => {
  it("are read as they were written, slot order and concat included", () => {
    fc.assert(
      fc.property(anyGenotype, (genotype) => {
        const id = formatCellId(genotype);
        expect(parseCellId(id)).toEqual({ ok: true, value: genotype });
        const sorted = dedupeId(genotype);
        const parsed = parseCellId(sorted);
        expect(parsed.ok && dedupeId(parsed.value)).toBe(sorted);
        const swapped = (cell: Cell): Cell => ({ ...cell, nodes: cell.nodes.map(([a, b]) => [b, a] as const) });
        expect(dedupeId({ normal: swapped(genotype.normal), reduce: swapped(genotype.reduce) })).toBe(sorted);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    "",
    "n:;r:",
    "n:s3.0+s3.1",
    "n:s3.0+s3.1;r:s3.0",
    "n:s3.0+s3.1+s3.0;r:s3.0+s3.1",
    "n:s3.0+s3.2;r:s3.0+s3.1",
    "n:s3.0+s3.1;r:s3.0+s3.1-mp.0+mp.1",
    "n:no.0+s3.1;r:s3.0+s3.1",
    "n:xx.0+s3.1;r:s3.0+s3.1",
    "n:s3.0+s3.1/2;r:s3.0+s3.1",
    "n:s3.0+s3.1-s3.0+s3.1/3/2;r:s3.0+s3.1-s3.0+s3.1",
    "n:s3.0+s3.1-s3.0+s3.1/33;r:s3.0+s3.1-s3.0+s3.1",
    "n:s3.0+s3.1-s3.0+s3.1/4;r:s3.0+s3.1-s3.0+s3.1",
    "n:s3.00+s3.1;r:s3.0+s3.1",
    " n:s3.0+s3.1;r:s3.0+s3.1",
    "n:s3.0+s3.1;r:s3.0+s3.1\n",
    "n:s３.0+s3.1;r:s3.0+s3.1",
    `n:${"s3.0+s3.1-".repeat(100_000)}`,
    "__proto__",
  ])("refuse %j", (text) => {
    const parsed = parseCellId(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.problem.message.length).toBeLessThan(160);
  });

  it("never throw, whatever the text", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^n:[a-z0-9.+/;:-]{0,60}$/)), (text) => void parseCellId(text)), { numRuns: 200 });
  });
});

describe("choices", () => {
  it("are NNI's keys with plain states, and the concat", () => {
    const choices = choicesOfGenotype(v2);
    expect(Object.keys(choices).slice(0, 4)).toEqual(["normal/op_2_0", "normal/input_2_0", "normal/op_2_1", "normal/input_2_1"]);
    expect(choices).toMatchObject({ "normal/op_5_1": "dil_conv_3x3", "normal/input_5_1": 2, "normal/concat": [2, 3, 4, 5], "reduce/op_3_0": "skip_connect", "reduce/input_3_0": 2 });
    expect(Object.keys(choices).length).toBe(34);
  });

  it("give their genotype back", () => {
    fc.assert(
      fc.property(anyGenotype, (genotype) => {
        expect(genotypeOfChoices(choicesOfGenotype(genotype))).toEqual({ ok: true, value: genotype });
      }),
      { numRuns: 60 },
    );
  });

  it("mean all nodes where no concat is given, and ignore other keys", () => {
    const { "normal/concat": _n, "reduce/concat": _r, ...rest } = choicesOfGenotype(v2);
    expect(genotypeOfChoices({ ...rest, width: 36 })).toEqual({ ok: true, value: v2 });
  });

  it.each([
    [{ "normal/op_2_0": 3 }, /normal\/op_2_0 must be the name/],
    [{ "reduce/input_5_1": [2] }, /reduce\/input_5_1 must be the number/],
    [{ "normal/input_3_0": 3 }, /reads state 3; it can read 0 to 2/],
    [{ "normal/input_3_0": 0.5 }, /reads state 0.5/],
    [{ "normal/op_4_1": "none" }, /cannot hold/],
    [{ "normal/op_4_1": "toString" }, /cannot hold/],
    [{ "reduce/concat": [] }, /concatenates no node/],
    [{ "reduce/concat": [2, 2] }, /ascending/],
    [{ "reduce/concat": [2, 6] }, /nodes 2 to 5/],
    [{ "reduce/concat": "2345" }, /must be a list/],
    [{ "normal/op_6_0": "skip_connect" }, /normal\/input_6_0 must be/],
    [{ "normal/op_999_0": "skip_connect" }, /at most 8 nodes/],
  ])("refuse %j", (patch, message) => {
    const parsed = genotypeOfChoices({ ...choicesOfGenotype(v2), ...patch });
    expect(parsed).toMatchObject({ ok: false, problem: { code: "import.unreadable" } });
    if (!parsed.ok) expect(parsed.problem.message).toMatch(message);
  });

  it("refuse choices of something else", () => {
    expect(genotypeOfChoices({ "layer.0": "identity" })).toMatchObject({ ok: false });
  });
});

describe("checkGenotype", () => {
  it("wants equally many nodes in both cells", () => {
    expect(checkGenotype({ normal: v2.normal, reduce: publishedGenotypes.NASNet.reduce })).toMatchObject({ ok: false });
    expect(checkGenotype(v2)).toEqual({ ok: true, value: v2 });
  });
});
