/** The study's trainings, each by the app's own coarse stage: one round over given pairs, every pair to its full length. */
import { coarseStage } from "@/algorithms/fbnetV3/coarse";
import type { Judge } from "@/algorithms/fbnetV3/judge";
import type { JointLengths } from "@/algorithms/fbnetV3/lengths";
import { initialState, type Trial } from "@/algorithms/fbnetV3/state";
import type { MethodEnv } from "@/algorithms/method";
import type { Recipe } from "@/nas/candidate";
import type { JointSpace, Pair } from "@/nas/joint/encode";
import type { ArchId } from "@/nas/space/types";

/** One pair, trained once. */
export interface TrainedRecord {
  /** Which list of trainings it belongs to, and where it stands there: both decide about its initial weights and batches. */
  readonly list: string;
  readonly index: number;
  readonly id: ArchId;
  readonly recipe: Recipe;
  readonly macs: number;
  readonly params: number;
  /** Validation accuracy after every epoch; chance where the training diverged. */
  readonly curve: readonly number[];
}

export interface Training {
  readonly env: MethodEnv;
  readonly joint: JointSpace;
  readonly lengths: JointLengths;
  /** One that was started fresh will do: the coarse stage fits it at its end, and nothing here reads it. */
  readonly judge: Judge;
}

export function pairOf({ space, pair }: JointSpace, { id, recipe }: Pick<TrainedRecord, "id" | "recipe">): Pair {
  const choices = space.decode(id);
  if (choices === null) throw new Error(`${id} is no architecture of ${space.id}`);
  return pair(choices, recipe);
}

/** Accuracy after the last epoch. */
export function finalOf({ curve }: Pick<TrainedRecord, "curve">): number {
  return curve.at(-1) ?? Number.NaN;
}

/** Trains the pairs of a list that `kept` has not. `keep` is called after each with its record. Returns the whole list in order. */
export async function trainList(training: Training, list: string, pairs: readonly Pair[], kept: readonly TrainedRecord[], keep: (record: TrainedRecord) => Promise<void>): Promise<TrainedRecord[]> {
  const { joint, lengths, judge } = training;
  const env: MethodEnv = { ...training.env, key: training.env.key.fold(list), config: { ...training.env.config, "fbnet3.m": pairs.length, "fbnet3.rounds": 1 } };
  const records = kept.filter((record) => record.list === list).sort((a, b) => a.index - b.index);
  const trials = records.map((record): Trial => ({ pair: pairOf(joint, record), round: 1, curve: record.curve, predictedBefore: null, predicted: null }));
  if (trials.some(({ pair }, i) => pair.key !== pairs[i]?.key)) throw new Error(`the pairs of ${list} are not those that were trained before`);
  if (records.length === pairs.length) return records;
  const state = { ...initialState(), trials, queue: pairs.map((pair) => ({ pair, predicted: null })), next: trials.length };
  const controls = { skipped: () => false, tell: () => undefined, hold: () => undefined, restore: () => undefined, reader: () => undefined };
  for await (const _ of coarseStage(env, state, judge, pairs, lengths, controls)) {
    for (const { pair, curve } of state.trials.slice(records.length)) {
      const record = { list, index: records.length, id: pair.id, recipe: pair.recipe, macs: pair.macs, params: pair.params, curve };
      records.push(record);
      await keep(record);
    }
  }
  return records;
}
