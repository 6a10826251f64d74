/**
 * Architecture and recipe as numbers (spec fbnet 3.2): two vectors for the predictor, one list of genes for sampling and evolution. Works for every
 * space whose choices are free of one another.
 */
import { AppError } from "@/lib/appError";
import type { Recipe } from "../candidate";
import type { Cost } from "../cost";
import type { Choices } from "../mutable";
import { type IndexMutable, isIndexMutable, toGenes } from "../mutator";
import type { ArchId, Space } from "../space/types";
import { decodeReal, encodeReal, type RecipeGene, recipeGenes as allRecipeGenes } from "./recipe";

/** An architecture with the way it is trained, and what it costs. `key` names the pair. */
export interface Pair {
  readonly key: string;
  readonly id: ArchId;
  readonly choices: Choices;
  readonly recipe: Recipe;
  readonly macs: number;
  readonly params: number;
}

/** The two vectors of a pair. */
export interface Encoded {
  readonly arch: Float32Array;
  readonly recipe: Float32Array;
}

/** A gene as evolution handles it: an index below `options`, or a number from 0 to 1. */
export type Gene = { readonly kind: "index"; readonly options: number } | { readonly kind: "real" };

export interface JointSpace {
  readonly space: Space;
  readonly recipeGenes: readonly RecipeGene[];
  /** Genes of a pair: those mutables that have a choice, then the recipe's. Coordinate j of a sampled point is gene j. */
  readonly genes: readonly Gene[];
  /** Of which the architecture's. */
  readonly archGenes: number;
  /** Lengths of the two vectors. */
  readonly widths: { readonly arch: number; readonly recipe: number };
  encodeArch(choices: Choices): Float32Array;
  encodeRecipe(recipe: Recipe): Float32Array;
  encode(pair: Pick<Pair, "choices" | "recipe">): Encoded;
  genesOf(pair: Pick<Pair, "choices" | "recipe">): number[];
  /** The pair with these genes, its architecture in canonical form. */
  pairOf(genes: readonly number[]): Pair;
  /** Coordinate u of [0, 1) → option ⌊u·n⌋, or the number itself. */
  pairAt(point: ArrayLike<number>): Pair;
  /** A given architecture and recipe as a pair. */
  pair(choices: Choices, recipe: Recipe): Pair;
}

/** An op is one-hot, an ordered number (v − min)/(max − min). */
function mutableWidth(m: IndexMutable): number {
  return m.choices.length < 2 ? 0 : m.kind === "op" ? m.choices.length : 1;
}

function writeMutable(m: IndexMutable, gene: number, out: Float32Array, at: number): void {
  if (m.choices.length < 2) return;
  if (m.kind === "op") out[at + gene] = 1;
  else {
    const [low, high] = [Math.min(...m.choices), Math.max(...m.choices)];
    out[at] = ((m.choices[gene] as number) - low) / (high - low);
  }
}

const recipeWidth = (gene: RecipeGene): number => (gene.kind === "option" ? gene.options.length : 1);

function recipeGeneValue(gene: RecipeGene, recipe: Recipe): number {
  const value = recipe[gene.id];
  if (gene.kind === "real") {
    if (typeof value === "number") return encodeReal(gene, value);
  } else if (typeof value === "string" && gene.options.includes(value)) return gene.options.indexOf(value);
  throw new AppError("bug", `A recipe's ${gene.id} cannot be ${JSON.stringify(value)}.`);
}

/** Throws `bug` for a space in which some combinations of choices are no members. */
export function jointSpace(space: Space, recipeGenes: readonly RecipeGene[] = allRecipeGenes): JointSpace {
  const mutables = space.mutables.filter(isIndexMutable);
  if (!space.independent || mutables.length !== space.mutables.length) throw new AppError("bug", `The choices of ${space.id} are not free of one another.`);
  const free = mutables.filter((m) => m.choices.length > 1);
  const widths = { arch: mutables.reduce((sum, m) => sum + mutableWidth(m), 0), recipe: recipeGenes.reduce((sum, g) => sum + recipeWidth(g), 0) };
  const genes: Gene[] = [
    ...free.map((m): Gene => ({ kind: "index", options: m.choices.length })),
    ...recipeGenes.map((g): Gene => (g.kind === "option" ? { kind: "index", options: g.options.length } : { kind: "real" })),
  ];

  // Some spaces build the network to price it, and evolution meets the same ones again and again.
  const costs = new Map<ArchId, Cost>();
  const encodeArch = (choices: Choices): Float32Array => {
    const out = new Float32Array(widths.arch);
    let at = 0;
    toGenes(mutables, choices).forEach((gene, i) => {
      const m = mutables[i] as IndexMutable;
      writeMutable(m, gene, out, at);
      at += mutableWidth(m);
    });
    return out;
  };
  const encodeRecipe = (recipe: Recipe): Float32Array => {
    const out = new Float32Array(widths.recipe);
    let at = 0;
    for (const gene of recipeGenes) {
      const value = recipeGeneValue(gene, recipe);
      if (gene.kind === "real") out[at] = value;
      else out[at + value] = 1;
      at += recipeWidth(gene);
    }
    return out;
  };
  const pair = (given: Choices, recipe: Recipe): Pair => {
    const { choices, id } = space.canonical(given);
    const cost = costs.get(id) ?? space.cost(choices);
    costs.set(id, cost);
    const { macs, params } = cost;
    return { key: `${id} ${recipeGenes.map((g) => recipe[g.id]).join(" ")}`, id, choices, recipe, macs, params };
  };
  const pairOf = (values: readonly number[]): Pair => {
    const fixed = mutables.filter((m) => m.choices.length < 2).map((m) => [m.id, m.choices[0] as string | number] as const);
    const chosen = free.map((m, i) => [m.id, m.choices[values[i] as number] as string | number] as const);
    const recipe = recipeGenes.map((g, i) => {
      const value = values[free.length + i] as number;
      return [g.id, g.kind === "real" ? decodeReal(g, value) : (g.options[value] as string)] as const;
    });
    return pair(Object.fromEntries([...fixed, ...chosen]), Object.fromEntries(recipe));
  };
  return {
    space,
    recipeGenes,
    genes,
    archGenes: free.length,
    widths,
    encodeArch,
    encodeRecipe,
    encode: ({ choices, recipe }) => ({ arch: encodeArch(choices), recipe: encodeRecipe(recipe) }),
    genesOf: ({ choices, recipe }) => [...toGenes(free, choices), ...recipeGenes.map((g) => recipeGeneValue(g, recipe))],
    pairOf,
    pairAt: (point) => pairOf(genes.map((g, j) => (g.kind === "real" ? (point[j] as number) : Math.floor((point[j] as number) * g.options)))),
    pair,
  };
}
