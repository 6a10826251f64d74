/** Products and sums with learned weights: squeeze-and-excitation, channel masks, mixed ops, and dropped paths. */
import {
  add, clone, concat, customGrad, mul, pad, reshape, slice, softmax, sub, sum, zeros, type Tensor,
} from "@tensorflow/tfjs-core"; // prettier-ignore
import { AppError } from "@/lib/appError";
import { dim } from "../geometry";
import { at } from "../kernel";

type Save = (tensors: Tensor[]) => void;

/** Axes 0 … n − 1. */
const axes = (n: number, from = 0): number[] => Array.from({ length: n - from }, (_, i) => from + i);

/** x [b, h, w, c] · s [b, c]. */
export function scaleMap(x: Tensor, s: Tensor): Tensor {
  const wide = (v: Tensor): Tensor => reshape(v, [dim(v.shape, 0), 1, 1, dim(v.shape, 1)]);
  return customGrad((t, v, save) => {
    (save as unknown as Save)([t as Tensor, v as Tensor]);
    return {
      value: mul(t as Tensor, wide(v as Tensor)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [mul(dy, wide(at(saved, 1))), sum(mul(dy, at(saved, 0)), [1, 2])],
    };
  })(x, s);
}

/** x [..., c] · m [c]. */
export function maskChannels(x: Tensor, m: Tensor): Tensor {
  return customGrad((t, v, save) => {
    (save as unknown as Save)([t as Tensor, v as Tensor]);
    return {
      value: mul(t as Tensor, v as Tensor),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [mul(dy, at(saved, 1)), sum(mul(dy, at(saved, 0)), axes(x.rank - 1))],
    };
  })(x, m);
}

/** x [b, ...] · m [b]; m is data and has no gradient. */
export function scaleExamples(x: Tensor, m: Tensor): Tensor {
  const wide = (v: Tensor): Tensor => reshape(v, v.size === x.size ? x.shape : [v.size, ...axes(x.rank, 1).map(() => 1)]);
  return customGrad((t, save) => {
    (save as Save)([m]);
    return { value: mul(t as Tensor, wide(m)), gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, wide(at(saved, 0))) };
  })(x);
}

export interface MixAttrs {
  readonly begin: number;
  readonly count: number;
  readonly soft: boolean;
  readonly index: readonly number[];
}

/** Gradient of the whole weight vector from that of the probabilities, one scalar a candidate. */
function weightGradient(p: Tensor, perCandidate: readonly Tensor[], size: number, { begin, count, soft, index }: MixAttrs): Tensor {
  const parts = axes(count).map((j) => {
    const mine = perCandidate.filter((_, i) => index[i] === j);
    return reshape(mine.slice(1).reduce((total, t) => add(total, t), mine[0] ?? zeros([])), [1]);
  });
  const dp = parts.length === 1 ? at(parts, 0) : concat(parts);
  const own = soft ? mul(p, sub(dp, sum(mul(p, dp)))) : dp;
  return pad(own, [[begin, size - begin - count]]);
}

/** Σ p[index[i]]·x_i with p = softmax of `count` of the weights, or those weights themselves. */
export function mixMaps(weights: Tensor, xs: readonly Tensor[], attrs: MixAttrs): Tensor {
  const { begin, count, soft, index } = attrs;
  if (xs.length === 0 || index.length !== xs.length || begin + count > weights.size)
    throw new AppError("bug", `${xs.length} candidates mixed by ${index.length} of ${weights.size} weights`);
  const weightOf = (p: Tensor, i: number): Tensor => reshape(slice(p, [at(index, i)], [1]), []);
  return customGrad((...args) => {
    // The last argument is tfjs's save function.
    const save = args[args.length - 1] as unknown as Save;
    const [w, ...maps] = args.slice(0, -1) as Tensor[];
    const own = slice(w as Tensor, [begin], [count]);
    const p = soft ? softmax(own) : own;
    save([p, ...maps]);
    const value = maps.map((x, i) => mul(x, weightOf(p, i))).reduce((total, x) => add(total, x));
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [q, kept] = [at(saved, 0), saved.slice(1)];
        const perCandidate = kept.map((x) => sum(mul(dy, x)));
        return [weightGradient(q, perCandidate, weights.size, attrs), ...kept.map((_, i) => mul(dy, weightOf(q, i)))];
      },
    };
  })(weights, ...xs);
}

/** The same values in a tensor of their own. */
export function copyMap(x: Tensor): Tensor {
  return customGrad((t) => ({ value: clone(t as Tensor), gradFunc: (dy: Tensor) => clone(dy) }))(x);
}
