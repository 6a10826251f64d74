/**
 * The language between page and worker: types only, both sides derive from this map.
 * Commands are answered once. Frames flow the other way under one credit: `latest` may be dropped (newest wins), `series` and `log` never are.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import type { Phase } from "@/algorithms/phases";
import type { MethodReport } from "@/algorithms/reports";
import type { Outcome, Until } from "@/engine/runLoop";
import type { ErrorCode } from "@/lib/appError";
import type { Problem } from "@/lib/result";
import type { Accuracy, Candidate } from "@/nas/candidate";
import type { LatencyTable } from "@/nas/latency/table";
import type { Choices } from "@/nas/mutable";

export const protocolVersion = 4;

export type RunId = string;

/** What the worker found at boot: enough for the status bar to say what runs where and why. */
export interface BackendInfo {
  /** Name of the back end, e.g. `wasm` or `tfjs-wasm`. */
  readonly backend: string;
  /** Which executor computes: compiled plans, or tfjs as their reference. */
  readonly executor: "plan" | "tfjs";
  /** `webgpu`, `wasm`, `cpu` or `webgl`. */
  readonly device: string;
  /** Adapter vendor and architecture, or null without an adapter. */
  readonly adapter: string | null;
  readonly hardware: boolean;
  /** Why this one, one sentence for the user. */
  readonly reason: string;
  /** Threads that compute. */
  readonly threads: number;
  readonly isolated: boolean;
  /** What was asked for by name and is not there, with what is used or offered instead. */
  readonly problem: Problem | null;
}

export interface DatasetInfo {
  readonly id: string;
  readonly name: string;
  readonly origin: "embedded" | "opfs";
  readonly classes: readonly string[];
  readonly train: number;
  readonly test: number;
  readonly sha256: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Sentences such as "CIFAR-10, 10,000 of 50,000 training images". */
  readonly warnings: readonly string[];
  readonly provenance: Readonly<Record<string, unknown>>;
}

export interface BootInfo extends BackendInfo {
  readonly dataset: DatasetInfo | null;
  readonly datasets: readonly { readonly id: string; readonly name: string; readonly origin: "embedded" | "opfs"; readonly train: number; readonly test: number }[];
  /** Median milliseconds of one nano training step in the calibration; null when it was skipped. */
  readonly calibrationMs: number | null;
  readonly checkpoint: CheckpointInfo | null;
}

export interface CheckpointInfo {
  readonly id: string;
  readonly createdAt: string;
  readonly phase: Phase;
  readonly step: number;
  readonly config: RunConfig;
}

/** Plan of a run, known as soon as it is opened. */
export interface RunPlan {
  readonly runId: RunId;
  readonly config: RunConfig;
  /** Units of work a phase: optimizer steps, paths, evaluations, images. */
  readonly totals: Readonly<Record<Phase, number>>;
  readonly splits: { readonly weights: number; readonly validation: number; readonly test: number; readonly evalImages: number; readonly recalibration: number };
}

export type { Until };
export type PlayOutcome = Outcome;

export interface RunMetrics {
  readonly loss: number | null;
  readonly lr: number | null;
  readonly best: { readonly id: string; readonly accuracy: Accuracy; readonly macs: number; readonly params: number } | null;
  /** Mean accuracy of the recalibration phase's paths with and without recalibration. */
  readonly recalibration: { readonly without: Accuracy; readonly with: Accuracy } | null;
  /** `supernet`: its accuracy with inherited weights; null where it was never scored with any. */
  readonly winner: { readonly id: string; readonly choices: Choices; readonly macs: number; readonly params: number; readonly supernet: Accuracy | null; readonly index: number } | null;
  /** On the test split, once, for the retrained winner. */
  readonly test: Accuracy | null;
  readonly randomBest: Accuracy | null;
  /** Discretisation gap: the mixture and the derived member, same weights, same images. */
  readonly gap: { readonly supernet: Accuracy; readonly derived: Accuracy } | null;
  /** The member that the architecture weights say now. */
  readonly derived: { readonly id: string; readonly choices: Choices } | null;
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly recoverable: boolean;
  readonly step: number | null;
  readonly stack: string | null;
}

export interface ImportProgress {
  readonly bytesRead: number;
  readonly totalBytes: number | null;
  readonly records: number;
  readonly message: string;
}

/** Weights or model files on request. */
export interface FileBytes {
  readonly name: string;
  readonly mime: string;
  readonly bytes: Uint8Array;
}

export interface Commands {
  /** `threads`: 0 = as many as leave a core free. */
  boot: { args: { readonly backend: RunConfig["backend"]; readonly dataset: string; readonly threads: number }; result: BootInfo };
  open: { args: { readonly config: RunConfig }; result: RunPlan };
  play: { args: { readonly until: Until | null }; result: PlayOutcome };
  pause: { args: Record<never, never>; result: { readonly step: number } };
  step: { args: { readonly count: number }; result: { readonly step: number } };
  reset: { args: Record<never, never>; result: RunPlan };
  /** Stop the run and keep what exists. */
  cancel: { args: Record<never, never>; result: null };
  /** End the current phase early ("Search now"). */
  skipPhase: { args: Record<never, never>; result: null };
  /** Live settings: taken over at the next step. */
  live: { args: { readonly values: Partial<RunConfig> }; result: null };
  speed: { args: { readonly mode: "slow" | "normal" | "fast" }; result: null };
  /** Force the choice of one slot for the next step (null: let the sampler draw). */
  force: { args: { readonly slot: number; readonly choice: number | null }; result: null };
  /** Evaluate a path now with the supernet's weights. */
  evaluate: { args: { readonly choices: Choices }; result: { readonly id: string; readonly accuracy: Accuracy } };
  checkpoint: { args: Record<never, never>; result: CheckpointInfo };
  checkpoints: { args: Record<never, never>; result: readonly CheckpointInfo[] };
  resume: { args: { readonly id: string | null }; result: RunPlan };
  /** Probabilities by the winner's inherited and retrained weights; null where there are none yet. */
  classify: { args: { readonly image: Uint8Array }; result: { readonly inherited: Float32Array | null; readonly retrained: Float32Array | null; readonly id: string | null } };
  exportWeights: { args: { readonly format: "safetensors" | "tfjs" }; result: FileBytes };
  /** Raw records of a split, as uint8 NHWC. */
  images: { args: { readonly split: "weights" | "validation" | "test"; readonly classId: number | null; readonly start: number; readonly count: number; readonly augment: boolean }; result: { readonly images: Uint8Array; readonly labels: Uint8Array; readonly records: Int32Array; readonly total: number } };
  importDataset: { args: { readonly files: readonly File[] }; result: { readonly dataset: DatasetInfo; readonly warnings: readonly string[] } };
  downloadDataset: { args: { readonly urls: readonly string[] | null }; result: { readonly dataset: DatasetInfo; readonly warnings: readonly string[] } };
  cancelImport: { args: Record<never, never>; result: null };
  removeDataset: { args: { readonly id: string }; result: null };
  /** The published NAS-Bench-Macro table: from a file, fetched on request, or what is kept in OPFS. */
  truth: { args: { readonly source: { readonly kind: "bytes"; readonly bytes: Uint8Array } | { readonly kind: "fetch" } | { readonly kind: "kept" } }; result: TruthTable | null };
  /** Compare this backend with stored reference values. */
  checkBackend: { args: Record<never, never>; result: readonly { readonly name: string; readonly relError: number; readonly tolerance: number; readonly pass: boolean }[] };
  /** The latency table that a run of this configuration would use; null where it would have to be measured first. */
  latencyTable: { args: { readonly config: RunConfig }; result: LatencyTable | null };
  /** Measure now, all of the space or these keys of its table, and keep it. Frames of progress are `latencyProgress`. `notes`: how it was measured, where a reader should know. */
  measureLatency: { args: { readonly config: RunConfig; readonly keys: readonly string[] | null }; result: { readonly table: LatencyTable; readonly notes: readonly string[] } };
  /** Stop measuring; what was kept before stays. */
  cancelMeasure: { args: Record<never, never>; result: null };
  /** Keep a table: imported, or edited by hand. */
  keepLatency: { args: { readonly table: LatencyTable }; result: null };
  /** Labels of the devices of which tables of the configuration's space are kept; the first is this device's. */
  latencyDevices: { args: { readonly config: RunConfig }; result: readonly string[] };
  memory: { args: Record<never, never>; result: { readonly tensors: number; readonly bytes: number } };
}

/** Distinct networks of the benchmark with their mean accuracy (0–1). */
export interface TruthTable {
  readonly ids: readonly string[];
  readonly accuracy: Float64Array;
  readonly macs: Float64Array;
  readonly params: Float64Array;
  /** Rows read of the 6,561 published. */
  readonly rows: number;
  readonly original: boolean;
}

export type CommandName = keyof Commands;
/** Arguments stand apart: some have an `id` of their own. */
export type Command = { [K in CommandName]: { readonly kind: K; readonly id: number; readonly args: Commands[K]["args"] } }[CommandName];
export type Reply =
  | { readonly kind: "reply"; readonly to: CommandName; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly kind: "reply"; readonly to: CommandName; readonly id: number; readonly ok: false; readonly error: WireError };

/** Points since the last frame; equal lengths, appended by the page. */
export interface SeriesChunk {
  readonly loss: { readonly step: Int32Array; readonly phase: Uint8Array; readonly loss: Float32Array; readonly lr: Float32Array };
  /** Raw architecture weights: `values` holds one column a step, all groups of the space one after the other. */
  readonly alpha: { readonly step: Int32Array; readonly values: Float32Array };
  /** Expected cost in the run's metric (µs, MACs or params) and temperature. */
  readonly cost: { readonly step: Int32Array; readonly expected: Float32Array; readonly tau: Float32Array };
  readonly accuracy: { readonly step: Int32Array; readonly phase: Uint8Array; readonly split: Uint8Array; readonly accuracy: Float32Array; readonly n: Int32Array };
}

/** Splits of the accuracy channel, by index. */
export const accuracySplits = ["train", "validation", "test"] as const;

/** Newest state of hot quantities; older ones are simply replaced. */
export interface LatestState {
  readonly phase: Phase;
  readonly step: number;
  readonly status: RunStatus;
  /** Work done in the phase and its total; `chunk` is the fraction of the unit under way. */
  readonly done: number;
  readonly total: number;
  readonly generation: number;
  /** Seconds left in the run: [low, high]; equal when there are enough samples. Null when unknown. */
  readonly eta: readonly [number, number] | null;
  readonly progress: number;
  readonly metrics: RunMetrics;
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  /** Milliseconds of the last steps by kind: data, submit, wait, read. */
  readonly split: { readonly data: number; readonly submit: number; readonly wait: number; readonly read: number };
  readonly memory: { readonly tensors: number; readonly bytes: number };
  /** Path of the last step, gene values by slot; empty outside training. */
  readonly path: Int8Array;
  /** Paths since the last frame, newest last, slots × k; for "showing 1 of k". */
  readonly sampled: number;
  /** counts[slot × choices + choice] of the supernet phase, expected counts, and mean and squared loss sums when sampled. */
  readonly counts: Float64Array;
  readonly expected: Float64Array;
  readonly lossSum: Float64Array;
  readonly lossSquares: Float64Array;
  /** pairs[(slot × K + a) × K + b]: how often choice a at slot was followed by b at slot + 1. */
  readonly pairs: Float64Array;
  /** Rejected proposals of the search so far. */
  readonly rejected: { readonly infeasible: number; readonly duplicate: number };
  /** Message of what is being done, e.g. "Kernels 2/3". */
  readonly message: string;
}

export type RunStatus = "idle" | "running" | "paused" | "complete" | "stopped" | "error";

export type LogEntry =
  | { readonly kind: "phase"; readonly phase: Phase; readonly step: number; readonly total: number }
  | { readonly kind: "candidate"; readonly candidate: Candidate }
  | { readonly kind: "generation"; readonly generation: number; readonly parents: readonly string[] }
  | { readonly kind: "report"; readonly report: MethodReport }
  | { readonly kind: "checkpoint"; readonly checkpoint: CheckpointInfo }
  | { readonly kind: "note"; readonly level: "info" | "warning"; readonly message: string; readonly step: number }
  | { readonly kind: "error"; readonly error: WireError };

export interface Frame {
  readonly kind: "frame";
  readonly runId: RunId;
  readonly seq: number;
  readonly latest: LatestState;
  readonly series: SeriesChunk;
  readonly log: readonly LogEntry[];
}

export type FromWorker =
  | { readonly kind: "hello"; readonly protocol: number; readonly build: string }
  | Frame
  | Reply
  | { readonly kind: "heartbeat" }
  | { readonly kind: "bootProgress"; readonly device: string; readonly data: readonly [number, number]; readonly kernels: readonly [number, number]; readonly message: string }
  | { readonly kind: "importProgress"; readonly progress: ImportProgress }
  | { readonly kind: "latencyProgress"; readonly table: LatencyTable; readonly done: number; readonly total: number }
  /** Device lost or validation error outside a command. */
  | { readonly kind: "fatal"; readonly error: WireError };

export type ToWorker = Command | { readonly kind: "ack"; readonly runId: RunId; readonly seq: number; readonly frameMs: number };

/** What the page holds: the same interface over a worker, in process, or over a recorded tape. */
export interface Session {
  readonly state: "opening" | "ready" | "closing" | "closed" | "failed";
  call<K extends CommandName>(kind: K, args: Commands[K]["args"], transfer?: Transferable[]): Promise<Commands[K]["result"]>;
  /** Frames and messages, after which the session acknowledges the frame. */
  subscribe(listener: (message: FromWorker) => void): () => void;
  close(): Promise<void>;
}
