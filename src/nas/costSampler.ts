/**
 * Path samplers beyond uniform: cost-uniform, as the authors of SPOS train ("uniform constraint sampling"), and strictly fair, as in
 * FairNAS (arXiv 1907.01845). Both only draw choices; canonicalising or training them is the caller's.
 */
import { AppError } from "@/lib/appError";
import { rootKey, type Rng } from "@/lib/rng";
import { quantileSorted } from "@/lib/stats";
import { fromGenes, isIndexMutable, type IndexMutable } from "./mutator";
import type { Choices } from "./mutable";
import type { CostMetric } from "./pareto";
import type { Space } from "./space/types";

const BINS = 7;
const SURVEY_DRAWS = 2000;
const MAX_REDRAWS = 500;

/** Limits of the cost bins of a space, ascending, one more than bins. The survey's key is fixed: equal spaces have equal bins. */
export function costBins(space: Space, metric: CostMetric = "macs"): number[] {
  const rng = rootKey(0).fold("cost-bins").stream();
  const costs = Float64Array.from({ length: SURVEY_DRAWS }, () => space.cost(space.mutator.sample(rng))[metric]).sort();
  const low = quantileSorted(costs, 0.05);
  const high = quantileSorted(costs, 0.95);
  return Array.from({ length: BINS + 1 }, (_, i) => low + ((high - low) * i) / BINS);
}

/**
 * A sampler of cost-uniform paths: one of 7 bins of equal width between the 5th and 95th cost percentile is drawn, then paths
 * until one falls inside, at most 500 redraws; the last draw is kept when none does.
 */
export function costUniformSampler(space: Space, metric: CostMetric = "macs"): (rng: Rng) => Choices {
  const limits = costBins(space, metric);
  return (rng) => {
    const bin = rng.int(BINS);
    const low = limits[bin] ?? -Infinity;
    const high = limits[bin + 1] ?? Infinity;
    let choices = space.mutator.sample(rng);
    for (let redraw = 0; redraw < MAX_REDRAWS; redraw++) {
      const cost = space.cost(choices)[metric];
      if (cost >= low && cost <= high) break;
      choices = space.mutator.sample(rng);
    }
    return choices;
  };
}

function indexMutables(space: Space): IndexMutable[] {
  const mutables = space.mutables.filter(isIndexMutable);
  if (mutables.length !== space.mutables.length)
    throw new AppError("bug", `${space.name} has mutables that are not op or value choices.`);
  return mutables;
}

/**
 * The m paths of one strictly fair step: for every slot one permutation of its choices, path j takes the j-th of each, so each choice is
 * used exactly once. Where a slot has fewer than the largest number m of choices, its permutation repeats.
 */
export function fairPaths(space: Space, rng: Rng): Choices[] {
  const mutables = indexMutables(space);
  const orders = mutables.map((m) => rng.shuffle(m.choices.map((_, i) => i)));
  const paths = Math.max(0, ...orders.map((o) => o.length));
  return Array.from({ length: paths }, (_, j) =>
    fromGenes(
      mutables,
      orders.map((order) => order[j % order.length] ?? 0),
    ),
  );
}
