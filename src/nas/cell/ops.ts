/**
 * The candidate ops of cells (spec darts 1.1), added to a graph as the search network has them (norms without scale and offset, one after each
 * pool) or as the derived network has them (norms with both, bare pools). Names inside an op are those of the golden files.
 */
import { AppError } from "@/lib/appError";
import type { Graph, Op } from "../graph";
import { graphBuilder, type GraphBuilder } from "../graphBuilder";
import { torchDefaultInit } from "../space/init";
import type { CellOpName } from "./genotype";

export type CellMode = "search" | "derived";

/** `path.part`, or the part alone at the root. */
export function joinPath(path: string, part: string): string {
  return path === "" ? part : `${path}.${part}`;
}

function norm(b: GraphBuilder, name: string, from: number, mode: CellMode): number {
  return b.batchNorm(name, from, mode === "derived");
}

/** ReLU → 1×1 convolution → norm: brings an input of a cell to its width. */
export function addReluConvNorm(b: GraphBuilder, path: string, from: number, cout: number, mode: CellMode): number {
  const conv = b.conv(joinPath(path, "conv"), b.relu(joinPath(path, "relu"), from), { cout });
  return norm(b, joinPath(path, "bn"), conv, mode);
}

/**
 * Halves a map: `conv1` reads the even pixels, `conv2` the odd ones (one row and one column further), half of the channels each, one norm over
 * all. Throws `bug` when `cout` is odd.
 */
export function addFactorizedReduce(b: GraphBuilder, path: string, from: number, cout: number, mode: CellMode): number {
  if (cout % 2 !== 0) throw new AppError("bug", `A factorized reduction to ${cout} channels cannot halve them.`);
  const active = b.relu(joinPath(path, "relu"), from);
  const even = b.conv(joinPath(path, "conv1"), active, { cout: cout / 2, stride: 2 });
  const shifted = b.node(joinPath(path, "shift"), { op: "shift", by: 1 }, [active]);
  const odd = b.conv(joinPath(path, "conv2"), shifted, { cout: cout / 2, stride: 2 });
  return norm(b, joinPath(path, "bn"), b.node(joinPath(path, "concat"), { op: "concat" }, [even, odd]), mode);
}

/** ReLU → depthwise k×k → 1×1 → norm; `tag` tells the two halves of a separable convolution apart. */
function addSeparable(b: GraphBuilder, path: string, tag: string, from: number, options: { readonly k: number; readonly stride: number; readonly dilation: number }, mode: CellMode): number {
  const depthwise = b.depthwise(joinPath(path, `dw${tag}`), b.relu(joinPath(path, `relu${tag}`), from), options);
  const pointwise = b.conv(joinPath(path, `pw${tag}`), depthwise, { cout: b.channelsOf(from) });
  return norm(b, joinPath(path, `bn${tag}`), pointwise, mode);
}

function addSepConv(b: GraphBuilder, path: string, from: number, k: number, stride: number, mode: CellMode): number {
  const first = addSeparable(b, path, "1", from, { k, stride, dilation: 1 }, mode);
  return addSeparable(b, path, "2", first, { k, stride: 1, dilation: 1 }, mode);
}

function addPool(b: GraphBuilder, path: string, from: number, attrs: Op, mode: CellMode): number {
  const pool = b.node(joinPath(path, "pool"), attrs, [from]);
  return mode === "search" ? norm(b, joinPath(path, "bn"), pool, mode) : pool;
}

/** ReLU → 1×7 → 7×1 → norm: each convolution strides along its own axis. */
function addCrossed(b: GraphBuilder, path: string, from: number, stride: number, mode: CellMode): number {
  const cout = b.channelsOf(from);
  const along = { k: 7, stride, pad: 3 };
  const still = { k: 1, stride: 1, pad: 0 };
  const wide = b.conv(joinPath(path, "conv_1x7"), b.relu(joinPath(path, "relu"), from), { cout, ...still, across: along });
  return norm(b, joinPath(path, "bn"), b.conv(joinPath(path, "conv_7x1"), wide, { cout, ...along, across: still }), mode);
}

/**
 * Adds one op that keeps the channels of `from`; returns its last node, `from` itself for a skip at stride 1. `none` has no node: see
 * {@link addZero}. Throws `config.invalid` for an op that can be read and drawn but not built, `bug` for an unknown one.
 */
export function addCellOp(b: GraphBuilder, path: string, from: number, op: CellOpName, stride: number, mode: CellMode): number {
  switch (op) {
    case "max_pool_3x3":
      return addPool(b, path, from, { op: "maxPool", k: 3, stride, pad: 1 }, mode);
    case "avg_pool_3x3":
      return addPool(b, path, from, { op: "avgPool", k: 3, stride, pad: 1, countPads: false }, mode);
    case "skip_connect":
      return stride === 1 ? from : addFactorizedReduce(b, path, from, b.channelsOf(from), mode);
    case "sep_conv_3x3":
      return addSepConv(b, path, from, 3, stride, mode);
    case "sep_conv_5x5":
      return addSepConv(b, path, from, 5, stride, mode);
    case "sep_conv_7x7":
      return addSepConv(b, path, from, 7, stride, mode);
    case "dil_conv_3x3":
      return addSeparable(b, path, "", from, { k: 3, stride, dilation: 2 }, mode);
    case "dil_conv_5x5":
      return addSeparable(b, path, "", from, { k: 5, stride, dilation: 2 }, mode);
    case "conv_7x1_1x7":
      return addCrossed(b, path, from, stride, mode);
    case "conv_3x1_1x3":
      throw new AppError("config.invalid", "The op conv_3x1_1x3 can be read, drawn and converted, but no network can be built from it.");
    default:
      throw new AppError("bug", `There is no cell op ${JSON.stringify(op)}.`);
  }
}

/** Zeros of the shape that an op of this stride would give: what remains where every op of a node is `none`. Shifting by half the side twice leaves no pixel. */
export function addZero(b: GraphBuilder, path: string, from: number, stride: number): number {
  const side = Math.floor((b.shapeOf(from)[0] ?? 0) / stride);
  const like = stride === 1 ? from : b.node(joinPath(path, "subsample"), { op: "subsample", side }, [from]);
  const shift = { op: "shift", by: Math.ceil(side / 2) } as const;
  return b.node(joinPath(path, "shift2"), shift, [b.node(joinPath(path, "shift1"), shift, [like])]);
}

export interface OpGraphOptions {
  readonly channels: number;
  /** Side of the square input. */
  readonly side: number;
  readonly stride: number;
  readonly mode: CellMode;
  /** Of `relu_conv_bn` and `factorized_reduce`; absent: `channels`. */
  readonly cout?: number;
}

/** One op alone, its parameters at the root (`dw1.weight`); also `none`, `relu_conv_bn` and `factorized_reduce`. */
export function opGraph(op: CellOpName, { channels, side, stride, mode, cout = channels }: OpGraphOptions): Graph {
  const b = graphBuilder([side, side, channels], torchDefaultInit);
  if (op === "none") return b.finish(addZero(b, "", b.input, stride));
  if (op === "relu_conv_bn") return b.finish(addReluConvNorm(b, "", b.input, cout, mode));
  if (op === "factorized_reduce") return b.finish(addFactorizedReduce(b, "", b.input, cout, mode));
  const output = addCellOp(b, "", b.input, op, stride, mode);
  // A graph whose input is its result would have nothing to run.
  return b.finish(output === b.input ? b.node("identity", { op: "slice", begin: 0, size: channels }, [output]) : output);
}
