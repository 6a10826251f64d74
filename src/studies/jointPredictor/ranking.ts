/** How well the predictor ranks pairs that it has not seen, by the number of pairs that it has, with and without the pre-training on costs. */
import { Judge } from "@/algorithms/fbnetV3/judge";
import type { JointLengths } from "@/algorithms/fbnetV3/lengths";
import { pricedArchitectures } from "@/algorithms/fbnetV3/pool";
import { type RngKey, rootKey } from "@/lib/rng";
import { mean, std } from "@/lib/stats";
import type { JointSpace } from "@/nas/joint/encode";
import { kendallTauB, spearmanRho } from "@/nas/ranking";
import { finalOf, pairOf, type TrainedRecord } from "./train";

export interface Agreement {
  readonly spearman: number;
  readonly kendall: number;
}

/** Of one number of trainings: the mean over seeds, the standard deviation over seeds, and every seed's own. */
export interface Summary {
  readonly mean: Agreement;
  readonly sd: Agreement;
  readonly bySeed: readonly Agreement[];
}

export interface RankingResult {
  /** Pairs that no predictor of a seed has seen. */
  readonly unseen: number;
  readonly rows: readonly { readonly trainings: number; readonly pretrained: Summary; readonly fresh: Summary; readonly gain: Agreement; readonly gainSd: Agreement }[];
  /** Of the same unseen pairs with what needs no training. */
  readonly macs: Summary;
  readonly params: Summary;
  readonly lr: Summary;
}

const round = (value: number): number => Number(value.toFixed(4));

export function agreementOf(x: readonly number[], y: readonly number[]): Agreement {
  return { spearman: round(spearmanRho(x, y)), kendall: round(kendallTauB(x, y)) };
}

function over(seeds: readonly Agreement[], statistic: (values: number[]) => number): Agreement {
  return { spearman: round(statistic(seeds.map((one) => one.spearman))), kendall: round(statistic(seeds.map((one) => one.kendall))) };
}

/** Sample standard deviation. */
const spread = (values: number[]): number => std(values) * Math.sqrt(values.length / Math.max(1, values.length - 1));

function summaryOf(bySeed: readonly Agreement[]): Summary {
  return { mean: over(bySeed, mean), sd: over(bySeed, spread), bySeed };
}

function finish<T>(work: Generator<unknown, T, void>): T {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
  }
}

/** A predictor of this key before it has seen a trained pair. */
export async function judgeOf(joint: JointSpace, lengths: JointLengths, key: RngKey, isPretrained: boolean): Promise<Judge> {
  const judge = await Judge.open(joint);
  if (!isPretrained) judge.startFresh(key);
  else finish(judge.pretrain(finish(pricedArchitectures(joint, lengths.pretrain, key.fold("sample"))), lengths.pretrainEpochs, key));
  return judge;
}

export function fitTo(judge: Judge, joint: JointSpace, records: readonly TrainedRecord[], key: RngKey): void {
  finish(judge.fit(records.map((record) => pairOf(joint, record)), records.map(finalOf), key));
}

/** Every seed draws its own third of unseen pairs and its own order of the others; both kinds of predictor see the same. */
export async function rankUnseen(joint: JointSpace, lengths: JointLengths, records: readonly TrainedRecord[], counts: readonly number[], seeds: readonly number[], report: (done: number, total: number) => void): Promise<RankingResult> {
  const unseen = Math.floor(records.length / 3);
  const found = counts.map(() => ({ pretrained: [] as Agreement[], fresh: [] as Agreement[] }));
  const plain = { macs: [] as Agreement[], params: [] as Agreement[], lr: [] as Agreement[] };
  for (const [i, seed] of seeds.entries()) {
    const key = rootKey(seed).fold("ranking");
    const order = key.fold("split").stream().shuffle(records.map((_, i) => i)).map((i) => records[i] as TrainedRecord);
    const [held, seen] = [order.slice(0, unseen), order.slice(unseen)];
    const truth = held.map(finalOf);
    plain.macs.push(agreementOf(held.map(({ macs }) => macs), truth));
    plain.params.push(agreementOf(held.map(({ params }) => params), truth));
    plain.lr.push(agreementOf(held.map(({ recipe }) => Number(recipe["lr"])), truth));
    for (const kind of ["pretrained", "fresh"] as const) {
      const judge = await judgeOf(joint, lengths, key.fold("predictor"), kind === "pretrained");
      for (const [at, count] of counts.entries()) {
        fitTo(judge, joint, seen.slice(0, count), key.fold("fit").fold(count));
        found[at]?.[kind].push(agreementOf(judge.score(held.map((record) => pairOf(joint, record))), truth));
      }
    }
    report(i + 1, seeds.length);
  }
  const rows = found.map(({ pretrained, fresh }, at) => {
    const gains = pretrained.map((one, i): Agreement => ({ spearman: one.spearman - (fresh[i]?.spearman ?? Number.NaN), kendall: one.kendall - (fresh[i]?.kendall ?? Number.NaN) }));
    return { trainings: counts[at] as number, pretrained: summaryOf(pretrained), fresh: summaryOf(fresh), gain: over(gains, mean), gainSd: over(gains, spread) };
  });
  return { unseen, rows, macs: summaryOf(plain.macs), params: summaryOf(plain.params), lr: summaryOf(plain.lr) };
}
