/**
 * The seam between what searches and what computes. An executor turns graphs into training steps and accuracies on one backend.
 * It owns tensors or buffers; callers own nothing but plain arrays. No method here waits for the device except those that return promises.
 */
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamName, ParamSpec } from "@/nas/graph";

/** Backends of the reference executor. */
export type TfjsBackendName = "tfjs-cpu" | "tfjs-wasm" | "tfjs-webgpu" | "tfjs-webgl";

/** `webgpu` and `wasm` are the plan executor's. */
export type BackendName = TfjsBackendName | "webgpu" | "wasm";

/** Normalised images [size, h, w, c] and labels [size]; the arrays may be longer than `size` and are read before the call returns. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly size: number;
  /** Multipliers of drop path by scope, one an example; a scope that is absent is all ones. Only training reads them. */
  readonly masks?: ReadonlyMap<string, Float32Array>;
}

export interface SgdOptions {
  readonly kind: "sgd";
  readonly momentum: number;
  /** L2 added to the gradient, as in PyTorch. */
  readonly weightDecay: number;
  /** Whether decay also applies to gamma, beta, biases and architecture parameters. */
  readonly decayNorms: boolean;
  readonly nesterov?: boolean;
}

export interface AdamOptions {
  readonly kind: "adam";
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly decayNorms: boolean;
}

/** Parameters by what they do: those of role `architecture` weigh candidates (α of DARTS), the others compute. */
export type Part = "weights" | "architecture" | "all";

export interface LossOptions {
  /** ε of label smoothing; 0 = plain cross entropy. */
  readonly labelSmoothing: number;
  /** Logits of a teacher [size, classes]: the loss is then the cross entropy against their softmax, without smoothing; absent: against the labels. */
  readonly teacher?: Float32Array;
  /** The gradients (not the loss that is reported) times this; absent: 1. A method whose loss is a function of the cross entropy passes its derivative. */
  readonly scale?: number;
}

export interface UpdateOptions {
  readonly optimizer: SgdOptions | AdamOptions;
  readonly lr: number;
  /** Max global L2 norm of the gradient over the step's active parameters of `part` (PyTorch clip_grad_norm_); null = none. */
  readonly clip: number | null;
  /** What moves, and counts for clipping; gradients of the rest are dropped. Each part keeps the state of its own optimizer. Absent: all. */
  readonly part?: Part;
}

export type TrainOptions = LossOptions & UpdateOptions;

/** Parameters, optimizer state and running statistics by name. Everything survives a snapshot. */
export interface ParamStore {
  readonly names: readonly string[];
  /** A copy of one parameter, or of running statistics under `<stats>.mean` / `<stats>.var`. */
  read(name: string): Promise<Float32Array>;
  write(name: string, values: Float32Array): void;
  /** Parameters, momenta (`<name>#momentum`, Adam `#m`, `#v`, `#step`) and running statistics; state never touched is absent. */
  snapshot(): Promise<ReadonlyMap<string, Float32Array>>;
  restore(values: ReadonlyMap<string, Float32Array>): void;
  dispose(): void;
}

/** Batch-norm statistics of one path, on the device. Dispose after use. */
export interface NormStats {
  /** By `<stats>.mean` and `<stats>.var` (variance unbiased, as PyTorch keeps it). */
  read(): Promise<ReadonlyMap<string, Float32Array>>;
  dispose(): void;
}

/** Cumulative recalibration of one path: sample-weighted average of batch means and unbiased variances (spec B.5). */
export interface Recalibration {
  add(batch: Batch): void;
  finish(): NormStats;
}

/** Counting of right answers over many batches, read once. */
export interface Evaluation {
  add(batch: Batch): void;
  result(): Promise<{ readonly correct: number; readonly loss: number; readonly n: number }>;
}

/** Where the batch-norm statistics of an evaluation come from: given ones, the store's running ones, or each batch's own. */
export type StatsSource = NormStats | "running" | "batch";

/** A place as long as the parameters: their values, their gradients, the momenta of SGD, or a vector made for the purpose. */
export type VectorPlace = "values" | "gradients" | "momenta" | ScratchVector;

export interface ScratchVector {
  readonly kind: "scratch";
}

/** times·‖of‖₂^power, the norm taken over one part (not always the part that is added), computed on the device. */
export interface NormFactor {
  readonly times: number;
  readonly of: VectorPlace;
  readonly over: Part;
  readonly power: 1 | -1;
}

/** Arithmetic with whole sets of parameters where they live, for methods that compute with gradients. Nothing but `read` waits. */
export interface ParamVectors {
  /** A new vector of zeros; freed with the store. */
  create(): ScratchVector;
  copy(from: VectorPlace, to: VectorPlace, part: Part): void;
  clear(at: VectorPlace, part: Part): void;
  /** to += factor·from. `to` is not "momenta". */
  add(to: VectorPlace, from: VectorPlace, factor: number | NormFactor, part: Part): void;
  /** By parameter: all, or those named. */
  read(at: VectorPlace, names?: readonly ParamName[]): Promise<ReadonlyMap<ParamName, Float32Array>>;
  /** Puts one parameter's part. */
  write(at: VectorPlace, name: ParamName, values: Float32Array): void;
}

/** What a graph and its gradients are at one point, in training mode. */
export interface Probe {
  /** Value of the output, [size, …shape]. */
  readonly output: Float32Array;
  /** Gradients of Σ output·upstream with respect to the images and to every parameter of the graph. */
  readonly inputGradient: Float32Array;
  readonly gradients: ReadonlyMap<ParamName, Float32Array>;
}

/** Something that will be run soon: a graph with a batch size, and what is done with it. */
export interface PrepareWork {
  readonly graph: Graph;
  readonly batch: number;
  readonly mode: "train" | "recalibrate" | "evaluate" | "logits";
  /** Of training. */
  readonly optimizer?: "sgd" | "adam";
  /** Parameters that the optimizer moves; absent: all. */
  readonly part?: Part;
}

/** Forward passes of one graph in inference form (running statistics folded), timed. */
export interface Stopwatch {
  readonly timer: "timestamp" | "wall";
  /**
   * Runs so many passes back to back without reading anything in between, waits for their end, and says what all of them took: kernels alone by
   * timestamps, everything between submission and a tiny read-back by the wall clock. Microseconds.
   */
  run(times: number): Promise<number>;
  dispose(): void;
}

export interface Executor {
  readonly backend: BackendName;
  /** Which executor this is, for the status bar. */
  readonly kind: "tfjs" | "plan";
  createStore(params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey): ParamStore;
  /**
   * One update: forward and backward of every graph on the same batch, gradients summed, clipped, applied once.
   * Only parameters that the graphs mention move, and only their momenta. Running statistics of the graphs' norms are updated
   * when `updateStats`. The loss (mean over graphs) stays on the device until `takeLosses`.
   */
  trainStep(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: TrainOptions, updateStats: boolean): void;
  /**
   * The first half of a training step: adds the gradients of every graph's loss to the store's. The loss waits for `takeLosses` as that of a step;
   * several may follow one another before an update. `part`: whose gradients are wanted (absent: all); the others stay as they are.
   */
  accumulate(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: LossOptions & { readonly part?: Part }, updateStats: boolean): void;
  /** The second half: clip, decay and move what the graphs mention of the part, by the gradients that are there; clears all gradients. */
  update(store: ParamStore, graphs: readonly Graph[], options: UpdateOptions): void;
  vectors(store: ParamStore): ParamVectors;
  /** For tests and parity: any graph, its output of any shape. Needs gradients that are clear, and leaves them clear. */
  probe(store: ParamStore, graph: Graph, batch: Batch, upstream: Float32Array, updateStats: boolean): Promise<Probe>;
  /** Mean loss of every step since the last call, in order. With an auxiliary classifier its weighted loss is part of it. */
  takeLosses(): Promise<Float32Array>;
  recalibrate(store: ParamStore, graph: Graph): Recalibration;
  /** `labelSmoothing` 0 loss. */
  evaluate(store: ParamStore, graph: Graph, stats: StatsSource): Evaluation;
  /** Value of the graph's output, [size, …shape]: logits [size, classes]. */
  logits(store: ParamStore, graph: Graph, stats: StatsSource, batch: Batch): Promise<Float32Array>;
  /**
   * Compiles what the work needs (kernels, memory, programs), so that its first step does not stall; nothing is computed. `report` counts kernels.
   */
  prepare(store: ParamStore, work: readonly PrepareWork[], report?: (done: number, total: number) => void): Promise<void>;
  /**
   * A stopwatch on `size` examples, its pipelines compiled. Null where the device has no timestamps and they were asked for. The store must hold the
   * graph's parameters; it may be freed only after the stopwatch.
   */
  stopwatch(store: ParamStore, graph: Graph, size: number, timer: Stopwatch["timer"]): Promise<Stopwatch | null>;
  memory(): { readonly tensors: number; readonly bytes: number };
  /** Bytes that activations may take in one piece; null where nobody knows. */
  readonly maxBytes: number | null;
  /** Resolves when everything submitted is done. */
  idle(): Promise<void>;
  dispose(): void;
}
