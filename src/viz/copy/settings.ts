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
  "retrain.cutout": { label: "Cutout", unit: "pixels" },
};

/** Values of enumerations as a reader says them; absent = as they are. */
const values: Readonly<Record<string, string>> = {
  spos: "SPOS",
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
const spaces: Readonly<Record<string, string>> = { macro8: "macro8", spos: "ShuffleNet" };

const absent: SettingCopy = { label: "" };

function of(key: string): SettingCopy {
  return (Object.hasOwn(keys, key) ? keys[key] : undefined) ?? { ...absent, label: key };
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
