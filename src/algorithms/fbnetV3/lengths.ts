/** Which images a joint search uses, and how long its parts are (spec fbnet 3.6). */
import type { FineOptions } from "@/nas/joint/fineSearch";
import type { Space } from "@/nas/space/types";
import type { RunConfig } from "../configKeys";
import { defaultsFor, epochsBySize, jointData } from "../defaults";
import type { MethodEnv, RunData } from "../method";
import type { Phase } from "../phases";
import { retrainLength, stepsPerEpoch } from "../shared/retrain";

/** The first records of each part: of shards 0 and 8 at nano. */
export function jointRecords({ weights, architecture }: RunData, { size }: RunConfig): Pick<RunData, "weights" | "architecture"> {
  const { train, validation } = jointData[size];
  return { weights: weights.subarray(0, train), architecture: architecture.subarray(0, validation) };
}

export interface JointLengths {
  /** Updates of a pair's epoch, and epochs of one that nothing stops earlier. */
  readonly epochSteps: number;
  readonly epochs: number;
  /** Random architectures on whose costs the encoder is pre-trained, and for how long. */
  readonly pretrain: number;
  readonly pretrainEpochs: number;
  readonly retrain: number;
  readonly fine: Omit<FineOptions, "limit">;
}

const pretrainEpochs = 20;
/** Batch of the pre-training (spec fbnet 3.6). */
export const pretrainBatch = 64;
const smallFine = { best: 6, random: 14, keep: 20, generations: 20 } as const;
const largeFine = { best: 40, random: 40, keep: 40, generations: 50 } as const;
/** Budgets of the sweep. */
export const sweepBudgets = 5;

/** `data` holds the search's own records. A pool smaller than the size's shrinks the pre-training with it. */
export function lengthsOf(config: RunConfig, data: RunData): JointLengths {
  const { epochs: e } = { epochs: epochsBySize["fbnet-v3"][config.size].train };
  const steps = config["train.steps"];
  return {
    epochs: e,
    epochSteps: steps === null ? stepsPerEpoch(data.weights.length, config["train.batch"]) : Math.max(1, Math.ceil(steps / e)),
    pretrain: Math.min(jointData[config.size].pretrain, 2 * config["fbnet3.pool"]),
    pretrainEpochs,
    retrain: retrainLength(config, data),
    fine: config.size === "nano" ? smallFine : largeFine,
  };
}

/** `epochs`: of pairs after the first round, once that is known. */
export function totalsOf(config: RunConfig, data: RunData, epochs: number | null): Record<Phase, number> {
  const lengths = lengthsOf(config, data);
  const { "fbnet3.m": m, "fbnet3.rounds": rounds } = config;
  return {
    warmup: 1,
    supernet: m * lengths.epochSteps * (lengths.epochs + (rounds - 1) * (epochs ?? lengths.epochs)),
    recalibrate: 0,
    search: lengths.fine.generations + sweepBudgets,
    retrain: lengths.retrain,
    test: data.test.count,
  };
}

/** Forward-equivalent images a unit of each phase; the check at the end of an epoch is spread over its steps. */
export function unitImagesOf({ config, data }: MethodEnv): Record<Phase, number> {
  const { epochSteps } = lengthsOf(config, data);
  return { warmup: 0, supernet: 3 * config["train.batch"] + data.architecture.length / epochSteps, recalibrate: 0, search: 1, retrain: 3 * config["retrain.batch"], test: 1 };
}

/** Training images that averaged weights are recalibrated on. At least a batch, whatever `bn.recal` says: the running statistics are not theirs. */
export function calibrationImages(config: RunConfig, data: Pick<RunData, "weights">): number {
  return Math.min(data.weights.length, Math.max(1, config["bn.recal"]) * config["train.batch"]);
}

/**
 * What a recipe's rate is multiplied by when its network is retrained: `retrain.lr` over its default. So a run whose retraining diverged can go on at a
 * third of the rate, as every other's can.
 */
export function retrainRateScale(config: RunConfig): number {
  return config["retrain.lr"] / defaultsFor(config.space, config.size, config.algorithm)["retrain.lr"];
}

/** Largest MACs allowed: the key's, or the dearest member's. */
export function limitOf(space: Space, config: RunConfig): number {
  return config["fbnet3.limit"] ?? space.cost(space.extremes("macs").max.choices).macs;
}
