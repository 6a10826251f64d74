/** The network, batches and optimizers of `search_net*.json`, read from the file's sizes, seeds and options. */
import { alphaUpdate, weightOptimizer, weightUpdate } from "@/algorithms/darts/steps";
import { cellKinds } from "@/nas/cell/genotype";
import { alphaName, cellKindsOf, searchNetwork } from "@/nas/cell/networks";
import type { Graph, ParamName } from "@/nas/graph";
import type { Batch, UpdateOptions } from "@/nn/executor";
import type { Comparison } from "../compare";
import { Fields } from "./fields";
import { formulaImages, formulaLabels } from "./formula";
import { networkWeights, weightNames } from "./manifest";
import type { Values } from "./values";

/** Bounds of the README of the reference folder. */
export const TOLERANCE = {
  forward: 1e-4,
  gradients: 1e-3,
  /** Finite differences amplify noise. */
  difference: 1e-2,
  epsilon: 1e-3,
  digest: 1e-3,
  /** Of α after a step of Adam, absolute. */
  alpha: 1e-6,
} as const;

export interface SearchSetup {
  readonly graph: Graph;
  readonly values: Values;
  readonly weights: readonly ParamName[];
  readonly alphas: readonly ParamName[];
  readonly train: Batch;
  readonly validation: Batch;
  readonly alphaStep: UpdateOptions;
  readonly weightDecay: number;
  weightStep(lr: number): UpdateOptions;
}

/** The field of a kind of cell: `alphas_normal`. */
const fieldOf = (alpha: ParamName): string => alpha.replace("alpha.", "alphas_");

/** α of all kinds of cell that the network has. */
export function alphasOf(fields: Fields, alphas: readonly ParamName[]): Values {
  return new Map(alphas.map((name) => [name, fields.floats(fieldOf(name))]));
}

function batchOf(file: Fields, config: Fields, which: "train" | "val"): Batch {
  const [size, h, w, classes] = [config.number("batch"), config.number("height"), config.number("width"), config.numberOr("num_classes", 10)];
  const formula = file.has("images_formula") ? file.fields("images_formula") : null;
  const images = file.has(`x_${which}`) ? file.floats(`x_${which}`) : formulaImages((formula ?? file).number(`x_${which}_seed`), size * h * w * 3);
  const labels = file.has(`y_${which}`) ? Uint8Array.from(file.tensor(`y_${which}`).data) : formulaLabels((formula ?? file).number(`y_${which}_seed`), size, classes);
  return { images, labels, size };
}

function graphOf(config: Fields): Graph {
  const [side, width, nodes, cells] = [config.number("height"), config.number("width"), config.number("steps"), config.number("layers")];
  if (side !== width) throw new Error(`Networks of ours are square; the images are ${side}×${width}.`);
  if (config.numberOr("multiplier", nodes) !== nodes) throw new Error("The search cell concatenates all of its nodes here.");
  const reductions = cellKindsOf(cells).flatMap((kind, i) => (kind === "reduce" ? [i] : []));
  if (config.has("reduction_cells") && config.numbers("reduction_cells").join() !== reductions.join())
    throw new Error(`Cells ${reductions.join(", ")} reduce here, in the file ${config.numbers("reduction_cells").join(", ")}.`);
  return searchNetwork({ channels: config.number("C"), cells, nodes, side, classes: config.numberOr("num_classes", 10), stemMultiplier: config.numberOr("stem_multiplier", 3) });
}

/** DARTS's own settings where the file names none; another momentum than the method's is refused, since the unrolled step has it built in. */
function stepsOf(config: Fields): Pick<SearchSetup, "alphaStep" | "weightDecay" | "weightStep"> {
  const none = new Fields({}, "config");
  const [w, a] = (["w_optimizer", "alpha_optimizer"] as const).map((key) => (config.has(key) ? config.fields(key) : none)) as [Fields, Fields];
  const weightDecay = w.numberOr("weight_decay", 3e-4);
  if (w.numberOr("momentum", 0.9) !== weightOptimizer(0).momentum) throw new Error(`The weights move with momentum ${weightOptimizer(0).momentum} here, in the file ${w.number("momentum")}.`);
  const clip = w.has("clip_norm") ? w.number("clip_norm") : null;
  const plain = alphaUpdate(a.numberOr("lr", 3e-4), a.numberOr("weight_decay_l2", 1e-3));
  const optimizer = { ...plain.optimizer, beta1: a.numberOr("beta1", 0.5), beta2: a.numberOr("beta2", 0.999), eps: a.numberOr("eps", 1e-8) } as UpdateOptions["optimizer"];
  return { alphaStep: { ...plain, optimizer }, weightDecay, weightStep: (lr) => weightUpdate(lr, weightDecay, clip) };
}

/** Throws a sentence when the file asks for what our network is not. */
export function searchSetup(file: Fields): SearchSetup {
  const config = file.fields("config");
  const graph = graphOf(config);
  const alphas = cellKinds.map(alphaName).filter((name) => graph.params.some((spec) => spec.name === name));
  return {
    graph,
    alphas,
    weights: weightNames(graph),
    values: new Map([...alphasOf(file, alphas), ...networkWeights(file, graph)]),
    train: batchOf(file, config, "train"),
    validation: batchOf(file, config, "val"),
    ...stepsOf(config),
  };
}

/** Gradients of α (`dalpha` and its like) against ours by name. */
export function compareAlphaGradient(compare: Comparison, what: string, got: Values, want: Fields, alphas: readonly ParamName[], tolerance: number): void {
  for (const [name, values] of alphasOf(want, alphas)) compare.tensor(`${what} ${name}`, got.get(name) ?? [], values, tolerance);
}
