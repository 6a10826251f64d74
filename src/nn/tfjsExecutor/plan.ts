/**
 * A graph as a list of closures over tensors, made once per graph. ReLUs that directly follow a batch norm and are its only
 * reader run inside it. A plan knows no parameters and no statistics: those come with every run.
 */
import { slice, type Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import type { Graph, GraphNode, Op } from "@/nas/graph";
import type { Activation } from "@/kernels/ops/batchNorm";
import { concatChannels, shuffleChannels, sliceChannels, strideChannels } from "@/kernels/ops/channels";
import { conv, linear } from "@/kernels/ops/conv";
import { depthwise } from "@/kernels/ops/depthwise";
import { addBias, addMaps, hsigmoid, hswish, relu, relu6, sigmoid, swish } from "@/kernels/ops/pointwise";
import { avgPool, globalAvgPool, maxPool } from "@/kernels/ops/pool";
import { resize, scatter, shift, subsample } from "@/kernels/ops/resample";
import { copyMap, maskChannels, mixMaps, scaleExamples, scaleMap } from "@/kernels/ops/weighted";
import { isResult } from "../liveGraph";
import { rectangularConv } from "./rectangular";

export type NormOp = Extract<Op, { op: "batchNorm" }>;

/** What a run supplies. */
export interface PlanContext {
  param(name: string): Tensor;
  norm(x: Tensor, op: NormOp, activation: Activation): Tensor;
  /** Multipliers of a drop-path scope [b], null for none. */
  multipliers(scope: string): Tensor | null;
}

interface Step {
  readonly inputs: readonly number[];
  readonly output: number;
  /** Slots that nobody reads after this step. */
  readonly dead: readonly number[];
  readonly run: (context: PlanContext, inputs: readonly Tensor[]) => Tensor;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Slot of the images, of the result, and of the auxiliary classifier's logits where there are any. */
  readonly input: number;
  readonly output: number;
  readonly auxiliary: number | null;
  /** [h, w, c]. */
  readonly inputShape: readonly number[];
}

type Run = Step["run"];

function nth(inputs: readonly Tensor[], i: number): Tensor {
  const x = inputs[i];
  if (x === undefined) throw new AppError("bug", "an op of the graph lacks an input");
  return x;
}

const first = (inputs: readonly Tensor[]): Tensor => nth(inputs, 0);

function affine(context: PlanContext, y: Tensor, bias: string | undefined): Tensor {
  return bias === undefined ? y : addBias(y, context.param(bias));
}

function addAll(inputs: readonly Tensor[]): Tensor {
  return inputs.slice(1).reduce((sum, x) => addMaps(sum, x), first(inputs));
}

const smoothActivations = { hswish, hsigmoid, sigmoid, swish } as const;

/** A copy where nothing is dropped: a value and its reader's must not be one tensor, or it would be freed too early. */
function dropPath(x: Tensor, multipliers: Tensor | null, units: boolean): Tensor {
  if (multipliers === null) return copyMap(x);
  const needed = units ? x.size : (x.shape[0] ?? 0);
  if (multipliers.size < needed) throw new AppError("bug", `${multipliers.size} multipliers where ${needed} are dropped or kept`);
  return scaleExamples(x, multipliers.size === needed ? multipliers : slice(multipliers, 0, needed));
}

/** The closure of one op. `activation` is what a batch norm has swallowed. */
function closureOf(attrs: Op, activation: Activation): Run {
  switch (attrs.op) {
    case "input":
      return (_context, inputs) => first(inputs);
    case "conv": {
      const { across } = attrs;
      if (across) return (context, inputs) => affine(context, rectangularConv(first(inputs), context.param(attrs.weight), attrs, across), attrs.bias);
      return (context, inputs) => affine(context, conv(first(inputs), context.param(attrs.weight), attrs), attrs.bias);
    }
    case "depthwise":
      return (context, inputs) => depthwise(first(inputs), context.param(attrs.weight), attrs);
    case "batchNorm":
      return (context, inputs) => context.norm(first(inputs), attrs, activation);
    case "relu":
      return (_context, inputs) => relu(first(inputs));
    case "relu6":
      return (_context, inputs) => relu6(first(inputs));
    case "hswish":
    case "hsigmoid":
    case "sigmoid":
    case "swish": {
      const f = smoothActivations[attrs.op];
      return (_context, inputs) => f(first(inputs));
    }
    case "maxPool":
      return (_context, inputs) => maxPool(first(inputs), attrs);
    case "avgPool":
      return (_context, inputs) => avgPool(first(inputs), attrs);
    case "globalAvgPool":
      return (_context, inputs) => globalAvgPool(first(inputs));
    case "linear":
      return (context, inputs) => affine(context, linear(first(inputs), context.param(attrs.weight)), attrs.bias);
    case "add":
      return (_context, inputs) => addAll(inputs);
    case "scale":
      return (_context, inputs) => scaleMap(first(inputs), nth(inputs, 1));
    case "mask":
      return (context, inputs) => maskChannels(first(inputs), context.param(attrs.weights));
    case "mix":
      return (context, inputs) => mixMaps(context.param(attrs.weights), inputs, attrs);
    case "subsample":
      return (_context, inputs) => subsample(first(inputs), attrs.side);
    case "scatter":
      return (_context, inputs) => scatter(first(inputs), attrs.side);
    case "resize":
      return (_context, inputs) => resize(first(inputs), attrs.side);
    case "shift":
      return (_context, inputs) => shift(first(inputs), attrs.by);
    case "dropPath":
      return (context, inputs) => dropPath(first(inputs), context.multipliers(attrs.scope), attrs.units ?? false);
    case "concat":
      return (_context, inputs) => concatChannels(inputs);
    case "slice":
      return (_context, inputs) => sliceChannels(first(inputs), attrs.begin, attrs.size);
    case "stridedSlice":
      return (_context, inputs) => strideChannels(first(inputs), attrs.begin, attrs.step);
    case "shuffle":
      return (_context, inputs) => shuffleChannels(first(inputs), attrs.groups);
  }
}

/** Slot of every node: its own id, or that of the batch norm which swallowed it. And what each batch norm swallowed. */
function fuse(graph: Graph): { readonly slots: readonly number[]; readonly activations: ReadonlyMap<number, Activation> } {
  const readers = new Map<number, number>();
  for (const node of graph.nodes) for (const i of node.inputs) readers.set(i, (readers.get(i) ?? 0) + 1);
  const activations = new Map<number, Activation>();
  const slots = graph.nodes.map((node) => {
    const source = graph.nodes[node.inputs[0] ?? -1];
    const isActivation = node.attrs.op === "relu" || node.attrs.op === "relu6";
    if (source?.attrs.op !== "batchNorm" || !isActivation || readers.get(source.id) !== 1 || isResult(graph, source.id)) return node.id;
    activations.set(source.id, node.attrs.op === "relu" ? "relu" : "relu6");
    return source.id;
  });
  return { slots, activations };
}

function build(graph: Graph): Plan {
  const { slots, activations } = fuse(graph);
  const slotOf = (id: number): number => {
    const slot = slots[id];
    if (slot === undefined) throw new AppError("bug", `the graph has no node ${id}`);
    return slot;
  };
  const source = graph.nodes.find((node) => node.attrs.op === "input");
  if (source === undefined) throw new AppError("bug", "the graph has no input");
  const kept = graph.nodes.filter((node: GraphNode) => node !== source && slotOf(node.id) === node.id);
  const lastReader = new Map<number, number>();
  for (const node of kept) for (const i of node.inputs) lastReader.set(slotOf(i), node.id);
  const output = slotOf(graph.output);
  const steps = kept.map((node): Step => {
    const inputs = node.inputs.map(slotOf);
    const dead = [...new Set(inputs)].filter((slot) => lastReader.get(slot) === node.id && slot !== output && slot !== source.id);
    return { inputs, output: node.id, dead, run: closureOf(node.attrs, activations.get(node.id) ?? "none") };
  });
  return { steps, input: source.id, output, auxiliary: graph.auxiliary ? slotOf(graph.auxiliary.output) : null, inputShape: source.shape };
}

const plans = new WeakMap<Graph, Plan>();

/** The plan of a graph, kept for as long as the graph object lives. */
export function planOf(graph: Graph): Plan {
  const known = plans.get(graph);
  if (known !== undefined) return known;
  const made = build(graph);
  plans.set(graph, made);
  return made;
}

/** Values by slot. */
type Values = ReadonlyMap<number, Tensor>;

function valueAt(values: Values, slot: number): Tensor {
  const value = values.get(slot);
  if (value === undefined) throw new AppError("bug", `node ${slot} is read before it is computed`);
  return value;
}

function valuesOf(plan: Plan, images: Tensor, context: PlanContext, free: boolean): Values {
  const values = new Map<number, Tensor>([[plan.input, images]]);
  for (const step of plan.steps) {
    values.set(step.output, step.run(context, step.inputs.map((slot) => valueAt(values, slot))));
    if (!free) continue;
    for (const slot of step.dead) valueAt(values, slot).dispose();
  }
  return values;
}

/**
 * Runs a plan on images [size, h, w, c]; returns the output's value, [size, …shape]. With `free`, maps are released as soon as nobody
 * reads them (evaluation; not of a graph with an auxiliary classifier); without, they are left to the surrounding tidy (the gradient needs them).
 */
export function runPlan(plan: Plan, images: Tensor, context: PlanContext, free: boolean): Tensor {
  return valueAt(valuesOf(plan, images, context, free), plan.output);
}

/** The same for training: logits, and those of the auxiliary classifier. */
export function runTraining(plan: Plan, images: Tensor, context: PlanContext): { readonly logits: Tensor; readonly auxiliary: Tensor | null } {
  const values = valuesOf(plan, images, context, false);
  return { logits: valueAt(values, plan.output), auxiliary: plan.auxiliary === null ? null : valueAt(values, plan.auxiliary) };
}
