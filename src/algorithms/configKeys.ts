/**
 * The one list of experiment keys: URL hash, `--set`, config object and setup form all read it.
 * Defaults by size follow the SPOS table of defaults; `null` for a length means "by epochs of the data at hand".
 */
import { sizes, type SizeId } from "@/nas/space/types";

export const algorithmIds = ["spos"] as const;
export type AlgorithmId = (typeof algorithmIds)[number];
export const spaceIds = ["macro8", "spos"] as const;
export type SpaceId = (typeof spaceIds)[number];
export const backendChoices = ["auto", "webgpu", "wasm", "cpu", "tfjs-webgpu", "tfjs-wasm", "tfjs-webgl", "tfjs-cpu"] as const;
export type BackendChoice = (typeof backendChoices)[number];
export const samplers = ["uniform", "fair", "cost"] as const;
export type SamplerId = (typeof samplers)[number];
export const constraintMetrics = ["macs", "params"] as const;
export type ConstraintMetric = (typeof constraintMetrics)[number];

/** Every experiment key with its value. Keys are those of the URL. */
export interface RunConfig {
  readonly algorithm: AlgorithmId;
  readonly space: SpaceId;
  readonly size: SizeId;
  readonly seed: number;
  readonly dataset: string;
  readonly backend: BackendChoice;
  /** Of WASM; 0 = as many as leave a core free, where the page is isolated. The reference executor computes on one. */
  readonly threads: number;
  readonly "train.batch": number;
  /** null: by epochs (40 small, 120 full). */
  readonly "train.steps": number | null;
  readonly "train.lr": number;
  readonly "train.wd": number;
  /** 0 = no clipping. */
  readonly "train.clip": number;
  readonly "spos.sampler": SamplerId;
  readonly "bn.recal": number;
  /** null: all images of the validation part. */
  readonly "eval.images": number | null;
  readonly "evo.pool": number;
  readonly "evo.topk": number;
  readonly "evo.mutation": number;
  readonly "evo.crossover": number;
  readonly "evo.prob": number;
  readonly "evo.generations": number;
  readonly "evo.metric": ConstraintMetric;
  /** Inclusive bounds; null = none. */
  readonly "evo.min": number | null;
  readonly "evo.limit": number | null;
  readonly "evo.random": boolean;
  readonly "retrain.batch": number;
  /** null: by epochs (30 tiny, 100 small, 200 full). */
  readonly "retrain.steps": number | null;
  readonly "retrain.lr": number;
  readonly "retrain.wd": number;
  readonly "retrain.cutout": number;
}

export type ConfigKey = keyof RunConfig;

/** Other spellings of the same key. */
export const aliases: Readonly<Record<string, ConfigKey>> = { alg: "algorithm" };

export type KeySpec =
  | { readonly type: "enum"; readonly values: readonly string[] }
  /** `min`/`max`: hard limits. `uiMax`: beyond it a warning. `nullable`: the word that means null, and what it means. */
  | { readonly type: "int" | "float"; readonly min: number; readonly max: number; readonly uiMax?: number; readonly nullable?: "none" | "auto" | "all" }
  | { readonly type: "switch" }
  | { readonly type: "id" };

export const keySpecs: Readonly<Record<ConfigKey, KeySpec>> = {
  algorithm: { type: "enum", values: algorithmIds },
  space: { type: "enum", values: spaceIds },
  size: { type: "enum", values: sizes },
  seed: { type: "int", min: 0, max: 4294967295 },
  dataset: { type: "id" },
  backend: { type: "enum", values: backendChoices },
  threads: { type: "int", min: 0, max: 64 },
  "train.batch": { type: "int", min: 1, max: 1024, uiMax: 512 },
  "train.steps": { type: "int", min: 0, max: 10_000_000, nullable: "auto" },
  "train.lr": { type: "float", min: 0, max: 10, uiMax: 1 },
  "train.wd": { type: "float", min: 0, max: 1, uiMax: 0.1 },
  "train.clip": { type: "float", min: 0, max: 1e6 },
  "spos.sampler": { type: "enum", values: samplers },
  "bn.recal": { type: "int", min: 0, max: 1000 },
  "eval.images": { type: "int", min: 1, max: 1_000_000, nullable: "all" },
  "evo.pool": { type: "int", min: 1, max: 1000, uiMax: 200 },
  "evo.topk": { type: "int", min: 1, max: 1000 },
  "evo.mutation": { type: "int", min: 0, max: 1000 },
  "evo.crossover": { type: "int", min: 0, max: 1000 },
  "evo.prob": { type: "float", min: 0, max: 1 },
  "evo.generations": { type: "int", min: 0, max: 1000, uiMax: 100 },
  "evo.metric": { type: "enum", values: constraintMetrics },
  "evo.min": { type: "float", min: 0, max: 1e12, nullable: "none" },
  "evo.limit": { type: "float", min: 0, max: 1e12, nullable: "none" },
  "evo.random": { type: "switch" },
  "retrain.batch": { type: "int", min: 1, max: 1024, uiMax: 512 },
  "retrain.steps": { type: "int", min: 0, max: 10_000_000, nullable: "auto" },
  "retrain.lr": { type: "float", min: 0, max: 10, uiMax: 1 },
  "retrain.wd": { type: "float", min: 0, max: 1, uiMax: 0.1 },
  "retrain.cutout": { type: "int", min: 0, max: 32 },
};

/** Settings that a running search takes over at its next step without becoming another run's result. */
export const liveKeys: readonly ConfigKey[] = ["train.lr", "retrain.lr", "evo.limit", "evo.min"];

/** Epochs that stand behind a null length. */
export const epochsBySize: Readonly<Record<SizeId, { readonly train: number; readonly retrain: number }>> = {
  nano: { train: 7, retrain: 6 },
  tiny: { train: 16, retrain: 30 },
  small: { train: 40, retrain: 100 },
  full: { train: 120, retrain: 200 },
};

const limits: Readonly<Record<SpaceId, Readonly<Record<SizeId, number>>>> = {
  macro8: { nano: 1.43e6, tiny: 4.6e6, small: 16.1e6, full: 60e6 },
  spos: { nano: 0.65e6, tiny: 1.21e6, small: 17.4e6, full: 104.6e6 },
};

/** Defaults of a size. `size` itself defaults to nano without a hardware adapter and tiny with one. */
export function defaultsFor(space: SpaceId, size: SizeId): RunConfig {
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
    "evo.limit": limits[space][size],
    "evo.random": true,
    "retrain.batch": batch,
    "retrain.steps": nano ? 1500 : null,
    "retrain.lr": (0.1 * batch) / 256,
    "retrain.wd": 5e-4,
    "retrain.cutout": 16,
  };
}
