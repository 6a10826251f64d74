/** Picking pixels, putting them back between zeros, shifting and shrinking a map, with their gradients. Indices are computed in integers. */
import { customGrad, gather, matMul, pad, reshape, slice, tensor3d, tensor1d, type Tensor } from "@tensorflow/tfjs-core";
import { dim } from "../geometry";

/** ⌊i·long/short⌋ for i < short: the pixels of a side `long` that a side `short` keeps. */
function kept(long: number, short: number): number[] {
  return Array.from({ length: short }, (_, i) => Math.floor((i * long) / short));
}

/** Where each pixel of the long side comes from; the one past the end of the short side holds zero. */
function sources(long: number, short: number): number[] {
  const from = new Array<number>(long).fill(short);
  kept(long, short).forEach((position, i) => (from[position] = i));
  return from;
}

function along(x: Tensor, rows: readonly number[], columns: readonly number[]): Tensor {
  return gather(gather(x, tensor1d([...rows], "int32"), 1), tensor1d([...columns], "int32"), 2);
}

function pick(x: Tensor, h: number, w: number): Tensor {
  return along(x, kept(dim(x.shape, 1), h), kept(dim(x.shape, 2), w));
}

function spread(x: Tensor, h: number, w: number): Tensor {
  const padded = pad(x, [[0, 0], [0, 1], [0, 1], [0, 0]]);
  return along(padded, sources(h, dim(x.shape, 1)), sources(w, dim(x.shape, 2)));
}

/** x [b, h, w, c] → [b, side, side, c], pixel ⌊i·h/side⌋ of each axis; side ≤ h, w. */
export function subsample(x: Tensor, side: number): Tensor {
  const [h, w] = [dim(x.shape, 1), dim(x.shape, 2)];
  return customGrad((t) => ({ value: pick(t as Tensor, side, side), gradFunc: (dy: Tensor) => spread(dy, h, w) }))(x);
}

/** The transpose: pixel i of x at ⌊i·side/h⌋, zeros between; side ≥ h, w. */
export function scatter(x: Tensor, side: number): Tensor {
  const [h, w] = [dim(x.shape, 1), dim(x.shape, 2)];
  return customGrad((t) => ({ value: spread(t as Tensor, side, side), gradFunc: (dy: Tensor) => pick(dy, h, w) }))(x);
}

/** y[i, j] = x[i + by, j + by], zero beyond the edge. */
export function shift(x: Tensor, by: number): Tensor {
  const [b, h, w, c] = [dim(x.shape, 0), dim(x.shape, 1), dim(x.shape, 2), dim(x.shape, 3)];
  const size: [number, number, number, number] = [b, h - by, w - by, c];
  return customGrad((t) => ({
    value: pad(slice(t as Tensor, [0, by, by, 0], size), [[0, 0], [0, by], [0, by], [0, 0]]),
    gradFunc: (dy: Tensor) => pad(slice(dy, [0, 0, 0, 0], size), [[0, 0], [by, 0], [by, 0], [0, 0]]),
  }))(x);
}

/** Row o holds the part of output pixel o that each input pixel covers: [to, from] numbers, to ≤ from; each row sums to 1. */
function coverage(from: number, to: number): number[][] {
  return Array.from({ length: to }, (_, o) =>
    Array.from({ length: from }, (__, i) => Math.max(0, Math.min((o + 1) * from, (i + 1) * to) - Math.max(o * from, i * to)) / from),
  );
}

const transposed = (rows: readonly number[][]): number[][] => (rows[0] ?? []).map((_, i) => rows.map((row) => row[i] ?? 0));

/** x [b, h, w, c] with both axes multiplied by matrices. */
function alongBoth(x: Tensor, rows: number[][], columns: number[][]): Tensor {
  const [b, w, c] = [dim(x.shape, 0), dim(x.shape, 2), dim(x.shape, 3)];
  const high = matMul(tensor3d([rows]), reshape(x, [b, dim(x.shape, 1), w * c]));
  return reshape(matMul(tensor3d([columns]), reshape(high, [b * rows.length, w, c])), [b, rows.length, columns.length, c]);
}

/** Area averaging x [b, h, w, c] → [b, side, side, c], side ≤ h, w: pixels on the edge of an output pixel count by the part inside. */
export function resize(x: Tensor, side: number): Tensor {
  const [rows, columns] = [coverage(dim(x.shape, 1), side), coverage(dim(x.shape, 2), side)];
  return customGrad((t) => ({
    value: alongBoth(t as Tensor, rows, columns),
    gradFunc: (dy: Tensor) => alongBoth(dy, transposed(rows), transposed(columns)),
  }))(x);
}
