/**
 * The op table: one row per primitive says which shape it gives and what it costs. Builder and cost read nothing else,
 * so a new primitive is one row here plus its kernel.
 */
import { AppError } from "@/lib/appError";
import { sizeOf, type Op, type OpName, type ParamName, type Shape } from "./graph";

/** Members of the op union that a name selects; `maxPool` and `avgPool` share one. */
type OpOf<K extends OpName, U = Op> = U extends { readonly op: infer N } ? (K extends N ? U : never) : never;

export interface OpRule<A = Op> {
  /** How many inputs the op takes; `many` = two or more, `some` = one or more. */
  readonly arity: 0 | 1 | 2 | "many" | "some";
  /** Shape of the result. Throws `bug` when the inputs do not fit. */
  shape(attrs: A, inputs: readonly Shape[]): Shape;
  /** Multiply–adds of one example. */
  macs(attrs: A, input: Shape, output: Shape): number;
  /** What MMRazor's counter adds to the MACs: bias, norm, activation and pooling terms. */
  razorExtra(attrs: A, input: Shape, output: Shape): number;
  /** Parameters that the op reads. */
  params(attrs: A): readonly ParamName[];
}

type OpTable = { readonly [K in OpName]: OpRule<OpOf<K>> };

function misfit(message: string): never {
  throw new AppError("bug", `Graph does not fit: ${message}.`);
}

function asMap(shape: Shape | undefined): readonly [number, number, number] {
  const [h, w, c] = shape ?? [];
  if (h === undefined || w === undefined || c === undefined) return misfit(`expected a map [h, w, c], got [${shape}]`);
  return [h, w, c];
}

function first(inputs: readonly Shape[]): Shape {
  return inputs[0] ?? misfit("an input is missing");
}

/** Side length after a k×k kernel (dilated) with symmetric padding. */
function side(length: number, k: number, stride: number, pad: number, dilation = 1): number {
  const out = Math.floor((length + 2 * pad - dilation * (k - 1) - 1) / stride) + 1;
  return out >= 1 ? out : misfit(`a ${k}×${k} kernel is larger than a map of side ${length}`);
}

const given = (...names: readonly (ParamName | undefined)[]): ParamName[] => names.filter((n) => n !== undefined);
const free = { macs: () => 0, razorExtra: () => 0, params: () => [] } as const;
const sameShape = (_: unknown, inputs: readonly Shape[]): Shape => first(inputs);
const outputSize = (_: unknown, __: Shape, output: Shape): number => sizeOf(output);
const inputSize = (_: unknown, input: Shape): number => sizeOf(input);

const pool: OpRule<OpOf<"maxPool">> = {
  ...free,
  arity: 1,
  shape: ({ k, stride, pad }, inputs) => {
    const [h, w, c] = asMap(inputs[0]);
    return [side(h, k, stride, pad), side(w, k, stride, pad), c];
  },
  razorExtra: inputSize,
};

/** Activations that MMRazor's counter does not know cost nothing in it either. */
const uncounted = { ...free, arity: 1, shape: sameShape } as const;

/** Square resampling to `side`; `fits` says whether an input side can become it. */
function resample(fits: (length: number, side: number) => boolean): OpRule<OpOf<"subsample" | "scatter" | "resize">> {
  return {
    ...free,
    arity: 1,
    shape: ({ op, side: to }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      if (!Number.isInteger(to) || to < 1 || !fits(h, to) || !fits(w, to)) misfit(`${op} of a ${h}×${w} map to side ${to}`);
      return [to, to, c];
    },
  };
}

function equalShapes(inputs: readonly Shape[]): Shape {
  const shape = first(inputs);
  for (const other of inputs) if (String(other) !== String(shape)) misfit(`[${shape}] + [${other}]`);
  return shape;
}

const activation = { ...free, arity: 1, shape: sameShape, razorExtra: outputSize } as const;

const opTable: OpTable = {
  input: { ...free, arity: 0, shape: () => misfit("an input has no inferred shape") },
  conv: {
    arity: 1,
    shape: ({ k, stride, pad, across, groups, cin, cout }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      if (c !== cin) misfit(`a convolution of ${cin} channels reads ${c}`);
      if (cin % groups !== 0 || cout % groups !== 0) misfit(`${cin} → ${cout} channels in ${groups} groups`);
      if (across && groups !== 1) misfit(`a ${k}×${across.k} convolution in ${groups} groups`);
      const wide = across ?? { k, stride, pad };
      return [side(h, k, stride, pad), side(w, wide.k, wide.stride, wide.pad), cout];
    },
    macs: ({ k, across, groups, cin }, _, output) => ((k * (across?.k ?? k) * cin) / groups) * sizeOf(output),
    razorExtra: ({ bias }, _, output) => (bias === undefined ? 0 : sizeOf(output)),
    params: ({ weight, bias }) => given(weight, bias),
  },
  depthwise: {
    ...free,
    arity: 1,
    shape: ({ k, stride, pad, dilation }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      return [side(h, k, stride, pad, dilation), side(w, k, stride, pad, dilation), c];
    },
    macs: ({ k }, _, output) => k * k * sizeOf(output),
    params: ({ weight }) => [weight],
  },
  batchNorm: {
    ...free,
    arity: 1,
    shape: sameShape,
    razorExtra: ({ gamma }, input) => (gamma === undefined ? 1 : 2) * sizeOf(input),
    params: ({ gamma, beta }) => given(gamma, beta),
  },
  relu: activation,
  relu6: activation,
  hswish: uncounted,
  hsigmoid: uncounted,
  sigmoid: uncounted,
  swish: uncounted,
  maxPool: pool,
  avgPool: pool,
  globalAvgPool: { ...free, arity: 1, shape: (_, inputs) => [asMap(inputs[0])[2]], razorExtra: inputSize },
  linear: {
    ...free,
    arity: 1,
    shape: ({ cin, cout }, inputs) => {
      const input = first(inputs);
      if (input.length !== 1 || input[0] !== cin) misfit(`a dense layer of ${cin} inputs reads [${input}]`);
      return [cout];
    },
    macs: ({ cin, cout }) => cin * cout,
    params: ({ weight, bias }) => given(weight, bias),
  },
  add: {
    ...free,
    arity: 2,
    shape: (_, inputs) => equalShapes(inputs),
  },
  scale: {
    ...free,
    arity: 2,
    shape: (_, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      if (String(inputs[1]) !== String([c])) misfit(`a map of ${c} channels scaled by [${inputs[1]}]`);
      return [h, w, c];
    },
  },
  mask: { ...free, arity: 1, shape: sameShape, params: ({ weights }) => [weights] },
  mix: {
    ...free,
    arity: "some",
    shape: ({ begin, count, index }, inputs) => {
      if (index.length !== inputs.length || index.some((i) => !Number.isInteger(i) || i < 0 || i >= count) || begin < 0)
        misfit(`${inputs.length} inputs mixed by the weights ${index.join(", ")} of ${count}`);
      return equalShapes(inputs);
    },
    params: ({ weights }) => [weights],
  },
  subsample: resample((length, to) => to <= length),
  scatter: resample((length, to) => to >= length),
  resize: resample((length, to) => to <= length),
  shift: {
    ...uncounted,
    shape: ({ by }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      if (!Number.isInteger(by) || by < 0 || by >= Math.min(h, w)) misfit(`a ${h}×${w} map shifted by ${by}`);
      return [h, w, c];
    },
  },
  dropPath: {
    ...uncounted,
    shape: ({ rate, units = false }, inputs) => {
      if (units && first(inputs).length !== 1) misfit("units of a map dropped one by one");
      return rate >= 0 && rate < 1 ? first(inputs) : misfit(`paths dropped with probability ${rate}`);
    },
  },
  concat: {
    ...free,
    arity: "many",
    shape: (_, inputs) => {
      const [h, w] = asMap(inputs[0]);
      let channels = 0;
      for (const input of inputs) {
        const [ih, iw, c] = asMap(input);
        if (ih !== h || iw !== w) misfit(`maps of ${h}×${w} and ${ih}×${iw} are concatenated`);
        channels += c;
      }
      return [h, w, channels];
    },
  },
  slice: {
    ...free,
    arity: 1,
    shape: ({ begin, size }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      if (begin < 0 || size < 1 || begin + size > c) misfit(`channels ${begin} … ${begin + size} of ${c}`);
      return [h, w, size];
    },
  },
  stridedSlice: {
    ...free,
    arity: 1,
    shape: ({ begin, step }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      if (begin < 0 || begin >= c || step < 1) misfit(`channels ${begin}, ${begin + step} … of ${c}`);
      return [h, w, Math.ceil((c - begin) / step)];
    },
  },
  shuffle: {
    ...free,
    arity: 1,
    shape: ({ groups }, inputs) => {
      const [h, w, c] = asMap(inputs[0]);
      return c % groups === 0 ? [h, w, c] : misfit(`${c} channels shuffled in ${groups} groups`);
    },
  },
};

/** The row of an op. */
export function ruleOf(attrs: Op): OpRule {
  return opTable[attrs.op];
}

/** Shape that `attrs` gives for inputs of these shapes (one example, NHWC without N). Throws `bug` when they do not fit. */
export function inferShape(attrs: Op, inputs: readonly Shape[]): Shape {
  const rule = ruleOf(attrs);
  const fits = typeof rule.arity === "string" ? inputs.length >= (rule.arity === "many" ? 2 : 1) : inputs.length === rule.arity;
  if (!fits) misfit(`${attrs.op} takes ${rule.arity} inputs, got ${inputs.length}`);
  return rule.shape(attrs, inputs);
}
