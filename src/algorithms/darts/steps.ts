/**
 * The two half-steps of DARTS (Liu et al., arXiv 1806.09055) on one store: move α by a gradient of the validation loss, then move w on the
 * training batch. The architecture gradient is the first-order one, or that of the unrolled step (eq. 7 and 8 of the paper).
 */
import type { Graph } from "@/nas/graph";
import type { Batch, Executor, ParamStore, ParamVectors, Part, ScratchVector, SgdOptions, UpdateOptions } from "@/nn/executor";

/** No smoothing anywhere in DARTS. */
export const plainLoss = { labelSmoothing: 0 } as const;

/** α: Adam with β = (0.5, 0.999) and L2 decay inside the gradient; never clipped (spec darts 3.5). */
export function alphaUpdate(lr: number, weightDecay: number): UpdateOptions {
  return { optimizer: { kind: "adam", beta1: 0.5, beta2: 0.999, eps: 1e-8, weightDecay, decayNorms: true }, lr, clip: null, part: "architecture" };
}

/** SGD of the weights: momentum 0.9, decay on every weight, norms and biases included. */
export function weightOptimizer(weightDecay: number, nesterov = false): SgdOptions {
  return { kind: "sgd", momentum: 0.9, weightDecay, decayNorms: true, nesterov };
}

/** The update of the weights alone; `clip` null = none. */
export function weightUpdate(lr: number, weightDecay: number, clip: number | null, nesterov = false): UpdateOptions {
  return { optimizer: weightOptimizer(weightDecay, nesterov), lr, clip, part: "weights" };
}

/** α ← Adam(∂L_val(w, α)/∂α): one pass (spec darts 3.3). */
export function firstOrderStep(executor: Executor, store: ParamStore, graph: Graph, validation: Batch, update: UpdateOptions): void {
  executor.trainStep(store, [graph], validation, { ...plainLoss, ...update }, true);
}

/** w ← SGD(∂L_train(w, α)/∂w) with the α of now. */
export function weightStep(executor: Executor, store: ParamStore, graph: Graph, train: Batch, update: UpdateOptions): void {
  executor.trainStep(store, [graph], train, { ...plainLoss, ...update }, true);
}

export interface UnrollOptions {
  /** η: the rate of the weights' optimizer in this epoch. */
  readonly eta: number;
  readonly weightDecay: number;
}

/** Moments at which an observer may look at the store: values and gradients are as the name says. For parity and tests. */
export type UnrollStage = "unrolled" | "direct" | "plus" | "minus" | "gradient";

/** Length of the finite difference: ε = 0.01 / ‖v‖₂ over all weights together. */
const differenceLength = 0.01;

/**
 * The gradient of L_val(w − η·∂L_train(w, α)/∂w, α) with respect to α (spec darts 3.4): direct part at the virtual weights w′, minus η times
 * a Hessian-vector product by central differences at w ± εv, v = ∂L_val(w′, α)/∂w′. Four passes; w, momenta and the gradient of everything
 * but α are afterwards what they were. Nothing leaves the device.
 */
export class UnrolledGradient {
  /** Passes of one gradient, each of which reports a loss. */
  static readonly passes = 4;
  private readonly executor: Executor;
  private readonly store: ParamStore;
  private readonly vectors: ParamVectors;
  /** Three vectors as long as the parameters: their weights hold w, m and v, their α the gradient at w − εv, at w + εv and the direct one. */
  private readonly weights: ScratchVector;
  private readonly momenta: ScratchVector;
  private readonly slope: ScratchVector;

  constructor(executor: Executor, store: ParamStore) {
    this.executor = executor;
    this.store = store;
    this.vectors = executor.vectors(store);
    this.weights = this.vectors.create();
    this.momenta = this.vectors.create();
    this.slope = this.vectors.create();
  }

  /** Leaves the gradient in the store's gradients of α, everything else clear. */
  run(graph: Graph, train: Batch, validation: Batch, options: UnrollOptions): void {
    for (const stage of this.stages(graph, train, validation, options)) void stage;
  }

  /** The same, waiting for `observe` on the way. For parity and tests. */
  async observed(graph: Graph, train: Batch, validation: Batch, options: UnrollOptions, observe: (stage: UnrollStage) => Promise<void>): Promise<void> {
    for (const stage of this.stages(graph, train, validation, options)) await observe(stage);
  }

  private *stages(graph: Graph, train: Batch, validation: Batch, { eta, weightDecay }: UnrollOptions): Generator<UnrollStage, void, void> {
    const { executor, store, vectors: v } = this;
    const pass = (batch: Batch, part: Part, updateStats: boolean): void => executor.accumulate(store, [graph], batch, { ...plainLoss, part }, updateStats);
    const step = (times: number): void => v.add("values", this.slope, { times, of: this.slope, over: "weights", power: -1 }, "weights");

    // w′ = w − η(μm + g + λw) is one step of the weights' own optimizer with its live momenta, unclipped.
    v.copy("values", this.weights, "weights");
    v.copy("momenta", this.momenta, "weights");
    pass(train, "weights", true);
    executor.update(store, [graph], weightUpdate(eta, weightDecay, null));
    yield "unrolled";

    // The virtual model's own running statistics are thrown away in the paper's code: here they never move.
    pass(validation, "all", false);
    v.copy("gradients", this.slope, "all");
    v.clear("gradients", "all");
    yield "direct";

    v.copy(this.weights, "values", "weights");
    v.copy(this.momenta, "momenta", "weights");
    step(differenceLength);
    pass(train, "architecture", true);
    v.copy("gradients", this.momenta, "architecture");
    yield "plus";

    v.clear("gradients", "all");
    v.copy(this.weights, "values", "weights");
    step(-differenceLength);
    pass(train, "architecture", true);
    v.copy("gradients", this.weights, "architecture");
    yield "minus";

    v.clear("gradients", "weights");
    v.copy(this.weights, "values", "weights");
    v.copy(this.slope, "gradients", "architecture");
    this.addDifference(this.momenta, -eta);
    this.addDifference(this.weights, eta);
    yield "gradient";
  }

  /** Gradient of α += times·from/(2ε), 1/(2ε) = ‖v‖/0.02. */
  private addDifference(from: ScratchVector, times: number): void {
    this.vectors.add("gradients", from, { times: times / (2 * differenceLength), of: this.slope, over: "weights", power: 1 }, "architecture");
  }
}
