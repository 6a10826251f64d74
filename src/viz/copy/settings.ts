/** Names and explanations of the experiment settings, by key: the setup form and the control bar read them. */

export interface SettingCopy {
  readonly label: string;
  /** One line below the field. */
  readonly hint?: string;
  /** Unit behind the field. */
  readonly unit?: string;
}

const groups = {
  supernet: "Supernet",
  search: "Search",
  alpha: "Architecture weights",
  theta: "Architecture weights θ",
  latency: "Latency and loss",
  cost: "Cost and loss",
  masks: "Masks",
  joint: "Joint search",
  pairs: "Training of a pair",
  temperature: "Temperature",
  norm: "Batch norm",
  evolution: "Evolution",
  retrain: "Retraining",
  data: "Data and machine",
} as const;

const keys: Readonly<Record<string, SettingCopy>> = {
  algorithm: { label: "Algorithm" },
  space: { label: "Space" },
  size: { label: "Size" },
  seed: { label: "Seed" },
  dataset: { label: "Data set", hint: "emoji10, or cifar10 once it is imported" },
  backend: { label: "Back end", hint: "auto takes a hardware GPU, else WASM" },
  threads: { label: "Threads", hint: "of WASM; 0 = all but one core" },
  "train.batch": { label: "Batch", unit: "images" },
  "train.steps": { label: "Steps", hint: "auto = by epochs of the data" },
  "train.lr": { label: "Learning rate", hint: "falls linearly to 0" },
  "train.wd": { label: "Weight decay" },
  "train.clip": { label: "Gradient clip", hint: "0 = none" },
  "spos.sampler": { label: "Sampler", hint: "fair trains every choice once a step" },
  "bn.recal": { label: "Recalibration", unit: "batches", hint: "0 = none: accuracies near chance" },
  "eval.images": { label: "Images a candidate", hint: "all = the whole validation part" },
  "evo.pool": { label: "Pool", unit: "candidates" },
  "evo.topk": { label: "Parents kept" },
  "evo.mutation": { label: "Mutations" },
  "evo.crossover": { label: "Crossovers" },
  "evo.prob": { label: "Mutation probability", hint: "per layer" },
  "evo.generations": { label: "Generations" },
  "evo.metric": { label: "Limit on", hint: "FLOPs: multiply–adds of one image" },
  "evo.min": { label: "At least", hint: "k and M are understood" },
  "evo.limit": { label: "At most", hint: "k and M are understood" },
  "evo.random": { label: "Random search alongside", hint: "as many evaluations, for comparison" },
  "retrain.batch": { label: "Batch", unit: "images" },
  "retrain.steps": { label: "Steps", hint: "auto = by epochs of the data" },
  "retrain.lr": { label: "Learning rate", hint: "falls to 0 on a cosine" },
  "retrain.wd": { label: "Weight decay" },
  "retrain.clip": { label: "Gradient clip", hint: "0 = none" },
  "retrain.cutout": { label: "Cutout", unit: "pixels" },
  "retrain.dropPath": { label: "Drop path", hint: "largest probability, reached linearly" },
  "retrain.aux": { label: "Auxiliary loss", hint: "weight of a second classifier; needs 32×32" },
  "retrain.width": { label: "Channels", hint: "of the first cells, even; auto = by size" },
  "retrain.cells": { label: "Cells", hint: "auto = by size" },
  "retrain.arch": {
    label: "Only train",
    hint: "an architecture's id, or a published cell such as DARTS_V2; none = search",
  },
  "darts.order": { label: "Order", hint: "of the gradient of α; second looks one step ahead, at 2.5 times the work" },
  "darts.alphaLr": { label: "Learning rate of α", hint: "paper: 0.0003; fewer steps need more" },
  "darts.alphaDecay": { label: "Weight decay of α", hint: "paper: 0.001" },
  "darts.warmupEpochs": { label: "Warm-up", unit: "epochs", hint: "of weights alone; paper: 0" },
  "darts.skipLimit": { label: "Skip limit", hint: "most skips of the derived normal cell" },
  "darts.derive": { label: "Rule", hint: "how α becomes an architecture; paper: Official" },
  "gdas.tauMax": { label: "First epoch", hint: "paper: 10" },
  "gdas.tauMin": { label: "Last epoch", hint: "falls linearly; paper: 0.1" },
  "fbnet.loss": {
    label: "Loss",
    hint: "The paper's exponent β is outside the logarithm, (ln LAT)^β. Inner has it inside, ln(LAT^β) = β·ln LAT, where β is only a factor: it does not move the trade-off",
  },
  "fbnet.weight": { label: "Weight of the cost" },
  "fbnet.target": { label: "Target", hint: "cheaper earns nothing; none = the cheaper the better" },
  "fbnet.metric": { label: "Weigh", hint: "what a network costs: time by the table, multiply–adds, or parameters" },
  "fbnet.wLoss": { label: "Loss of the weights", hint: "Joint scales their steps by the cost, as in the paper" },
  "fbnet.tau0": { label: "First temperature", hint: "until the warm-up is over; paper: 5" },
  "fbnet.tauEnd": { label: "Last temperature", hint: "an equal factor every epoch leads there; paper: about 0.15" },
  "fbnet.thetaLr": { label: "Learning rate of θ", hint: "paper: 0.01; fewer steps need more" },
  "fbnet.warmupEpochs": { label: "Warm-up", unit: "epochs", hint: "of weights alone; paper: 10" },
  "fbnet.paths": {
    label: "Ops a layer",
    hint: "that run in a step; two, drawn by their probability, need less memory",
  },
  "fbnet.samples": { label: "Samples", unit: "networks", hint: "drawn from the final θ and scored; paper: 6" },
  "fbnet.tableBatch": { label: "Table batch", unit: "images", hint: "at once when latency is measured; paper: 1" },
  "fbnet.device": { label: "Device of the table", hint: "its label; none = this device" },
  "fbnet2.mode": { label: "Resolutions", hint: "all in every step on one grid, or one drawn a step, which is cheaper" },
  "fbnet2.share": { label: "Channels", hint: "decided once for a stage, or by every block" },
  "fbnet3.m": { label: "Pairs a round", hint: "networks with recipes that are trained for the predictor" },
  "fbnet3.rounds": { label: "Rounds", hint: "the predictor learns from all pairs so far after each" },
  "fbnet3.pool": { label: "Pool", unit: "pairs", hint: "quasi-random, of which the predictor picks; paper: 20,000" },
  "fbnet3.limit": { label: "At most", unit: "FLOPs", hint: "k and M are understood" },
};

/** What another method says of the same key. */
const mixedKeys: Readonly<Record<string, SettingCopy>> = {
  "train.batch": { label: "Batch", unit: "images", hint: "for weights and as many for α; paper: 64" },
  "train.steps": { label: "Steps", hint: "each moves weights and α once; auto = by epochs" },
  "train.lr": { label: "Learning rate", hint: "of the weights, on a cosine by epochs; paper: 0.025" },
  "train.wd": { label: "Weight decay", hint: "of the weights; paper: 0.0003" },
  "train.clip": { label: "Gradient clip", hint: "0 = none; paper: 5" },
  "bn.recal": { label: "Recalibration", unit: "batches", hint: "before an architecture is scored; 0 = none" },
  "eval.images": { label: "Images a score", hint: "all = the whole part that moves α" },
  "retrain.batch": { label: "Batch", unit: "images", hint: "paper: 96" },
  "retrain.lr": { label: "Learning rate", hint: "falls to 0 on a cosine; paper: 0.025" },
  "retrain.wd": { label: "Weight decay", hint: "paper: 0.0003" },
  "retrain.clip": { label: "Gradient clip", hint: "0 = none; paper: 5" },
  "retrain.cutout": { label: "Cutout", unit: "pixels", hint: "paper: 16" },
  "retrain.dropPath": { label: "Drop path", hint: "paper: 0.2, linear" },
  "retrain.aux": { label: "Auxiliary loss", hint: "paper: 0.4, needs 32×32" },
  "retrain.width": { label: "Channels", hint: "of the first cells, even; paper: 36" },
  "retrain.cells": { label: "Cells", hint: "paper: 20" },
};

/** GDAS where it differs from DARTS. */
const gdasKeys: Readonly<Record<string, SettingCopy>> = {
  "train.wd": { label: "Weight decay", hint: "of the weights; paper: 0.0005" },
};

/** FBNet where it differs from DARTS. */
const stochasticKeys: Readonly<Record<string, SettingCopy>> = {
  "train.batch": { label: "Batch", unit: "images", hint: "for weights and for θ; paper: 192" },
  "train.steps": { label: "Steps", hint: "of the weights; θ has a pass of its own every epoch; auto = by epochs" },
  "train.lr": { label: "Learning rate", hint: "of the weights, falls to 0 on a cosine; paper: 0.1" },
  "train.wd": { label: "Weight decay", hint: "of the weights; paper: 0.0001" },
  "train.clip": { label: "Gradient clip", hint: "0 = none, as in the paper" },
  "bn.recal": { label: "Recalibration", unit: "batches", hint: "before a sample is scored; 0 = none" },
  "eval.images": { label: "Images a sample", hint: "all = the whole part that moves θ" },
  "retrain.batch": { label: "Batch", unit: "images" },
  "retrain.lr": { label: "Learning rate", hint: "falls to 0 on a cosine; paper: 0.1" },
  "retrain.wd": { label: "Weight decay", hint: "paper: 0.0001" },
  "retrain.clip": { label: "Gradient clip", hint: "0 = none" },
  "retrain.cutout": { label: "Cutout", unit: "pixels", hint: "paper: none" },
  "retrain.arch": { label: "Only train", hint: "an architecture's id; none = search" },
};

/** FBNetV3: whatever a recipe decides is not asked for. */
const jointKeys: Readonly<Record<string, SettingCopy>> = {
  "train.batch": { label: "Batch", unit: "images" },
  "train.steps": { label: "Steps", hint: "of one pair, unless it is stopped early; auto = by epochs" },
  "bn.recal": { label: "Recalibration", unit: "batches", hint: "before a pair is scored; 0 = none" },
  "retrain.batch": { label: "Batch", unit: "images" },
  "retrain.clip": { label: "Gradient clip", hint: "0 = none" },
  "retrain.cutout": { label: "Cutout", unit: "pixels" },
  "retrain.arch": { label: "Only train", hint: "an architecture's id; none = search" },
};

/** FBNet of layers, of which networks are published. */
const layerKeys: Readonly<Record<string, SettingCopy>> = {
  "retrain.arch": {
    label: "Only train",
    hint: "an architecture's id, or FBNet-A, -B or -C at full size; none = search",
  },
};

/** What the cost's weight is called, and what its values do, by the loss. */
const weights: Readonly<Record<string, SettingCopy>> = {
  paper: { label: "Exponent β", hint: "0 leaves latency out, 0.6 is the paper's, 3 presses hard" },
  inner: { label: "Exponent β" },
  additive: { label: "Factor α", hint: "of LAT^0.6; 0 leaves the cost out, paper: 0.2" },
  additiveLog: { label: "Factor α", hint: "of (ln LAT)^0.6; 0 leaves the cost out, paper: 0.2" },
  normalised: { label: "Factor λ", hint: "of cost ÷ largest cost; 0 leaves it out, 0.3 is low, 2 is high" },
};

/** Why the weight cannot be set under `inner`. */
const noWeight = "Inside the logarithm β is only a factor: it would not move the trade-off.";

/** Unit of the target by what is weighed. */
const targetUnits: Readonly<Record<string, string>> = { latency: "ms", macs: "M FLOPs", params: "M parameters" };

/** Whole numbers that mean one of a few things. */
const choices: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "darts.order": { 1: "First", 2: "Second" },
};

/** Values of enumerations as a reader says them; absent = as they are. */
const values: Readonly<Record<string, string>> = {
  spos: "SPOS",
  darts: "DARTS",
  gdas: "GDAS",
  "fbnet-v1": "FBNet",
  "fbnet-v2": "FBNetV2",
  "fbnet-v3": "FBNetV3",
  paper: "Paper: α·CE·(ln LAT)^β",
  inner: "Inner: α·CE·ln(LAT^β)",
  additive: "Additive: CE + α·LAT^β",
  additiveLog: "Additive: CE + α·(ln LAT)^β",
  normalised: "Normalised: CE + λ·cost/max",
  latency: "Latency",
  joint: "Joint",
  ce: "Cross entropy",
  all: "All",
  top2: "Two drawn",
  sampled: "One drawn",
  stage: "By stage",
  block: "By block",
  official: "Official",
  nni: "NNI",
  macro8: "macro8",
  nano: "Nano",
  tiny: "Tiny",
  small: "Small",
  full: "Full",
  macs: "FLOPs",
  params: "Parameters",
  auto: "Auto",
  webgpu: "WebGPU",
  wasm: "WASM",
  cpu: "CPU",
};

/** Space names: `spos` is an algorithm and a space. */
const spaces: Readonly<Record<string, string>> = {
  macro8: "macro8",
  spos: "ShuffleNet",
  "darts-cell": "DARTS cells",
  "nasbench201-cell": "NAS-Bench-201",
  "fbnet-v1": "FBNet layers",
  "fbnet-v2": "V2 masks",
  "fbnet-v3": "V3 stages",
};

/** Which words hold for a method: the first layer that knows a key. */
const layersOf: Readonly<Record<string, readonly Readonly<Record<string, SettingCopy>>[]>> = {
  spos: [keys],
  darts: [mixedKeys, keys],
  gdas: [gdasKeys, mixedKeys, keys],
  "fbnet-v1": [layerKeys, stochasticKeys, keys],
  "fbnet-v2": [stochasticKeys, keys],
  "fbnet-v3": [jointKeys, keys],
};

/** `algorithm`: some hints differ by method. */
function of(key: string, algorithm = "spos"): SettingCopy {
  const layers = Object.hasOwn(layersOf, algorithm) ? layersOf[algorithm] : [keys];
  const found = layers?.find((words) => Object.hasOwn(words, key));
  return found?.[key] ?? { label: key };
}

/** What a key is called under other settings than its own: the weight by the loss, the unit of a target by what is weighed. */
function under(
  key: string,
  { loss, metric }: { readonly loss: string; readonly metric: string },
): Partial<SettingCopy> {
  if (key === "fbnet.weight") return (Object.hasOwn(weights, loss) ? weights[loss] : undefined) ?? {};
  const unit = key === "fbnet.target" && Object.hasOwn(targetUnits, metric) ? targetUnits[metric] : undefined;
  return unit === undefined ? {} : { unit };
}

/** Values of a whole number with their words; null where the number is just a number. */
function choicesOf(key: string): Readonly<Record<string, string>> | null {
  return (Object.hasOwn(choices, key) ? choices[key] : undefined) ?? null;
}

function value(of: string): string {
  return (Object.hasOwn(values, of) ? values[of] : undefined) ?? of;
}

function space(id: string): string {
  return (Object.hasOwn(spaces, id) ? spaces[id] : undefined) ?? id;
}

export const settings = {
  of,
  under,
  noWeight,
  value,
  space,
  choicesOf,
  groups,
  live: "live",
  liveHint: "Takes effect at the next step of a running search",
  default: (value: string): string => `default ${value}`,
  reset: (label: string, value: string): string => `default ${value}: back to it for ${label}`,
  resetAll: "All defaults",
  undo: "Undo",
  stale: "Settings changed since this run.",
  restart: "Restart to apply",
} as const;
