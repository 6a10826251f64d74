import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { makeSpace, spaceIds } from "../space/registry";
import { jointSpace } from "./encode";
import { decodeReal, defaultRecipe, encodeReal, recipeGenes, settingsOf } from "./recipe";
import { sobolPoints } from "./sobol";

const independent = spaceIds.map((id) => makeSpace(id, "nano")).filter((space) => space.independent);

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
