/** How long a run of each size would take on this machine, from the seconds the boot spent measuring a nano step. */
import { costOf } from "@/nas/cost";
import type { Space } from "@/nas/space/types";
import {
  type AlgorithmId,
  defaultsFor,
  epochsBySize,
  jointData,
  type RunConfig,
  searchData,
  type SpaceId,
  stochasticData,
} from "@/store/keys";
import { type SearchKind, searchKind } from "@/store/methods";
import { spaceOf } from "@/store/network";

/** Images whose step time the calibration reports. */
const CALIBRATION_BATCH = 32;
/** A forward pass is about a third of a training step. */
const FORWARD_SHARE = 1 / 3;
/** Forward passes that one iteration on a mixture costs (spec darts 3): two updates of three, and three more passes of three at second order. */
const FIRST_ORDER_PASSES = 6;
const SECOND_ORDER_PASSES = 15;
/** The mixture is scored on this many images at most at the end of an epoch. */
const CHECK_IMAGES = 500;

export interface Machine {
  /** Milliseconds of one nano step of macro8. */
  readonly calibrationMs: number;
  /** Training images of the data set. */
  readonly train: number;
}

type SizeId = RunConfig["size"];

/** Multiply–adds of one image: in the network that is searched, and in the mean member that is trained from scratch. */
interface Work {
  readonly search: number;
  readonly retrain: number;
}

/** Training-equivalent images of a search, by the network that sees them: the one that is searched, or the mean member. */
interface Images {
  readonly search: number;
  readonly members: number;
}

const known = new Map<string, Work>();

/** Mean of the network of masks over the resolutions that it is drawn at, or the one of all resolutions. */
function maskedMacs({ masked }: Space, config: RunConfig): number | null {
  if (!masked) return null;
  const { "fbnet2.share": share, "fbnet2.mode": mode } = config;
  const sides = masked.rows(share).find(({ kind }) => kind === "resolution")?.options ?? [];
  if (mode === "full" || sides.length === 0) return costOf(masked.searchGraph(share, null)).macs;
  return sides.reduce((sum, _, i) => sum + costOf(masked.searchGraph(share, i)).macs, 0) / sides.length;
}

function measure(algorithm: AlgorithmId, spaceId: SpaceId, size: SizeId): Work {
  const space = spaceOf(spaceId, size);
  const { min, max } = space.extremes("macs");
  const config = defaultsFor(spaceId, size, algorithm);
  const kind = searchKind(config);
  const most = space.cost(max.choices).macs;
  // Where pairs are limited, so is their mean.
  const dearest = kind === "joint" ? Math.min(most, config["fbnet3.limit"] ?? most) : most;
  const retrain = (space.cost(min.choices).macs + dearest) / 2;
  if (algorithm === "fbnet-v2") return { search: maskedMacs(space, config) ?? retrain, retrain };
  if (kind === "mixed" || kind === "stochastic")
    return { search: space.mixed ? costOf(space.mixed.searchGraph).macs : retrain, retrain };
  if (!space.network) return { search: retrain, retrain };
  // Members of the supernet are not the wider networks that winners are trained in.
  return { search: (costOf(space.graph(min.choices)).macs + costOf(space.graph(max.choices)).macs) / 2, retrain };
}

/** Whether the networks of a size have been built and counted; until then a prediction takes a moment. */
export function isPredicted(algorithm: AlgorithmId, space: SpaceId, size: SizeId): boolean {
  return known.has(`${algorithm}/${space}/${size}`);
}

function workOf(algorithm: AlgorithmId, space: SpaceId, size: SizeId): Work {
  const key = `${algorithm}/${space}/${size}`;
  const work = known.get(key) ?? measure(algorithm, space, size);
  known.set(key, work);
  return work;
}

const stepsPerEpoch = (images: number, batch: number): number => Math.max(1, Math.floor(images / batch));

/** Training-equivalent images of the sampled search: supernet, then evaluations of both arms. */
function sampledImages(config: RunConfig, { train }: Machine): Images {
  const weights = Math.round(0.9 * train);
  const batch = config["train.batch"];
  const { train: epochs } = epochsBySize[config.algorithm][config.size];
  const supernet = (config["train.steps"] ?? epochs * stepsPerEpoch(weights, batch)) * batch;
  const evaluations =
    (config["evo.pool"] + config["evo.generations"] * (config["evo.mutation"] + config["evo.crossover"])) *
    (config["evo.random"] ? 2 : 1);
  const validation = config["eval.images"] ?? train - weights;
  return { search: supernet + evaluations * (config["bn.recal"] * batch + validation) * FORWARD_SHARE, members: 0 };
}

/** Training-equivalent images of the mixture: iterations, a check each epoch, and the two scores at the end. */
function mixedImages(config: RunConfig, { train }: Machine): Images {
  const { images, epochSteps } = searchData[config.size];
  const half = Math.min(images, Math.floor(train / 2));
  const batch = config["train.batch"];
  const epoch = Math.min(epochSteps, stepsPerEpoch(half, batch));
  const steps = config["train.steps"] ?? epochsBySize[config.algorithm][config.size].train * epoch;
  const ops = spaceOf(config.space, config.size).mixed?.groups[0]?.ops.length ?? 1;
  const passes =
    config.algorithm === "gdas"
      ? FIRST_ORDER_PASSES / ops
      : config["darts.order"] === 2
        ? SECOND_ORDER_PASSES
        : FIRST_ORDER_PASSES;
  const recalibration = config["bn.recal"] * batch;
  const score = Math.min(half, config["eval.images"] ?? half);
  const checks =
    Math.ceil(steps / epoch) * (recalibration + Math.min(score, CHECK_IMAGES)) + 2 * (recalibration + score);
  return { search: (steps * batch * passes + checks) * FORWARD_SHARE, members: 0 };
}

/** Training-equivalent images of a stochastic search: a pass of the weights an epoch and one of θ after the warm-up, then a score of every sample. */
function stochasticImages(config: RunConfig, { train }: Machine): Images {
  const most = stochasticData[config.size];
  const batch = config["train.batch"];
  const weights = stepsPerEpoch(Math.min(most.weights, Math.floor(0.8 * train)), batch);
  const thetaImages = Math.min(most.theta, Math.ceil(0.2 * train));
  const steps = config["train.steps"] ?? epochsBySize[config.algorithm][config.size].train * weights;
  const moving = Math.max(1, Math.ceil(steps / weights) - config["fbnet.warmupEpochs"]);
  const ops = spaceOf(config.space, config.size).mixed?.groups[0]?.ops.length ?? 2;
  const share = config.algorithm === "fbnet-v1" && config["fbnet.paths"] === "top2" ? Math.min(1, 2 / ops) : 1;
  const score = config["bn.recal"] * batch + Math.min(thetaImages, config["eval.images"] ?? thetaImages);
  return {
    search: (steps + moving * stepsPerEpoch(thetaImages, batch)) * batch * share,
    members: (config["fbnet.samples"] + 1) * score * FORWARD_SHARE,
  };
}

/** Training-equivalent images of a joint search: every pair trained to the end, which early stopping shortens, and scored every epoch. */
function jointImages(config: RunConfig, { train }: Machine): Images {
  const { train: most, validation } = jointData[config.size];
  const batch = config["train.batch"];
  const epochs = epochsBySize[config.algorithm][config.size].train;
  const steps = config["train.steps"] ?? epochs * stepsPerEpoch(Math.min(most, train), batch);
  const checks = epochs * (config["bn.recal"] * batch + Math.min(validation, train)) * FORWARD_SHARE;
  return { search: 0, members: config["fbnet3.m"] * config["fbnet3.rounds"] * (steps * batch + checks) };
}

const imagesOf: Readonly<Record<SearchKind, (config: RunConfig, machine: Machine) => Images>> = {
  sampled: sampledImages,
  mixed: mixedImages,
  stochastic: stochasticImages,
  joint: jointImages,
};

/**
 * Seconds of a whole run with the size's defaults, or of its retraining alone: step time in proportion to multiply–adds and images.
 * Right for a processor; on a GPU small networks wait for dispatch, so there it is an upper bound.
 */
export function predictedSeconds(
  algorithm: AlgorithmId,
  space: SpaceId,
  size: SizeId,
  machine: Machine,
  onlyRetrain = false,
): number {
  const config = defaultsFor(space, size, algorithm);
  const msPerMac = machine.calibrationMs / CALIBRATION_BATCH / workOf("spos", "macro8", "nano").search;
  const work = workOf(algorithm, space, size);
  const { search, members } = onlyRetrain ? { search: 0, members: 0 } : imagesOf[searchKind(config)](config, machine);
  const batch = config["retrain.batch"];
  const retrain =
    (config["retrain.steps"] ?? epochsBySize[algorithm][size].retrain * stepsPerEpoch(machine.train, batch)) * batch;
  return ((search * work.search + (members + retrain) * work.retrain) * msPerMac) / 1000;
}
