/**
 * The reference executor: walks a graph with our kernels inside tfjs's tape, on any tfjs backend. Readable before fast;
 * the compiled executor is tested against it.
 */
import { add, backend, concat, customGrad, engine, getBackend, keep, memory, mul, reshape, scalar, tensor, tidy, zeros, zerosLike, type Tensor } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamSpec } from "@/nas/graph";
import { tfBackendOf, wasmHeapBytes } from "@/kernels/backends";
import type {
  Batch, Evaluation, Executor, LossOptions, ParamStore, ParamVectors, Part, Probe, Recalibration, StatsSource, Stopwatch, TfjsBackendName, TrainOptions,
  UpdateOptions,
} from "../executor"; // prettier-ignore
import { identityOutput, identityProbe, isIdentity } from "../identity";
import { scoringGraph, trainingGraph } from "../liveGraph";
import { crossEntropy, labelTensor, trainingLoss } from "../loss";
import { applyGradients } from "../optim";
import { covers } from "../parts";
import { idleStopwatch } from "../stopwatch";
import { batchContext, Constants, evalContext, StatsSum, TfjsNormStats, updateRunning, type BatchStats } from "./norms";
import { planOf, runPlan, runTraining, type Plan, type PlanContext } from "./plan";
import { hasTimestamps, startStopwatch } from "./stopwatch";
import { copyOf, TfjsStore } from "./store";
import { TfjsVectors } from "./vectors";

interface Disposable {
  dispose(): void;
}

function imageTensor(plan: Plan, batch: Batch): Tensor {
  const [h = 0, w = 0, c = 0] = plan.inputShape;
  const length = batch.size * h * w * c;
  if (batch.size < 1 || batch.images.length < length || batch.labels.length < batch.size)
    throw new AppError("bug", `a batch of ${batch.size} images of ${h}×${w}×${c} does not fit its arrays`);
  // A copy, since tfjs-cpu computes on the array that it is given.
  return tensor(batch.images.slice(0, length), [batch.size, h, w, c], "float32");
}

/** What the graphs of one training step share. */
interface Step {
  readonly images: Tensor;
  readonly loss: (logits: Tensor) => Tensor;
  readonly multipliers: PlanContext["multipliers"];
  readonly updateStats: boolean;
  readonly part: Part;
  /** Upstream gradient of each graph's loss; null: 1. */
  readonly slope: Tensor | null;
}

/** a + weight·b of two losses. */
function weighted(a: Tensor, b: Tensor, weight: number): Tensor {
  return customGrad((x, y) => ({ value: add(x as Tensor, mul(y as Tensor, weight)), gradFunc: (dy: Tensor) => [dy, mul(dy, weight)] }))(a, b);
}

/** Drop path's multipliers as tensors, as long as they were given. */
function multipliersOf({ masks, size }: Batch): PlanContext["multipliers"] {
  const made = new Map([...(masks ?? [])].map(([scope, values]) => {
    if (values.length < size) throw new AppError("bug", `${values.length} multipliers of "${scope}" for ${size} examples`);
    return [scope, tensor(values.slice(), [values.length], "float32")] as const;
  }));
  return (scope) => made.get(scope) ?? null;
}

function ownStore(store: ParamStore): TfjsStore {
  if (store instanceof TfjsStore) return store;
  throw new AppError("bug", "this parameter store belongs to another executor");
}

/** Joins scalars on the device and reads them at once; frees them. */
async function readScalars(scalars: readonly Tensor[]): Promise<Float32Array> {
  if (scalars.length === 0) return new Float32Array(0);
  const joined = tidy(() => concat(scalars.map((t) => reshape(t, [1]))));
  scalars.forEach((t) => t.dispose());
  try {
    return await copyOf(joined);
  } finally {
    joined.dispose();
  }
}

class TfjsExecutor implements Executor {
  readonly backend: TfjsBackendName;
  readonly kind = "tfjs";
  readonly maxBytes = null;
  private readonly constants = new Constants();
  private losses: Tensor[] = [];
  private readonly vectorsOf = new Map<TfjsStore, TfjsVectors>();
  /** Everything that callers hold and may forget. */
  private readonly lent = new Set<Disposable>();

  constructor(name: TfjsBackendName) {
    this.backend = name;
  }

  createStore(params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey): ParamStore {
    return this.lend(new TfjsStore(params, norms, key, (store) => this.forget(store)));
  }

  trainStep(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: TrainOptions, updateStats: boolean): void {
    this.accumulate(store, graphs, batch, options, updateStats);
    this.update(store, graphs, options);
  }

  accumulate(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: LossOptions & { readonly part?: Part }, updateStats: boolean): void {
    const own = ownStore(store);
    const firstGraph = graphs[0];
    if (firstGraph === undefined) throw new AppError("bug", "a training step needs at least one graph");
    tidy(() => {
      const images = imageTensor(planOf(trainingGraph(firstGraph)), batch);
      const step: Step = { images, loss: trainingLoss(batch, options), multipliers: multipliersOf(batch), updateStats, part: options.part ?? "all", slope: options.scale === undefined ? null : scalar(options.scale) };
      const losses = graphs.map((graph) => {
        if (graph.auxiliary && options.teacher) throw new AppError("bug", "a teacher has no logits for an auxiliary classifier");
        return this.accumulateOne(own, trainingGraph(graph), step);
      });
      const total = losses.slice(1).reduce((sum, loss) => add(sum, loss), losses[0] as Tensor);
      this.losses.push(keep(mul(total, 1 / graphs.length)));
    });
  }

  update(store: ParamStore, graphs: readonly Graph[], options: UpdateOptions): void {
    const own = ownStore(store);
    const part = options.part ?? "all";
    own.useOptimizer(options.optimizer, part);
    const names = new Set(graphs.flatMap((graph) => trainingGraph(graph).params.flatMap(({ name, role }) => (covers(part, role) ? [name] : []))));
    tidy(() => applyGradients(own, new Map([...names].map((name) => [name, own.gradient(name) ?? zeros([...own.shape(name)])])), options));
    own.clearGradients();
  }

  vectors(store: ParamStore): ParamVectors {
    const own = ownStore(store);
    const made = this.vectorsOf.get(own) ?? new TfjsVectors(own);
    this.vectorsOf.set(own, made);
    return made;
  }

  async probe(store: ParamStore, graph: Graph, batch: Batch, upstream: Float32Array, updateStats: boolean): Promise<Probe> {
    if (isIdentity(graph)) return identityProbe(graph, batch, upstream);
    const [own, plan] = [ownStore(store), planOf(scoringGraph(graph))];
    const values = graph.params.map(({ name }) => own.value(name));
    const tensors = tidy(() => {
      const images = imageTensor(plan, batch);
      const stats: BatchStats[] = [];
      const context = batchContext(own, this.constants, updateStats ? (s) => stats.push(s) : null, multipliersOf(batch));
      const dy = tensor(upstream.slice(), [batch.size, ...(graph.nodes[graph.output]?.shape ?? [])], "float32");
      const { value, grads } = engine().gradients(() => runPlan(plan, images, context, false), [images, ...values], dy, true);
      updateRunning(own, this.constants, stats);
      // tfjs leaves a hole for what the output does not depend on.
      return [value, ...[images, ...values].map((x, i) => (grads as readonly (Tensor | null | undefined)[])[i] ?? zerosLike(x))];
    });
    try {
      const [output, inputGradient, ...gradients] = await Promise.all(tensors.map(copyOf));
      if (output === undefined || inputGradient === undefined) throw new AppError("bug", "a probe without results");
      return { output, inputGradient, gradients: new Map(graph.params.map(({ name }, i) => [name, gradients[i] ?? new Float32Array()])) };
    } finally {
      tensors.forEach((t) => t.dispose());
    }
  }

  async takeLosses(): Promise<Float32Array> {
    const taken = this.losses;
    this.losses = [];
    return readScalars(taken);
  }

  recalibrate(store: ParamStore, graph: Graph): Recalibration {
    const [own, plan, sums] = [ownStore(store), planOf(scoringGraph(graph)), this.lend(new StatsSum())];
    return {
      add: (batch) =>
        tidy(() => {
          const stats: BatchStats[] = [];
          runPlan(plan, imageTensor(plan, batch), batchContext(own, this.constants, (s) => stats.push(s)), true);
          sums.add(stats, batch.size);
        }),
      finish: () => {
        const averages = sums.finish();
        this.lent.delete(sums);
        return this.lend(new TfjsNormStats(averages, (stats) => this.lent.delete(stats)));
      },
    };
  }

  evaluate(store: ParamStore, graph: Graph, stats: StatsSource): Evaluation {
    const [plan, context] = [planOf(scoringGraph(graph)), evalContext(ownStore(store), this.constants, stats)];
    const sizes: number[] = [];
    let scalars: Tensor[] = [];
    const pending = this.lend({ dispose: () => scalars.forEach((t) => t.dispose()) });
    return {
      add: (batch) =>
        tidy(() => {
          const logits = runPlan(plan, imageTensor(plan, batch), context, true);
          const { loss, correct } = crossEntropy(logits, labelTensor(batch.labels, batch.size));
          sizes.push(batch.size);
          scalars.push(keep(loss), keep(correct));
        }),
      result: async () => {
        this.lent.delete(pending);
        const taken = scalars;
        scalars = [];
        const values = await readScalars(taken);
        const n = sizes.reduce((a, size) => a + size, 0);
        const correct = sizes.reduce((a, _, i) => a + (values[2 * i + 1] ?? 0), 0);
        const loss = sizes.reduce((a, size, i) => a + size * (values[2 * i] ?? 0), 0);
        return { correct, loss: n === 0 ? 0 : loss / n, n };
      },
    };
  }

  async logits(store: ParamStore, graph: Graph, stats: StatsSource, batch: Batch): Promise<Float32Array> {
    if (isIdentity(graph)) return identityOutput(graph, batch);
    const plan = planOf(scoringGraph(graph));
    const logits = tidy(() => runPlan(plan, imageTensor(plan, batch), evalContext(ownStore(store), this.constants, stats), true));
    try {
      return await copyOf(logits);
    } finally {
      logits.dispose();
    }
  }

  /** Nothing to compile ahead: tfjs compiles a kernel when it first runs. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async stopwatch(store: ParamStore, graph: Graph, size: number, timer: Stopwatch["timer"]): Promise<Stopwatch | null> {
    if (timer === "timestamp" && !hasTimestamps(this)) return null;
    if (isIdentity(graph)) return idleStopwatch(timer);
    const [plan, context] = [planOf(scoringGraph(graph)), evalContext(ownStore(store), this.constants, "running")];
    return this.lend(await startStopwatch({ plan, context, size, timer, idle: () => this.idle(), onDispose: (gone) => this.lent.delete(gone) }));
  }

  /** `bytes` is what the device really holds: the WASM heap, tfjs's GPU buffers, else the tensors' sizes. */
  memory(): { readonly tensors: number; readonly bytes: number } {
    const info = memory();
    const gpu = "numBytesAllocatedInGPU" in info ? Number(info["numBytesAllocatedInGPU"]) : null;
    const heap = this.backend === "tfjs-wasm" ? wasmHeapBytes(backend() as BackendWasm) : null;
    return { tensors: info.numTensors, bytes: heap ?? gpu ?? info.numBytes };
  }

  async idle(): Promise<void> {
    if (this.backend === "tfjs-webgpu") {
      const gpu = backend() as WebGPUBackend;
      gpu.ensureCommandEncoderReady();
      gpu.endComputePassEncoder();
      gpu.submitQueue();
      await gpu.queue.onSubmittedWorkDone();
    } else if (this.backend === "tfjs-webgl") {
      const probe = tidy(() => add(this.constants.vector(1, 1), 1));
      await probe.data();
      probe.dispose();
    }
  }

  dispose(): void {
    for (const item of [...this.lent]) item.dispose();
    this.lent.clear();
    this.losses.forEach((t) => t.dispose());
    this.losses = [];
    this.constants.dispose();
  }

  private lend<T extends Disposable>(item: T): T {
    this.lent.add(item);
    return item;
  }

  private forget(store: TfjsStore): void {
    this.vectorsOf.get(store)?.dispose();
    this.vectorsOf.delete(store);
    this.lent.delete(store);
  }

  /** Forward and backward of one graph; adds its gradients to the store's and returns its loss. */
  private accumulateOne(store: TfjsStore, graph: Graph, { images, loss, multipliers, updateStats, part, slope }: Step): Tensor {
    const names = graph.params.flatMap(({ name, role }) => (covers(part, role) ? [name] : []));
    const stats: BatchStats[] = [];
    const context = batchContext(store, this.constants, updateStats ? (s) => stats.push(s) : null, multipliers);
    const forward = (): Tensor => {
      const { logits, auxiliary } = runTraining(planOf(graph), images, context);
      return auxiliary && graph.auxiliary ? weighted(loss(logits), loss(auxiliary), graph.auxiliary.weight) : loss(logits);
    };
    // tfjs refuses to differentiate with respect to nothing.
    const { value, grads } = names.length === 0 ? { value: forward(), grads: [] } : engine().gradients(forward, names.map((name) => store.value(name)), slope ?? undefined, true);
    names.forEach((name, i) => {
      // tfjs leaves a hole for a parameter that the loss does not depend on.
      const gradient: Tensor | null | undefined = grads[i];
      if (gradient === null || gradient === undefined) return;
      const before = store.gradient(name);
      store.setGradient(name, before === null ? gradient : add(before, gradient));
      if (before !== null) gradient.dispose();
    });
    updateRunning(store, this.constants, stats);
    return value;
  }
}

/** An executor on the current tfjs backend; `initBackend(name)` must have made it current. */
export function createTfjsExecutor(name: TfjsBackendName): Executor {
  if (getBackend() !== tfBackendOf(name))
    throw new AppError("backend.unavailable", `The ${tfBackendOf(name)} backend is not running.`, { hint: "Start it with initBackend first." });
  return new TfjsExecutor(name);
}
