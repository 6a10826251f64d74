/**
 * Cells and networks of NAS-Bench-201 (Dong and Yang, ICLR 2020; spec darts 10): four nodes, an edge for every pair, one op of five on each;
 * three stages of such cells with residual blocks between them. In search the convolutions have a bias and norms neither scale nor offset.
 */
import { sizeOf, type Graph, type ParamName } from "../graph";
import { graphBuilder, type GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "../space/init";
import { addHead, addStem, alphaInit, imageBuilder } from "./networks";
import { addZero, joinPath, type CellMode } from "./ops";

/** In the order of the columns of α. */
export const nasBench201Ops = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"] as const;

const NODES = 4;

/** Edges in the order of the rows: 1←0, 2←0, 2←1, 3←0, 3←1, 3←2. */
export const nasBench201Edges: readonly { readonly from: number; readonly to: number }[] = Array.from({ length: NODES - 1 }, (_, n) =>
  Array.from({ length: n + 1 }, (__, from) => ({ from, to: n + 1 })),
).flat();

/** Row of edge from → to. */
function rowOf(from: number, to: number): number {
  return (to * (to - 1)) / 2 + from;
}

/** Mutable of an edge, as NNI names it. */
export function nasBench201Key({ from, to }: { readonly from: number; readonly to: number }): string {
  return `cell/${from}_${to}`;
}

/** Adds the op of an edge; null for `none`, `from` itself for a skip. */
function addOp(b: GraphBuilder, path: string, from: number, op: string, mode: CellMode): number | null {
  if (op === "none") return null;
  if (op === "skip_connect") return from;
  if (op === "avg_pool_3x3") return b.node(joinPath(path, "pool"), { op: "avgPool", k: 3, stride: 1, pad: 1, countPads: false }, [from]);
  const conv = b.conv(joinPath(path, "conv"), b.relu(joinPath(path, "relu"), from), { cout: b.channelsOf(from), k: op === "nor_conv_3x3" ? 3 : 1, bias: mode === "search" });
  return b.batchNorm(joinPath(path, "bn"), conv, mode === "derived");
}

/** What a cell does with its edges. */
export type EdgeBody =
  /** Every edge a mixture by a row of the parameter: through a softmax, or raw. */
  | { readonly kind: "mixed"; readonly weights: ParamName; readonly soft: boolean }
  /** One op an edge by its column, times a number of the parameter. */
  | { readonly kind: "sampled"; readonly weights: ParamName; readonly columns: readonly number[] }
  /** One op an edge. */
  | { readonly kind: "fixed"; readonly ops: readonly string[]; readonly mode: CellMode };

function addEdge(b: GraphBuilder, path: string, from: number, row: number, body: EdgeBody): number | null {
  if (body.kind === "fixed") {
    const op = body.ops[row] ?? "none";
    return addOp(b, joinPath(path, op), from, op, body.mode);
  }
  if (body.kind === "sampled") {
    const op = nasBench201Ops[body.columns[row] ?? 0] ?? "none";
    const value = addOp(b, joinPath(path, op), from, op, "search");
    return value === null ? null : b.mix(joinPath(path, "gate"), [value], { weights: body.weights, begin: row, count: 1, soft: false });
  }
  const candidates = nasBench201Ops.slice(1).map((op) => addOp(b, joinPath(path, op), from, op, "search") as number);
  const count = nasBench201Ops.length;
  return b.mix(joinPath(path, "mix"), candidates, { weights: body.weights, begin: row * count, count, soft: body.soft }, candidates.map((_, i) => i + 1));
}

/** Adds one cell; a node that no edge feeds is zero. Returns node 3. */
function addCell(b: GraphBuilder, path: string, from: number, body: EdgeBody): number {
  const states = [from];
  for (let to = 1; to < NODES; to++) {
    const parts = states.flatMap((state, j) => {
      const row = rowOf(j, to);
      const add = (): number | null => addEdge(b, joinPath(path, `edges.${row}`), state, row, body);
      const value = body.kind === "fixed" ? b.inSlot(nasBench201Key({ from: j, to }), add) : add();
      return value === null ? [] : [value];
    });
    const name = joinPath(path, `node${to}`);
    const sum = parts.length === 0 ? addZero(b, name, from, 1) : parts.reduce((a, part, i) => b.node(i === parts.length - 1 ? name : `${name}.${i}`, { op: "add" }, [a, part]));
    states.push(sum);
  }
  return states[NODES - 1] as number;
}

/** Residual block between stages: two 3×3 convolutions, the first at stride 2, beside a 2×2 mean and a 1×1; always affine, never a bias. */
function addResidual(b: GraphBuilder, path: string, from: number, cout: number): number {
  const at = (name: string): string => joinPath(path, name);
  const first = b.conv(at("conv_a.conv"), b.relu(at("conv_a.relu"), from), { cout, k: 3, stride: 2 });
  const second = b.conv(at("conv_b.conv"), b.relu(at("conv_b.relu"), b.batchNorm(at("conv_a.bn"), first)), { cout, k: 3 });
  const main = b.batchNorm(at("conv_b.bn"), second);
  const mean = b.node(at("pool"), { op: "avgPool", k: 2, stride: 2, pad: 0 }, [from]);
  return b.node(at("add"), { op: "add" }, [b.conv(at("down"), mean, { cout }), main]);
}

export interface NasBench201Shape {
  /** C of the first stage; doubles at each residual block. */
  readonly channels: number;
  /** N: cells of each of the three stages. */
  readonly cells: number;
  /** Side of the map that the stem sees. */
  readonly side: number;
  readonly halve?: boolean;
  readonly classes?: number;
}

/** Name of the architecture weights and of the gates of sampled graphs. */
export const nasBench201Alpha = "alpha.cell";
export const nasBench201Gates = "gates.cell";

/** Stem (C channels, no multiplier), N cells, residual block, N cells, residual block, N cells, norm, ReLU, mean, dense. */
export function nasBench201Network(shape: NasBench201Shape, body: EdgeBody): Graph {
  const b = imageBuilder(shape);
  if (body.kind === "mixed") b.architecture(body.weights, nasBench201Edges.length * nasBench201Ops.length, alphaInit);
  if (body.kind === "sampled") b.architecture(body.weights, nasBench201Edges.length, { kind: "constant", value: 1 });
  let at = addStem(b, shape.halve ?? false, shape.channels);
  let index = 0;
  for (let stage = 0; stage < 3; stage++) {
    if (stage > 0) at = addResidual(b, `cells.${index++}`, at, shape.channels * 2 ** stage);
    for (let i = 0; i < shape.cells; i++) at = addCell(b, `cells.${index++}`, at, body);
  }
  return b.finish(addHead(b, b.relu("last.relu", b.batchNorm("last.bn", at)), shape.classes ?? 10));
}

/** One cell alone, edges at the root (`edges.0.nor_conv_1x1.conv.weight`); α, where it has one, in `alpha.cell`. */
export function nasBench201CellGraph(shape: { readonly channels: number; readonly side: number }, body: EdgeBody): Graph {
  const b = graphBuilder([shape.side, shape.side, shape.channels], torchDefaultInit);
  if (body.kind !== "fixed") b.architecture(body.weights, nasBench201Edges.length * (body.kind === "mixed" ? nasBench201Ops.length : 1), alphaInit);
  return b.finish(addCell(b, "", b.input, body));
}

/** The residual block alone, names at the root (`conv_a.conv.weight`, `down.weight`). */
export function nasBench201ResidualGraph(shape: { readonly channels: number; readonly side: number; readonly cout: number }): Graph {
  const b = graphBuilder([shape.side, shape.side, shape.channels], torchDefaultInit);
  return b.finish(addResidual(b, "", b.input, shape.cout));
}

/** Outputs of `none` and of skips in the network of a fixed cell: what the golden leaf output floats have beside the graph's leaves. */
export function nasBench201Virtual(shape: NasBench201Shape, ops: readonly string[]): number {
  const plain = ops.filter((op) => op === "none" || op === "skip_connect").length;
  const stages = [0, 1, 2].map((stage) => sizeOf([shape.side / 2 ** stage, shape.side / 2 ** stage, shape.channels * 2 ** stage]));
  return plain * shape.cells * stages.reduce((a, size) => a + size, 0);
}

/** The published string: `|op~j|+|op~j|op~j|+|…|`, node by node. */
export function formatNasBench201(ops: readonly string[]): string {
  return Array.from({ length: NODES - 1 }, (_, n) => `|${Array.from({ length: n + 1 }, (__, from) => `${ops[rowOf(from, n + 1)] ?? "none"}~${from}`).join("|")}|`).join("+");
}

/** Ops by edge; null for any text that {@link formatNasBench201} could not have written. */
export function parseNasBench201(text: string): string[] | null {
  if (text.length > 150) return null;
  const ops = [...text.matchAll(/\|(\w+)~/g)].map((match) => match[1] ?? "");
  const known: readonly string[] = nasBench201Ops;
  // Writing it again settles order, bars and sources at once.
  return ops.length === nasBench201Edges.length && ops.every((op) => known.includes(op)) && formatNasBench201(ops) === text ? ops : null;
}

/** Whether some path from node 0 to node 3 is free of `none`; else the network sees no image. */
export function isConnected(ops: readonly string[]): boolean {
  const reached = new Set([0]);
  for (const { from, to } of nasBench201Edges) if (reached.has(from) && ops[rowOf(from, to)] !== "none") reached.add(to);
  return reached.has(NODES - 1);
}
