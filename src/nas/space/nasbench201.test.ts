import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { leafNodeFloats } from "../cell/leafFloats";
import { isConnected, nasBench201Network, nasBench201Ops, nasBench201Virtual, parseNasBench201 } from "../cell/nasbench201";
import { readGolden } from "../cell/testing/golden";
import { costOf } from "../cost";
import type { Graph } from "../graph";
import { nasbench201 } from "./nasbench201";
import { sizes } from "./types";

const full = nasbench201("full");
const { counts } = readGolden<{ readonly counts: readonly { readonly arch: string; readonly C: number; readonly N: number; readonly params: number; readonly macs: number; readonly leaf_output_floats: number; readonly valid: boolean }[] }>("nasbench201");
const ops = fc.tuple(...Array.from({ length: 6 }, () => fc.constantFrom(...nasBench201Ops)));
const runs = { numRuns: 15 };
const allConv = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";
const allOf = (op: string): string => allConv.replaceAll("nor_conv_3x3", op);
const member = (text: string) => full.decode(text) ?? {};

describe("published cells", () => {
  it.each(counts.map((c) => [`${c.arch} ${c.C}×${c.N}`, c] as const))("%s", (_, c) => {
    const graph = full.network(member(c.arch), { width: c.C, cells: c.N });
    expect(costOf(graph)).toMatchObject({ params: c.params, macs: c.macs });
    const shape = { channels: c.C, cells: c.N, side: 32 };
    const cell = parseNasBench201(c.arch) ?? [];
    expect(leafNodeFloats(graph) + nasBench201Virtual(shape, cell)).toBe(c.leaf_output_floats);
    expect(isConnected(cell)).toBe(c.valid);
  });

  it("price full size as the benchmark", () => {
    expect(full.cost(member(allConv))).toMatchObject({ params: 1_531_546, macs: 220_119_680 });
    expect(full.cost(member(allOf("skip_connect")))).toMatchObject({ params: 73_306, macs: 7_783_040 });
  });
});

describe("strings", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(ops, (cell) => {
        const choices = Object.fromEntries(full.mutables.map((m, i) => [m.id, cell[i] ?? ""]));
        const text = full.encode(choices);
        expect(full.decode(text)).toEqual(choices);
        expect(full.canonical(choices)).toEqual({ choices, id: text });
        expect(full.ops(choices)).toEqual(cell);
      }),
      runs,
    );
    const example = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|";
    expect(member(example)).toEqual({ "cell/0_1": "nor_conv_3x3", "cell/0_2": "nor_conv_3x3", "cell/1_2": "avg_pool_3x3", "cell/0_3": "skip_connect", "cell/1_3": "nor_conv_3x3", "cell/2_3": "skip_connect" });
  });

  it.each(["", "|", allConv.slice(1), `${allConv} `, allConv.replace("~2", "~3"), allConv.replace("nor_conv_3x3", "nor_conv_5x5"), allConv.replace("~0|+", "~0|"), allConv.replace("nor_conv_3x3", "toString"), allConv.repeat(1000), "013213"])(
    "refuse %j",
    (text) => expect(full.decode(text)).toBeNull(),
  );
});

describe("connection", () => {
  it.each([
    [allOf("none"), false],
    ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|", false],
    ["|none~0|+|none~0|nor_conv_3x3~1|+|none~0|nor_conv_3x3~1|nor_conv_3x3~2|", false],
    ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|", true],
    [allOf("avg_pool_3x3"), true],
  ])("of %s: %s", (text, want) => expect(isConnected(parseNasBench201(text) ?? [])).toBe(want));
});

describe.each(sizes.map((size) => [size, nasbench201(size)] as const))("%s", (_, space) => {
  it("prices members as their network", () => {
    fc.assert(
      fc.property(ops, (cell) => {
        const choices = Object.fromEntries(space.mutables.map((m, i) => [m.id, cell[i] ?? ""]));
        expect(space.cost(choices)).toEqual(costOf(space.network(choices)));
        const { min, max } = space.extremes("macs");
        expect(space.cost(choices).macs).toBeGreaterThanOrEqual(space.cost(min.choices).macs);
        expect(space.cost(choices).macs).toBeLessThanOrEqual(space.cost(max.choices).macs);
      }),
      { numRuns: 6 },
    );
    expect([space.extremes("params").min.id, space.extremes("params").max.id]).toEqual([allOf("skip_connect"), allConv]);
  });

  it("shares the search network's parameters and norms, biases of convolutions included", () => {
    const whole = new Map(space.mixed.params.map((p) => [p.name, p]));
    const norms = new Map(space.supernetNorms().map((n) => [n.stats, n.channels]));
    const expectInside = (graph: Graph): void => {
      for (const p of graph.params) expect(whole.get(p.name)).toEqual(p);
      for (const n of graph.norms) expect(norms.get(n.stats)).toBe(n.channels);
      expect(graph.nodes.at(-1)?.shape).toEqual([10]);
      expect(graph.nodes[0]?.shape).toEqual([32, 32, 3]);
    };
    expectInside(space.mixed.searchGraph);
    for (let column = 0; column < nasBench201Ops.length; column++) {
      expectInside(space.mixed.sampledGraph([new Array<number>(6).fill(column)]));
      expectInside(space.graph(member(allOf(nasBench201Ops[column] ?? ""))));
    }
    expect(whole.has("cells.0.edges.0.nor_conv_1x1.conv.bias")).toBe(true);
    expect(whole.has("cells.0.edges.0.nor_conv_1x1.bn.weight")).toBe(false);
    expect(whole.has("cells.0.edges.0.avg_pool_3x3.bn.weight")).toBe(false);
    expect([...whole.keys()].slice(0, 3)).toEqual(["alpha.cell", "gates.cell", "stem.conv.weight"]);
  });

  it("derives the largest weight of every edge, none included", () => {
    const alpha = Float32Array.from({ length: 30 }, (_, i) => (i % 5 === [0, 1, 2, 3, 4, 1][Math.floor(i / 5)] ? 2 : 1));
    const derived = space.mixed.derive([alpha], { rule: "official", skipLimit: null });
    expect(space.encode(derived.choices)).toBe("|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|skip_connect~2|");
    expect(derived).toMatchObject({ kept: [[0, 1, 2, 3, 4, 1]], margin: [null], skips: [2] });
    expect(space.mixed.groups).toMatchObject([{ id: "cell", param: "alpha.cell", none: null, ops: nasBench201Ops }]);
    expect(space.mixed.groups[0]?.rows.map((r) => r.label)).toEqual(["1←0", "2←0", "2←1", "3←0", "3←1", "3←2"]);
  });
});

describe("space", () => {
  it("has every combination", () => {
    expect([full.count.paths, full.count.distinct, full.independent]).toEqual([15_625, 15_625, true]);
    const rng = rootKey(1).stream();
    expect(new Set(Array.from({ length: 50 }, () => full.encode(full.mutator.sample(rng)))).size).toBeGreaterThan(45);
  });

  it("counts what a mixture computes: five ops an edge", () => {
    const shape = { channels: 4, cells: 1, side: 16 };
    const alone = (op: string): number => leafNodeFloats(nasBench201Network(shape, { kind: "fixed", ops: new Array<string>(6).fill(op), mode: "search" })) + nasBench201Virtual(shape, new Array<string>(6).fill(op));
    const nothing = leafNodeFloats(nasBench201Network(shape, { kind: "fixed", ops: new Array<string>(6).fill("none"), mode: "search" }));
    const parts = nasBench201Ops.reduce((sum, op) => sum + alone(op) - nothing, nothing);
    expect(nasbench201("nano").mixed.activationFloats).toBe(parts);
  });

  it("has neither drop path nor auxiliary head", () => {
    expect(() => full.network(member(allConv), { dropPath: 0.2 })).toThrow(/neither drop path/);
    expect(() => full.network(member(allConv), { auxiliary: 0.4 })).toThrow(/auxiliary/);
    expect(costOf(full.network(member(allConv), { dropPath: 0, auxiliary: 0 })).params).toBe(1_531_546);
  });
});
