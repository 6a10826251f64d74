/**
 * Which images a stochastic search uses and in which order its passes come (spec fbnet 1.5): every epoch a pass of weight updates over 80 % of the
 * records, then, once the warm-up is over, a pass of θ over the other 20 %.
 */
import { splitByShards, type RecordSplit } from "@/data/split";
import type { RunConfig } from "../configKeys";
import { epochsBySize, stochasticData } from "../defaults";
import type { RunData } from "../method";
import type { Phase } from "../phases";
import { retrainLength, stepsPerEpoch } from "../shared/retrain";

export function searchRecords(data: RunData, config: RunConfig): RecordSplit {
  const { weights, architecture } = splitByShards(data.train, 8);
  const most = stochasticData[config.size];
  return { weights: weights.subarray(0, most.weights), architecture: architecture.subarray(0, most.theta) };
}

export interface FbnetLengths {
  readonly epochs: number;
  /** Epochs that only train weights. */
  readonly warmup: number;
  /** Updates of the weights, and of θ, in an epoch. */
  readonly weightSteps: number;
  readonly thetaSteps: number;
  /** Updates of the weights in all: the last epoch may be cut short. */
  readonly weights: number;
  /** Updates of either kind in all. */
  readonly steps: number;
  readonly retrain: number;
  readonly recalibrationImages: number;
  readonly evaluationImages: number;
  /** Every so many steps a column of θ and a point of the cost are kept, at most 512 in all. */
  readonly columnEvery: number;
}

const mostColumns = 512;

/** `data` holds the search's own records. */
export function lengthsOf(config: RunConfig, data: RunData): FbnetLengths {
  const batch = config["train.batch"];
  const weightSteps = stepsPerEpoch(data.weights.length, batch);
  const thetaSteps = stepsPerEpoch(data.architecture.length, batch);
  const weights = config["train.steps"] ?? epochsBySize[config.algorithm][config.size].train * weightSteps;
  const epochs = Math.max(1, Math.ceil(weights / weightSteps));
  // A search so short that it would end in its warm-up moves θ in its last epoch all the same.
  const warmup = Math.min(config["fbnet.warmupEpochs"], epochs - 1);
  const steps = weights + thetaSteps * (epochs - warmup);
  return {
    epochs,
    warmup,
    weightSteps,
    thetaSteps,
    weights,
    steps,
    retrain: retrainLength(config, data),
    recalibrationImages: Math.min(data.weights.length, config["bn.recal"] * batch),
    evaluationImages: Math.min(data.architecture.length, config["eval.images"] ?? data.architecture.length),
    columnEvery: Math.max(1, Math.ceil(steps / mostColumns)),
  };
}

/** What update number `step` (from 0) is: of the weights or of θ, in which epoch, the how-manieth of its kind. */
export interface Place {
  readonly kind: "weights" | "theta";
  readonly epoch: number;
  readonly index: number;
}

export function placeOf(step: number, { warmup, weightSteps, thetaSteps, weights }: FbnetLengths): Place {
  const early = warmup * weightSteps;
  if (step < Math.min(early, weights)) return { kind: "weights", epoch: Math.floor(step / weightSteps), index: step };
  const whole = weightSteps + thetaSteps;
  const epoch = warmup + Math.floor((step - early) / whole);
  const within = (step - early) % whole;
  // The last epoch may have fewer weight updates than the others; its pass of θ follows them at once.
  const ofWeights = Math.min(weightSteps, weights - epoch * weightSteps);
  return within < ofWeights ? { kind: "weights", epoch, index: epoch * weightSteps + within } : { kind: "theta", epoch, index: (epoch - warmup) * thetaSteps + within - ofWeights };
}

/** Networks that are scored when the search ends: the argmax and the samples. */
export function scoredAtEnd(config: RunConfig): number {
  return config["fbnet.samples"] + 1;
}

export function totalsOf(config: RunConfig, data: RunData): Record<Phase, number> {
  const { steps, retrain } = lengthsOf(config, data);
  return { warmup: 1, supernet: steps, recalibrate: 0, search: scoredAtEnd(config), retrain, test: data.test.count };
}
