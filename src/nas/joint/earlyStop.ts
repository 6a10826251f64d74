/**
 * After how many epochs the ranking of networks is about what it will be at the end (FBNetV3; spec fbnet 3.4): later pairs need not be trained any
 * longer.
 */
import { kendallTauB, spearmanRho } from "../ranking";

export interface EarlyStop {
  /** By epoch: rank correlation of its accuracies with the last epoch's. NaN where all of one epoch are equal. */
  readonly spearman: readonly number[];
  readonly kendall: readonly number[];
  readonly threshold: number;
  /** From 1: the first epoch whose Spearman ρ reaches the threshold; the last when none before it does. */
  readonly epoch: number;
}

/** Published threshold. */
export const rankThreshold = 0.92;

/** `curves[candidate][epoch]`: accuracies; all candidates have as many epochs. */
export function earlyStop(curves: readonly (readonly number[])[], threshold = rankThreshold): EarlyStop {
  const epochs = Math.min(...curves.map((curve) => curve.length));
  const column = (epoch: number): number[] => curves.map((curve) => curve[epoch] as number);
  const last = column(epochs - 1);
  const against = (correlate: typeof spearmanRho): number[] => Array.from({ length: epochs }, (_, e) => correlate(column(e), last));
  const spearman = against(spearmanRho);
  const reached = spearman.findIndex((rho) => rho >= threshold);
  return { spearman, kendall: against(kendallTauB), threshold, epoch: reached < 0 ? epochs : reached + 1 };
}
