import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { choicesOfGenotype } from "../cell/choices";
import { dartsPrimitives, edgesOf } from "../cell/genotype";
import { formatCellId, parseCellId } from "../cell/id";
import { publishedGenotypes, publishedNames } from "../cell/published";
import { costOf } from "../cost";
import { sizeOf } from "../graph";
import type { Choices } from "../mutable";
import { dartsCell, type DartsCellSpace } from "./dartsCell";
import { sizes } from "./types";

const runs = { numRuns: 25 };
const seeds = fc.nat(1_000_000);
const draw = (space: DartsCellSpace, seed: number): Choices => space.mutator.sample(rootKey(seed).stream());

function expectMember(space: DartsCellSpace, choices: Choices): void {
  const { normal, reduce } = space.genotype(choices);
  for (const cell of [normal, reduce]) {
    expect(cell.nodes.length).toBe(space.nodes);
    expect(cell.concat.length).toBe(space.nodes);
    for (const [a, b] of cell.nodes) expect(a.from).not.toBe(b.from);
  }
  for (const m of space.mutables) expect(m.choices as readonly unknown[]).toContain(choices[m.id]);
}

describe("sizes", () => {
  it.each([
    ["nano", { channels: 4, cells: 3, nodes: 2, side: 16, retrainChannels: 8, retrainCells: 3 }, 80, 26_958, 1_488_704, 357_930],
    ["tiny", { channels: 4, cells: 3, nodes: 2, side: 16, retrainChannels: 8, retrainCells: 5 }, 80, 26_958, 1_488_704, 357_930],
    ["small", { channels: 8, cells: 5, nodes: 4, side: 32, retrainChannels: 16, retrainCells: 8 }, 224, 394_210, 61_629_696, 9_855_114],
    ["full", { channels: 16, cells: 8, nodes: 4, side: 32, retrainChannels: 36, retrainCells: 20 }, 224, 1_930_618, 300_255_744, 32_096_522],
  ] as const)("%s is that of the spec", (size, params, alphas, weights, macs, floats) => {
    const space = dartsCell(size);
    expect([space.id, space.size, space.side, space.params]).toEqual(["darts-cell", size, params.side, params]);
    const { searchGraph } = space.mixed;
    expect(costOf(searchGraph)).toMatchObject({ params: weights, macs });
    expect(space.mixed.activationFloats).toBe(floats);
    expect(space.supernetParams().reduce((n, p) => n + sizeOf(p.shape), 0)).toBe(weights);
    expect(space.mixed.groups.reduce((n, g) => n + g.rows.length * g.ops.length, 0)).toBe(alphas);
    expect(searchGraph.nodes[0]?.shape).toEqual([32, 32, 3]);
    expect(space.mixed.searchGraph).toBe(searchGraph);
    expect(dartsCell(size)).toBe(space);
  });

  it("count the space as the paper does", () => {
    expect(dartsCell("full").count.distinct / 1.0767e18).toBeCloseTo(1, 3);
    expect(dartsCell("nano").count).toEqual({ paths: (1 * 3 * 49 ** 2 * 4) ** 2, distinct: (1 * 3 * 49 ** 2) ** 2 });
  });

  it("price nano's ends as the spec says", () => {
    const space = dartsCell("nano");
    const [min, max] = [space.extremes("macs").min, space.extremes("macs").max];
    const ops = (choices: Choices) => new Set(Object.values(choices).filter((v) => typeof v === "string"));
    expect([...ops(max.choices)]).toEqual(["sep_conv_5x5"]);
    expect(space.cost(max.choices).macs).toBe(1_636_992);
    // Stem 165,888, preprocessing 98,304 + 163,840 + 98,304, head 640: pools cost nothing, while a skip that halves a map costs 16,384.
    expect([...ops(min.choices)]).toEqual(["max_pool_3x3"]);
    expect(space.cost(min.choices).macs).toBe(526_976);
  });
});

describe("mutables", () => {
  it("are NNI's keys: two ops and two states a node", () => {
    const { mutables } = dartsCell("nano");
    expect(mutables.length).toBe(16);
    expect(mutables.slice(4, 8)).toEqual([
      { kind: "op", id: "normal/op_3_0", choices: dartsPrimitives.slice(1) },
      { kind: "value", id: "normal/input_3_0", choices: [0, 1, 2] },
      { kind: "op", id: "normal/op_3_1", choices: dartsPrimitives.slice(1) },
      { kind: "value", id: "normal/input_3_1", choices: [0, 1, 2] },
    ]);
    expect(dartsCell("full").mutables.length).toBe(32);
    expect([dartsCell("nano").independent, dartsCell("nano").slots, dartsCell("nano").capabilities]).toEqual([false, [], ["opChoice", "mix"]]);
  });
});

describe.each([dartsCell("nano"), dartsCell("small")])("mutator of $size", (space) => {
  const { mutator } = space;

  it("samples members uniformly", () => {
    fc.assert(fc.property(seeds, (seed) => expectMember(space, draw(space, seed))), runs);
    const rng = rootKey(5).stream();
    const counts = new Map<string, number>();
    const n = 3000;
    for (let i = 0; i < n; i++) {
      const { normal } = space.genotype(mutator.sample(rng));
      const [a, b] = normal.nodes[1] ?? [];
      const key = `${a?.from}${b?.from}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Six ordered pairs of three states: 500 each, standard deviation 20.
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - n / 6)).toBeLessThan(100);
  });

  it("mutates within the space, all or nothing at the ends of p", () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: 0, max: 1, noNaN: true }), (seed, p) => {
        const rng = rootKey(seed).fold("m").stream();
        const parent = draw(space, seed);
        expectMember(space, mutator.mutate(parent, p, rng));
        expect(mutator.mutate(parent, 0, rng)).toEqual(parent);
      }),
      runs,
    );
    const rng = rootKey(9).stream();
    const parent = draw(space, 1);
    const changed = new Set<number>();
    let ops = 0;
    for (let i = 0; i < 400; i++)
      for (const gene of mutator.changed(parent, mutator.mutate(parent, 1, rng))) {
        changed.add(gene);
        if (gene === 0) ops++;
      }
    expect(Math.abs(ops / 400 - 6 / 7)).toBeLessThan(0.07);
    // The two states of node 2 can only keep their places: the other is always taken.
    const fixed = space.mutables.flatMap((m, i) => (m.id.includes("input_2_") ? [i] : []));
    expect([...changed].sort((a, b) => a - b)).toEqual(space.mutables.flatMap((_, i) => (fixed.includes(i) ? [] : [i])));
  });

  it("crosses whole nodes", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const [a, b] = [draw(space, seed), draw(space, seed + 1)];
        const child = mutator.crossover(a, b, rootKey(seed).fold("x").stream());
        expectMember(space, child);
        const nodes = (c: Choices) => [...space.genotype(c).normal.nodes, ...space.genotype(c).reduce.nodes];
        nodes(child).forEach((node, i) => expect([nodes(a)[i], nodes(b)[i]]).toContainEqual(node));
      }),
      runs,
    );
  });

  it("knows neighbours: one gene away, all of them members", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const of = draw(space, seed);
        const neighbours = mutator.neighbours(of);
        const states = Array.from({ length: space.nodes }, (_, n) => 2 * n).reduce((x, y) => x + y, 0);
        expect(neighbours.length).toBe(2 * (2 * space.nodes * 6 + states));
        for (const next of neighbours) {
          expectMember(space, next);
          expect(mutator.changed(of, next).length).toBe(1);
        }
      }),
      { numRuns: 5 },
    );
  });
});

describe.each(sizes.map((size) => [size, dartsCell(size)] as const))("members of %s", (size, space) => {
  const trials = { numRuns: size === "full" ? 4 : 12 };

  it("cost what their network costs", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const choices = draw(space, seed);
        expect(space.cost(choices)).toEqual(costOf(space.network(choices)));
      }),
      trials,
    );
  });

  it("lie between the extremes", () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom("macs", "params"), (seed, metric) => {
        const { min, max } = space.extremes(metric);
        const value = space.cost(draw(space, seed))[metric];
        expect(value).toBeGreaterThanOrEqual(space.cost(min.choices)[metric]);
        expect(value).toBeLessThanOrEqual(space.cost(max.choices)[metric]);
        expectMember(space, min.choices);
        expectMember(space, max.choices);
      }),
      trials,
    );
  });

  it("are subnets of the search network, under its names", () => {
    const whole = new Map(space.supernetParams().map((p) => [p.name, p]));
    const norms = new Map(space.supernetNorms().map((n) => [n.stats, n.channels]));
    fc.assert(
      fc.property(seeds, (seed) => {
        const choices = draw(space, seed);
        const graph = space.graph(choices);
        expect(space.graph(choices)).toEqual(graph);
        for (const p of graph.params) expect(whole.get(p.name)).toEqual(p);
        for (const n of graph.norms) expect(norms.get(n.stats)).toBe(n.channels);
      }),
      { numRuns: 4 },
    );
  });

  it("have ids: one by slot order, one for all of equal function", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const choices = draw(space, seed);
        const text = space.encode(choices);
        expect(space.decode(text)).toEqual(choices);
        const arch = space.canonical(choices);
        expect(arch.choices).toEqual(choices);
        expect(space.canonical(arch.choices)).toEqual(arch);
        const sorted = space.decode(arch.id);
        expect(sorted && space.encode(sorted)).toBe(arch.id);
        expect(sorted && space.canonical(sorted).id).toBe(arch.id);
        expect(sorted && space.cost(sorted)).toEqual(space.cost(choices));
      }),
      trials,
    );
  });
});

describe("genotypes from elsewhere", () => {
  const full = dartsCell("full");
  const nano = dartsCell("nano");

  it.each(publishedNames)("%s is a member of every size where only its network is asked for", (name) => {
    const id = formatCellId(publishedGenotypes[name]);
    for (const space of [nano, full]) {
      const choices = space.decode(id);
      expect(choices && space.encode(choices)).toBe(id);
      if (choices === null) continue;
      if (name === "SETN") {
        expect(() => space.cost(choices)).toThrow(/conv_3x1_1x3/);
        expect(() => space.network(choices)).toThrow(/conv_3x1_1x3/);
        continue;
      }
      expect(space.cost(choices)).toEqual(costOf(space.network(choices)));
    }
    const choices = choicesOfGenotype(publishedGenotypes[name]);
    expect(() => nano.graph(choices)).toThrow(/not inside the search network/);
  });

  it("are subnets of a size with as many nodes and the ops of DARTS, concatenated whole", () => {
    const isSubnet = publishedNames.filter((name) => {
      try {
        return full.graph(choicesOfGenotype(publishedGenotypes[name])).nodes.length > 0;
      } catch {
        return false;
      }
    });
    expect(isSubnet).toEqual(["DARTS_V1", "DARTS_V2", "NNI_TUTORIAL_1", "NNI_TUTORIAL_2", "MMRAZOR_97.32", "MMRAZOR_PAPER_ALIAS", "PDARTS", "GDAS_V1"]);
  });

  it("may read one state twice in a node, even through one op", () => {
    const id = "n:s3.0+mp.0-sk.1+sk.1;r:s3.1+s3.1-mp.0+mp.0";
    const choices = nano.decode(id);
    expect(parseCellId(id).ok && choices !== null).toBe(true);
    if (choices === null) return;
    expect(nano.graph(choices).nodes.at(-1)?.shape).toEqual([10]);
    expect(nano.cost(choices)).toEqual(costOf(nano.network(choices)));
  });

  it("build wider, deeper, with drop path and auxiliary head where asked", () => {
    const v2 = choicesOfGenotype(publishedGenotypes.DARTS_V2);
    expect(costOf(full.network(v2)).params).toBe(3_349_342);
    expect(costOf(dartsCell("small").network(v2, { width: 16, cells: 14 })).params).toBe(478_394);
    const helped = dartsCell("small").network(v2, { dropPath: 0.2, auxiliary: 0.4 });
    expect(helped.auxiliary?.weight).toBe(0.4);
    expect(helped.nodes.some((n) => n.attrs.op === "dropPath")).toBe(true);
    expect(() => nano.network(v2, { auxiliary: 0.4 })).toThrow(/8×8/);
  });

  it("refuse text that is no pair of cells", () => {
    for (const text of ["", "02120112", "n:s3.0+s3.1", "n:s3.0+s3.9;r:s3.0+s3.1"]) expect(full.decode(text)).toBeNull();
  });
});

describe("the mixed side", () => {
  const space = dartsCell("small");
  const { mixed } = space;
  const size = edgesOf(4) * 8;

  it("declares α and gates first, then the weights", () => {
    expect(mixed.params.slice(0, 5).map((p) => [p.name, p.shape])).toEqual([
      ["alpha.normal", [112]],
      ["alpha.reduce", [112]],
      ["gates.normal", [14]],
      ["gates.reduce", [14]],
      ["stem.conv.weight", [3, 3, 3, 24]],
    ]);
    expect(mixed.params.slice(4)).toEqual(space.supernetParams());
    expect(mixed.params[2]).toMatchObject({ role: "architecture", init: { kind: "constant", value: 1 } });
    expect(mixed.norms).toBe(mixed.searchGraph.norms);
    const columns = Array.from({ length: 14 }, (_, row) => row % 8);
    const known = new Map(mixed.params.map((p) => [p.name, p]));
    for (const p of mixed.sampledGraph([columns, columns]).params) expect(known.get(p.name)).toEqual(p);
  });

  it("names its rows and columns", () => {
    expect(mixed.groups.map((g) => [g.id, g.param, g.none, g.rows.length])).toEqual([["normal", "alpha.normal", 0, 14], ["reduce", "alpha.reduce", 0, 14]]);
    expect(mixed.groups[0]?.rows[4]).toEqual({ label: "3←2", from: 2, to: 3 });
    expect(mixed.groups[0]?.ops).toEqual(dartsPrimitives);
  });

  it("derives members, under both rules and a limit of skips of the normal cell", () => {
    const rng = rootKey(2).stream();
    const alphas = [0, 1].map(() => Float32Array.from({ length: size }, (_, i) => rng.normal() + (i % 8 === 3 ? 2 : 0)));
    const free = mixed.derive(alphas, { rule: "official", skipLimit: null });
    const limited = mixed.derive(alphas, { rule: "official", skipLimit: 2 });
    const nni = mixed.derive(alphas, { rule: "nni", skipLimit: null });
    for (const derived of [free, limited, nni]) {
      expectMember(space, derived.choices);
      const { normal, reduce } = space.genotype(derived.choices);
      const skips = [normal, reduce].map((cell) => cell.nodes.flat().filter((i) => i.op === "skip_connect").length);
      expect(derived.skips).toEqual(skips);
      expect(derived.kept.map((k) => k.filter((column) => column >= 0).length)).toEqual([8, 8]);
      expect(derived.margin.every((m) => m !== null && m >= 0)).toBe(true);
    }
    expect(free.skips[0]).toBeGreaterThan(2);
    expect([limited.skips[0], limited.skips[1]]).toEqual([2, free.skips[1]]);
    expect(space.encode(nni.choices)).not.toBe(space.encode(free.choices));
  });
});
