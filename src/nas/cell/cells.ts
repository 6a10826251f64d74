/**
 * Cells (spec darts 1.3, 1.4, 2): the search cell, in which every edge is a mixture; the sampled cell, in which one op an edge runs; a subnet
 * of the search cell; and the derived cell. All see two inputs and end in the concatenation of nodes.
 */
import type { ParamName } from "../graph";
import type { GraphBuilder } from "../graphBuilder";
import { opKey } from "./choices";
import { allNodes, dartsPrimitives, edgeRow, type Cell, type CellKind } from "./genotype";
import { addCellOp, addFactorizedReduce, addReluConvNorm, addZero, joinPath, type CellMode } from "./ops";

/** Where a cell stands: the path of its names ("" when it is alone), its width, and whether it halves its inputs. */
export interface CellPlace {
  readonly path: string;
  readonly channels: number;
  readonly kind: CellKind;
}

/** Ops on edges from the cell's inputs have stride 2 in a reduction cell. */
export function strideOf(kind: CellKind, from: number): number {
  return kind === "reduce" && from < 2 ? 2 : 1;
}

/** Brings both inputs to the cell's width and the same side: s0 is twice as large as s1 right after a reduction cell. */
function addPreprocessing(b: GraphBuilder, { path, channels }: CellPlace, s0: number, s1: number, mode: CellMode): [number, number] {
  const pre0 = joinPath(path, "pre0");
  const halves = b.shapeOf(s0)[0] !== b.shapeOf(s1)[0];
  return [
    halves ? addFactorizedReduce(b, pre0, s0, channels, mode) : addReluConvNorm(b, pre0, s0, channels, mode),
    addReluConvNorm(b, joinPath(path, "pre1"), s1, channels, mode),
  ];
}

/** Inner additions are `name.1`, `name.2`, …; the last is `name`. One part is its own sum. */
function addSum(b: GraphBuilder, name: string, parts: readonly number[]): number {
  return parts.reduce((sum, part, i) => b.node(i === parts.length - 1 ? name : `${name}.${i}`, { op: "add" }, [sum, part]));
}

function addCell(
  b: GraphBuilder,
  place: CellPlace,
  inputs: readonly [number, number],
  mode: CellMode,
  nodes: number,
  concat: readonly number[],
  addNode: (node: number, states: readonly number[]) => number,
): number {
  const states: number[] = addPreprocessing(b, place, ...inputs, mode);
  for (let node = 2; node < nodes + 2; node++) states.push(addNode(node, states));
  const kept = concat.map((state) => states[state] as number);
  return kept.length === 1 ? (kept[0] as number) : b.node(joinPath(place.path, "out"), { op: "concat" }, kept);
}

const edgePath = (path: string, row: number): string => joinPath(path, `edges.${row}`);
const nodePath = (path: string, node: number): string => joinPath(path, `node${node}`);

/** Columns of an edge's weights: one an op, `none` included. */
export const EDGE_COLUMNS = dartsPrimitives.length;

/**
 * Σ_k p_k·op_k(from) over all primitives; p = softmax of numbers begin … begin + 7 of `weights` when `soft`, else those numbers themselves.
 * `none` adds nothing but takes its share of the softmax.
 */
export function addMixedEdge(b: GraphBuilder, path: string, from: number, stride: number, weights: ParamName, begin: number, soft: boolean): number {
  const candidates = dartsPrimitives.slice(1).map((op) => addCellOp(b, joinPath(path, op), from, op, stride, "search"));
  const index = candidates.map((_, i) => i + 1);
  return b.mix(joinPath(path, "mix"), candidates, { weights, begin, count: EDGE_COLUMNS, soft }, index);
}

/** The search cell: node i = Σ_{j<i} mixed edge j → i, weighed by the rows of `alpha`. Returns the concatenation of all nodes. */
export function addSearchCell(b: GraphBuilder, place: CellPlace, s0: number, s1: number, nodes: number, alpha: ParamName): number {
  return addCell(b, place, [s0, s1], "search", nodes, allNodes(nodes), (node, states) => {
    const edges = states.map((from, j) => {
      const row = edgeRow(j, node);
      return addMixedEdge(b, edgePath(place.path, row), from, strideOf(place.kind, j), alpha, row * EDGE_COLUMNS, true);
    });
    return addSum(b, nodePath(place.path, node), edges);
  });
}

/** As the search cell, but on edge `row` only op `columns[row]` runs, times number `row` of `gates` (spec darts 5.1). */
export function addSampledCell(b: GraphBuilder, place: CellPlace, s0: number, s1: number, nodes: number, columns: readonly number[], gates: ParamName): number {
  return addCell(b, place, [s0, s1], "search", nodes, allNodes(nodes), (node, states) => {
    const edges = states.flatMap((from, j) => {
      const row = edgeRow(j, node);
      const op = dartsPrimitives[columns[row] ?? 0] ?? "none";
      if (op === "none") return [];
      const path = edgePath(place.path, row);
      const value = addCellOp(b, joinPath(path, op), from, op, strideOf(place.kind, j), "search");
      return [b.mix(joinPath(path, "gate"), [value], { weights: gates, begin: row, count: 1, soft: false })];
    });
    const name = nodePath(place.path, node);
    return edges.length > 0 ? addSum(b, name, edges) : addZero(b, name, states[0] as number, strideOf(place.kind, 0));
  });
}

/** The edges and ops of one genotype inside the search cell, under the search cell's names. Its concat must be all nodes. */
export function addSubnetCell(b: GraphBuilder, place: CellPlace, s0: number, s1: number, cell: Cell): number {
  return addCell(b, place, [s0, s1], "search", cell.nodes.length, cell.concat, (node, states) => {
    const built = new Map<string, number>();
    const parts = (cell.nodes[node - 2] ?? []).map(({ op, from }, slot) => {
      const path = joinPath(edgePath(place.path, edgeRow(from, node)), op);
      const add = (): number => addCellOp(b, path, states[from] as number, op, strideOf(place.kind, from), "search");
      const value = built.get(path) ?? b.inSlot(opKey(place.kind, node, slot), add);
      built.set(path, value);
      return value;
    });
    return addSum(b, nodePath(place.path, node), parts);
  });
}

/**
 * The derived cell: two ops a node, in the genotype's order, each with parameters of its own (`ops.{k}`). `dropPath` > 0 drops the output of
 * every op but a skip at stride 1 by example, under scope `<path>.ops.{k}`.
 */
export function addDerivedCell(b: GraphBuilder, place: CellPlace, s0: number, s1: number, cell: Cell, dropPath = 0): number {
  return addCell(b, place, [s0, s1], "derived", cell.nodes.length, cell.concat, (node, states) => {
    const parts = (cell.nodes[node - 2] ?? []).map(({ op, from }, slot) => {
      const path = joinPath(place.path, `ops.${2 * (node - 2) + slot}`);
      return b.inSlot(opKey(place.kind, node, slot), () => {
        const state = states[from] as number;
        const value = addCellOp(b, path, state, op, strideOf(place.kind, from), "derived");
        return dropPath > 0 && value !== state ? b.dropPath(`${path}.drop`, value, dropPath, path) : value;
      });
    });
    return addSum(b, nodePath(place.path, node), parts);
  });
}
