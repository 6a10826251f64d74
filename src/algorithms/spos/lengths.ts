/** How long each phase is: steps from epochs, evaluations from pool and generations. */
import type { RunConfig } from "../configKeys";
import { epochsBySize } from "../defaults";
import { retrainLength, stepsPerEpoch } from "../shared/retrain";
import type { RunData } from "../method";
import type { Phase } from "../phases";

export interface SposLengths {
  readonly supernet: number;
  readonly retrain: number;
  /** Paths scored with and without recalibration. */
  readonly recalibrationPaths: number;
  readonly recalibrationImages: number;
  readonly evaluationImages: number;
  /** Upper bound of the evolution arm: pool·(G + 1), fewer when children are few. */
  readonly evaluations: number;
  readonly evaluationsPerGeneration: readonly number[];
}

export function lengthsOf(config: RunConfig, data: RunData): SposLengths {
  const epochs = epochsBySize[config.algorithm][config.size];
  const pool = config["evo.pool"];
  const children = config["evo.mutation"] + config["evo.crossover"];
  const perGeneration = Array.from({ length: config["evo.generations"] + 1 }, (_, g) => (g === 0 ? pool : Math.min(pool, Math.max(children, 0))));
  return {
    supernet: config["train.steps"] ?? epochs.train * stepsPerEpoch(data.weights.length, config["train.batch"]),
    retrain: retrainLength(config, data),
    recalibrationPaths: config["bn.recal"] === 0 ? 0 : config.size === "nano" ? 8 : 16,
    recalibrationImages: Math.min(data.weights.length, config["bn.recal"] * config["train.batch"]),
    evaluationImages: Math.min(data.architecture.length, config["eval.images"] ?? data.architecture.length),
    evaluations: perGeneration.reduce((a, b) => a + b, 0),
    evaluationsPerGeneration: perGeneration,
  };
}

/** Units of work a phase, for progress and ETA. */
export function totalsOf(config: RunConfig, data: RunData): Record<Phase, number> {
  const lengths = lengthsOf(config, data);
  return {
    warmup: 1,
    supernet: lengths.supernet,
    recalibrate: lengths.recalibrationPaths,
    search: lengths.evaluations * (config["evo.random"] ? 2 : 1),
    retrain: lengths.retrain,
    test: data.test.count,
  };
}

/** Forward-equivalent images a unit of each phase; an update costs about three forward passes a path. */
export function unitImagesOf(config: RunConfig, data: RunData): Record<Phase, number> {
  const { recalibrationImages, evaluationImages } = lengthsOf(config, data);
  const paths = config["spos.sampler"] === "fair" ? (config.space === "spos" ? 4 : 3) : 1;
  return {
    warmup: 0,
    supernet: 3 * config["train.batch"] * paths,
    recalibrate: recalibrationImages + 2 * evaluationImages,
    search: recalibrationImages + evaluationImages,
    retrain: 3 * config["retrain.batch"],
    test: 1,
  };
}
