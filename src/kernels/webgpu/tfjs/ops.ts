/**
 * Layers on the plan's kernels for plain tfjs code, with gradients: `tf.grad` works through them. NHWC; weights as tfjs lays them out.
 * Channels that are no multiple of 4 are padded on the way in and cut on the way out.
 */
import { customGrad, pad, reshape, slice, tidy, type GradSaveFunc, type Tensor } from "@tensorflow/tfjs-core";
import { padTo4, UNBOUNDED } from "../../isa/isa";
import { runInstruction, type InstructionAttrs } from "./bridge";

export interface WindowOptions {
  readonly stride: number;
  readonly pad: number;
  readonly dilation?: number;
}

/** Zeroes appended to one axis up to a multiple of 4; differentiable. */
function widen<T extends Tensor>(x: T, axis: number): T {
  const more = padTo4(x.shape[axis] ?? 0) - (x.shape[axis] ?? 0);
  return more === 0 ? x : (pad(x, x.shape.map((_, i) => [0, i === axis ? more : 0] as [number, number])) as T);
}

function narrow<T extends Tensor>(y: T, channels: number): T {
  const last = y.shape.length - 1;
  if (y.shape[last] === channels) return y;
  return slice(y, y.shape.map(() => 0), [...y.shape.slice(0, last), channels]) as T;
}

const dims = (x: Tensor) => ({ B: x.shape[0] ?? 0, H: x.shape[1] ?? 0, W: x.shape[2] ?? 0, C: x.shape[3] ?? 0 });
const side = (length: number, k: number, { stride, pad: p, dilation = 1 }: WindowOptions): number => Math.floor((length + 2 * p - dilation * (k - 1) - 1) / stride) + 1;
const raw = (prefix: string, C: number) => ({ [`${prefix}ld`]: C, [`${prefix}mode`]: 0, [`${prefix}cs`]: C, [`${prefix}lo`]: -UNBOUNDED, [`${prefix}hi`]: UNBOUNDED });
const unmasked = { mask: 0, lo: -UNBOUNDED, hi: UNBOUNDED } as const;

const only = (outputs: readonly Tensor[], i = 0): Tensor => outputs[i] as Tensor;
/** tfjs's type of a gradient function with several inputs. */
type Saving = readonly [Tensor, ...Tensor[]];

function differentiable(forward: (xs: readonly Tensor[], save: GradSaveFunc) => Tensor, backward: (dy: Tensor, saved: readonly Tensor[]) => Tensor[], xs: Saving): Tensor {
  const op = customGrad((...args) => {
    const save = args.pop() as unknown as GradSaveFunc;
    return { value: forward(args as Tensor[], save), gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved) };
  });
  return op(...xs);
}

/** Convolution [B, H, W, cin] × [k, k, cin, cout], symmetric zero padding. */
export function planConv(x: Tensor, w: Tensor, options: WindowOptions): Tensor {
  return tidy(() => {
    const cout = w.shape[3] ?? 0;
    const y = differentiable(
      ([a, f], save) => {
        save([a as Tensor, f as Tensor]);
        return only(runInstruction("conv", { x: a as Tensor, w: f as Tensor }, convAttrs(a as Tensor, f as Tensor, options)));
      },
      (dy, [a, f]) => convGradients(dy, a as Tensor, f as Tensor, options),
      [widen(x, 3), widen(widen(w, 2), 3)],
    );
    return narrow(y, cout);
  });
}

export interface RectangleOptions {
  /** Down, across. */
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number];
}

function rectangleShape(x: Tensor, w: Tensor, { strides: [sh, sw], pads: [ph, pw] }: RectangleOptions) {
  const { B, H, W, C } = dims(x);
  const [kh = 0, kw = 0] = w.shape;
  return { B, H, W, Ho: side(H, kh, { stride: sh, pad: ph }), Wo: side(W, kw, { stride: sw, pad: pw }), kh, kw, sh, sw, ph, pw, C };
}

/** Convolution [B, H, W, cin] × [kh, kw, cin, cout] with a stride and symmetric zero padding of its own on each axis: patches as rows, then a product. */
export function planRectangularConv(x: Tensor, w: Tensor, options: RectangleOptions): Tensor {
  return tidy(() => {
    const [wide, filter] = [widen(x, 3), widen(w, 2)];
    const shape = rectangleShape(wide, filter, options);
    const width = shape.kh * shape.kw * shape.C;
    const rows = differentiable(
      ([a]) => only(runInstruction("unfold", { x: a as Tensor }, { numbers: { ...shape, xld: shape.C, yld: width }, outputs: { y: [shape.B, shape.Ho, shape.Wo, width] } })),
      (dy) => runInstruction("unfoldGrad", { dy }, { numbers: { ...shape, dyld: width, dxld: shape.C }, outputs: { dx: wide.shape } }),
      [wide],
    );
    return planConv(rows, reshape(filter, [1, 1, width, filter.shape[3] ?? 0]), { stride: 1, pad: 0 });
  });
}

function convShape(x: Tensor, w: Tensor, options: WindowOptions) {
  const { B, H, W, C } = dims(x);
  const k = w.shape[0] ?? 0;
  return { B, H, W, Ho: side(H, k, options), Wo: side(W, k, options), k, s: options.stride, p: options.pad, K: C, N: w.shape[3] ?? 0 };
}

function convAttrs(x: Tensor, w: Tensor, options: WindowOptions): InstructionAttrs {
  const shape = convShape(x, w, options);
  return { numbers: { ...raw("x", shape.K), ...shape, yld: shape.N }, outputs: { y: [shape.B, shape.Ho, shape.Wo, shape.N] } };
}

function convGradients(dy: Tensor, x: Tensor, w: Tensor, options: WindowOptions): Tensor[] {
  const shape = convShape(x, w, options);
  const dx = runInstruction("convGradInput", { dy, w }, { numbers: { ...shape, ...unmasked, dyld: shape.N, dxld: shape.K }, outputs: { dx: x.shape } });
  const dw = runInstruction("convGradWeight", { x, dy }, { numbers: { ...raw("x", shape.K), ...shape, dyld: shape.N }, outputs: { dw: w.shape } });
  return [only(dx), only(dw)];
}

/** Depthwise convolution [B, H, W, C] × [k, k, C, 1] with dilation. */
export function planDepthwise(x: Tensor, w: Tensor, options: WindowOptions): Tensor {
  const shapeOf = (a: Tensor, f: Tensor) => {
    const { B, H, W, C } = dims(a);
    const k = f.shape[0] ?? 0;
    return { B, H, W, C, Ho: side(H, k, options), Wo: side(W, k, options), k, s: options.stride, p: options.pad, d: options.dilation ?? 1 };
  };
  return tidy(() => {
    const y = differentiable(
      ([a, f], save) => {
        save([a as Tensor, f as Tensor]);
        const shape = shapeOf(a as Tensor, f as Tensor);
        return only(runInstruction("depthwise", { x: a as Tensor, w: f as Tensor }, { numbers: { ...raw("x", shape.C), ...shape, yld: shape.C }, outputs: { y: [shape.B, shape.Ho, shape.Wo, shape.C] } }));
      },
      (dy, saved) => {
        const [a, f] = saved as [Tensor, Tensor];
        const shape = shapeOf(a, f);
        const dx = runInstruction("depthwiseGradInput", { dy, w: f }, { numbers: { ...shape, ...unmasked, dyld: shape.C, dxld: shape.C }, outputs: { dx: a.shape } });
        const dw = runInstruction("depthwiseGradWeight", { x: a, dy }, { numbers: { ...raw("x", shape.C), ...shape, dyld: shape.C }, outputs: { dw: f.shape } });
        return [only(dx), only(dw)];
      },
      [widen(x, 3), widen(w, 2)],
    );
    return narrow(y, x.shape[3] ?? 0);
  });
}

/** Batch norm with batch statistics over all axes but the last, then a ReLU when `relu`. */
export function planBatchNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps = 1e-5, relu = false): Tensor {
  const lo = relu ? 0 : -UNBOUNDED;
  return tidy(() => {
    const y = differentiable(
      ([u, g, b], save) => {
        const [a, scale, offset] = [u, g, b] as [Tensor, Tensor, Tensor];
        const C = a.shape[a.shape.length - 1] ?? 0;
        const M = a.size / C;
        const [coef] = runInstruction("normStats", { u: a, gamma: scale, beta: offset }, { numbers: { uld: C, M, C, eps, bank: -1, hyper: 0, unbias: 1 }, outputs: { coef: [4 * C] } });
        save([a, coef as Tensor]);
        const numbers = { ...raw("x", C), xmode: 2, xlo: lo, rmode: 0, yld: C, M, C };
        return only(runInstruction("apply", { x: a, xcoef: coef as Tensor }, { numbers, outputs: { y: a.shape } }));
      },
      (dz, saved) => {
        const [u, coef] = saved as [Tensor, Tensor];
        const C = u.shape[u.shape.length - 1] ?? 0;
        const numbers = { dzld: C, uld: C, duld: C, lo, hi: UNBOUNDED, M: u.size / C, C };
        const [du, dgamma, dbeta] = runInstruction("normGrad", { dz, u, coef }, { numbers, outputs: { du: u.shape, dgamma: [C], dbeta: [C] } });
        return [du as Tensor, dgamma as Tensor, dbeta as Tensor];
      },
      [widen(x, x.shape.length - 1), widen(gamma, 0), widen(beta, 0)],
    );
    return narrow(y, x.shape[x.shape.length - 1] ?? 0);
  });
}

export const planActivations = { relu: 0, relu6: 1, hswish: 2, sigmoid: 3, swish: 4, hsigmoid: 5 } as const;

/** An activation, elementwise. */
export function planActivation(x: Tensor, kind: keyof typeof planActivations): Tensor {
  const numbers = (C: number, M: number) => ({ ...raw("x", C), kind: planActivations[kind], real: C, M, C });
  return tidy(() => {
    const last = x.shape[x.shape.length - 1] ?? 0;
    const y = differentiable(
      ([a], save) => {
        const u = a as Tensor;
        save([u]);
        const C = u.shape[u.shape.length - 1] ?? 0;
        return only(runInstruction("activation", { x: u }, { numbers: { ...numbers(C, u.size / C), yld: C }, outputs: { y: u.shape } }));
      },
      (dy, saved) => {
        const u = saved[0] as Tensor;
        const C = u.shape[u.shape.length - 1] ?? 0;
        return [only(runInstruction("activationGrad", { x: u, dy }, { numbers: { ...numbers(C, u.size / C), dyld: C, dxld: C }, outputs: { dx: u.shape } }))];
      },
      [widen(x, x.shape.length - 1)],
    );
    return narrow(y, last);
  });
}

/** Maximum or average over k×k windows; the average counts padding when `countPads`. */
export function planPool(x: Tensor, kind: "max" | "avg", k: number, options: WindowOptions, countPads = true): Tensor {
  const shapeOf = (a: Tensor) => {
    const { B, H, W, C } = dims(a);
    return { B, H, W, C, Ho: side(H, k, options), Wo: side(W, k, options), k, s: options.stride, p: options.pad, ...(kind === "avg" ? { pads: countPads ? 1 : 0 } : {}) };
  };
  return tidy(() => {
    const y = differentiable(
      ([a], save) => {
        const u = a as Tensor;
        save([u]);
        const shape = shapeOf(u);
        return only(runInstruction(kind === "max" ? "maxPool" : "avgPool", { x: u }, { numbers: { ...shape, xld: shape.C, yld: shape.C }, outputs: { y: [shape.B, shape.Ho, shape.Wo, shape.C] } }));
      },
      (dy, saved) => {
        const u = saved[0] as Tensor;
        const shape = shapeOf(u);
        const attrs: InstructionAttrs = { numbers: { ...shape, xld: shape.C, dyld: shape.C, dxld: shape.C }, outputs: { dx: u.shape } };
        return [only(kind === "max" ? runInstruction("maxPoolGrad", { x: u, dy }, attrs) : runInstruction("avgPoolGrad", { dy }, attrs))];
      },
      [widen(x, 3)],
    );
    return narrow(y, x.shape[3] ?? 0);
  });
}

/** DARTS's mixed op on raw candidates [S, …, C]-wide: u [B, H, W, S·C] (C a multiple of 4), weights [S]: Σ_s w_s · norm(u_s), affine-free norms. */
export function planMix(u: Tensor, weights: Tensor, eps = 1e-5): Tensor {
  const slots = weights.size;
  return tidy(() =>
    differentiable(
      ([a, w], save) => {
        const [wide, wv] = [a, w] as [Tensor, Tensor];
        const total = wide.shape[3] ?? 0;
        const [C, M] = [total / slots, wide.size / total];
        const [coef] = runInstruction("normStats", { u: wide }, { numbers: { uld: total, M, C: total, eps, bank: -1, hyper: 0, unbias: 1 }, outputs: { coef: [4 * total] } });
        save([wide, wv, coef as Tensor]);
        const numbers = { uld: total, yld: C, slots, C, M };
        return only(runInstruction("mix", { u: wide, coef: coef as Tensor, wv }, { numbers, outputs: { y: [...wide.shape.slice(0, 3), C] } }));
      },
      (dy, saved) => {
        const [wide, wv, coef] = saved as [Tensor, Tensor, Tensor];
        const total = wide.shape[3] ?? 0;
        const [C, M] = [total / slots, wide.size / total];
        const numbers = { dyld: C, uld: total, duld: total, plain0: 0, plain1: 0, slots, C, M };
        const outputs = { du: wide.shape, dwv: [slots], sums: [2 * total] };
        const [du, dwv] = runInstruction("mixGrad", { dy, u: wide, coef, wv }, { numbers, outputs });
        return [du as Tensor, reshape(dwv as Tensor, weights.shape)];
      },
      [u, weights],
    ),
  );
}
