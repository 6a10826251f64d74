/**
 * From scores to statements: how well each ranking agrees with the true one, on all networks and on either half, with intervals.
 * Pure; intervals are 95 % percentile bootstraps over networks, and every statistic of a subset sees the same resamples, so that
 * differences between rankings are paired.
 */
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import { mean, std, type Interval } from "@/lib/stats";
import type { EvaluationSet } from "@/nas/benchmark/evaluationSet";
import { macroBaselines, type MacroTruth } from "@/nas/benchmark/macroTable";
import { averageRanks, bootstrapInterval, kendallTauB, spearmanRho } from "@/nas/ranking";
import type { RunRecord } from "./resultFile";

/** Networks that "the predicted best" are. */
export const TOP = 10;

type Series = readonly number[];

/** Items by falling score, in groups of equal score. */
function tieGroups(scores: ArrayLike<number>): number[][] {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => (scores[b] ?? NaN) - (scores[a] ?? NaN));
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && scores[last[0]] === scores[i]) last.push(i);
    else groups.push([i]);
  }
  return groups;
}

/** Mean truth of the `k` best by score. Of a tie that only partly fits, its mean counts: the expectation over random order. */
export function meanOfTop(scores: ArrayLike<number>, truth: ArrayLike<number>, k: number): number {
  const wanted = Math.min(k, scores.length);
  let [sum, left] = [0, wanted];
  for (const group of tieGroups(scores)) {
    const taken = Math.min(left, group.length);
    sum += taken * mean(group.map((i) => truth[i] ?? NaN));
    left -= taken;
    if (left === 0) break;
  }
  return sum / wanted;
}

/** True rank, from 1, of the network with the best score; the mean rank when several share it. */
export function rankOfBest(scores: ArrayLike<number>, truth: ArrayLike<number>): number {
  const ranks = averageRanks(Array.from(truth, (accuracy) => -accuracy));
  return mean((tieGroups(scores)[0] ?? []).map((i) => ranks[i] ?? NaN));
}

/** One ranking against the truth. For several seeds: means of their statistics, with the intervals of those means. */
export interface Agreement {
  readonly tau: number;
  readonly tauInterval: Interval | null;
  readonly rho: number;
  readonly rhoInterval: Interval | null;
  /** Mean true accuracy (0–1) of the predicted top {@link TOP}. */
  readonly topAccuracy: number;
  readonly topAccuracyInterval: Interval | null;
  readonly rankOfBest: number;
  /** Population standard deviation of τ over seeds; null for one ranking. */
  readonly tauSpread: number | null;
}

export interface Difference {
  readonly tau: number;
  readonly interval: Interval | null;
}

export const scorerIds = ["recalibrated", "running", "flops", "params", "activeLayers"] as const;
export type ScorerId = (typeof scorerIds)[number];

export interface SubsetReport {
  readonly networks: number;
  /** What no ranking, a perfect one, and one more training of every network would reach. */
  readonly reference: { readonly meanAccuracy: number; readonly bestTopAccuracy: number; readonly tauBetweenRuns: number | null };
  readonly scorers: Readonly<Record<ScorerId, Agreement>>;
  /** The supernet's two rankings by seed. */
  readonly seeds: Readonly<Record<string, { readonly recalibrated: Agreement; readonly running: Agreement }>>;
  /** τ of the recalibrated supernet less another ranking's, mean over seeds. */
  readonly recalibratedLess: Readonly<Record<Exclude<ScorerId, "recalibrated">, Difference>>;
}

export interface StudyStatistics {
  readonly resamples: number;
  readonly top: number;
  readonly subsets: { readonly all: SubsetReport; readonly uniform: SubsetReport; readonly topQuartile: SubsetReport };
  /** Mean validation accuracy of the networks by seed, as the supernet scores them. */
  readonly supernetAccuracy: Readonly<Record<string, { readonly recalibrated: number; readonly running: number }>>;
}

/** Values of a resample, or of the subset itself. */
type Take = (values: Series) => ArrayLike<number>;
type Statistic = (scores: ArrayLike<number>, truth: ArrayLike<number>) => number;

/** Rankings of one subset and its resampler. */
class Subset {
  readonly truth: Series;
  private readonly key: RngKey;
  private readonly resamples: number;

  constructor(truth: Series, key: RngKey, resamples: number) {
    this.truth = truth;
    this.key = key;
    this.resamples = resamples;
  }

  /** Interval of any function of a resample, given as indices into the subset. */
  interval(of: (take: Take) => number): Interval | null {
    const indices = this.truth.map((_, i) => i);
    const statistic = (drawn: ArrayLike<number>): number => of((values) => Float64Array.from(drawn, (i) => values[i] ?? NaN));
    return bootstrapInterval(indices, indices, statistic, this.key.stream(), this.resamples);
  }

  /** Mean over `rankings` of a statistic, with its interval. */
  private meanOf(statistic: Statistic, rankings: readonly Series[]): { value: number; interval: Interval | null } {
    return {
      value: mean(rankings.map((scores) => statistic(scores, this.truth))),
      interval: this.interval((take) => {
        const truth = take(this.truth);
        return mean(rankings.map((scores) => statistic(take(scores), truth)));
      }),
    };
  }

  agreement(rankings: readonly Series[]): Agreement {
    const tau = this.meanOf(kendallTauB, rankings);
    const rho = this.meanOf(spearmanRho, rankings);
    const top = this.meanOf((scores, truth) => meanOfTop(scores, truth, TOP), rankings);
    return {
      tau: tau.value,
      tauInterval: tau.interval,
      rho: rho.value,
      rhoInterval: rho.interval,
      topAccuracy: top.value,
      topAccuracyInterval: top.interval,
      rankOfBest: mean(rankings.map((scores) => rankOfBest(scores, this.truth))),
      tauSpread: rankings.length > 1 ? std(rankings.map((scores) => kendallTauB(scores, this.truth))) : null,
    };
  }

  difference(a: readonly Series[], b: readonly Series[]): Difference {
    const of = (take: Take): number => {
      const truth = take(this.truth);
      const tau = (rankings: readonly Series[]): number => mean(rankings.map((scores) => kendallTauB(take(scores), truth)));
      return tau(a) - tau(b);
    };
    return { tau: of((values) => values), interval: this.interval(of) };
  }
}

function scoresOf(run: RunRecord, networks: readonly MacroTruth[], kind: "recalibrated" | "running"): number[] {
  return networks.map(({ id }) => {
    const score = run.scores[id];
    if (score === undefined) throw new AppError("config.invalid", `The study's file has no score of network ${id}; name another --out.`);
    return score[kind];
  });
}

/** Mean τ-b between two single trainings of every network; null when the table has no single runs. */
function tauBetweenRuns(networks: readonly MacroTruth[]): number | null {
  const count = Math.min(...networks.map((n) => n.runs.length));
  const run = (r: number): number[] => networks.map((n) => n.runs[r] ?? NaN);
  const taus: number[] = [];
  for (let a = 0; a < count; a++) for (let b = 0; b < a; b++) taus.push(kendallTauB(run(a), run(b)));
  return taus.length === 0 ? null : mean(taus);
}

function reportOn(networks: readonly MacroTruth[], runs: readonly RunRecord[], key: RngKey, resamples: number): SubsetReport {
  const truth = networks.map((n) => n.accuracy);
  const subset = new Subset(truth, key, resamples);
  const baselines = macroBaselines(networks);
  const rankings: Record<ScorerId, Series[]> = {
    recalibrated: runs.map((run) => scoresOf(run, networks, "recalibrated")),
    running: runs.map((run) => scoresOf(run, networks, "running")),
    flops: [[...baselines.flops]],
    params: [[...baselines.params]],
    activeLayers: [[...baselines.activeLayers]],
  };
  const less = (other: ScorerId): Difference => subset.difference(rankings.recalibrated, rankings[other]);
  const agreement = (scorer: ScorerId): Agreement => subset.agreement(rankings[scorer]);
  return {
    networks: networks.length,
    reference: { meanAccuracy: mean(truth), bestTopAccuracy: meanOfTop(truth, truth, TOP), tauBetweenRuns: tauBetweenRuns(networks) },
    scorers: {
      recalibrated: agreement("recalibrated"),
      running: agreement("running"),
      flops: agreement("flops"),
      params: agreement("params"),
      activeLayers: agreement("activeLayers"),
    },
    seeds: Object.fromEntries(
      runs.map((run) => [
        String(run.seed),
        { recalibrated: subset.agreement([scoresOf(run, networks, "recalibrated")]), running: subset.agreement([scoresOf(run, networks, "running")]) },
      ]),
    ),
    recalibratedLess: { running: less("running"), flops: less("flops"), params: less("params"), activeLayers: less("activeLayers") },
  };
}

/** Statistics of the study, over `runs` (one a supernet seed, at least one). */
export function studyStatistics(set: EvaluationSet, runs: readonly RunRecord[], key: RngKey, resamples = 1000): StudyStatistics {
  const all = [...set.uniform, ...set.top];
  return {
    resamples,
    top: TOP,
    subsets: {
      all: reportOn(all, runs, key.fold("all"), resamples),
      uniform: reportOn(set.uniform, runs, key.fold("uniform"), resamples),
      topQuartile: reportOn(set.top, runs, key.fold("top"), resamples),
    },
    supernetAccuracy: Object.fromEntries(
      runs.map((run) => [String(run.seed), { recalibrated: mean(scoresOf(run, all, "recalibrated")), running: mean(scoresOf(run, all, "running")) }]),
    ),
  };
}
