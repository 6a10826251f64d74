/** Which images a differentiable search uses, and how long its phases are (spec darts 3.1 and 9). */
import { splitByShards, type RecordSplit } from "@/data/split";
import { costOf } from "@/nas/cost";
import { cosine } from "@/nn/schedule";
import type { RunConfig } from "../configKeys";
import { epochsBySize, searchData } from "../defaults";
import type { MethodEnv, RunData } from "../method";
import type { Phase } from "../phases";
import { retrainLength, stepsPerEpoch } from "../shared/retrain";

/** The first half of the training records moves w, the second moves α; small sizes take the front of each. */
export function searchRecords(data: RunData, config: RunConfig): RecordSplit {
  const { weights, architecture } = splitByShards(data.train, 5);
  const { images } = searchData[config.size];
  return { weights: weights.subarray(0, images), architecture: architecture.subarray(0, images) };
}

export interface SearchLengths {
  readonly steps: number;
  /** Updates an epoch: the unit in which rates and temperatures change. */
  readonly epochSteps: number;
  readonly epochs: number;
  readonly retrain: number;
  readonly recalibrationImages: number;
  readonly evaluationImages: number;
  /** Images of the check at the end of each epoch. */
  readonly checkImages: number;
  /** Every so many steps a column of α is kept, at most 512 in all. */
  readonly alphaEvery: number;
}

/** Images that the check of an epoch scores at most: enough for a curve. */
const mostCheckImages = 500;
const mostColumns = 512;

/** `data` holds the search's own records. */
export function lengthsOf(config: RunConfig, data: RunData): SearchLengths {
  const batch = config["train.batch"];
  const epochSteps = Math.min(searchData[config.size].epochSteps, stepsPerEpoch(data.weights.length, batch));
  const steps = config["train.steps"] ?? epochsBySize[config.algorithm][config.size].train * epochSteps;
  const evaluationImages = Math.min(data.architecture.length, config["eval.images"] ?? data.architecture.length);
  return {
    steps,
    epochSteps,
    epochs: Math.max(1, Math.ceil(steps / epochSteps)),
    retrain: retrainLength(config, data),
    recalibrationImages: Math.min(data.weights.length, config["bn.recal"] * batch),
    evaluationImages,
    checkImages: Math.min(evaluationImages, mostCheckImages),
    alphaEvery: Math.max(1, Math.ceil(steps / mostColumns)),
  };
}

/** Where the cosine of the weights' rate ends; never above where it begins. */
const lowestRate = 1e-3;

/** lr(e) = 0.001 + (base − 0.001)·(1 + cos(πe/E))/2, constant inside an epoch (spec 3.5). */
export function weightRate(base: number, step: number, { epochSteps, epochs }: SearchLengths): number {
  return cosine(base, Math.floor(step / epochSteps), epochs, Math.min(lowestRate, base));
}

/** Two networks are scored when the search ends: the mixture and the derived member. */
export const scoredAtEnd = 2;

export function totalsOf(config: RunConfig, data: RunData): Record<Phase, number> {
  const { steps, retrain } = lengthsOf(config, data);
  return { warmup: 1, supernet: steps, recalibrate: 0, search: scoredAtEnd, retrain, test: data.test.count };
}

/** Passes over a network that a step costs, a forward one counting 1: an update is 3, second order has three passes more. */
export function passesOf(config: RunConfig): number {
  return config.algorithm === "darts" && config["darts.order"] === 2 ? 15 : 6;
}

/** Forward passes of one image of the search network that a unit of each phase costs. */
export function unitImagesOf(env: MethodEnv): Record<Phase, number> {
  const { config, data, space } = env;
  const { recalibrationImages, evaluationImages } = lengthsOf(config, data);
  const mixed = space.mixed;
  const search = mixed ? Math.max(1, costOf(mixed.searchGraph).macs) : 1;
  const { min, max } = space.extremes("macs");
  const network = (space.cost(min.choices).macs + space.cost(max.choices).macs) / 2 / search;
  const sampled = config.algorithm === "gdas" ? 1 / (mixed?.groups[0]?.ops.length ?? 1) : 1;
  return {
    warmup: 0,
    supernet: passesOf(config) * config["train.batch"] * sampled,
    recalibrate: 0,
    search: recalibrationImages + evaluationImages,
    retrain: 3 * config["retrain.batch"] * network,
    test: network,
  };
}
