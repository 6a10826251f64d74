/**
 * Convolutions whose axes differ (1×7, then 7×1), which our square kernels do not know: patches gathered tap by tap, then a 1×1 convolution.
 * Both ways are gathers, so they run on every backend.
 */
import { add, concat, customGrad, gather, pad, slice, tensor1d, type Tensor } from "@tensorflow/tfjs-core";
import { dim, outputSize } from "@/kernels/geometry";
import { conv } from "@/kernels/ops/conv";
import { viewAs } from "@/kernels/ops/reshape";

/** One axis of a window: kernel, stride, and zeros on both sides. */
export interface Axis {
  readonly k: number;
  readonly stride: number;
  readonly pad: number;
}

/** Index along an axis of what each of `length` results takes; `zero` where there is nothing. */
function indices(length: number, from: (i: number) => number, size: number, zero: number): number[] {
  return Array.from({ length }, (_, i) => {
    const index = from(i);
    return Number.isInteger(index) && index >= 0 && index < size ? index : zero;
  });
}

/** Rows and columns of a map with one more of each, zero, behind the last. */
function pick(x: Tensor, rows: readonly number[], columns: readonly number[]): Tensor {
  const padded = pad(x, [[0, 0], [0, 1], [0, 1], [0, 0]]);
  return gather(gather(padded, tensor1d([...rows], "int32"), 1), tensor1d([...columns], "int32"), 2);
}

/** x [b, h, w, c] → [b, oh, ow, kh·kw·c]: the channels of every tap side by side, zero beyond the edge. */
function unfold(x: Tensor, down: Axis, across: Axis): Tensor {
  const [h, w, c] = [dim(x.shape, 1), dim(x.shape, 2), dim(x.shape, 3)];
  const [oh, ow] = [outputSize(h, down.k, down.stride, down.pad), outputSize(w, across.k, across.stride, across.pad)];
  const taps = Array.from({ length: down.k * across.k }, (_, t) => [Math.floor(t / across.k), t % across.k] as const);
  const reads = (axis: Axis, tap: number, length: number, size: number): number[] => indices(length, (o) => o * axis.stride - axis.pad + tap, size, size);
  const writes = (axis: Axis, tap: number, length: number, size: number): number[] => indices(size, (i) => (i + axis.pad - tap) / axis.stride, length, length);
  return customGrad((t) => ({
    value: concat(taps.map(([i, j]) => pick(t as Tensor, reads(down, i, oh, h), reads(across, j, ow, w))), 3),
    gradFunc: (dy: Tensor) => {
      const parts = taps.map(([i, j], tap) => pick(slice(dy, [0, 0, 0, tap * c], [-1, -1, -1, c]), writes(down, i, oh, h), writes(across, j, ow, w)));
      return parts.reduce((sum, part) => add(sum, part));
    },
  }))(x);
}

/** x [b, h, w, cin] ∗ w [down.k, across.k, cin, cout] → [b, oh, ow, cout]. */
export function rectangularConv(x: Tensor, w: Tensor, down: Axis, across: Axis): Tensor {
  const [cin, cout] = [dim(w.shape, 2), dim(w.shape, 3)];
  return conv(unfold(x, down, across), viewAs(w, [1, 1, down.k * across.k * cin, cout]), { stride: 1, pad: 0 });
}

