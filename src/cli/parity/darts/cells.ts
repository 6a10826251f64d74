/** `cell_search_*.json` and `cell_eval.json`: whole cells. Both inputs travel as channels of one image. */
import type { CellKind } from "@/nas/cell/genotype";
import { alphaName, cellGraph, type CellGraphOptions } from "@/nas/cell/networks";
import type { Graph } from "@/nas/graph";
import type { Batch } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { CaseResult, Handler, ParityContext } from "../types";
import { compareBlock, mapOf, sideOf } from "./block";
import { type Fields, fileOf, type Tensor } from "./fields";
import { genotypeNamed } from "./genotypeTable";
import { runNetworkCase, type Start } from "./rounding";

const TOLERANCES = { values: 1e-4, gradients: 1e-4 } as const;

/** Where the two inputs of a cell are in one image. */
interface Inputs {
  readonly s0: Tensor;
  readonly s1: Tensor;
  /** s0 is twice as large: s1 then sits on the pixels of even row and column. */
  readonly larger: boolean;
}

function inputsOf(golden: Fields): Inputs {
  const [s0, s1] = [golden.tensor("s0"), golden.tensor("s1")];
  const [outer, inner] = [sideOf(s0), sideOf(s1)];
  if (outer !== inner && outer !== 2 * inner) throw new Error(`The inputs of a cell are equally large, or the first is twice as large; here they are ${outer} and ${inner}.`);
  return { s0, s1, larger: outer !== inner };
}

/** Calls `visit(index in s1, index of the same number in the joint image)` for all numbers of s1. */
function eachOfSecond({ s0, s1, larger }: Inputs, visit: (from: number, at: number) => void): void {
  const [side, c0, c1] = [sideOf(s1), mapOf(s0)[2], mapOf(s1)[2]];
  const [outer, step] = [sideOf(s0), larger ? 2 : 1];
  let from = 0;
  for (let n = 0; n < (s1.shape[0] ?? 0); n++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        for (let c = 0; c < c1; c++) visit(from++, ((n * outer + y * step) * outer + x * step) * (c0 + c1) + c0 + c);
}

function eachOfFirst({ s0, s1 }: Inputs, visit: (from: number, at: number) => void): void {
  const [c0, c1] = [mapOf(s0)[2], mapOf(s1)[2]];
  for (let from = 0; from < s0.data.length; from++) visit(from, Math.floor(from / c0) * (c0 + c1) + (from % c0));
}

function joined(inputs: Inputs): Float32Array {
  const { s0, s1 } = inputs;
  const [n = 0] = s0.shape;
  const image = new Float32Array(n * sideOf(s0) ** 2 * (mapOf(s0)[2] + mapOf(s1)[2]));
  eachOfFirst(inputs, (from, at) => (image[at] = s0.data[from] as number));
  eachOfSecond(inputs, (from, at) => (image[at] = s1.data[from] as number));
  return image;
}

function part(each: typeof eachOfFirst, inputs: Inputs, length: number, gradient: Float32Array): Float32Array {
  const values = new Float32Array(length);
  each(inputs, (from, at) => (values[from] = gradient[at] as number));
  return values;
}

function compareInputs(compare: Comparison, golden: Fields, inputs: Inputs, gradient: Float32Array): void {
  const { s0, s1 } = inputs;
  compare.tensor("ds0", part(eachOfFirst, inputs, s0.data.length, gradient), golden.tensor("ds0").data, TOLERANCES.gradients);
  compare.tensor("ds1", part(eachOfSecond, inputs, s1.data.length, gradient), golden.tensor("ds1").data, TOLERANCES.gradients);
}

function graphOf(config: Fields, inputs: Inputs, body: CellGraphOptions["body"]): { readonly graph: Graph; readonly kind: CellKind } {
  const kind = config.flag("reduction") ? "reduce" : "normal";
  if (config.has("reduction_prev") && config.flag("reduction_prev") !== inputs.larger) throw new Error("The first input is twice as large exactly when the cell before was a reduction.");
  const graph = cellGraph({ kind, channels: config.number("C"), side: sideOf(inputs.s1), s0: mapOf(inputs.s0)[2], s1: mapOf(inputs.s1)[2], larger: inputs.larger, body });
  return { graph, kind };
}

function batchOf(inputs: Inputs, masks?: Batch["masks"]): Batch {
  const size = inputs.s0.shape[0] ?? 0;
  return { images: joined(inputs), labels: new Uint8Array(size), size, ...(masks && { masks }) };
}

async function compareSearch(golden: Fields, compare: Comparison, start: Start, context: ParityContext): Promise<void> {
  const config = golden.fields("config");
  const nodes = config.number("steps");
  if (config.numberOr("multiplier", nodes) !== nodes) throw new Error("The search cell concatenates all of its nodes here.");
  const inputs = inputsOf(golden);
  const { graph, kind } = graphOf(config, inputs, { nodes });
  const architecture = new Map([[alphaName(kind), golden.floats("alphas")]]);
  await compareBlock(await context.executor(), golden, compare, { graph, batch: batchOf(inputs), architecture, start }, TOLERANCES, (gradient, probe) => {
    compareInputs(compare, golden, inputs, gradient);
    compare.tensor("dalphas", probe.gradients.get(alphaName(kind)) ?? [], golden.tensor("dalphas").data, TOLERANCES.gradients);
  });
}

/** Multipliers by scope from masks of 0 and 1: row r is that of op `drop_mask_op_index[r]`. Throws when our cell drops others. */
function masksOf(golden: Fields, graph: Graph): Batch["masks"] {
  const [probability, masks, rows] = [golden.number("drop_prob"), golden.tensor("drop_masks"), golden.numbers("drop_mask_op_index")];
  const size = masks.shape[1] ?? 0;
  const dropped = graph.nodes.flatMap(({ attrs }) => (attrs.op === "dropPath" ? [attrs.scope] : []));
  const listed = rows.map((k) => `ops.${k}`);
  if (probability > 0 && [...dropped].sort().join() !== [...listed].sort().join()) throw new Error(`Drop path acts on ${dropped.join(", ")} here, in the file on ${listed.join(", ")}.`);
  return new Map(listed.map((scope, r) => [scope, Float32Array.from(masks.data.slice(r * size, (r + 1) * size), (keep) => keep / (1 - probability))]));
}

async function compareDerived(golden: Fields, compare: Comparison, start: Start, context: ParityContext): Promise<void> {
  const config = golden.fields("config");
  const dropPath = golden.numberOr("drop_prob", 0);
  const inputs = inputsOf(golden);
  const cell = genotypeNamed(golden.text("genotype"))[config.flag("reduction") ? "reduce" : "normal"];
  const { graph } = graphOf(config, inputs, { cell, dropPath });
  const masks = golden.has("drop_masks") ? masksOf(golden, graph) : undefined;
  await compareBlock(await context.executor(), golden, compare, { graph, batch: batchOf(inputs, masks), start }, TOLERANCES, (gradient) => compareInputs(compare, golden, inputs, gradient));
}

/** One search cell a file. */
export const searchCell: Handler = async (value, context): Promise<readonly CaseResult[]> => {
  const file = fileOf(value);
  const config = file.fields("config");
  const name = `${config.flag("reduction") ? "reduce" : "normal"}, C ${config.number("C")}, ${config.number("steps")} nodes`;
  return [await runNetworkCase(name, (compare, start) => compareSearch(file, compare, start, context))];
};

export const derivedCells: Handler = async (value, context) => {
  const results: CaseResult[] = [];
  for (const golden of fileOf(value).records("cases")) results.push(await runNetworkCase(golden.text("name"), (compare, start) => compareDerived(golden, compare, start, context)));
  return results;
};
