/** `counts.json`: parameters, multiply–adds and activation floats of derived networks, search networks and single ops. All exact. */
import type { CellMode } from "@/nas/cell/ops";
import { addCellOp } from "@/nas/cell/ops";
import { leafOutputFloats } from "@/nas/cell/leafFloats";
import { derivedNetwork, searchNetwork } from "@/nas/cell/networks";
import { costOf, nodeCosts, zeroCost, type Cost } from "@/nas/cost";
import { sizeOf, type Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Comparison } from "../compare";
import type { CaseResult, Handler } from "../types";
import { type Fields, fileOf, runCases } from "./fields";
import { genotypeNamed } from "./genotypeTable";

/** Of the images that are counted. */
const SIDE = 32;

const million = (count: number): number => count / 1e6;

/** The keys of a row that we know, each with ours; others are what the row is about. */
function compareRow(row: Fields, compare: Comparison, ours: Readonly<Record<string, () => unknown>>): void {
  for (const [key, make] of Object.entries(ours)) if (row.has(key)) compare.exact(key, make(), row.raw(key));
}

/** [parameters, MACs] of every cell. */
function perCell(graph: Graph, cells: number): [number, number][] {
  const sums = Array.from({ length: cells }, (): [number, number] => [0, 0]);
  for (const { node, params, macs } of nodeCosts(graph)) {
    const at = Number(/^cells\.(\d+)\./.exec(graph.nodes[node]?.name ?? "")?.[1] ?? Number.NaN);
    const sum = sums[at];
    if (sum === undefined) continue;
    sum[0] += params;
    sum[1] += macs;
  }
  return sums;
}

function compareDerived(row: Fields, compare: Comparison): void {
  const genotype = genotypeNamed(row.text("genotype"));
  const shape = { channels: row.number("C"), cells: row.number("layers"), side: SIDE };
  const graph = derivedNetwork(genotype, shape);
  const cost = costOf(graph);
  compareRow(row, compare, {
    params_without_aux: () => cost.params,
    params_M: () => million(cost.params),
    macs: () => cost.macs,
    aux_params: () => costOf(derivedNetwork(genotype, { ...shape, auxiliary: 0.4 })).params - cost.params,
    leaf_output_floats: () => leafOutputFloats(graph),
    per_cell_params_macs: () => perCell(graph, shape.cells),
  });
}

function compareSearch(row: Fields, compare: Comparison): void {
  const graph = searchNetwork({ channels: row.number("C"), cells: row.number("layers"), nodes: row.number("steps"), side: SIDE });
  const cost = costOf(graph);
  const alphas = graph.params.filter((spec) => spec.role === "architecture").reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
  compareRow(row, compare, {
    params: () => cost.params,
    params_M: () => million(cost.params),
    alphas: () => alphas,
    macs: () => cost.macs,
    leaf_output_floats: () => leafOutputFloats(graph),
  });
}

function opCost(row: Fields, mode: CellMode): Cost {
  const op = row.text("op");
  // No node stands for it.
  if (op === "none") return zeroCost;
  const b = graphBuilder([row.number("H"), row.number("W"), row.number("C")], torchDefaultInit);
  return costOf(b.finish(addCellOp(b, "op", b.input, op, row.number("stride"), mode)));
}

function compareOp(row: Fields, compare: Comparison): void {
  compareRow(row, compare, {
    params_affine: () => opCost(row, "derived").params,
    params_no_affine: () => opCost(row, "search").params,
    macs: () => opCost(row, "search").macs,
  });
}

export const counts: Handler = async (value): Promise<readonly CaseResult[]> => {
  const file = fileOf(value);
  const rows = (key: string): readonly Fields[] => (file.has(key) ? file.records(key) : []);
  return [
    ...(await runCases(rows("eval"), (row) => `${row.text("genotype")} C ${row.number("C")}, ${row.number("layers")} cells`, compareDerived)),
    ...(await runCases(rows("search"), (row) => `search C ${row.number("C")}, ${row.number("layers")} cells, ${row.number("steps")} nodes`, compareSearch)),
    ...(await runCases(rows("ops"), (row) => `${row.text("op")} stride ${row.number("stride")}`, compareOp)),
  ];
};
