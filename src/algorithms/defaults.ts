/** Values that the experiment keys start with, by method, space and size (spec SPOS B.10, DARTS 9 and 6, FBNet 3.6 and 4). */
import type { SizeId } from "@/nas/space/types";
import type { AlgorithmId, RunConfig, SpaceId } from "./configKeys";

/** Epochs that stand behind a null length. */
export const epochsBySize: Readonly<Record<AlgorithmId, Readonly<Record<SizeId, { readonly train: number; readonly retrain: number }>>>> = (() => {
  const sampled = { nano: { train: 7, retrain: 6 }, tiny: { train: 16, retrain: 30 }, small: { train: 40, retrain: 100 }, full: { train: 120, retrain: 200 } };
  const cells = { nano: { train: 8, retrain: 4 }, tiny: { train: 12, retrain: 20 }, small: { train: 15, retrain: 40 }, full: { train: 50, retrain: 600 } };
  const stochastic = { nano: { train: 8, retrain: 12 }, tiny: { train: 8, retrain: 10 }, small: { train: 20, retrain: 30 }, full: { train: 90, retrain: 100 } };
  // Epochs that a pair of a joint search is trained when nothing stops it earlier.
  const joint = { nano: { train: 4, retrain: 12 }, tiny: { train: 4, retrain: 10 }, small: { train: 6, retrain: 30 }, full: { train: 10, retrain: 100 } };
  return { spos: sampled, darts: cells, gdas: { ...cells, full: { train: 250, retrain: 600 } }, "fbnet-v1": stochastic, "fbnet-v2": stochastic, "fbnet-v3": joint };
})();

/** FBNet V1 and V2: images that train weights, and those that move θ. */
export const stochasticData: Readonly<Record<SizeId, { readonly weights: number; readonly theta: number }>> = {
  nano: { weights: 4000, theta: 1000 },
  tiny: { weights: 1024, theta: 256 },
  small: { weights: 8000, theta: 2000 },
  full: { weights: 40_000, theta: 10_000 },
};

/** FBNet V3: images that train one pair, images that score it, and random architectures on whose costs the encoder is pre-trained. */
export const jointData: Readonly<Record<SizeId, { readonly train: number; readonly validation: number; readonly pretrain: number }>> = {
  nano: { train: 1000, validation: 1000, pretrain: 1000 },
  tiny: { train: 1000, validation: 500, pretrain: 2000 },
  small: { train: 5000, validation: 2000, pretrain: 5000 },
  full: { train: 20_000, validation: 5000, pretrain: 10_000 },
};

/** Differentiable search: images of each half that are used, and the updates that make an epoch at most; Infinity = all there are. */
export const searchData: Readonly<Record<SizeId, { readonly images: number; readonly epochSteps: number }>> = {
  nano: { images: 2000, epochSteps: 64 },
  tiny: { images: 1000, epochSteps: Infinity },
  small: { images: 5000, epochSteps: Infinity },
  full: { images: 25_000, epochSteps: Infinity },
};

const limits: Readonly<Partial<Record<SpaceId, Readonly<Record<SizeId, number>>>>> = {
  macro8: { nano: 1.43e6, tiny: 4.6e6, small: 16.1e6, full: 60e6 },
  spos: { nano: 0.65e6, tiny: 1.21e6, small: 17.4e6, full: 104.6e6 },
};

function sampledDefaults(space: SpaceId, size: SizeId): RunConfig {
  const nano = size === "nano";
  const batch = { nano: 32, tiny: 64, small: 128, full: 128 }[size];
  return {
    algorithm: "spos",
    space,
    size,
    seed: 7,
    dataset: "emoji10",
    backend: "auto",
    threads: 0,
    "train.batch": batch,
    "train.steps": { nano: 1500, tiny: 2000, small: null, full: null }[size],
    "train.lr": (0.5 * batch) / 1024,
    "train.wd": 4e-5,
    "train.clip": 5,
    "spos.sampler": "uniform",
    "darts.order": 1,
    "darts.alphaLr": 3e-4,
    "darts.alphaDecay": 1e-3,
    "darts.warmupEpochs": 0,
    "darts.skipLimit": null,
    "darts.derive": "official",
    "gdas.tauMax": 10,
    "gdas.tauMin": 0.1,
    "fbnet.loss": "paper",
    "fbnet.weight": 0.6,
    "fbnet.target": null,
    "fbnet.metric": "latency",
    "fbnet.wLoss": "joint",
    "fbnet.tau0": 5,
    "fbnet.tauEnd": 0.15,
    "fbnet.thetaLr": { nano: 0.03, tiny: 0.1, small: 0.01, full: 0.01 }[size],
    "fbnet.warmupEpochs": { nano: 2, tiny: 2, small: 4, full: 10 }[size],
    "fbnet.paths": "all",
    "fbnet.samples": 6,
    "fbnet.tableBatch": 1,
    "fbnet.device": null,
    "fbnet2.mode": nano || size === "tiny" ? "sampled" : "full",
    "fbnet2.share": "stage",
    "fbnet3.m": { nano: 6, tiny: 6, small: 8, full: 12 }[size],
    "fbnet3.rounds": { nano: 2, tiny: 3, small: 4, full: 4 }[size],
    "fbnet3.pool": { nano: 500, tiny: 1000, small: 4000, full: 20_000 }[size],
    "fbnet3.limit": nano ? 0.8e6 : null,
    "bn.recal": { nano: 8, tiny: 4, small: 8, full: 16 }[size],
    "eval.images": { nano: 500, tiny: 1000, small: null, full: null }[size],
    "evo.pool": nano ? 16 : 50,
    "evo.topk": nano ? 5 : 10,
    "evo.mutation": nano ? 8 : 25,
    "evo.crossover": nano ? 8 : 25,
    "evo.prob": 0.1,
    "evo.generations": { nano: 3, tiny: 10, small: 20, full: 20 }[size],
    "evo.metric": "macs",
    "evo.min": null,
    "evo.limit": limits[space]?.[size] ?? null,
    "evo.random": true,
    "retrain.batch": batch,
    "retrain.steps": nano ? 1500 : null,
    "retrain.lr": (0.1 * batch) / 256,
    "retrain.wd": 5e-4,
    "retrain.clip": 5,
    "retrain.cutout": 16,
    "retrain.dropPath": 0,
    "retrain.aux": 0,
    "retrain.width": null,
    "retrain.cells": null,
    "retrain.arch": null,
  };
}

/**
 * The paper's settings at every size but two: the rate of α grows as the steps get fewer, since Adam moves an α by about its rate a step (spec
 * 9, "α travel"), and small sizes retrain without the tricks that need hundreds of epochs.
 */
function mixedDefaults(algorithm: "darts" | "gdas", space: SpaceId, size: SizeId): RunConfig {
  const full = size === "full";
  const gdas = algorithm === "gdas";
  return {
    ...sampledDefaults(space, size),
    algorithm,
    "train.batch": { nano: 16, tiny: 16, small: 32, full: 64 }[size],
    "train.steps": null,
    "train.lr": 0.025,
    "train.wd": gdas ? 5e-4 : 3e-4,
    "train.clip": 5,
    "darts.alphaLr": { nano: 1e-2, tiny: 8e-3, small: 2.5e-3, full: 3e-4 }[size],
    "retrain.batch": full ? 96 : 64,
    "retrain.steps": null,
    "retrain.lr": full ? 0.025 : 0.05,
    "retrain.wd": 3e-4,
    "retrain.cutout": { nano: 0, tiny: 0, small: 16, full: 16 }[size],
    "retrain.dropPath": full && space === "darts-cell" ? 0.2 : 0,
    "retrain.aux": full && space === "darts-cell" ? 0.4 : 0,
  };
}

/** FBNet V1 and V2 (spec 4), and what V3 shares with them: its pairs are trained by recipes of their own. */
function stochasticDefaults(algorithm: "fbnet-v1" | "fbnet-v2" | "fbnet-v3", space: SpaceId, size: SizeId): RunConfig {
  const masks = algorithm === "fbnet-v2";
  return {
    ...sampledDefaults(space, size),
    algorithm,
    "train.batch": { nano: 32, tiny: 32, small: 32, full: 16 }[size],
    "train.steps": null,
    "train.lr": size === "full" ? 0.1 : 0.05,
    "train.wd": 1e-4,
    "train.clip": 0,
    ...(masks ? { "fbnet.loss": "normalised" as const, "fbnet.weight": 0.3, "fbnet.metric": "macs" as const } : {}),
    "bn.recal": 4,
    "eval.images": null,
    "retrain.batch": 64,
    // Small sizes retrain on a part of the records' worth.
    "retrain.steps": { nano: null, tiny: 312, small: 9375, full: null }[size],
    "retrain.lr": size === "full" ? 0.1 : 0.05,
    "retrain.wd": 1e-4,
    "retrain.clip": 0,
    "retrain.cutout": 0,
  };
}

/** Defaults of a size. `size` itself defaults to nano without a hardware adapter and tiny with one. */
export function defaultsFor(space: SpaceId, size: SizeId, algorithm: AlgorithmId = "spos"): RunConfig {
  if (algorithm === "spos") return sampledDefaults(space, size);
  return algorithm === "darts" || algorithm === "gdas" ? mixedDefaults(algorithm, space, size) : stochasticDefaults(algorithm, space, size);
}
