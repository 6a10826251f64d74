import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { fromGenes, makeMutator, toGenes, type IndexMutable } from "./mutator";

const mutables: readonly IndexMutable[] = [
  { kind: "op", id: "a", choices: ["x", "y", "z"] },
  { kind: "op", id: "b", choices: ["only"] },
  { kind: "value", id: "depth", choices: [2, 3, 4, 6] },
];
const mutator = makeMutator(mutables);
const stream = (seed: number) => rootKey(seed).stream();
const genes = fc.tuple(fc.nat(2), fc.constant(0), fc.nat(3));

describe("genes", () => {
  it("round-trip and refuse what is no choice", () => {
    fc.assert(
      fc.property(genes, (g) => {
        expect(toGenes(mutables, fromGenes(mutables, g))).toEqual(g);
      }),
    );
    expect(fromGenes(mutables, [2, 0, 3])).toEqual({ a: "z", b: "only", depth: 6 });
    expect(() => fromGenes(mutables, [0, 0])).toThrow(/3 genes/);
    expect(() => fromGenes(mutables, [0, 1, 0])).toThrow(/no choice 1/);
    expect(() => toGenes(mutables, { a: "q", b: "only", depth: 2 })).toThrow(/one of x, y, z/);
  });
});

describe("mutator", () => {
  it("samples every choice uniformly", () => {
    const rng = stream(1);
    const counts = new Map<unknown, number>();
    for (let i = 0; i < 4000; i++) {
      const { depth } = mutator.sample(rng);
      counts.set(depth, (counts.get(depth) ?? 0) + 1);
    }
    const sigma = Math.sqrt(4000 * 0.25 * 0.75);
    for (const depth of [2, 3, 4, 6]) expect(Math.abs((counts.get(depth) ?? 0) - 1000)).toBeLessThan(4 * sigma);
  });

  it("redraws with probability p, so a gene of m choices changes with p·(1 − 1/m)", () => {
    const four = makeMutator(
      Array.from({ length: 20 }, (_, i) => ({ kind: "op", id: `s${i}`, choices: ["0", "1", "2", "3"] })),
    );
    const rng = stream(2);
    const parent = four.sample(rng);
    let changed = 0;
    for (let i = 0; i < 1000; i++) changed += four.changed(parent, four.mutate(parent, 0.1, rng)).length;
    const n = 20_000;
    expect(Math.abs(changed / n - 0.075)).toBeLessThan(4 * Math.sqrt((0.075 * 0.925) / n));
  });

  it("stays legal under mutation and within the parents under crossover", () => {
    fc.assert(
      fc.property(genes, genes, fc.nat(), fc.float({ min: 0, max: 1, noNaN: true }), (ga, gb, seed, p) => {
        const [a, b] = [fromGenes(mutables, ga), fromGenes(mutables, gb)];
        const mutated = mutator.mutate(a, p, stream(seed));
        expect(fromGenes(mutables, toGenes(mutables, mutated))).toEqual(mutated);
        const child = mutator.crossover(a, b, stream(seed));
        for (const m of mutables) expect([a[m.id], b[m.id]]).toContain(child[m.id]);
        expect(mutator.mutate(a, p, stream(seed))).toEqual(mutated);
      }),
    );
    const parent = mutator.sample(stream(3));
    expect(mutator.mutate(parent, 0, stream(4))).toEqual(parent);
  });

  it("lists neighbours in gene order and the genes that differ", () => {
    const of = fromGenes(mutables, [1, 0, 0]);
    const neighbours = mutator.neighbours(of);
    expect(neighbours.map((n) => toGenes(mutables, n))).toEqual([
      [0, 0, 0],
      [2, 0, 0],
      [1, 0, 1],
      [1, 0, 2],
      [1, 0, 3],
    ]);
    expect(neighbours.map((n) => mutator.changed(of, n))).toEqual([[0], [0], [2], [2], [2]]);
  });
});
