/**
 * The reference executor: walks a graph with our kernels inside tfjs's tape, on any tfjs backend. Readable before fast;
 * the compiled executor is tested against it.
 */
import { add, backend, concat, engine, getBackend, keep, memory, mul, reshape, tensor, tidy, type Tensor } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamSpec } from "@/nas/graph";
import { tfBackendOf, wasmHeapBytes } from "@/kernels/backends";
import type {
  Batch, Evaluation, Executor, ParamStore, Recalibration, StatsSource, TfjsBackendName, TrainOptions,
} from "../executor"; // prettier-ignore
import { crossEntropy, labelTensor, trainingLoss } from "../loss";
import { applyGradients } from "../optim";
import { batchContext, Constants, evalContext, StatsSum, TfjsNormStats, updateRunning, type BatchStats } from "./norms";
import { planOf, runPlan, type Plan, type PlanContext } from "./plan";
import { copyOf, TfjsStore } from "./store";

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
}

/** Drop path's multipliers as tensors [size]. */
function multipliersOf({ masks, size }: Batch): PlanContext["multipliers"] {
  const made = new Map([...(masks ?? [])].map(([scope, values]) => {
    if (values.length < size) throw new AppError("bug", `${values.length} multipliers of "${scope}" for ${size} examples`);
    return [scope, tensor(values.slice(0, size), [size], "float32")] as const;
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
  private readonly constants = new Constants();
  private losses: Tensor[] = [];
  /** Everything that callers hold and may forget. */
  private readonly lent = new Set<Disposable>();

  constructor(name: TfjsBackendName) {
    this.backend = name;
  }

  createStore(params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey): ParamStore {
    return this.lend(new TfjsStore(params, norms, key, (store) => this.lent.delete(store)));
  }

  trainStep(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: TrainOptions, updateStats: boolean): void {
    const own = ownStore(store);
    const firstGraph = graphs[0];
    if (firstGraph === undefined) throw new AppError("bug", "a training step needs at least one graph");
    tidy(() => {
      const images = imageTensor(planOf(firstGraph), batch);
      const step: Step = { images, loss: trainingLoss(batch, options), multipliers: multipliersOf(batch), updateStats };
      const gradients = new Map<string, Tensor>();
      let total: Tensor | null = null;
      for (const graph of graphs) {
        const loss = this.accumulate(own, graph, step, gradients);
        total = total === null ? loss : add(total, loss);
      }
      applyGradients(own, gradients, options);
      if (total !== null) this.losses.push(keep(mul(total, 1 / graphs.length)));
    });
  }

  async takeLosses(): Promise<Float32Array> {
    const taken = this.losses;
    this.losses = [];
    return readScalars(taken);
  }

  recalibrate(store: ParamStore, graph: Graph): Recalibration {
    const [own, plan, sums] = [ownStore(store), planOf(graph), this.lend(new StatsSum())];
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
    const [plan, context] = [planOf(graph), evalContext(ownStore(store), this.constants, stats)];
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
    const plan = planOf(graph);
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

  /** Forward and backward of one graph; adds its gradients to `gradients` by name and returns its loss. */
  private accumulate(
    store: TfjsStore,
    graph: Graph,
    { images, loss, multipliers, updateStats }: Step,
    gradients: Map<string, Tensor>,
  ): Tensor {
    const names = graph.params.map((spec) => spec.name);
    const stats: BatchStats[] = [];
    const context = batchContext(store, this.constants, updateStats ? (s) => stats.push(s) : null, multipliers);
    const forward = (): Tensor => loss(runPlan(planOf(graph), images, context, false));
    const { value, grads } = engine().gradients(forward, names.map((name) => store.value(name)), undefined, true);
    names.forEach((name, i) => {
      // tfjs leaves a hole for a parameter that the loss does not depend on.
      const gradient: Tensor | null | undefined = grads[i];
      if (gradient === null || gradient === undefined) return;
      const before = gradients.get(name);
      gradients.set(name, before === undefined ? gradient : add(before, gradient));
      before?.dispose();
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
