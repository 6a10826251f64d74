/** Nodes of a tfjs graph model for the ops that TensorFlow has no single counterpart of: smooth activations, weights on maps, resampling. */
import { AppError } from "@/lib/appError";
import type { Op } from "@/nas/graph";
import { requireWeight } from "./safetensors";
import { first, FLOAT, INT, type Context } from "./tfjsModelWriter";

/** relu6(x + 3)/6. */
function ramp({ writer, node }: Context, x: string): string {
  const raised = writer.add(`${node.name}/raised`, "AddV2", [x, writer.floats(`${node.name}/three`, [], Float32Array.of(3))]);
  const clipped = writer.add(`${node.name}/clipped`, "Relu6", [raised]);
  return writer.add(`${node.name}/ramp`, "Mul", [clipped, writer.floats(`${node.name}/sixth`, [], Float32Array.of(1 / 6))]);
}

export function writeActivation(ctx: Context, kind: "hswish" | "hsigmoid" | "sigmoid" | "swish"): string {
  const { writer, node } = ctx;
  const x = first(ctx).name;
  switch (kind) {
    case "hsigmoid":
      return ramp(ctx, x);
    case "sigmoid":
      return writer.add(node.name, "Sigmoid", [x]);
    case "hswish":
      return writer.add(node.name, "Mul", [x, ramp(ctx, x)]);
    case "swish":
      return writer.add(node.name, "Mul", [x, writer.add(`${node.name}/gate`, "Sigmoid", [x])]);
  }
}

/** A map times a vector of each example. */
export function writeScale(ctx: Context): string {
  const { writer, node, from } = ctx;
  const vector = from[1];
  if (vector === undefined) throw new AppError("bug", `Node ${node.name} has no vector to scale by.`);
  const shape = writer.ints(`${node.name}/shape`, [4], [-1, 1, 1, node.shape.at(-1) ?? 0]);
  const wide = writer.add(`${node.name}/wide`, "Reshape", [vector.name, shape], { T: FLOAT, Tshape: INT });
  return writer.add(node.name, "Mul", [first(ctx).name, wide]);
}

export function writeMask(ctx: Context, name: string): string {
  const { writer, weights, node } = ctx;
  const channels = node.shape.at(-1) ?? 0;
  return writer.add(node.name, "Mul", [first(ctx).name, writer.floats(name, [channels], requireWeight(weights, name, channels))]);
}

/** The mixture's weights are constants of the exported model. */
export function writeMix(ctx: Context, { weights: name, begin, count, soft, index }: Extract<Op, { op: "mix" }>): string {
  const { writer, weights, node, from } = ctx;
  const own = weights.get(name)?.slice(begin, begin + count);
  if (own?.length !== count) throw new AppError("bug", `The weights ${name} of ${node.name} are missing or too few.`);
  const top = Math.max(...own);
  const total = own.reduce((sum, a) => sum + Math.exp(a - top), 0);
  const terms = from.map((input, i) => {
    const a = own[index[i] ?? 0] ?? 0;
    const p = writer.floats(`${node.name}/weight${i}`, [], Float32Array.of(soft ? Math.exp(a - top) / total : a));
    return writer.add(`${node.name}/term${i}`, "Mul", [input.name, p]);
  });
  return terms.reduce((sum, term, i) => writer.add(`${node.name}/sum${i}`, "AddV2", [sum, term]));
}

/** Rows and columns of a map by index. */
function gather({ writer, node }: Context, x: string, rows: readonly number[], columns: readonly number[]): string {
  const along = (input: string, what: string, axis: number, index: readonly number[]): string => {
    const inputs = [input, writer.ints(`${node.name}/${what}`, [index.length], index), writer.ints(`${node.name}/${what}Axis`, [], [axis])];
    return writer.add(`${node.name}/by${what}`, "GatherV2", inputs, { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: { i: "0" } });
  };
  return along(along(x, "rows", 1, rows), "columns", 2, columns);
}

/** ⌊i·long/short⌋ for i < short. */
const kept = (long: number, short: number): number[] => Array.from({ length: short }, (_, i) => Math.floor((i * long) / short));

export function writeSubsample(ctx: Context, side: number): string {
  const { name, node } = first(ctx);
  const [h = 0, w = 0] = node.shape;
  return gather(ctx, name, kept(h, side), kept(w, side));
}

/** Both axes of a map times matrices of covered parts: row o of a matrix has the part of output pixel o that every input pixel covers. */
export function writeResize(ctx: Context, side: number): string {
  const { writer, node } = ctx;
  const { name: x, node: from } = first(ctx);
  const [h = 0, w = 0, c = 0] = from.shape;
  const matrix = (what: string, long: number): string => {
    const part = (o: number, i: number): number => Math.max(0, Math.min((o + 1) * long, (i + 1) * side) - Math.max(o * long, i * side)) / long;
    return writer.floats(`${node.name}/${what}`, [1, side, long], Float32Array.from({ length: side * long }, (_, n) => part(Math.floor(n / long), n % long)));
  };
  const reshape = (name: string, input: string, shape: readonly number[]): string =>
    writer.add(name, "Reshape", [input, writer.ints(`${name}/shape`, [shape.length], shape)], { T: FLOAT, Tshape: INT });
  const product = (name: string, a: string, b: string): string => writer.add(name, "BatchMatMulV2", [a, b], { T: FLOAT, adj_x: { b: false }, adj_y: { b: false } });
  const high = product(`${node.name}/byRows`, matrix("rows", h), reshape(`${node.name}/flat`, x, [-1, h, w * c]));
  const wide = product(`${node.name}/byColumns`, matrix("columns", w), reshape(`${node.name}/turned`, high, [-1, w, c]));
  return reshape(node.name, wide, [-1, side, side, c]);
}

/** Zeros after the last row and column. */
function padEnd({ writer, node }: Context, x: string, by: number): string {
  const paddings = writer.ints(`${node.name}/paddings`, [4, 2], [0, 0, 0, by, 0, by, 0, 0]);
  return writer.add(`${node.name}/pad`, "PadV2", [x, paddings, writer.floats(`${node.name}/zero`, [], Float32Array.of(0))], { T: FLOAT, Tpaddings: INT });
}

export function writeScatter(ctx: Context, side: number): string {
  const { name, node } = first(ctx);
  const sources = (short: number): number[] => {
    const from = new Array<number>(side).fill(short);
    kept(side, short).forEach((position, i) => (from[position] = i));
    return from;
  };
  const [h = 0, w = 0] = node.shape;
  return gather(ctx, padEnd(ctx, name, 1), sources(h), sources(w));
}

export function writeShift(ctx: Context, by: number): string {
  const { writer, node } = ctx;
  const four = (what: string, values: readonly number[]): string => writer.ints(`${node.name}/${what}`, [4], values);
  const cut = writer.add(`${node.name}/cut`, "Slice", [first(ctx).name, four("begin", [0, by, by, 0]), four("size", [-1, -1, -1, -1])], { T: FLOAT, Index: INT });
  return padEnd(ctx, cut, by);
}

/** An exported model evaluates: no path is dropped. */
export function writeDropPath(ctx: Context): string {
  return ctx.writer.add(ctx.node.name, "Identity", [first(ctx).name]);
}
