/** The cases of the bench: graphs with batches, and the values that go in. Every peer sees the same. */
import { costOf } from "@/nas/cost";
import type { Graph, ParamSpec, Shape } from "@/nas/graph";
import { macro8 } from "@/nas/space/macro8";
import type { Batch } from "@/nn/executor";
import { dartsLike } from "@/nn/testing/dartsLike";
import { sposLike } from "@/nn/testing/sposLike";
import type { CaseInfo } from "../../src/cli/bench/types";
import { BLOCK, blockBytes, blockFlops, blockGraph, type BlockSpec } from "./blocks";
import { noise, noiseLabels } from "./noise";

export interface BenchCase extends CaseInfo {
  readonly graph: Graph;
  readonly batch: number;
  readonly classes: number;
  readonly block: BlockSpec | null;
}

/** Statistics from this many batches, then accuracy on this many images. */
export const EVALUATION = { recalibrationBatches: 8, images: 512, batch: 32 } as const;

const depthwises = [3, 5].flatMap((k) =>
  [[1, 1], [2, 1], [1, 2]].map(([stride = 1, dilation = 1]): readonly [string, BlockSpec] => [
    `depthwise-k${k}${stride === 1 ? "" : `-s${stride}`}${dilation === 1 ? "" : `-d${dilation}`}`,
    { kind: "depthwise", k, stride, dilation },
  ]),
);

const blocks: readonly (readonly [string, BlockSpec])[] = [
  ...depthwises,
  ["pointwise", { kind: "dense", k: 1 }],
  ["dense-k3", { kind: "dense", k: 3 }],
  ["bn-relu", { kind: "norm" }],
  ["mixed-op", { kind: "mixed" }],
  ["sep-conv-half", { kind: "sepHalf" }],
];

const classesOf = (graph: Graph): number => graph.nodes[graph.output]?.shape[0] ?? 0;

function blockCase(name: string, spec: BlockSpec): BenchCase {
  return {
    name,
    kind: "block",
    graph: blockGraph(spec),
    batch: BLOCK.batch,
    classes: 0,
    block: spec,
    images: BLOCK.batch,
    flops: blockFlops(spec),
    bytes: blockBytes(spec),
    tolerance: 1e-3,
    skip: {},
  };
}

function stepCase(name: string, graph: Graph, batch: number, skip: CaseInfo["skip"] = {}): BenchCase {
  return {
    name,
    kind: "step",
    graph,
    batch,
    classes: classesOf(graph),
    block: null,
    images: batch,
    flops: 6 * costOf(graph).macs * batch,
    bytes: null,
    tolerance: 1e-2,
    skip,
  };
}

function macroPath(genes: string): Graph {
  const space = macro8("tiny");
  const choices = space.decode(genes);
  if (choices === null) throw new Error(`no path ${genes}`);
  return space.graph(choices);
}

function evaluationCase(graph: Graph): BenchCase {
  const { recalibrationBatches, images, batch } = EVALUATION;
  const all = recalibrationBatches * batch + images;
  return { ...stepCase("evaluation", graph, batch), kind: "evaluation", images: all, flops: 2 * costOf(graph).macs * all, tolerance: 1e-3 };
}

// Of WebGPU these hold for the software adapter only; on hardware everybody is tried.

/** Tried once, on a loaded machine: no first step after 335 s, when the browser was gone; why is not known. A browser that goes takes everybody's results along. */
const small: CaseInfo["skip"] = { "jax:webgpu": "jax-js not run on the software adapter: when tried once it had not finished a step after 335 s" };

/** Too long to wait for, by estimate: nobody has waited. */
const large: CaseInfo["skip"] = {
  "tfjs:webgpu": "tfjs not run on the software adapter: by its edges about 36,000 dispatches a step, an estimated minute or more",
  "jax:webgpu": "jax-js not run on the software adapter: the small case is already too long",
  "jax:wasm": "jax-js not run: an estimated minute or more a step, from the small case",
};

let made: readonly BenchCase[] | null = null;

/** All cases, in the order of the table. */
export function benchCases(): readonly BenchCase[] {
  const path = macroPath("11111111");
  made ??= [
    ...blocks.map(([name, spec]) => blockCase(name, spec)),
    stepCase("darts-small", dartsLike({ channels: 8, cells: 3, nodes: 2 }), 4, small),
    stepCase("darts-large", dartsLike({ channels: 8, cells: 5, nodes: 4 }), 16, large),
    stepCase("spos-step", sposLike(), 8),
    // An activation that rounding puts on the other side of a ReLU's kink moves a small gradient here by a few per cent.
    { ...stepCase("macro8-step", path, 32), tolerance: 0.1 },
    evaluationCase(path),
  ];
  return made;
}

export function caseNamed(name: string): BenchCase {
  const found = benchCases().find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no case ${name}.`);
  return found;
}

/** A block's parameters, γ around 1. */
export function paramValues({ name, shape, role, init }: ParamSpec): Float32Array {
  const values = noise(shape.reduce((a, n) => a * n, 1), name, init.kind === "normal" ? init.std : 1);
  return role === "gamma" ? values.map((v) => 1 + 0.2 * v) : values;
}

interface Values {
  readonly values: Float32Array;
  /** Of one image. */
  readonly shape: Shape;
}

function mapOf(shape: Shape, batch: number, name: string): Values {
  return { values: noise(batch * shape.reduce((a, n) => a * n, 1), name), shape };
}

/** Values of a block's input nodes, in order. */
export function blockInputs({ graph, batch }: BenchCase): Values[] {
  return graph.nodes.filter(({ attrs }) => attrs.op === "input").map(({ shape }, i) => mapOf(shape, batch, `x${i}`));
}

/** The gradient that a block's output receives. */
export function blockOutputGradient({ graph, batch }: BenchCase): Values {
  return mapOf(graph.nodes[graph.output]?.shape ?? [], batch, "dy");
}

function batchOf({ graph, batch, classes }: BenchCase, name: string): Batch {
  return { images: mapOf(graph.nodes[0]?.shape ?? [], batch, name).values, labels: noiseLabels(batch, classes), size: batch };
}

export function stepBatch(benchCase: BenchCase): Batch {
  return batchOf(benchCase, "images");
}

export function evaluationBatches(benchCase: BenchCase): { readonly recalibrate: Batch[]; readonly test: Batch[] } {
  const { recalibrationBatches, images, batch } = EVALUATION;
  return {
    recalibrate: Array.from({ length: recalibrationBatches }, (_, i) => batchOf(benchCase, `recalibrate${i}`)),
    test: Array.from({ length: images / batch }, (_, i) => batchOf(benchCase, `test${i}`)),
  };
}
