/** Properties that every single-path space must have. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf } from "../cost";
import { macro8 } from "./macro8";
import { isSpaceId, makeSpace, spaceIds } from "./registry";
import type { SinglePathSpace } from "./singlePath";
import { spos, sposImageNet } from "./spos";
import { sposMobilenet } from "./sposMobilenet";
import { sizes } from "./types";

const spaces: readonly [string, SinglePathSpace][] = [
  ["macro8 nano", macro8("nano")],
  ["macro8 full", macro8("full")],
  ["spos nano", spos("nano")],
  ["spos small", spos("small")],
  ["spos megvii", sposImageNet({ layout: "megvii" })],
  ["mobilenet", sposMobilenet()],
];

const genesOf = (space: SinglePathSpace) => fc.tuple(...space.mutables.map((m) => fc.nat(m.choices.length - 1)));
const runs = { numRuns: 25 };

describe.each(spaces)("%s", (_, space) => {
  const supernet = new Map(space.supernetParams().map((p) => [p.name, p]));

  it("prices a path as its graph", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const choices = space.fromGenes(genes);
        expect(space.cost(choices)).toEqual(costOf(space.graph(choices)));
      }),
      runs,
    );
  });

  it("holds every parameter and norm of any path", () => {
    const norms = new Map(space.supernetNorms().map((n) => [n.stats, n.channels]));
    const used = new Set<string>();
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const graph = space.graph(space.fromGenes(genes));
        for (const p of graph.params) expect(supernet.get(p.name)).toEqual(p);
        for (const n of graph.norms) expect(norms.get(n.stats)).toBe(n.channels);
      }),
      runs,
    );
    for (let c = 0; c < 7; c++) {
      const genes = space.mutables.map((m) => Math.min(c, m.choices.length - 1));
      for (const p of space.graph(space.fromGenes(genes)).params) used.add(p.name);
    }
    expect([...supernet.keys()].filter((name) => !used.has(name))).toEqual([]);
    expect(supernet.size).toBe(space.supernetParams().length);
  });

  it("gives equal graphs for equal choices, in topological order, ending in logits", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const graph = space.graph(space.fromGenes(genes));
        expect(space.graph(space.fromGenes(genes))).toEqual(graph);
        graph.nodes.forEach((node, i) => {
          expect(node.id).toBe(i);
          expect(node.inputs.every((input) => input < i)).toBe(true);
        });
        const classes = graph.nodes[graph.output]?.shape ?? [];
        expect(classes.length).toBe(1);
        expect(new Set(graph.nodes.map((n) => n.name)).size).toBe(graph.nodes.length);
      }),
      { numRuns: 10 },
    );
  });

  it("encodes and decodes, and canonicalises once and for all", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const choices = space.fromGenes(genes);
        const text = space.encode(choices);
        expect(text).toBe(genes.join(""));
        expect(space.decode(text)).toEqual(choices);
        const arch = space.canonical(choices);
        expect(space.canonical(arch.choices)).toEqual(arch);
        expect(space.encode(arch.choices)).toBe(arch.id);
        expect(space.cost(arch.choices)).toEqual(space.cost(choices));
      }),
      runs,
    );
  });

  it("knows its extremes", () => {
    fc.assert(
      fc.property(genesOf(space), fc.constantFrom("macs", "params"), (genes, metric) => {
        const { min, max } = space.extremes(metric);
        const value = space.cost(space.fromGenes(genes))[metric];
        expect(value).toBeGreaterThanOrEqual(space.cost(min.choices)[metric]);
        expect(value).toBeLessThanOrEqual(space.cost(max.choices)[metric]);
      }),
      runs,
    );
  });

  it("describes its slots as its graph has them", () => {
    const graph = space.graph(space.fromGenes(space.mutables.map(() => 0)));
    for (const slot of space.slots) {
      const inside = graph.nodes.filter((n) => n.slot === slot.mutable);
      const last = inside.at(-1);
      if (last !== undefined) expect(last.shape).toEqual([slot.hout, slot.hout, slot.cout]);
      const from = graph.nodes[inside[0]?.inputs[0] ?? -1];
      if (from !== undefined) expect(from.shape).toEqual([slot.hin, slot.hin, slot.cin]);
    }
    expect(space.slots.map((s) => s.mutable)).toEqual(space.mutables.map((m) => m.id));
  });
});

describe("registry", () => {
  it("makes every space in every size, once", () => {
    for (const id of spaceIds) {
      for (const size of sizes) {
        const space = makeSpace(id, size);
        expect([space.id, space.size]).toEqual([id, size]);
        expect(makeSpace(id, size)).toBe(space);
      }
    }
  });

  it("knows its ids", () => {
    expect([isSpaceId("macro8"), isSpaceId("toString"), isSpaceId("darts-cell")]).toEqual([true, false, false]);
  });
});
