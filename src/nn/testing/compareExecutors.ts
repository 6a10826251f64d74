/**
 * Only for tests: one executor against another on the same network, weights and batch: loss, logits, every gradient, and everything that a
 * few real steps leave behind.
 */
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import type { Batch, Executor, ParamStore, TrainOptions } from "../executor";

export type Tensors = ReadonlyMap<string, Float32Array>;

/** What one executor makes of a network. */
export interface Recording {
  /** Weights (and whatever else a snapshot holds) that it started from. */
  readonly start: Tensors;
  /** Of the probing step. */
  readonly loss: Float32Array;
  /** With the batch's own statistics, then with the running ones after the steps. */
  readonly logits: Float32Array;
  readonly runningLogits: Float32Array;
  /** By parameter. */
  readonly gradients: Tensors;
  /** Snapshot after `steps` steps with `options`, running statistics and momenta included. */
  readonly after: Tensors;
  readonly losses: Float32Array;
  /** Learning rate of the steps. */
  readonly lr: number;
}

export interface CompareOptions {
  readonly options?: TrainOptions;
  /** Real steps; 2 when absent. */
  readonly steps?: number;
  readonly seed?: number;
}

/** SGD with all that can be on: momentum, decay, clipping, smoothing. */
export const fullOptions: TrainOptions = {
  optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 1e-3, decayNorms: false },
  lr: 0.05,
  clip: 5,
  labelSmoothing: 0.1,
};

/** A large power of two: the old value's rounding then costs the gradient few digits. */
const probeRate = 4096;

/** Gradients of the training loss by parameter: one plain step, g = (before − after)/lr. Leaves the store as it was. */
export async function gradientsOf(executor: Executor, store: ParamStore, graph: Graph, batch: Batch, options: TrainOptions): Promise<{ readonly loss: Float32Array; readonly gradients: Tensors }> {
  const before = await store.snapshot();
  const plain: TrainOptions = { ...options, lr: probeRate, clip: null, optimizer: { kind: "sgd", momentum: 0, weightDecay: 0, decayNorms: false } };
  await executor.takeLosses();
  executor.trainStep(store, [graph], batch, plain, false);
  const loss = await executor.takeLosses();
  const gradients = new Map<string, Float32Array>();
  for (const { name } of graph.params) {
    const [old, now] = [before.get(name) ?? new Float32Array(), await store.read(name)];
    gradients.set(name, now.map((v, i) => ((old[i] ?? NaN) - v) / probeRate));
  }
  store.restore(before);
  return { loss, gradients };
}

/** Runs everything on one executor; `start` null: the seed's initial weights. */
export async function record(executor: Executor, graph: Graph, batch: Batch, start: Tensors | null, { options = fullOptions, steps = 2, seed = 1 }: CompareOptions = {}): Promise<Recording> {
  const store = executor.createStore(graph.params, graph.norms, rootKey(seed));
  try {
    if (start !== null) store.restore(start);
    const from = await store.snapshot();
    const { loss, gradients } = await gradientsOf(executor, store, graph, batch, options);
    const logits = await executor.logits(store, graph, "batch", batch);
    for (let i = 0; i < steps; i++) executor.trainStep(store, [graph], batch, options, true);
    const losses = await executor.takeLosses();
    return { start: from, lr: options.lr, loss, gradients, logits, losses, runningLogits: await executor.logits(store, graph, "running", batch), after: await store.snapshot() };
  } finally {
    store.dispose();
  }
}

export interface Comparison {
  /** Relative errors: max |a − b| / max |b| of each tensor. */
  readonly loss: number;
  readonly logits: number;
  readonly runningLogits: number;
  readonly losses: number;
  readonly gradients: ReadonlyMap<string, number>;
  /** Parameters, momenta and running statistics after the steps, by their names in a snapshot. */
  readonly after: ReadonlyMap<string, number>;
}

const largest = (list: Float32Array): number => list.reduce((max, v) => Math.max(max, Math.abs(v)), 0);

function relative(a: Float32Array | undefined, b: Float32Array, floor = 0): number {
  if (a?.length !== b.length) return Infinity;
  const worst = b.reduce((max, v, i) => Math.max(max, Math.abs(v - (a[i] as number))), 0);
  if (Number.isNaN(worst)) return Infinity;
  return worst === 0 ? 0 : worst / Math.max(largest(b), floor);
}

/**
 * Part of the network's largest gradient below which a tensor's own size means nothing: many are zero in theory (a bias or β that a later norm
 * takes out again), and what rounding leaves of them differs everywhere.
 */
const gradientFloor = 1e-2;

/** The least size against which a tensor of a snapshot is measured: momenta by the gradients, means by their deviations, parameters by a step. */
function floorAfter(name: string, all: Tensors, topGradient: number, lr: number): number {
  if (name.includes("#")) return gradientFloor * topGradient;
  if (name.endsWith(".mean")) return Math.sqrt(largest(all.get(name.replace(/mean$/, "var")) ?? new Float32Array()));
  return 10 * lr * gradientFloor * topGradient;
}

export function compareRecordings(a: Recording, b: Recording): Comparison {
  const top = Math.max(...[...b.gradients.values()].map(largest));
  const after = new Map([...b.after].map(([name, values]) => [name, relative(a.after.get(name), values, floorAfter(name, b.after, top, b.lr))] as const));
  for (const name of a.after.keys()) if (!b.after.has(name)) after.set(name, Infinity);
  return {
    loss: relative(a.loss, b.loss),
    logits: relative(a.logits, b.logits),
    runningLogits: relative(a.runningLogits, b.runningLogits),
    losses: relative(a.losses, b.losses),
    gradients: new Map([...b.gradients].map(([name, values]) => [name, relative(a.gradients.get(name), values, gradientFloor * top)])),
    after,
  };
}

/** Executor `a` against the reference `b`, from b's initial weights. Two tfjs executors cannot be compared so: they share one engine. */
export async function compareExecutors(a: Executor, b: Executor, graph: Graph, batch: Batch, options: CompareOptions = {}): Promise<Comparison> {
  const want = await record(b, graph, batch, null, options);
  return compareRecordings(await record(a, graph, batch, want.start, options), want);
}

/** The largest error of a kind, and where. */
export function worstOf(errors: ReadonlyMap<string, number>): { readonly name: string; readonly error: number } {
  return [...errors].reduce((worst, [name, error]) => (error > worst.error ? { name, error } : worst), { name: "", error: 0 });
}
