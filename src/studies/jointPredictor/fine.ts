/** The fine stage against chance at equal predictor calls: what each finds by the predictor, and what their winners reach when they are trained. */
import type { JointLengths } from "@/algorithms/fbnetV3/lengths";
import { rootKey } from "@/lib/rng";
import type { JointSpace, Pair } from "@/nas/joint/encode";
import { fineSearch, type ScoredPair } from "@/nas/joint/fineSearch";
import { fitTo, judgeOf } from "./ranking";
import { finalOf, pairOf, type TrainedRecord } from "./train";

export interface FineDuel {
  readonly seed: number;
  readonly generations: number;
  /** Predictor calls of either side. */
  readonly calls: number;
  readonly evolution: ScoredPair;
  readonly random: ScoredPair;
}

/** Predictor of the seed, pre-trained and fitted to all trained pairs; then both searches under the limit. */
export async function duel(joint: JointSpace, lengths: JointLengths, records: readonly TrainedRecord[], limit: number, seed: number): Promise<FineDuel> {
  const key = rootKey(seed).fold("fine");
  const judge = await judgeOf(joint, lengths, key.fold("predictor"), true);
  fitTo(judge, joint, records, key.fold("fit"));
  const trained = [...records].sort((a, b) => finalOf(b) - finalOf(a) || a.macs - b.macs).map((record) => pairOf(joint, record));
  const scorer = (pairs: readonly Pair[]): number[] => judge.score(pairs);
  const { pool, generation, calls, randomBest } = fineSearch(joint, trained, { ...lengths.fine, limit }, scorer, key.fold("search"));
  const [best] = pool;
  if (!best || randomBest === null) throw new Error("a fine stage without a pair");
  return { seed, generations: generation, calls, evolution: best, random: randomBest };
}
