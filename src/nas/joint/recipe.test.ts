import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { decodeReal, defaultRecipe, encodeReal, type RecipeGene, recipeGenes, settingsOf } from "./recipe";

type Real = Extract<RecipeGene, { kind: "real" }>;
const reals = recipeGenes.filter((gene): gene is Real => gene.kind === "real");
const lr = reals.find(({ id }) => id === "lr") as Real;
const dropout = reals.find(({ id }) => id === "dropout") as Real;

describe("real genes", () => {
  it("are five, two of them logarithmic", () => {
    expect(reals.map(({ id, log }) => [id, log])).toEqual([["lr", true], ["weightDecay", true], ["dropout", false], ["dropConnect", false], ["mixup", false]]);
  });

  it.each(reals)("$id goes from end to end, and what lies outside is taken to an end", (gene) => {
    expect([encodeReal(gene, gene.min), encodeReal(gene, gene.max)]).toEqual([0, 1]);
    expect([-0.5, 0, 1, 1.5].map((u) => decodeReal(gene, u))).toEqual([gene.min, gene.min, gene.max, gene.max]);
  });

  it("have their middle by the scale: a geometric mean for the rate, an arithmetic one for dropout", () => {
    expect(decodeReal(lr, 0.5)).toBe(0.06325);
    expect(decodeReal(dropout, 0.5)).toBe(0.15);
    expect(encodeReal(lr, Math.sqrt(0.02 * 0.2))).toBeCloseTo(0.5, 12);
  });

  it.each(reals)("$id comes back: a decoded value exactly, an encoded one to four digits", (gene) => {
    const rng = rootKey(1).stream();
    for (let i = 0; i < 200; i++) {
      const u = rng.next();
      const value = decodeReal(gene, u);
      expect(decodeReal(gene, encodeReal(gene, value))).toBe(value);
      expect(value).toBe(Number(value.toPrecision(4)));
      expect(Math.abs(encodeReal(gene, value) - u)).toBeLessThan(5e-4);
    }
  });
});

describe("settingsOf", () => {
  it("takes SGD's rate as it is, and a fortieth of it for Adam: 5e-4 to 5e-3", () => {
    expect(settingsOf({ ...defaultRecipe, lr: 0.1 }).lr).toBe(0.1);
    const adam = (rate: number): number => settingsOf({ ...defaultRecipe, optimizer: "adam", lr: rate }).lr;
    expect([adam(lr.min), adam(lr.max)]).toEqual([5e-4, 5e-3]);
  });

  it("reads every gene, and takes the default for those that are absent", () => {
    const recipe = { optimizer: "adam", lr: 0.08, weightDecay: 2e-4, ema: "on", dropout: 0.1, dropConnect: 0.05, mixup: 0.3 };
    expect(settingsOf(recipe)).toEqual({ optimizer: "adam", lr: 0.002, weightDecay: 2e-4, ema: true, dropout: 0.1, dropConnect: 0.05, mixup: 0.3 });
    expect(settingsOf({})).toEqual({ optimizer: "sgd", lr: 0.05, weightDecay: 1e-4, ema: false, dropout: 0, dropConnect: 0, mixup: 0 });
    expect(settingsOf({ mixup: 0.2 })).toEqual({ ...settingsOf({}), mixup: 0.2 });
  });

  it("refuses a word where a number belongs", () => {
    expect(() => settingsOf({ dropout: "much" })).toThrow(/dropout must be a number/);
  });
});
