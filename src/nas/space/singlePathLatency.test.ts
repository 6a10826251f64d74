/** The latency side and the externally weighted networks of single-path spaces. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf } from "../cost";
import { neededKeys } from "../latency/table";
import { fbnetV1 } from "./fbnetV1";
import { macro8 } from "./macro8";
import type { SinglePathSpace } from "./singlePath";
import { spos } from "./spos";
import { sposMobilenet } from "./sposMobilenet";
import type { LatencySpace } from "./types";

const spaces: readonly [string, SinglePathSpace][] = [
  ["macro8", macro8("nano")],
  ["spos", spos("tiny")],
  ["fbnet-v1 tiny", fbnetV1("tiny")],
  ["fbnet-v1 small", fbnetV1("small")],
  ["fbnet-v1 full", fbnetV1("full")],
];

function latencyOf({ latency }: SinglePathSpace): LatencySpace {
  if (!latency) throw new Error("no latency");
  return latency;
}

const genesOf = (space: SinglePathSpace) => fc.tuple(...space.mutables.map((m) => fc.nat(m.choices.length - 1)));

describe.each(spaces)("parts of %s", (_, space) => {
  const { fixed, slots } = latencyOf(space);
  const blocks = [...fixed, ...slots.flat()].filter((block) => block !== null);

  it("add up to every member", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const parts = [...fixed, ...genes.flatMap((gene, i) => slots[i]?.[gene] ?? [])];
        const [graph, sum] = [costOf(space.graph(space.fromGenes(genes))), parts.map((part) => costOf(part.graph()))];
        expect(sum.reduce((a, { macs }) => a + macs, 0)).toBe(graph.macs);
        expect(sum.reduce((a, { params }) => a + params, 0)).toBe(graph.params);
        expect(parts.reduce((a, { macs }) => a + macs, 0)).toBe(graph.macs);
      }),
      { numRuns: 20 },
    );
  });

  it("are equal graphs where their keys are equal, and only there", () => {
    const byKey = new Map<string, unknown>();
    for (const block of blocks) {
      const graph = block.graph();
      if (byKey.has(block.key)) expect(graph).toEqual(byKey.get(block.key));
      byKey.set(block.key, graph);
    }
    const texts = [...byKey.values()].map((graph) => JSON.stringify(graph));
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("read and give what they do in the network", () => {
    space.slots.forEach((slot, i) =>
      slots[i]?.forEach((block) => {
        if (block === null) return expect([slot.stride, slot.cin]).toEqual([1, slot.cout]);
        const graph = block.graph();
        expect(graph.nodes[0]?.shape).toEqual([slot.hin, slot.hin, slot.cin]);
        expect(graph.nodes[graph.output]?.shape).toEqual([slot.hout, slot.hout, slot.cout]);
      }),
    );
  });

  it("are as many as choices, once a shape", () => {
    expect(slots.map((choices) => choices.length)).toEqual(space.mutables.map(({ choices }) => choices.length));
    const { entries } = neededKeys({ fixed, slots });
    expect(entries.length).toBe(new Set(entries).size);
    expect(latencyOf(space).slots).toBe(slots);
  });
});

describe("keys", () => {
  it("are the spec's for FBNet's blocks", () => {
    const { fixed, slots } = latencyOf(fbnetV1("small"));
    expect(fixed.map(({ key }) => key)).toEqual(["stem_s1_i3_o16_h32", "last_i80_o320_h4", "head_i320_o10_h4"]);
    const keys = slots.map((choices) => choices.map((block) => block?.key ?? null));
    expect(keys[3]?.[3]).toBe("k3_e6_g1_s2_i24_o40_h16");
    expect(keys[1]).toEqual(["k3_e1_g1", "k3_e1_g2", "k3_e3_g1", "k3_e6_g1", "k5_e1_g1", "k5_e1_g2", "k5_e3_g1", "k5_e6_g1", "skip"].map((op) => `${op}_s2_i16_o24_h32`));
    expect([keys[0]?.[8], keys[4]?.[8]]).toEqual([null, null]);
  });

  it("are the candidates' names elsewhere", () => {
    expect(latencyOf(macro8("nano")).slots[0]?.map((block) => block?.key)).toEqual(["identity_s2_i4_o8_h32", "mb3_k3_s2_i4_o8_h32", "mb6_k5_s2_i4_o8_h32"]);
    expect(latencyOf(macro8("nano")).fixed.map(({ key }) => key)).toEqual(["stem_s1_i3_o4_h32", "last_i32_o160_h4", "head_i160_o10_h4"]);
    expect(latencyOf(spos("tiny")).slots[0]?.[3]?.key).toBe("shuffle_xception_s2_i8_o16_h32");
    expect(sposMobilenet().latency).toBeUndefined();
  });

  it("share repeated layers of a stage", () => {
    const { slots } = latencyOf(fbnetV1("small"));
    expect(slots[4]?.[2]).toBe(slots[5]?.[2]);
    expect(neededKeys(latencyOf(fbnetV1("tiny"))).entries.length).toBe(5 * 3 + 2 * 4);
  });
});

describe.each([
  ["macro8", macro8("nano")],
  ["spos", spos("nano")],
  ["fbnet-v1", fbnetV1("tiny")],
] as const)("weighted networks of %s", (_, space) => {
  const { mixed } = space;
  const count = space.mutables[0]?.choices.length ?? 0;
  const all = space.mutables.map(() => Array.from({ length: count }, (__, i) => i));
  const weighted = (columns: readonly (readonly number[])[]) => {
    const graph = mixed?.weightedGraph?.(columns);
    if (!graph) throw new Error("no weighted graph");
    return graph;
  };

  it("are the search network with numbers from outside", () => {
    const graph = weighted(all);
    expect(graph.params[0]).toEqual({ name: "weights.layers", shape: [space.slots.length * count], role: "architecture", init: { kind: "constant", value: 1 / count } });
    expect(graph.params.slice(1)).toEqual(space.supernetParams());
    expect(graph.norms).toEqual(space.supernetNorms());
    const plain = (nodes: typeof graph.nodes) => nodes.map((node) => (node.attrs.op === "mix" ? { ...node, attrs: { ...node.attrs, weights: "", soft: false } } : node));
    expect(plain(graph.nodes)).toEqual(plain(mixed?.searchGraph.nodes ?? []));
    expect(graph.nodes.some(({ attrs }) => attrs.op === "mix" && attrs.soft)).toBe(false);
  });

  it("run the candidates that they are told to, each with its number", () => {
    const columns = space.mutables.map((__, i) => (i % 2 === 0 ? [count - 1, 0] : [1]));
    const graph = weighted(columns);
    const mixes = graph.nodes.flatMap(({ attrs, inputs }) => (attrs.op === "mix" ? [{ ...attrs, inputs: inputs.length }] : []));
    expect(mixes.map(({ begin, index, inputs }) => [begin, index, inputs])).toEqual(columns.map((index, i) => [i * count, index, index.length]));
    expect(mixes.every(({ soft, weights }) => !soft && weights === "weights.layers")).toBe(true);
    const known = new Set(weighted(all).params.map(({ name }) => name));
    expect(graph.params.every(({ name }) => known.has(name))).toBe(true);
  });

  it("are the same object for equal columns while in use", () => {
    const used = weighted(all);
    for (let i = 0; i < 80; i++) {
      weighted(space.mutables.map((__, slot) => [(i >> (slot % 6)) % count]));
      expect(weighted(all.map((row) => [...row]))).toBe(used);
    }
  });
});
