/**
 * Only for tests: primitives written straight from their definitions in float64, central differences of them, and comparison.
 * Deliberately shares no code with the kernels.
 */
import { engine, tensor, tidy, type Tensor } from "@tensorflow/tfjs-core";
import { rootKey } from "@/lib/rng";

export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function randomValues(name: string, shape: readonly number[], scale = 1): Values {
  const rng = rootKey(11).fold(name).stream();
  return { shape, data: Float32Array.from({ length: shape.reduce((a, n) => a * n, 1) }, () => scale * rng.normal()) };
}

/** max |a − b| / max |b|. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let [worst, scale] = [0, 1e-30];
  for (let i = 0; i < want.length; i++) {
    worst = Math.max(worst, Math.abs((got[i] as number) - (want[i] as number)));
    scale = Math.max(scale, Math.abs(want[i] as number));
  }
  return Number.isNaN(worst) ? Infinity : worst / scale;
}

export type Forward64 = (inputs: readonly ArrayLike<number>[]) => Float64Array;

/**
 * Gradient of Σ forward·dy with respect to up to 40 entries of input `index`, by central differences in float64:
 * the entries' indices, and the derivatives.
 */
export function differences(forward: Forward64, inputs: readonly Values[], index: number, dy: ArrayLike<number>): { at: number[]; grad: number[] } {
  const lists = inputs.map((v) => Float64Array.from(v.data));
  const target = lists[index] as Float64Array;
  const dot = (): number => forward(lists).reduce((sum, y, i) => sum + y * (dy[i] as number), 0);
  const step = 1e-4;
  const count = Math.min(target.length, 40);
  const at = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * target.length) / count));
  const grad = at.map((i) => {
    const value = target[i] as number;
    target[i] = value + step;
    const up = dot();
    target[i] = value - step;
    const down = dot();
    target[i] = value;
    return (up - down) / (2 * step);
  });
  return { at, grad };
}

/** Runs an op on the current backend: its value, and its gradients for a given dy. */
export function runOp(op: (...xs: Tensor[]) => Tensor, inputs: readonly Values[], dy: Values): { value: Float32Array; grads: Float32Array[] } {
  return tidy(() => {
    const xs = inputs.map((v) => tensor(v.data, [...v.shape]));
    const { value, grads } = engine().gradients(() => op(...xs), xs, tensor(dy.data, [...dy.shape]));
    return { value: value.dataSync() as Float32Array, grads: grads.map((g) => g.dataSync() as Float32Array) };
  });
}

export interface Case {
  readonly b: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly cout: number;
  readonly k: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
}

export function outShape(s: Case): [number, number] {
  const out = (n: number): number => Math.floor((n + 2 * s.pad - s.dilation * (s.k - 1) - 1) / s.stride) + 1;
  return [out(s.h), out(s.w)];
}

/** Sum over the filter's taps of term(x value, tap index), the definition of every sliding-window op. */
function slide(s: Case, channels: number, at: (b: number, oy: number, ox: number, co: number, pixel: (dy: number, dx: number, ci: number, x: ArrayLike<number>) => number) => number): Float64Array {
  const [oh, ow] = outShape(s);
  const y = new Float64Array(s.b * oh * ow * channels);
  let i = 0;
  for (let b = 0; b < s.b; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let co = 0; co < channels; co++)
          y[i++] = at(b, oy, ox, co, (dy, dx, ci, x) => {
            const [iy, ix] = [oy * s.stride + dy * s.dilation - s.pad, ox * s.stride + dx * s.dilation - s.pad];
            return iy < 0 || ix < 0 || iy >= s.h || ix >= s.w ? NaN : (x[((b * s.h + iy) * s.w + ix) * s.c + ci] as number);
          });
  return y;
}

export const conv64 = (s: Case): Forward64 => ([x, f]) =>
  slide(s, s.cout, (_b, _oy, _ox, co, pixel) => {
    let sum = 0;
    for (let dy = 0; dy < s.k; dy++)
      for (let dx = 0; dx < s.k; dx++)
        for (let ci = 0; ci < s.c; ci++) {
          const v = pixel(dy, dx, ci, x as ArrayLike<number>);
          if (!Number.isNaN(v)) sum += v * ((f as ArrayLike<number>)[((dy * s.k + dx) * s.c + ci) * s.cout + co] as number);
        }
    return sum;
  });

export const depthwise64 = (s: Case): Forward64 => ([x, f]) =>
  slide(s, s.c, (_b, _oy, _ox, c, pixel) => {
    let sum = 0;
    for (let dy = 0; dy < s.k; dy++)
      for (let dx = 0; dx < s.k; dx++) {
        const v = pixel(dy, dx, c, x as ArrayLike<number>);
        if (!Number.isNaN(v)) sum += v * ((f as ArrayLike<number>)[(dy * s.k + dx) * s.c + c] as number);
      }
    return sum;
  });

export const pool64 = (s: Case, isMax: boolean): Forward64 => ([x]) =>
  slide(s, s.c, (_b, _oy, _ox, c, pixel) => {
    const seen: number[] = [];
    for (let dy = 0; dy < s.k; dy++)
      for (let dx = 0; dx < s.k; dx++) {
        const v = pixel(dy, dx, c, x as ArrayLike<number>);
        if (!Number.isNaN(v)) seen.push(v);
      }
    return isMax ? Math.max(...seen) : seen.reduce((a, v) => a + v, 0) / seen.length;
  });

export const batchNorm64 = (channels: number, eps: number, act: (z: number) => number): Forward64 => ([x, gamma, beta]) => {
  const [xs, g, b] = [x as ArrayLike<number>, gamma as ArrayLike<number>, beta as ArrayLike<number>];
  const rows = xs.length / channels;
  const y = new Float64Array(xs.length);
  for (let c = 0; c < channels; c++) {
    const column = Array.from({ length: rows }, (_, r) => xs[r * channels + c] as number);
    const mu = column.reduce((a, v) => a + v, 0) / rows;
    const variance = column.reduce((a, v) => a + (v - mu) ** 2, 0) / rows;
    column.forEach((v, r) => (y[r * channels + c] = act(((v - mu) / Math.sqrt(variance + eps)) * (g[c] as number) + (b[c] as number))));
  }
  return y;
};
