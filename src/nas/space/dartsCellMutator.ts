/**
 * Sampling, mutation and crossover of cells (spec darts 11): two different states a node, an op for each. Genes are those of the mutables: per
 * node op and state of slot 0, then of slot 1.
 */
import { AppError } from "@/lib/appError";
import type { Rng } from "@/lib/rng";
import { choicesOfGenotype, genotypeOfChoices } from "../cell/choices";
import type { Choices, Mutator } from "../mutable";
import { fromGenes, toGenes, type IndexMutable } from "../mutator";

/** Genes of one node. */
const GENES = 4;

/** Whether a gene is a state; its neighbour two genes away is the node's other state. */
const isState = (gene: number): boolean => gene % 2 === 1;
const otherState = (gene: number): number => (gene % GENES === 1 ? gene + 2 : gene - 2);

/** The mutator of cells with these mutables. Everything that it returns has two different states at every node. */
export function makeCellMutator(mutables: readonly IndexMutable[]): Mutator {
  const sizeOf = (gene: number): number => mutables[gene]?.choices.length ?? 0;
  const choicesOf = (genes: readonly number[]): Choices => {
    const genotype = genotypeOfChoices(fromGenes(mutables, genes));
    if (!genotype.ok) throw new AppError("bug", genotype.problem.message);
    // Through the genotype, so that equal members have their keys in one order, concat included.
    return choicesOfGenotype(genotype.value);
  };
  /** A uniform value of a gene, other than `taken`. */
  const draw = (gene: number, taken: number | null, rng: Rng): number => {
    if (taken === null) return rng.int(sizeOf(gene));
    const value = rng.int(sizeOf(gene) - 1);
    return value < taken ? value : value + 1;
  };
  const takenBy = (gene: number, genes: readonly number[]): number | null => (isState(gene) ? (genes[otherState(gene)] ?? null) : null);
  return {
    sample: (rng) => {
      const genes: number[] = [];
      // The state of slot 0 is drawn before that of slot 1, which avoids it.
      for (let gene = 0; gene < mutables.length; gene++) genes.push(draw(gene, gene % GENES === 3 ? (genes[gene - 2] ?? null) : null, rng));
      return choicesOf(genes);
    },
    mutate: (parent, p, rng) => {
      const genes = toGenes(mutables, parent);
      for (let gene = 0; gene < genes.length; gene++) if (rng.next() < p) genes[gene] = draw(gene, takenBy(gene, genes), rng);
      return choicesOf(genes);
    },
    crossover: (a, b, rng) => {
      const parents = [toGenes(mutables, a), toGenes(mutables, b)] as const;
      const genes: number[] = [];
      while (genes.length < mutables.length) {
        const from = parents[rng.next() < 0.5 ? 0 : 1];
        genes.push(...from.slice(genes.length, genes.length + GENES));
      }
      return choicesOf(genes);
    },
    neighbours: (of) => {
      const genes = toGenes(mutables, of);
      return genes.flatMap((now, gene) => {
        const taken = takenBy(gene, genes);
        const values = Array.from({ length: sizeOf(gene) }, (_, value) => value).filter((value) => value !== now && value !== taken);
        return values.map((value) => choicesOf(genes.with(gene, value)));
      });
    },
    changed: (from, to) => {
      const [before, after] = [toGenes(mutables, from), toGenes(mutables, to)];
      return before.flatMap((value, gene) => (value === after[gene] ? [] : [gene]));
    },
  };
}
