/** Properties that every single-path space must have. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leafOutputFloats } from "../cell/leafFloats";
import { costOf } from "../cost";
import { fbnetV1 } from "./fbnetV1";
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
  ["fbnet-v1 nano", fbnetV1("nano")],
  ["fbnet-v1 small", fbnetV1("small")],
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
    for (let c = 0; c < 9; c++) {
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

describe.each([
  ["macro8", macro8("nano")],
  ["spos", spos("nano")],
  ["fbnet-v1", fbnetV1("tiny")],
] as const)("mixtures of %s", (_, space) => {
  const { mixed } = space;
  const columns = space.mutables[0]?.choices.length ?? 0;

  it("have one row a slot and one column a choice", () => {
    expect(mixed?.groups).toEqual([
      { id: "layers", label: "Layers", param: "alpha.layers", rows: space.slots.map(({ label }) => ({ label })), ops: space.mutables[0]?.choices, none: null },
    ]);
    expect([space.independent, space.capabilities.includes("mix")]).toEqual([true, true]);
    const mixes = mixed?.searchGraph.nodes.flatMap(({ name, attrs }) => (attrs.op === "mix" ? [{ name, attrs }] : [])) ?? [];
    expect(mixes.map((m) => m.name)).toEqual(space.slots.map((s) => `${s.mutable}.mix`));
    mixes.forEach(({ attrs }, i) => expect(attrs).toMatchObject({ weights: "alpha.layers", begin: i * columns, count: columns, soft: true, index: Array.from({ length: columns }, (__, c) => c) }));
  });

  it("hold the supernet's parameters and norms, α and gates before them", () => {
    expect(mixed?.params.slice(0, 2).map((p) => [p.name, p.shape])).toEqual([["alpha.layers", [space.slots.length * columns]], ["gates.layers", [space.slots.length]]]);
    expect(mixed?.params.slice(2)).toEqual(space.supernetParams());
    expect(mixed?.norms).toEqual(space.supernetNorms());
  });

  it("run one choice a slot when sampled", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const sampled = mixed?.sampledGraph([genes]);
        const path = space.graph(space.fromGenes(genes));
        expect(sampled?.params.filter((p) => p.role !== "architecture")).toEqual(path.params);
        expect(sampled && costOf(sampled)).toEqual(costOf(path));
        expect(sampled?.nodes.filter((n) => n.attrs.op === "mix").length).toBe(space.slots.length);
      }),
      { numRuns: 6 },
    );
  });

  it("derive the largest weight of every row", () => {
    fc.assert(
      fc.property(genesOf(space), (genes) => {
        const alpha = Float32Array.from({ length: genes.length * columns }, (__, i) => (i % columns === genes[Math.floor(i / columns)] ? 0.5 : 0.1));
        const derived = mixed?.derive([alpha], { rule: "official", skipLimit: null });
        expect(derived && space.genes(derived.choices)).toEqual(genes);
        expect(derived).toMatchObject({ kept: [genes], margin: [null] });
        const skips = genes.filter((g) => ["identity", "skip"].includes(space.mutables[0]?.choices[g] ?? "")).length;
        expect(derived?.skips).toEqual([skips]);
      }),
      runs,
    );
  });

  it("count more activations than any path", () => {
    const most = Math.max(...Array.from({ length: columns }, (__, c) => leafOutputFloats(space.graph(space.fromGenes(space.mutables.map(() => c))))));
    expect(mixed?.activationFloats).toBeGreaterThan(most);
  });
});

describe("mixtures", () => {
  it("need the same choices in every slot", () => {
    expect([sposMobilenet().mixed, spos("full").mixed !== undefined]).toEqual([undefined, true]);
  });

  it("read the slot's input itself for an identity that keeps the map", () => {
    const graph = macro8("nano").mixed?.searchGraph;
    const [first, second] = ["layer.0.mix", "layer.1.mix"].map((name) => graph?.nodes.find((n) => n.name === name));
    expect(graph?.nodes[first?.inputs[0] ?? -1]?.name).toBe("layer.0.identity.bn");
    expect(second?.inputs[0]).toBe(first?.id);
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
    expect([isSpaceId("macro8"), isSpaceId("toString"), isSpaceId("darts-cell"), isSpaceId("nasbench201-cell"), isSpaceId("mobilenet")]).toEqual([true, false, true, true, false]);
  });
});
