/** Parts of networks against a file: one training-mode forward and backward from given inputs, weights and upstream gradient. */
import type { Graph } from "@/nas/graph";
import type { Batch, Executor, ParamStore, Probe } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { Fields, Tensor } from "./fields";
import { renamed, weightsFor, withStore, type Values } from "./values";

/** What each group of numbers is held to. */
export interface Tolerances {
  /** Outputs and running statistics. */
  readonly values: number;
  readonly gradients: number;
}

export interface Block {
  readonly graph: Graph;
  readonly values: Values;
  readonly batch: Batch;
  readonly upstream: Float32Array;
}

/** A block as a case describes it: what is not here stands in the case. */
export interface BlockCase extends Omit<Block, "values" | "upstream"> {
  /** Values of architecture parameters. */
  readonly architecture?: Values;
  /** The file's own spelling of a path → that of our graphs, where they differ. */
  readonly path?: (theirs: string) => string;
  /** The weights to start from by the file's. */
  readonly start?: (values: Values) => Values;
}

/** A batch whose labels nobody reads. */
export function imagesOnly(images: Tensor, masks?: Batch["masks"]): Batch {
  const size = images.shape[0] ?? 0;
  return { images: Float32Array.from(images.data), labels: new Uint8Array(size), size, ...(masks && { masks }) };
}

/** Height, width and channels of a tensor of images. */
export function mapOf({ shape }: Tensor): readonly [number, number, number] {
  const [, h, w, c] = shape;
  if (shape.length !== 4 || h === undefined || w === undefined || c === undefined) throw new Error(`An input is [examples, height, width, channels], not ${shape.join("×")}.`);
  return [h, w, c];
}

/** Side of square images. */
export function sideOf(images: Tensor): number {
  const [h, w] = mapOf(images);
  if (h !== w) throw new Error(`Cells and networks of ours are square; the images are ${h}×${w}.`);
  return h;
}

/** A block on a new store: running statistics start at 0 and 1, and have moved once when `body` looks. */
export async function probeBlock(executor: Executor, { graph, values, batch, upstream }: Block, body: (probe: Probe, store: ParamStore) => Promise<void>): Promise<void> {
  await withStore(executor, graph, values, async (store) => body(await executor.probe(store, graph, batch, upstream, true), store));
}

/** Gradients of weights under our names. */
export function compareGradients(compare: Comparison, got: ReadonlyMap<string, Float32Array>, want: ReadonlyMap<string, Tensor>, tolerance: number): void {
  for (const [name, { data }] of want) {
    const gradient = got.get(name);
    if (gradient === undefined) compare.problem(`our network has no weight ${name}`);
    else compare.tensor(`d ${name}`, gradient, data, tolerance);
  }
}

export async function compareStatistics(compare: Comparison, store: ParamStore, want: ReadonlyMap<string, Tensor>, tolerance: number): Promise<void> {
  for (const [name, { data }] of want) compare.tensor(name, await store.read(name), data, tolerance);
}

/** The fields that every block has: `weights`, `dy`, and what follows from them. `inputGradient` compares its own. */
export async function compareBlock(
  executor: Executor,
  golden: Fields,
  compare: Comparison,
  { graph, batch, architecture = new Map(), path = (theirs) => theirs, start = (values) => values }: BlockCase,
  tolerances: Tolerances,
  inputGradient: (gradient: Float32Array, probe: Probe, store: ParamStore) => Promise<void> | void,
): Promise<void> {
  const named = (key: string): ReadonlyMap<string, Tensor> => renamed(new Map([...golden.fields(key).tensors()].map(([name, tensor]) => [path(name), tensor])));
  const values = new Map([...architecture, ...start(weightsFor(graph, named("weights")))]);
  await probeBlock(executor, { graph, batch, values, upstream: golden.floats("dy") }, async (probe, store) => {
    compare.tensor("y", probe.output, golden.tensor("y").data, tolerances.values);
    if (golden.has("dweights")) compareGradients(compare, probe.gradients, named("dweights"), tolerances.gradients);
    if (golden.has("bn_after")) await compareStatistics(compare, store, named("bn_after"), tolerances.values);
    await inputGradient(probe.inputGradient, probe, store);
    if (!golden.has("y_eval_after")) return;
    const scored = await executor.logits(store, graph, "running", batch);
    compare.tensor("y_eval_after", scored, golden.tensor("y_eval_after").data, tolerances.values);
  });
}
