/**
 * The one list of experiment keys: URL hash, `--set`, config object and setup form all read it. Which values a key starts with is
 * `defaults.ts`' to say; `null` for a length means "by epochs of the data at hand".
 */
import { type Capability, type DeriveRule, type MaskShare, sizes, type SizeId } from "@/nas/space/types";

export const algorithmIds = ["spos", "darts", "gdas", "fbnet-v1", "fbnet-v2", "fbnet-v3"] as const;
export type AlgorithmId = (typeof algorithmIds)[number];
export const spaceIds = ["macro8", "spos", "darts-cell", "nasbench201-cell", "fbnet-v1", "fbnet-v2", "fbnet-v3"] as const;
export type SpaceId = (typeof spaceIds)[number];

/** `independent`: every combination of choices is a member. */
export type Need = Capability | "independent";

/** What a method needs from a space; a space that has all of it can be searched with the method. */
export const methodNeeds: Readonly<Record<AlgorithmId, readonly Need[]>> = {
  spos: ["opChoice"],
  darts: ["mix"],
  gdas: ["mix"],
  "fbnet-v1": ["mix", "latency"],
  "fbnet-v2": ["masks"],
  "fbnet-v3": ["independent"],
};

/** The space that a method was published on: taken when none is named. */
export const ownSpace: Readonly<Record<AlgorithmId, SpaceId>> = { spos: "macro8", darts: "darts-cell", gdas: "darts-cell", "fbnet-v1": "fbnet-v1", "fbnet-v2": "fbnet-v2", "fbnet-v3": "fbnet-v3" };

export const backendChoices = ["auto", "webgpu", "wasm", "cpu", "tfjs-webgpu", "tfjs-wasm", "tfjs-webgl", "tfjs-cpu"] as const;
export type BackendChoice = (typeof backendChoices)[number];
export const samplers = ["uniform", "fair", "cost"] as const;
export type SamplerId = (typeof samplers)[number];
export const deriveRules = ["official", "nni"] as const;
export const constraintMetrics = ["macs", "params"] as const;
export type ConstraintMetric = (typeof constraintMetrics)[number];
export const costLosses = ["paper", "inner", "additive", "additiveLog", "normalised"] as const;
export const costMetrics = ["latency", "macs", "params"] as const;
export type CostMetric = (typeof costMetrics)[number];
export const maskShares: readonly MaskShare[] = ["stage", "block"];

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
  /** 1: gradient of the validation loss as it is; 2: at the unrolled weights. */
  readonly "darts.order": number;
  readonly "darts.alphaLr": number;
  readonly "darts.alphaDecay": number;
  /** Epochs that train weights only. */
  readonly "darts.warmupEpochs": number;
  /** Most skip connections of the derived normal cell; null = any number. */
  readonly "darts.skipLimit": number | null;
  readonly "darts.derive": DeriveRule;
  /** Temperature of the first and of the last epoch. */
  readonly "gdas.tauMax": number;
  readonly "gdas.tauMin": number;
  /** How cross entropy and expected cost are joined: `nas/relaxation/costLoss`. */
  readonly "fbnet.loss": (typeof costLosses)[number];
  /** β of `paper`, α of the additive kinds, λ of `normalised`; without effect in `inner`. */
  readonly "fbnet.weight": number;
  /** The loss sees max(cost, target): ms, or MACs or params by the metric; null = none. */
  readonly "fbnet.target": number | null;
  readonly "fbnet.metric": CostMetric;
  /** Whether the weights' gradient carries the derivative of the joint loss (the papers) or is the cross entropy's. */
  readonly "fbnet.wLoss": "joint" | "ce";
  /** Temperature until the warm-up ends and of the last epoch. */
  readonly "fbnet.tau0": number;
  readonly "fbnet.tauEnd": number;
  readonly "fbnet.thetaLr": number;
  readonly "fbnet.warmupEpochs": number;
  /** Candidates that run in every layer: all, or two drawn by their probabilities. */
  readonly "fbnet.paths": "all" | "top2";
  /** Architectures drawn from the final distribution and scored. */
  readonly "fbnet.samples": number;
  /** Images at once that a latency table is measured with. */
  readonly "fbnet.tableBatch": number;
  /** Label of the device whose table is used; null = this one's. */
  readonly "fbnet.device": string | null;
  /** Input resolutions: all in every step on one grid, or one drawn a step. */
  readonly "fbnet2.mode": "full" | "sampled";
  readonly "fbnet2.share": MaskShare;
  /** Pairs trained a round, rounds, quasi-random pool, and the largest MACs allowed. */
  readonly "fbnet3.m": number;
  readonly "fbnet3.rounds": number;
  readonly "fbnet3.pool": number;
  readonly "fbnet3.limit": number | null;
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
  /** 0 = no clipping. */
  readonly "retrain.clip": number;
  readonly "retrain.cutout": number;
  /** Largest drop-path probability, reached linearly. */
  readonly "retrain.dropPath": number;
  /** Weight of the auxiliary classifier's loss; 0 = none. */
  readonly "retrain.aux": number;
  /** Of cell spaces: C of the first cells and number of cells; null = the size's. */
  readonly "retrain.width": number | null;
  readonly "retrain.cells": number | null;
  /** Train this architecture (an id, or the name of a published cell) and search nothing; null = search. */
  readonly "retrain.arch": string | null;
}

export type ConfigKey = keyof RunConfig;

/** Other spellings of the same key. */
export const aliases: Readonly<Record<string, ConfigKey>> = { alg: "algorithm" };

export type KeySpec =
  | { readonly type: "enum"; readonly values: readonly string[] }
  /** `min`/`max`: hard limits. `uiMax`: beyond it a warning. `nullable`: the word that means null, and what it means. */
  | { readonly type: "int" | "float"; readonly min: number; readonly max: number; readonly uiMax?: number; readonly nullable?: "none" | "auto" | "all" | "off"; readonly even?: boolean }
  /** Printable characters, without spaces unless they are allowed inside; the word `none` means null. */
  | { readonly type: "text"; readonly maxLength: number; readonly spaces?: boolean }
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
  "darts.order": { type: "int", min: 1, max: 2 },
  "darts.alphaLr": { type: "float", min: 0, max: 1, uiMax: 0.1 },
  "darts.alphaDecay": { type: "float", min: 0, max: 1, uiMax: 0.1 },
  "darts.warmupEpochs": { type: "int", min: 0, max: 10_000 },
  "darts.skipLimit": { type: "int", min: 0, max: 16, nullable: "off" },
  "darts.derive": { type: "enum", values: deriveRules },
  "gdas.tauMax": { type: "float", min: 0.01, max: 1000, uiMax: 20 },
  "gdas.tauMin": { type: "float", min: 0.01, max: 1000, uiMax: 20 },
  "fbnet.loss": { type: "enum", values: costLosses },
  "fbnet.weight": { type: "float", min: 0, max: 1000, uiMax: 10 },
  "fbnet.target": { type: "float", min: 0, max: 1e12, nullable: "none" },
  "fbnet.metric": { type: "enum", values: costMetrics },
  "fbnet.wLoss": { type: "enum", values: ["joint", "ce"] },
  "fbnet.tau0": { type: "float", min: 0.01, max: 1000, uiMax: 20 },
  "fbnet.tauEnd": { type: "float", min: 0.01, max: 1000, uiMax: 20 },
  "fbnet.thetaLr": { type: "float", min: 0, max: 10, uiMax: 0.1 },
  "fbnet.warmupEpochs": { type: "int", min: 0, max: 10_000 },
  "fbnet.paths": { type: "enum", values: ["all", "top2"] },
  "fbnet.samples": { type: "int", min: 0, max: 1000, uiMax: 100 },
  "fbnet.tableBatch": { type: "int", min: 1, max: 256, uiMax: 64 },
  "fbnet.device": { type: "text", maxLength: 120, spaces: true },
  "fbnet2.mode": { type: "enum", values: ["full", "sampled"] },
  "fbnet2.share": { type: "enum", values: maskShares },
  "fbnet3.m": { type: "int", min: 2, max: 1000, uiMax: 50 },
  "fbnet3.rounds": { type: "int", min: 1, max: 100, uiMax: 10 },
  "fbnet3.pool": { type: "int", min: 10, max: 1_000_000, uiMax: 50_000 },
  "fbnet3.limit": { type: "float", min: 0, max: 1e12, nullable: "none" },
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
  "retrain.clip": { type: "float", min: 0, max: 1e6 },
  "retrain.cutout": { type: "int", min: 0, max: 32 },
  "retrain.dropPath": { type: "float", min: 0, max: 0.95, uiMax: 0.5 },
  "retrain.aux": { type: "float", min: 0, max: 10, uiMax: 1 },
  "retrain.width": { type: "int", min: 2, max: 512, uiMax: 64, nullable: "auto", even: true },
  "retrain.cells": { type: "int", min: 2, max: 64, uiMax: 20, nullable: "auto" },
  "retrain.arch": { type: "text", maxLength: 1000 },
};

/** Settings that a running search takes over at its next step without becoming another run's result. */
export const liveKeys: readonly ConfigKey[] = ["train.lr", "retrain.lr", "darts.alphaLr", "evo.limit", "evo.min", "fbnet.weight", "fbnet.target", "fbnet.thetaLr"];
