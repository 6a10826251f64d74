import { describe, expect, it } from "vitest";
import { costOf, nodeCosts } from "../cost";
import { sizeOf, type Graph } from "../graph";
import { edgesOf, type CellKind } from "./genotype";
import { leafOutputFloats } from "./leafFloats";
import { cellGraph, cellKindsOf, derivedNetwork, sampledNetwork, searchNetwork, subnetNetwork } from "./networks";
import { opGraph } from "./ops";
import { publishedGenotypes, type PublishedName } from "./published";
import { ourName, readGolden } from "./testing/golden";

interface Counts {
  readonly eval: readonly {
    readonly genotype: PublishedName;
    readonly C: number;
    readonly layers: number;
    readonly params_without_aux: number;
    readonly aux_params: number;
    readonly macs: number;
    readonly leaf_output_floats: number;
    readonly per_cell_params_macs?: readonly (readonly number[])[];
  }[];
  readonly search: readonly { readonly C: number; readonly layers: number; readonly steps: number; readonly params: number; readonly alphas: number; readonly macs: number; readonly leaf_output_floats: number }[];
  readonly ops: readonly { readonly op: string; readonly stride: number; readonly C: number; readonly H: number; readonly params_affine: number; readonly params_no_affine: number; readonly macs: number }[];
}

const counts = readGolden<Counts>("counts");
const v2 = publishedGenotypes.DARTS_V2;
const nano = { channels: 4, cells: 3, nodes: 2, side: 16, halve: true };
const names = (graph: Graph): string[] => graph.params.map((p) => p.name);

describe("counts of derived networks", () => {
  it.each(counts.eval.map((c) => [`${c.genotype} ${c.C}×${c.layers}`, c] as const))("%s", (_, c) => {
    const shape = { channels: c.C, cells: c.layers, side: 32 };
    const graph = derivedNetwork(publishedGenotypes[c.genotype], shape);
    const cost = costOf(graph);
    expect([cost.params, cost.macs, leafOutputFloats(graph)]).toEqual([c.params_without_aux, c.macs, c.leaf_output_floats]);
    const helped = derivedNetwork(publishedGenotypes[c.genotype], { ...shape, auxiliary: 0.4 });
    expect([costOf(helped).params - cost.params, leafOutputFloats(helped)]).toEqual([c.aux_params, c.leaf_output_floats]);
    if (c.per_cell_params_macs === undefined) return;
    const perCell = c.per_cell_params_macs.map(() => [0, 0] as [number, number]);
    for (const { node, params, macs } of nodeCosts(graph)) {
      const cell = perCell[Number(/^cells\.(\d+)\./.exec(graph.nodes[node]?.name ?? "")?.[1] ?? NaN)];
      if (cell) [cell[0], cell[1]] = [cell[0] + params, cell[1] + macs];
    }
    expect(perCell).toEqual(c.per_cell_params_macs);
  });
});

describe("counts of search networks", () => {
  it.each(counts.search.map((c) => [`${c.C}×${c.layers}, ${c.steps} nodes`, c] as const))("%s", (_, c) => {
    const graph = searchNetwork({ channels: c.C, cells: c.layers, nodes: c.steps, side: 32 });
    const cost = costOf(graph);
    expect([cost.params, cost.macs, leafOutputFloats(graph)]).toEqual([c.params, c.macs, c.leaf_output_floats]);
    const alphas = graph.params.filter((p) => p.role === "architecture");
    expect(alphas.map((p) => [p.name, p.init])).toEqual(["alpha.normal", "alpha.reduce"].map((name) => [name, { kind: "normal", std: 1e-3 }]));
    expect(alphas.reduce((n, p) => n + sizeOf(p.shape), 0)).toBe(c.alphas);
  });
});

describe("counts of single ops", () => {
  it.each(counts.ops.map((c) => [`${c.op} stride ${c.stride}`, c] as const))("%s", (_, c) => {
    const of = (mode: "search" | "derived") => costOf(opGraph(c.op, { channels: c.C, side: c.H, stride: c.stride, mode }));
    expect([of("derived").params, of("search").params]).toEqual([c.params_affine, c.params_no_affine]);
    expect([of("derived").macs, of("search").macs]).toEqual([c.macs, c.macs]);
  });
});

describe("names", () => {
  type Manifest = readonly (readonly [string, readonly number[], number])[];
  /** Golden manifests by our names, with dense kernels and convolutions as they are. */
  const wanted = (manifest: Manifest): (readonly [string, readonly number[]])[] => manifest.map(([name, shape]) => [ourName(name), shape]);
  const got = (graph: Graph) => graph.params.filter((p) => p.role !== "architecture").map((p) => [p.name, p.shape]);
  const statsOf = (graph: Graph) => graph.norms.flatMap(({ stats, channels }) => [`${stats}.mean`, `${stats}.var`].map((name) => [name, [channels]]));

  it("and order of the search network are those of the golden manifest", () => {
    const file = readGolden<{ readonly config: { readonly C: number; readonly layers: number; readonly steps: number; readonly height: number }; readonly weights_manifest: Manifest; readonly bn_manifest: Manifest }>("search_net");
    const graph = searchNetwork({ channels: file.config.C, cells: file.config.layers, nodes: file.config.steps, side: file.config.height });
    expect(got(graph)).toEqual(wanted(file.weights_manifest));
    expect(statsOf(graph)).toEqual(file.bn_manifest.map(([name, shape]) => [name, shape]));
  });

  it("and order of the derived network too, auxiliary head included", () => {
    const file = readGolden<{ readonly config: { readonly C: number; readonly layers: number; readonly genotype: PublishedName; readonly height: number; readonly auxiliary_weight: number }; readonly weights_manifest: Manifest }>("eval_net");
    const { C, layers, genotype, height, auxiliary_weight: auxiliary } = file.config;
    const graph = derivedNetwork(publishedGenotypes[genotype], { channels: C, cells: layers, side: height, auxiliary });
    expect(got(graph)).toEqual(wanted(file.weights_manifest));
    expect(graph.auxiliary?.weight).toBe(0.4);
    expect(graph.nodes[graph.auxiliary?.output ?? -1]).toMatchObject({ name: "aux.dense", shape: [10] });
  });

  it("of parameters start as torch does, α and gates aside", () => {
    const std = (name: string, graph: Graph) => graph.params.find((p) => p.name === name)?.init;
    const graph = derivedNetwork(v2, { channels: 4, cells: 3, side: 32 });
    expect(std("cells.0.ops.0.dw1.weight", graph)).toEqual({ kind: "normal", std: 1 / Math.sqrt(3 * 9) });
    expect(std("stem.conv.weight", graph)).toEqual({ kind: "normal", std: 1 / Math.sqrt(3 * 27) });
    expect(std("cells.0.ops.0.bn1.weight", graph)).toEqual({ kind: "constant", value: 1 });
  });
});

describe("structure", () => {
  it("reduces at a third and two thirds", () => {
    const at = (cells: number) => cellKindsOf(cells).flatMap((kind, i) => (kind === "reduce" ? [i] : []));
    expect([8, 20, 5, 3, 6].map(at)).toEqual([[2, 5], [6, 13], [1, 3], [1, 2], [2, 4]]);
  });

  it("averages an image down where asked", () => {
    const graph = searchNetwork(nano);
    expect(graph.nodes.slice(0, 2).map((n) => [n.name, n.shape])).toEqual([["input", [32, 32, 3]], ["input.half", [16, 16, 3]]]);
    const direct = searchNetwork({ ...nano, halve: false });
    expect(costOf(direct).macs).toBe(costOf(graph).macs);
    expect([costOf(graph).macs, costOf(graph).params, leafOutputFloats(graph), leafOutputFloats(direct)]).toEqual([1_488_704, 26_958, 357_930, 357_930]);
  });

  it("gives every mixture eight weights of its own row", () => {
    const mixes = searchNetwork(nano).nodes.flatMap(({ name, attrs }) => (attrs.op === "mix" ? [{ name, attrs }] : []));
    expect(mixes.length).toBe(3 * edgesOf(2));
    for (const { name, attrs } of mixes) {
      const row = Number(/edges\.(\d+)\.mix/.exec(name)?.[1]);
      expect(attrs).toEqual({ op: "mix", weights: name.startsWith("cells.0.") ? "alpha.normal" : "alpha.reduce", begin: 8 * row, count: 8, soft: true, index: [1, 2, 3, 4, 5, 6, 7] });
    }
  });

  it("drops every op of a derived cell but skips at stride 1, by scope", () => {
    const graph = derivedNetwork(v2, { channels: 4, cells: 3, side: 32, dropPath: 0.2 });
    const drops = graph.nodes.flatMap(({ attrs }) => (attrs.op === "dropPath" ? [attrs] : []));
    expect(drops.every((d) => d.rate === 0.2)).toBe(true);
    const scopes = (cell: number): string[] => drops.map((d) => d.scope).filter((s) => s.startsWith(`cells.${cell}.`));
    expect(scopes(0)).toEqual([0, 1, 2, 3, 4, 7].map((k) => `cells.0.ops.${k}`));
    // Skips of DARTS_V2's reduction cell all read its own nodes.
    expect(scopes(1)).toEqual([0, 1, 3, 4, 7].map((k) => `cells.1.ops.${k}`));
    const strided = cellGraph({ kind: "reduce", channels: 4, side: 8, s0: 4, s1: 4, body: { cell: { nodes: [[{ op: "skip_connect", from: 0 }, { op: "skip_connect", from: 1 }]], concat: [2] }, dropPath: 0.1 } });
    expect(strided.nodes.flatMap(({ attrs }) => (attrs.op === "dropPath" ? [attrs.scope] : []))).toEqual(["ops.0", "ops.1"]);
    expect(derivedNetwork(v2, { channels: 4, cells: 3, side: 32 }).nodes.some((n) => n.attrs.op === "dropPath")).toBe(false);
  });

  it("refuses an auxiliary head on maps that are not 8×8, and ops that cannot be built", () => {
    expect(() => derivedNetwork(v2, { channels: 4, cells: 3, side: 16, auxiliary: 0.4 })).toThrow(/needs maps of 8×8 .* they are 4×4/);
    expect(() => derivedNetwork(publishedGenotypes.SETN, { channels: 4, cells: 3, side: 32 })).toThrow(/conv_3x1_1x3 can be read/);
    expect(() => opGraph("sep_conv_9x9", { channels: 4, side: 8, stride: 1, mode: "search" })).toThrow(/no cell op/);
  });

  it("crosses 1×7 and 7×1, each along its own axis", () => {
    const convs = opGraph("conv_7x1_1x7", { channels: 4, side: 8, stride: 2, mode: "derived" }).nodes.filter((n) => n.attrs.op === "conv");
    expect(convs.map((n) => n.shape)).toEqual([[8, 4, 4], [4, 4, 4]]);
    expect(convs.map((n) => n.attrs)).toMatchObject([
      { k: 1, stride: 1, pad: 0, across: { k: 7, stride: 2, pad: 3 } },
      { k: 7, stride: 2, pad: 3, across: { k: 1, stride: 1, pad: 0 } },
    ]);
  });
});

describe("parts of the search network", () => {
  const shape = { channels: 4, cells: 3, nodes: 4, side: 16 };
  const search = searchNetwork(shape);
  const whole = new Map(search.params.map((p) => [p.name, p]));
  const norms = new Map(search.norms.map((n) => [n.stats, n.channels]));

  function expectInside(graph: Graph): void {
    for (const p of graph.params) if (!p.name.startsWith("gates.")) expect(whole.get(p.name)).toEqual(p);
    for (const n of graph.norms) expect(norms.get(n.stats)).toBe(n.channels);
    const order = [...whole.keys()];
    const inside = names(graph).filter((name) => whole.has(name));
    expect(inside).toEqual(order.filter((name) => inside.includes(name)));
  }

  it("as a genotype: its eight edges a cell, nothing else", () => {
    const graph = subnetNetwork(v2, shape);
    expectInside(graph);
    const edges = (cell: number) => new Set(graph.nodes.flatMap((n) => (n.name.startsWith(`cells.${cell}.edges.`) ? [n.name.split(".").slice(3, 5).join(" ")] : [])));
    expect([...edges(0)]).toEqual(["0 sep_conv_3x3", "1 sep_conv_3x3", "2 sep_conv_3x3", "3 sep_conv_3x3", "6 sep_conv_3x3", "11 dil_conv_3x3"]);
    expect(graph.nodes.find((n) => n.name.startsWith("cells.0.edges.6."))?.slot).toBe("normal/op_4_0");
  });

  it("as one sampled op an edge, times its gate", () => {
    const pick = (column: number): Record<CellKind, number[]> => ({ normal: new Array<number>(14).fill(column), reduce: new Array<number>(14).fill(column) });
    for (let column = 0; column < 8; column++) {
      const graph = sampledNetwork(shape, pick(column));
      expectInside(graph);
      expect(names(graph).slice(0, 2)).toEqual(["gates.normal", "gates.reduce"]);
      const gates = graph.nodes.flatMap(({ attrs }) => (attrs.op === "mix" ? [attrs] : []));
      expect(gates.length).toBe(column === 0 ? 0 : 3 * 14);
      expect(gates.slice(0, 14).map((g) => g.begin)).toEqual(gates.slice(0, 14).map((_, i) => i));
      for (const gate of gates) expect(gate).toMatchObject({ count: 1, soft: false, index: [0] });
      expect(graph.nodes.at(-1)?.shape).toEqual([10]);
    }
    // Together the ops are the whole network.
    const used = new Set(Array.from({ length: 8 }, (_, column) => names(sampledNetwork(shape, pick(column)))).flat());
    expect([...whole.keys()].filter((name) => !used.has(name))).toEqual(["alpha.normal", "alpha.reduce"]);
  });

  it("where none is sampled for a whole node: zeros of the right shape", () => {
    const columns = { normal: new Array<number>(14).fill(4), reduce: [0, 0, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4, 4] };
    const graph = sampledNetwork(shape, columns);
    const zero = graph.nodes.filter((n) => /^cells\.1\.node[24]\.shift2$/.test(n.name));
    expect(zero.map((n) => n.shape)).toEqual([[8, 8, 8], [8, 8, 8]]);
    const gates = graph.nodes.flatMap(({ name, attrs }) => (attrs.op === "mix" && name.startsWith("cells.1.") ? [attrs.begin] : []));
    expect(gates).toEqual([2, 3, 4, 9, 10, 11, 12, 13]);
  });
});
