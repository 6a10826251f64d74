/**
 * FBNetV3's accuracy predictor (spec fbnet 3.3): a small network on architecture and recipe vectors, written in tfjs and always run on its CPU backend,
 * whatever the search itself trains on. So equal data and keys give equal predictors everywhere. Import it lazily: it brings tfjs along.
 */
import { add, clipByValue, concat, enableProdMode, getBackend, matMul, mul, ones, relu, setBackend, slice, step, sub, sum, tensor, tidy, type Tensor } from "@tensorflow/tfjs-core";
import { adamUpdate } from "@/kernels/ops/update";
import { registerReferenceKernels } from "@/kernels/reference/register";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";

/** Lengths of the two vectors and of the layers: encoder arch → hidden → embedding, costs embedding → 2, accuracy (embedding + recipe) → head → 1. */
export interface PredictorShape {
  readonly arch: number;
  readonly recipe: number;
  readonly hidden: number;
  readonly embedding: number;
  readonly head: number;
}

/** Layer sizes of spec fbnet 3.3. */
export const predictorLayers = { hidden: 128, embedding: 64, head: 64 } as const;

/** Weights `enc1.w` [arch, hidden], `enc1.b`, `enc2.*`, `proxy.*`, `acc1.*`, `acc2.*`, row-major. */
export type PredictorValues = ReadonlyMap<string, Float32Array>;

/** Which head is asked or trained: costs (ln MACs, ln params) or accuracy, both standardised by whoever asks. */
export type PredictorHead = "costs" | "accuracy";

/** Rows of vectors; `recipe` may be empty for the costs. */
export interface PredictorRows {
  readonly arch: readonly Float32Array[];
  readonly recipe: readonly Float32Array[];
}

export interface PredictorTraining {
  readonly head: PredictorHead;
  readonly rows: PredictorRows;
  /** Standardised targets, one row a pair: two costs, or one accuracy. */
  readonly targets: readonly (readonly number[])[];
  readonly epochs: number;
  readonly batch: number;
  readonly lr: (epoch: number) => number;
  /** The encoder stays as it is. */
  readonly frozen: boolean;
  /** Order of the rows. */
  readonly key: RngKey;
}

/** Where a training stands: between two chunks of batches, or at the end of an epoch with its mean loss. */
export interface TrainingTick {
  readonly epoch: number;
  readonly loss: number | null;
}

export interface Predictor {
  readonly shape: PredictorShape;
  /** Fresh weights: normal, variance 2/inputs before a ReLU and 1/inputs elsewhere; biases nought. */
  initial(key: RngKey): PredictorValues;
  /** [n, embedding]. */
  embed(values: PredictorValues, arch: readonly Float32Array[]): Float32Array;
  /** [n, 2] costs or [n] accuracies. */
  predict(values: PredictorValues, head: PredictorHead, rows: PredictorRows): Float32Array;
  /** Huber loss (δ = 1, mean over all elements) and its gradient for every weight that the head depends on. */
  gradients(values: PredictorValues, head: PredictorHead, rows: PredictorRows, targets: readonly (readonly number[])[]): { readonly loss: number; readonly gradients: PredictorValues };
  /** Adam. Yields every few batches and after each epoch; returns the new weights. */
  train(values: PredictorValues, training: PredictorTraining): Generator<TrainingTick, PredictorValues, void>;
}

/** d²/2 up to |d| = 1, |d| − ½ beyond. */
export function huber(d: number): number {
  return Math.abs(d) <= 1 ? (d * d) / 2 : Math.abs(d) - 0.5;
}

/** Its derivative. */
export function huberGradient(d: number): number {
  return Math.min(1, Math.max(-1, d));
}

interface Layer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly relu: boolean;
}

function layersOf({ arch, recipe, hidden, embedding, head }: PredictorShape): readonly Layer[] {
  return [
    { name: "enc1", inputs: arch, outputs: hidden, relu: true },
    { name: "enc2", inputs: hidden, outputs: embedding, relu: true },
    { name: "proxy", inputs: embedding, outputs: 2, relu: false },
    { name: "acc1", inputs: embedding + recipe, outputs: head, relu: true },
    { name: "acc2", inputs: head, outputs: 1, relu: false },
  ];
}

const encoderLayers: readonly string[] = ["enc1", "enc2"];
const headLayers: Readonly<Record<PredictorHead, readonly string[]>> = { costs: ["proxy"], accuracy: ["acc1", "acc2"] };

/** Batches that run between two ticks: about 50 ms. */
const chunkBatches = 8;
/** Rows of one forward pass: what is predicted at once is cut into such pieces. */
const predictRows = 512;

type Weights = ReadonlyMap<string, Tensor>;

function weight(weights: Weights, name: string): Tensor {
  const found = weights.get(name);
  if (found === undefined) throw new AppError("bug", `the predictor has no weight ${name}`);
  return found;
}

/** Makes tfjs-cpu current for the time of a synchronous body, and frees what the body leaves behind. */
function onCpu<T>(body: () => T): T {
  const before = getBackend() as string | undefined;
  // Started already, so the switch happens before the promise is made.
  if (before !== "cpu") void setBackend("cpu");
  let result: T | undefined;
  try {
    tidy(() => {
      result = body();
    });
  } finally {
    if (before !== undefined && before !== "cpu") void setBackend(before);
  }
  return result as T;
}

/** Rows joined to a matrix [n, width]. Throws `bug` when one has another length. */
function matrix(rows: readonly ArrayLike<number>[], width: number): Tensor {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    if (row.length !== width) throw new AppError("bug", `a vector of ${row.length} numbers where the predictor takes ${width}`);
    out.set(row, i * width);
  });
  return tensor(out, [rows.length, width], "float32");
}

function floatsOf(t: Tensor): Float32Array {
  return Float32Array.from(t.dataSync());
}

interface Forward {
  readonly arch: Tensor;
  readonly first: Tensor;
  readonly embedding: Tensor;
  /** What the accuracy head reads and its hidden layer; absent for the costs. */
  readonly joined: Tensor | null;
  readonly hidden: Tensor | null;
  readonly output: Tensor;
}

class TfjsPredictor implements Predictor {
  readonly shape: PredictorShape;
  private readonly layers: readonly Layer[];

  constructor(shape: PredictorShape) {
    this.shape = shape;
    this.layers = layersOf(shape);
  }

  initial(key: RngKey): PredictorValues {
    const values = new Map<string, Float32Array>();
    for (const { name, inputs, outputs, relu: rectified } of this.layers) {
      const rng = key.fold(name).stream();
      const std = Math.sqrt((rectified ? 2 : 1) / Math.max(1, inputs));
      values.set(`${name}.w`, Float32Array.from({ length: inputs * outputs }, () => std * rng.normal()));
      values.set(`${name}.b`, new Float32Array(outputs));
    }
    return values;
  }

  embed(values: PredictorValues, arch: readonly Float32Array[]): Float32Array {
    return onCpu(() => floatsOf(this.encode(this.upload(values), matrix(arch, this.shape.arch)).embedding));
  }

  predict(values: PredictorValues, head: PredictorHead, { arch, recipe }: PredictorRows): Float32Array {
    const width = head === "costs" ? 2 : 1;
    const out = new Float32Array(arch.length * width);
    onCpu(() => {
      const weights = this.upload(values);
      for (let from = 0; from < arch.length; from += predictRows) {
        const rows = { arch: arch.slice(from, from + predictRows), recipe: recipe.slice(from, from + predictRows) };
        out.set(tidy(() => this.forward(weights, head, rows).output).dataSync(), from * width);
      }
    });
    return out;
  }

  gradients(values: PredictorValues, head: PredictorHead, rows: PredictorRows, targets: readonly (readonly number[])[]) {
    return onCpu(() => {
      const { loss, gradients } = this.backward(this.upload(values), head, rows, targets, false);
      return { loss, gradients: new Map([...gradients].map(([name, g]) => [name, floatsOf(g)])) };
    });
  }

  *train(values: PredictorValues, training: PredictorTraining): Generator<TrainingTick, PredictorValues, void> {
    const { head, rows, targets, epochs, key } = training;
    const size = Math.min(training.batch, rows.arch.length);
    const names = this.moved(head, training.frozen);
    const state: TrainingState = { values: new Map([...values].map(([name, v]) => [name, v.slice()])), moments: new Map(), step: 0 };
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = key.fold(epoch).stream().shuffle(rows.arch.map((_, i) => i));
      const batches = Array.from({ length: Math.ceil(order.length / size) }, (_, b) => order.slice(b * size, (b + 1) * size));
      let total = 0;
      for (let from = 0; from < batches.length; from += chunkBatches) {
        for (const [i, loss] of this.runChunk(state, names, training, batches.slice(from, from + chunkBatches), training.lr(epoch)).entries()) total += loss * (batches[from + i]?.length ?? 0);
        if (from + chunkBatches < batches.length) yield { epoch, loss: null };
      }
      yield { epoch, loss: total / targets.length };
    }
    return state.values;
  }

  /** Some Adam updates; the weights travel to tensors and back, which costs nothing where both are arrays. Returns the losses. */
  private runChunk(state: TrainingState, names: readonly string[], { head, rows, targets, frozen }: PredictorTraining, batches: readonly (readonly number[])[], lr: number): number[] {
    return onCpu(() => {
      const weights = new Map(this.upload(state.values));
      const moments = new Map([...state.moments].map(([name, { m, v }]) => [name, { m: tensor(m, this.shapeOf(name)), v: tensor(v, this.shapeOf(name)) }]));
      const factor = ones([]);
      const losses = batches.map((batch) => {
        const of = <T>(list: readonly T[]): T[] => batch.flatMap((i) => (list[i] === undefined ? [] : [list[i]]));
        const { loss, gradients } = this.backward(weights, head, { arch: of(rows.arch), recipe: of(rows.recipe) }, of(targets), frozen);
        state.step++;
        for (const name of names) {
          const next = adamUpdate(weight(weights, name), weight(gradients, name), moments.get(name) ?? null, factor, { lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0, step: state.step });
          weights.set(name, next.p);
          moments.set(name, { m: next.m, v: next.v });
        }
        return loss;
      });
      for (const name of names) {
        state.values.set(name, floatsOf(weight(weights, name)));
        const { m, v } = moments.get(name) as { m: Tensor; v: Tensor };
        state.moments.set(name, { m: floatsOf(m), v: floatsOf(v) });
      }
      return losses;
    });
  }

  private moved(head: PredictorHead, frozen: boolean): string[] {
    return [...(frozen ? [] : encoderLayers), ...headLayers[head]].flatMap((layer) => [`${layer}.w`, `${layer}.b`]);
  }

  private shapeOf(name: string): number[] {
    const layer = this.layers.find((one) => name.startsWith(`${one.name}.`));
    if (layer === undefined) throw new AppError("bug", `the predictor has no weight ${name}`);
    return name.endsWith(".w") ? [layer.inputs, layer.outputs] : [layer.outputs];
  }

  private upload(values: PredictorValues): Weights {
    return new Map(
      this.layers.flatMap(({ name }) => [`${name}.w`, `${name}.b`]).map((name) => {
        const shape = this.shapeOf(name);
        const found = values.get(name);
        if (found?.length !== shape.reduce((a, n) => a * n, 1)) throw new AppError("bug", `the predictor's ${name} is not ${shape.join(" × ")} numbers`);
        return [name, tensor(found, shape, "float32")];
      }),
    );
  }

  private encode(weights: Weights, arch: Tensor): Pick<Forward, "arch" | "first" | "embedding"> {
    const first = relu(linear(weights, "enc1", arch));
    return { arch, first, embedding: relu(linear(weights, "enc2", first)) };
  }

  private forward(weights: Weights, head: PredictorHead, rows: PredictorRows): Forward {
    const encoded = this.encode(weights, matrix(rows.arch, this.shape.arch));
    if (head === "costs") return { ...encoded, joined: null, hidden: null, output: linear(weights, "proxy", encoded.embedding) };
    const joined = concat([encoded.embedding, matrix(rows.recipe, this.shape.recipe)], 1);
    const hidden = relu(linear(weights, "acc1", joined));
    return { ...encoded, joined, hidden, output: linear(weights, "acc2", hidden) };
  }

  /** Backpropagation by hand: three kinds of layer need no registered gradients. `frozen`: none for the encoder. */
  private backward(weights: Weights, head: PredictorHead, rows: PredictorRows, targets: readonly (readonly number[])[], frozen: boolean): { readonly loss: number; readonly gradients: Weights } {
    const gradients = new Map<string, Tensor>();
    const into = (name: string, x: Tensor, dy: Tensor): Tensor => {
      gradients.set(`${name}.w`, matMul(x, dy, true, false));
      gradients.set(`${name}.b`, sum(dy, 0));
      return matMul(dy, weight(weights, `${name}.w`), false, true);
    };
    const run = this.forward(weights, head, rows);
    const [n, width] = [targets.length, head === "costs" ? 2 : 1];
    const difference = sub(run.output, matrix(targets, width));
    const loss = floatsOf(difference).reduce((total, d) => total + huber(d), 0) / (n * width);
    const dOutput = mul(clipByValue(difference, -1, 1), 1 / (n * width));
    let dEmbedding: Tensor;
    if (run.hidden === null || run.joined === null) dEmbedding = into("proxy", run.embedding, dOutput);
    else {
      const dHidden = mul(into("acc2", run.hidden, dOutput), step(run.hidden));
      dEmbedding = slice(into("acc1", run.joined, dHidden), [0, 0], [n, this.shape.embedding]);
    }
    if (frozen) return { loss, gradients };
    const dFirst = mul(into("enc2", run.first, mul(dEmbedding, step(run.embedding))), step(run.first));
    into("enc1", run.arch, dFirst);
    return { loss, gradients };
  }
}

interface TrainingState {
  readonly values: Map<string, Float32Array>;
  readonly moments: Map<string, { readonly m: Float32Array; readonly v: Float32Array }>;
  step: number;
}

/** x W + b. */
function linear(weights: Weights, name: string, x: Tensor): Tensor {
  return add(matMul(x, weight(weights, `${name}.w`)), weight(weights, `${name}.b`));
}

/** Loads tfjs's CPU backend, and leaves whatever backend is current in its place. */
export async function openPredictor(shape: PredictorShape): Promise<Predictor> {
  enableProdMode();
  await import("@tensorflow/tfjs-backend-cpu");
  registerReferenceKernels("cpu");
  const before = getBackend() as string | undefined;
  await setBackend("cpu");
  if (before !== undefined && before !== "cpu") await setBackend(before);
  return new TfjsPredictor(shape);
}
