import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import type { Choices } from "../mutable";
import { type IndexMutable, isIndexMutable } from "../mutator";
import { makeSpace, spaceIds } from "../space/registry";
import { type Encoded, jointSpace, type JointSpace, type Pair } from "./encode";
import { decodeReal, defaultRecipe, encodeReal, recipeGenes, settingsOf } from "./recipe";
import { sobolPoints } from "./sobol";

const independent = spaceIds.map((id) => makeSpace(id, "nano")).filter((space) => space.independent);

/** What the two vectors say, read without the code that wrote them: where the one is, and which option is nearest to the number. */
function read({ space }: JointSpace, { arch, recipe }: Encoded): Pick<Pair, "choices" | "recipe"> {
  const reader = (from: Float32Array) => {
    let at = 0;
    return (n: number): number[] => [...from.subarray(at, (at += n))];
  };
  const hot = (values: readonly number[]): number => {
    expect([...values].sort()).toEqual([...values.slice(1).fill(0), 1]);
    return values.indexOf(1);
  };
  const nearest = (options: readonly number[], u: number): number => {
    const wanted = Math.min(...options) + u * (Math.max(...options) - Math.min(...options));
    return options.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
  };
  const [ofArch, ofRecipe] = [reader(arch), reader(recipe)];
  const choice = (m: IndexMutable): string | number => {
    if (m.choices.length < 2) return m.choices[0] as string | number;
    return m.kind === "op" ? (m.choices[hot(ofArch(m.choices.length))] as string) : nearest(m.choices, ofArch(1)[0] as number);
  };
  const choices: Choices = Object.fromEntries(space.mutables.filter(isIndexMutable).map((m) => [m.id, choice(m)]));
  return { choices, recipe: Object.fromEntries(recipeGenes.map((g) => [g.id, g.kind === "real" ? decodeReal(g, ofRecipe(1)[0] as number) : (g.options[hot(ofRecipe(g.options.length))] as string)])) };
}

describe.each(["fbnet-v3", "macro8"] as const)("vectors of %s", (id) => {
  const joint = jointSpace(makeSpace(id, "nano"));
  const rng = rootKey(3).stream();
  const pairs = Array.from({ length: 100 }, () => joint.pairOf(joint.genes.map((gene) => (gene.kind === "real" ? rng.next() : rng.int(gene.options)))));

  it("say which pair it is", () => {
    for (const pair of pairs) {
      const found = read(joint, joint.encode(pair));
      expect(found.choices).toEqual(pair.choices);
      // The vector is in single precision, the recipe's numbers have four digits.
      for (const [gene, value] of Object.entries(pair.recipe)) {
        if (typeof value === "number") expect(Math.abs((found.recipe[gene] as number) / value - 1)).toBeLessThan(2e-4);
        else expect(found.recipe[gene]).toBe(value);
      }
    }
  });

  it("and names tell all of them apart; a recipe alone makes another pair of the same architecture", () => {
    expect(new Set(pairs.map(({ key }) => key)).size).toBe(100);
    expect(new Set(pairs.map((pair) => Object.values(joint.encode(pair)).join())).size).toBe(100);
    const [a, b] = [0.05, 0.06].map((lr) => joint.pair((pairs[0] as Pair).choices, { ...defaultRecipe, lr }));
    expect([a?.id === b?.id, a?.key === b?.key]).toEqual([true, false]);
  });

  it("cannot be made of a word that is no option, or of a recipe without a gene", () => {
    expect(() => joint.encodeRecipe({ ...defaultRecipe, optimizer: "rmsprop" })).toThrow(/optimizer cannot be "rmsprop"/);
    expect(() => joint.encodeRecipe({ lr: 0.05 })).toThrow(/optimizer cannot be/);
  });
});

describe("pairs as genes and vectors", () => {
  it.each(independent.map((space) => [space.id, space] as const))("of %s are read back from their genes", (_, space) => {
    const joint = jointSpace(space);
    const stream = sobolPoints(joint.genes.length, rootKey(1).stream());
    for (let i = 0; i < 30; i++) {
      const pair = joint.pairAt(stream.next());
      expect(joint.pairOf(joint.genesOf(pair))).toEqual(pair);
      expect(space.canonical(pair.choices)).toEqual({ choices: pair.choices, id: pair.id });
      expect({ macs: pair.macs, params: pair.params }).toMatchObject({ macs: space.cost(pair.choices).macs, params: space.cost(pair.choices).params });
      const { arch, recipe } = joint.encode(pair);
      expect([arch.length, recipe.length]).toEqual([joint.widths.arch, joint.widths.recipe]);
      expect([...arch, ...recipe].every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it("take option ⌊u·n⌋, and the ends of every range", () => {
    const joint = jointSpace(makeSpace("macro8", "nano"));
    const low = joint.pairAt(new Float64Array(joint.genes.length));
    const high = joint.pairAt(new Float64Array(joint.genes.length).fill(1 - 1e-12));
    expect([low.id, high.id]).toEqual(["00000000", "22222222"]);
    expect(low.recipe).toEqual({ optimizer: "sgd", lr: 0.02, weightDecay: 1e-5, ema: "off", dropout: 0, dropConnect: 0, mixup: 0 });
    expect(high.recipe).toEqual({ optimizer: "adam", lr: 0.2, weightDecay: 1e-3, ema: "on", dropout: 0.3, dropConnect: 0.2, mixup: 0.4 });
    // Ops one-hot, three of each of eight layers.
    expect([...joint.encodeArch(low.choices)]).toEqual(Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? 1 : 0)));
    // Two options, two logarithms, two options, three plain numbers.
    expect([...joint.encodeRecipe(high.recipe)]).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 1]);
  });

  it("encode ordered numbers by their value: 0 for the least, 1 for the most", () => {
    const space = makeSpace("fbnet-v3", "nano");
    const joint = jointSpace(space);
    const of = (resolution: number): number => joint.encodeArch({ ...space.extremes("macs").min.choices, resolution })[0] as number;
    expect([of(16), of(24), of(32)]).toEqual([0, 0.5, 1]);
  });

  it("are refused where some combinations of choices are no members", () => {
    expect(() => jointSpace(makeSpace("darts-cell", "nano"))).toThrow(/not free of one another/);
  });
});

describe("recipes", () => {
  const lr = recipeGenes.find((gene) => gene.id === "lr");

  it("are logarithmic where the range is", () => {
    if (lr?.kind !== "real") throw new Error("no rate");
    expect(decodeReal(lr, 0.5)).toBe(Number((0.02 * Math.sqrt(10)).toPrecision(4)));
    expect(encodeReal(lr, decodeReal(lr, 0.3))).toBeCloseTo(0.3, 3);
    expect([decodeReal(lr, -1), decodeReal(lr, 2)]).toEqual([0.02, 0.2]);
  });

  it("mean a rate for either optimizer, from one gene", () => {
    const of = (optimizer: string, rate: number): number => settingsOf({ ...defaultRecipe, optimizer, lr: rate }).lr;
    expect([of("sgd", 0.02), of("sgd", 0.2)]).toEqual([0.02, 0.2]);
    expect(of("adam", 0.02)).toBeCloseTo(5e-4, 12);
    expect(of("adam", 0.2)).toBeCloseTo(5e-3, 12);
  });

  it("have a default in every range", () => {
    for (const gene of recipeGenes) {
      const value = defaultRecipe[gene.id];
      expect([gene.id, gene.kind === "option" ? gene.options.includes(String(value)) : typeof value === "number" && value >= gene.min && value <= gene.max]).toEqual([gene.id, true]);
    }
  });
});
