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

/** Whole numbers that mean one of a few things. */
const choices: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "darts.order": { 1: "First", 2: "Second" },
};

/** Values of enumerations as a reader says them; absent = as they are. */
const values: Readonly<Record<string, string>> = {
  spos: "SPOS",
  darts: "DARTS",
  gdas: "GDAS",
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
};

/** `algorithm`: some hints differ by method. */
function of(key: string, algorithm = "spos"): SettingCopy {
  const layers = algorithm === "spos" ? [keys] : algorithm === "gdas" ? [gdasKeys, mixedKeys, keys] : [mixedKeys, keys];
  const found = layers.find((words) => Object.hasOwn(words, key));
  return found?.[key] ?? { label: key };
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
