/**
 * What the run loop knows of a method: an async generator of ticks, a plan, a state that can be saved. A method is a folder that
 * implements this; the engine, the protocol and the store know no method by name.
 */
import type { RngKey } from "@/lib/rng";
import type { Accuracy, Candidate } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import type { Space } from "@/nas/space/types";
import type { Executor, NormStats, ParamStore } from "@/nn/executor";
import type { ImageSet } from "@/data/dataset";
import type { RunConfig } from "./configKeys";
import type { LatencyDevice, LatencyTable } from "@/nas/latency/table";
import type { Phase } from "./phases";
import type { MethodReport } from "./reports";

/** Images of a run: whole splits, and the records of each part. Test records are touched by the test phase only. */
export interface RunData {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Records of `train` that train the weights, and those that rank candidates. */
  readonly weights: Int32Array;
  readonly architecture: Int32Array;
  /** 3 × 256 normalisation table. */
  readonly table: Float32Array;
}

/**
 * A place to pause or abort. `step`: a unit of work is complete (an update, a candidate). `phase`: a phase has begun. `chunk`: part
 * of a unit; a pause may land here too, and a checkpoint taken here holds the state before the unit.
 */
export interface Tick {
  readonly boundary: "step" | "phase" | "chunk";
}

/** What the method reports as it goes. Never dropped. */
export type MethodEvent =
  | { readonly kind: "phase"; readonly phase: Phase; readonly total: number }
  | { readonly kind: "candidate"; readonly candidate: Candidate }
  | { readonly kind: "generation"; readonly generation: number; readonly parents: readonly string[] }
  | { readonly kind: "loss"; readonly step: number; readonly phase: Phase; readonly loss: number; readonly lr: number }
  /** Raw architecture weights of every group, one after the other, before the step that `step` counts next. */
  | { readonly kind: "alpha"; readonly step: number; readonly values: Float32Array }
  /** A search that weighs a cost, before the step that `step` counts next: expectation of the cost (µs, MACs or params as the run's metric says), temperature. */
  | { readonly kind: "cost"; readonly step: number; readonly expected: number; readonly tau: number }
  | { readonly kind: "report"; readonly report: MethodReport }
  | { readonly kind: "accuracy"; readonly step: number; readonly phase: Phase; readonly split: "train" | "validation" | "test"; readonly accuracy: Accuracy }
  | { readonly kind: "note"; readonly level: "info" | "warning"; readonly message: string };

/** Latency tables of this machine and of others, kept between runs. */
export interface LatencyTables {
  /** This device as tables name it; timer and quantum are for who measures to say. */
  readonly device: Omit<LatencyDevice, "timer" | "quantumUs">;
  /** Version of the app that measures. */
  readonly app: string;
  /** The kept table of a space and batch; `label` null: of this device, executor and app version. */
  load(space: Space, batch: number, label: string | null): Promise<LatencyTable | null>;
  save(table: LatencyTable): Promise<void>;
  /** Labels of devices of which a table of the space and batch is kept, newest first. */
  labels(space: Space, batch: number): Promise<readonly string[]>;
}

export interface MethodEnv {
  readonly latency: LatencyTables;
  readonly config: RunConfig;
  readonly space: Space;
  readonly executor: Executor;
  readonly data: RunData;
  readonly key: RngKey;
  /** Monotone milliseconds, for pacing of read-backs only; never influences results. */
  now(): number;
  emit(event: MethodEvent): void;
  /** Time spent by kind, for the step-time bar. */
  spend(kind: "data" | "submit" | "wait" | "read", ms: number): void;
}

/** Small facts for the status bar and the panels; big ones travel as events. */
export interface MethodStatus {
  readonly phase: Phase;
  /** Optimizer updates of the whole run so far. */
  readonly step: number;
  /** Units done in the phase, and in all. */
  readonly done: number;
  readonly total: number;
  readonly generation: number;
  readonly message: string;
  readonly lastLoss: number | null;
  readonly lastLr: number | null;
}

/** Sampling statistics of a single-path supernet; empty arrays for methods without paths. */
export interface PathStatistics {
  readonly path: Int8Array;
  readonly counts: Float64Array;
  readonly expected: Float64Array;
  readonly lossSum: Float64Array;
  readonly lossSquares: Float64Array;
  readonly pairs: Float64Array;
}

/** Of methods without paths. */
export const noPaths: PathStatistics = {
  path: new Int8Array(0),
  counts: new Float64Array(0),
  expected: new Float64Array(0),
  lossSum: new Float64Array(0),
  lossSquares: new Float64Array(0),
  pairs: new Float64Array(0),
};

export interface MethodMetrics {
  readonly best: { readonly id: string; readonly accuracy: Accuracy; readonly macs: number; readonly params: number } | null;
  readonly recalibration: { readonly without: Accuracy; readonly with: Accuracy } | null;
  /** `supernet`: its accuracy with inherited weights; null where it was never scored with any. */
  readonly winner: { readonly id: string; readonly choices: Choices; readonly macs: number; readonly params: number; readonly supernet: Accuracy | null; readonly index: number } | null;
  readonly test: Accuracy | null;
  readonly randomBest: Accuracy | null;
  /** Discretisation gap: the mixture and the derived member, same weights, same images. */
  readonly gap: { readonly supernet: Accuracy; readonly derived: Accuracy } | null;
  /** The member that the architecture weights say now. */
  readonly derived: { readonly id: string; readonly choices: Choices } | null;
}

/** A saved state: JSON-safe facts and tensors by name. Restoring gives a run that continues with equal numbers. */
export interface SavedState {
  readonly json: unknown;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

/** Weights with which a network can be asked or exported. */
export interface Weights {
  readonly graph: Graph;
  readonly store: ParamStore;
  readonly stats: NormStats | "running";
}

export interface MethodRun {
  /** Records of the training split that move weights and that rank architectures, where they are not those of {@link RunData}. */
  readonly records?: { readonly weights: Int32Array; readonly validation: Int32Array };
  /** Units of work a phase, and the forward-equivalent images a unit costs (an update counts three passes): weights of progress and ETA. */
  readonly totals: Readonly<Record<Phase, number>>;
  readonly unitImages: Readonly<Record<Phase, number>>;
  ticks(): AsyncGenerator<Tick, void, void>;
  status(): MethodStatus;
  paths(): PathStatistics;
  metrics(): MethodMetrics;
  rejected(): { readonly infeasible: number; readonly duplicate: number };
  candidates(): readonly Candidate[];
  /** Report what is still on the device (losses of the last steps); called when the run comes to rest. Throws what a step would. */
  settle(): Promise<void>;
  /** Everything up to the last boundary, reported losses included. */
  save(): Promise<SavedState>;
  /** End the current phase at the next boundary. */
  skipPhase(): void;
  /** Take over live settings; other keys are ignored. */
  setLive(values: Partial<RunConfig>): void;
  /** Force one slot's choice in the next step; null lets the sampler draw. */
  force(slot: number, choice: number | null): void;
  /** Score one member now, exactly as the search would. */
  evaluate(choices: Choices): Promise<{ readonly id: string; readonly accuracy: Accuracy }>;
  /** The winner's weights, inherited from the supernet or retrained; null where there are none yet. */
  weights(kind: "inherited" | "retrained"): Promise<Weights | null>;
  dispose(): void;
}

export interface Method {
  readonly id: string;
  /** Start afresh, or go on from a saved state. */
  start(env: MethodEnv, saved: SavedState | null): MethodRun;
}
