/** Sizes of windows sliding over a map: one place for PyTorch's arithmetic (symmetric numeric padding, floor). */
import { AppError } from "@/lib/appError";

export interface WindowAttrs {
  readonly stride: number;
  /** Zeros on every side. */
  readonly pad: number;
  readonly dilation?: number;
}

/** Everything a kernel needs to know about one windowed op over a batch. */
export interface WindowGeometry {
  readonly b: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
  readonly oh: number;
  readonly ow: number;
}

/** ⌊(size + 2·pad − dilation·(k − 1) − 1) / stride⌋ + 1. */
export function outputSize(size: number, k: number, stride: number, pad: number, dilation = 1): number {
  return Math.floor((size + 2 * pad - dilation * (k - 1) - 1) / stride) + 1;
}

/** Dimension `i` of a shape. */
export function dim(shape: readonly number[], i: number): number {
  const size = shape[i];
  if (size === undefined) throw new AppError("bug", `shape [${shape.join(", ")}] has no dimension ${i}`);
  return size;
}

/** Geometry of a [kh, kw] window over x [b, h, w, c]. */
export function windowOf(shape: readonly number[], kh: number, kw: number, attrs: WindowAttrs): WindowGeometry {
  const dilation = attrs.dilation ?? 1;
  const [b, h, w, c] = [dim(shape, 0), dim(shape, 1), dim(shape, 2), dim(shape, 3)];
  const oh = outputSize(h, kh, attrs.stride, attrs.pad, dilation);
  const ow = outputSize(w, kw, attrs.stride, attrs.pad, dilation);
  if (oh < 1 || ow < 1) throw new AppError("bug", `a ${kh}×${kw} window does not fit into a ${h}×${w} map with padding ${attrs.pad}`);
  return { b, h, w, c, kh, kw, stride: attrs.stride, pad: attrs.pad, dilation, oh, ow };
}
