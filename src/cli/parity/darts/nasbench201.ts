/** `nasbench201.json`: a search cell and the residual block of that space, and the counts of whole networks. */
import { leafNodeFloats } from "@/nas/cell/leafFloats";
import {
  formatNasBench201, isConnected, nasBench201Alpha, nasBench201CellGraph, nasBench201Edges, nasBench201Network, nasBench201Ops, nasBench201ResidualGraph, nasBench201Virtual, parseNasBench201,
} from "@/nas/cell/nasbench201"; // prettier-ignore
import { costOf } from "@/nas/cost";
import { nasbench201 as nasbench201Space } from "@/nas/space/nasbench201";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { CaseResult, Handler } from "../types";
import { compareBlock, imagesOnly, mapOf, sideOf } from "./block";
import { type Fields, fileOf, runCase, runCases } from "./fields";

/** Gradients of biases in front of a norm are nought and so compared absolutely, as every tensor without a maximum is. */
const TOLERANCES = { values: 1e-4, gradients: 1e-4 } as const;

const edgeNames = nasBench201Edges.map(({ from, to }) => `${to}<-${from}`);

/** `2<-1.nor_conv_1x1.conv` → `edges.2.nor_conv_1x1.conv`. */
function pathOf(theirs: string): string {
  const [edge = "", ...rest] = theirs.split(".");
  const row = edgeNames.indexOf(edge);
  if (row < 0) throw new Error(`There is no edge ${edge}; there are ${edgeNames.join(", ")}.`);
  return ["edges", String(row), ...rest].join(".");
}

/** The search cell is built in one form; a file that wants another says so. */
function checkCell(golden: Fields): void {
  const isOther = (key: string, ours: unknown): boolean => golden.has(key) && JSON.stringify(golden.raw(key)) !== JSON.stringify(ours);
  if (isOther("ops", nasBench201Ops)) throw new Error(`The ops of an edge are ${nasBench201Ops.join(", ")} here.`);
  if (isOther("edges", edgeNames)) throw new Error(`The edges are ${edgeNames.join(", ")} here.`);
  if (isOther("conv_bias", true) || isOther("affine", false)) throw new Error("Search cells here have convolutions with a bias and norms without scale and offset.");
}

async function compareCell(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  checkCell(golden);
  const x = golden.tensor("x");
  const graph = nasBench201CellGraph({ channels: mapOf(x)[2], side: sideOf(x) }, { kind: "mixed", weights: nasBench201Alpha, soft: true });
  const block = { graph, batch: imagesOnly(x), architecture: new Map([[nasBench201Alpha, golden.floats("alphas")]]), path: pathOf };
  await compareBlock(executor, golden, compare, block, TOLERANCES, (dx, { gradients }) => {
    compare.tensor("dx", dx, golden.tensor("dx").data, TOLERANCES.gradients);
    compare.tensor("dalphas", gradients.get(nasBench201Alpha) ?? [], golden.tensor("dalphas").data, TOLERANCES.gradients);
  });
}

async function compareResidual(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  if (golden.numberOr("stride", 2) !== 2) throw new Error("Residual blocks here have stride 2.");
  const x = golden.tensor("x");
  const graph = nasBench201ResidualGraph({ channels: mapOf(x)[2], side: sideOf(x), cout: golden.number("C_out") });
  await compareBlock(executor, golden, compare, { graph, batch: imagesOnly(x) }, TOLERANCES, (dx) => compare.tensor("dx", dx, golden.tensor("dx").data, TOLERANCES.gradients));
}

function compareCounts(golden: Fields, compare: Comparison): void {
  const ops = parseNasBench201(golden.text("arch"));
  if (ops === null) throw new Error(`"${golden.text("arch").slice(0, 60)}" is not a cell of this space.`);
  const shape = { channels: golden.number("C"), cells: golden.number("N"), side: 32 };
  const graph = nasBench201Network(shape, { kind: "fixed", ops, mode: "derived" });
  const cost = costOf(graph);
  const ours: Readonly<Record<string, () => unknown>> = {
    arch: () => formatNasBench201(ops),
    params: () => cost.params,
    macs: () => cost.macs,
    leaf_output_floats: () => leafNodeFloats(graph) + nasBench201Virtual(shape, ops),
    valid: () => isConnected(ops),
  };
  for (const [key, make] of Object.entries(ours)) if (golden.has(key)) compare.exact(key, make(), golden.raw(key));
}

export const nasbench201: Handler = async (value, context) => {
  const file = fileOf(value);
  const results: CaseResult[] = [];
  for (const [key, body] of [["search_cell", compareCell], ["residual_block", compareResidual]] as const) { // prettier-ignore
    if (!file.has(key)) continue;
    const executor = await context.executor();
    results.push(await runCase(key, (compare) => body(executor, file.fields(key), compare)));
  }
  if (file.has("counts")) results.push(...(await runCases(file.records("counts"), (golden, i) => `counts[${i}] C ${golden.number("C")}, N ${golden.number("N")}`, compareCounts)));
  if (file.has("num_architectures")) results.push(await runCase("num_architectures", (compare) => compare.exact("cells", nasbench201Space("full").count.distinct, file.number("num_architectures"))));
  return results;
};
