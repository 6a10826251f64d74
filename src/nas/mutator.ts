/** The generic mutator: knows genes (one a mutable, valued by index into its choices) and never what a choice means. */
import { AppError } from "@/lib/appError";
import type { Rng } from "@/lib/rng";
import type { Choices, ChoiceValue, Mutable, Mutator, OpMutable, ValueMutable } from "./mutable";

/** Mutables whose gene is one index. */
export type IndexMutable = OpMutable | ValueMutable;

/** Index of the chosen value. Throws `bug` when the choices do not belong to the mutable. */
export function geneOf(mutable: IndexMutable, choices: Choices): number {
  const value = choices[mutable.id];
  const gene = (mutable.choices as readonly ChoiceValue[]).findIndex((c) => c === value);
  if (gene < 0)
    throw new AppError(
      "bug",
      `${mutable.id} cannot be ${JSON.stringify(value)}; it is one of ${mutable.choices.join(", ")}.`,
    );
  return gene;
}

/** Genes of a set of choices, in the order of the mutables. */
export function toGenes(mutables: readonly IndexMutable[], choices: Choices): number[] {
  return mutables.map((m) => geneOf(m, choices));
}

/** Inverse of {@link toGenes}. Throws `bug` on a wrong length or an index out of range. */
export function fromGenes(mutables: readonly IndexMutable[], genes: readonly number[]): Choices {
  if (genes.length !== mutables.length)
    throw new AppError("bug", `${mutables.length} genes are needed, got ${genes.length}.`);
  return Object.fromEntries(mutables.map((m, i) => [m.id, choiceAt(m, genes[i])]));
}

function choiceAt(mutable: IndexMutable, gene: number | undefined): string | number {
  const value = gene === undefined ? undefined : mutable.choices[gene];
  if (value === undefined) throw new AppError("bug", `${mutable.id} has no choice ${gene}.`);
  return value;
}

export function isIndexMutable(mutable: Mutable): mutable is IndexMutable {
  return mutable.kind !== "input";
}

/**
 * Sampling, mutation and crossover with the laws of SPOS and MMRazor: genes are independent, a redraw may return the old value
 * (a gene with m choices really changes with probability p·(1 − 1/m)).
 */
export function makeMutator(mutables: readonly IndexMutable[]): Mutator {
  const draw = (m: IndexMutable, rng: Rng): string | number => choiceAt(m, rng.int(m.choices.length));
  const each = (value: (m: IndexMutable) => ChoiceValue | undefined): Choices =>
    Object.fromEntries(mutables.map((m) => [m.id, choiceAt(m, geneOf(m, { [m.id]: value(m) ?? "" }))]));
  return {
    sample: (rng) => each((m) => draw(m, rng)),
    mutate: (parent, p, rng) => each((m) => (rng.next() < p ? draw(m, rng) : parent[m.id])),
    crossover: (a, b, rng) => each((m) => (rng.next() < 0.5 ? a : b)[m.id]),
    neighbours: (of) =>
      mutables.flatMap((m) => {
        const now = geneOf(m, of);
        return m.choices.filter((_, i) => i !== now).map((value): Choices => ({ ...of, [m.id]: value }));
      }),
    changed: (from, to) => mutables.flatMap((m, i) => (geneOf(m, from) === geneOf(m, to) ? [] : [i])),
  };
}
