/** Moving channels about: concatenation, slices, even/odd splits and the shuffle, each with its gradient. Last dimension = channels. */
import { concat, customGrad, pad, reshape, slice, transpose, type Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import { dim } from "../geometry";

const lastOf = (x: Tensor): number => dim(x.shape, x.shape.length - 1);

function cut(x: Tensor, begin: number, size: number): Tensor {
  const lead = x.shape.slice(0, -1);
  return slice(x, [...lead.map(() => 0), begin], [...lead, size]);
}

export function concatChannels(parts: readonly Tensor[]): Tensor {
  const sizes = parts.map(lastOf);
  return customGrad((...args) => ({
    // The last argument is tfjs's save function.
    value: concat(args.slice(0, parts.length) as Tensor[], -1),
    gradFunc: (dy: Tensor) => {
      let begin = 0;
      return sizes.map((size) => {
        begin += size;
        return cut(dy, begin - size, size);
      });
    },
  }))(...parts);
}

/** Channels begin … begin + size − 1. */
export function sliceChannels(x: Tensor, begin: number, size: number): Tensor {
  const after = lastOf(x) - begin - size;
  return customGrad((t) => ({
    value: cut(t as Tensor, begin, size),
    gradFunc: (dy: Tensor) => pad(dy, [...dy.shape.slice(0, -1).map((): [number, number] => [0, 0]), [begin, after]]),
  }))(x);
}

/** `count` of every `step` channels, from channel `begin` on; the map ends with zeros where it is too narrow. */
function everyNth(x: Tensor, begin: number, step: number, count: number): Tensor {
  const [lead, c] = [x.shape.slice(0, -1), lastOf(x)];
  // Rank 3 on the way: stock ops of rank 5 are broken on webgpu.
  const rest = cut(reshape(x, [-1, c]), begin, Math.min(c - begin, count * step));
  const even = pad(rest, [[0, 0], [0, count * step - lastOf(rest)]]);
  return reshape(slice(reshape(even, [-1, count, step]), [0, 0, 0], [-1, count, 1]), [...lead, count]);
}

/** The transpose of {@link everyNth} for a map of c channels. */
function everyNthGrad(dy: Tensor, begin: number, step: number, c: number): Tensor {
  const [lead, count] = [dy.shape.slice(0, -1), lastOf(dy)];
  const wide = reshape(pad(reshape(dy, [-1, count, 1]), [[0, 0], [0, 0], [0, step - 1]]), [-1, count * step]);
  const kept = Math.min(c - begin, count * step);
  return reshape(pad(cut(wide, 0, kept), [[0, 0], [begin, c - begin - kept]]), [...lead, c]);
}

/** Channels begin, begin + step, … as far as there are any. */
export function strideChannels(x: Tensor, begin: number, step: number): Tensor {
  const c = lastOf(x);
  if (begin < 0 || begin >= c || step < 1) throw new AppError("bug", `${c} channels from ${begin} in steps of ${step}`);
  const count = Math.ceil((c - begin) / step);
  return customGrad((t) => ({ value: everyNth(t as Tensor, begin, step, count), gradFunc: (dy: Tensor) => everyNthGrad(dy, begin, step, c) }))(x);
}

function swapGroups(x: Tensor, groups: number): Tensor {
  return reshape(transpose(reshape(x, [-1, groups, lastOf(x) / groups]), [0, 2, 1]), x.shape);
}

/** Channel shuffle: [groups, c/groups] → [c/groups, groups]. */
export function shuffleChannels(x: Tensor, groups: number): Tensor {
  const back = lastOf(x) / groups;
  return customGrad((t) => ({ value: swapGroups(t as Tensor, groups), gradFunc: (dy: Tensor) => swapGroups(dy, back) }))(x);
}
