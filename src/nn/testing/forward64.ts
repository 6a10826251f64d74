/**
 * Only for tests: a whole training-mode forward pass in float64, each op written from its definition, so that central differences of the
 * loss are exact to many digits. Shares no code with the kernels.
 */
import { AppError } from "@/lib/appError";
import { type Graph, type GraphNode, type Op, type Shape } from "@/nas/graph";
import type { Batch, LossOptions } from "../executor";

export type Params64 = ReadonlyMap<string, Float64Array>;

/** A value of a batch: `data` is [b, h, w, c], or [b, 1, 1, c] for a vector. */
interface Value {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly data: Float64Array;
}

interface Frame {
  readonly b: number;
  readonly param: (name: string) => Float64Array;
  readonly images: ArrayLike<number>;
  readonly batch: Batch;
}

const num = (list: ArrayLike<number>, i: number): number => list[i] as number;

function sides(shape: Shape): [number, number, number] {
  const [h = 1, w = 1, c = 1] = shape.length === 1 ? [1, 1, shape[0]] : shape;
  return [h, w, c];
}

/** A value computed element by element. */
function make(b: number, shape: Shape, at: (n: number, y: number, x: number, c: number) => number): Value {
  const [h, w, c] = sides(shape);
  const data = new Float64Array(b * h * w * c);
  let i = 0;
  for (let n = 0; n < b; n++) for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) for (let k = 0; k < c; k++) data[i++] = at(n, y, x, k);
  return { h, w, c, data };
}

/** Zero outside the map. */
function pixel(v: Value, n: number, y: number, x: number, c: number): number {
  return y < 0 || x < 0 || y >= v.h || x >= v.w ? 0 : num(v.data, ((n * v.h + y) * v.w + x) * v.c + c);
}

function conv(f: Frame, x: Value, shape: Shape, a: Extract<Op, { op: "conv" }>): Value {
  const [w, bias] = [f.param(a.weight), a.bias === undefined ? null : f.param(a.bias)];
  const [per, out] = [a.cin / a.groups, a.cout / a.groups];
  const wide = a.across ?? a;
  return make(f.b, shape, (n, oy, ox, co) => {
    const from = Math.floor(co / out) * per;
    let sum = bias === null ? 0 : num(bias, co);
    for (let ky = 0; ky < a.k; ky++)
      for (let kx = 0; kx < wide.k; kx++) {
        const [y, z] = [oy * a.stride + ky - a.pad, ox * wide.stride + kx - wide.pad];
        if (y < 0 || z < 0 || y >= x.h || z >= x.w) continue;
        for (let ci = 0; ci < per; ci++) sum += pixel(x, n, y, z, from + ci) * num(w, ((ky * wide.k + kx) * per + ci) * a.cout + co);
      }
    return sum;
  });
}

function depthwise(f: Frame, x: Value, shape: Shape, a: Extract<Op, { op: "depthwise" }>): Value {
  const w = f.param(a.weight);
  return make(f.b, shape, (n, oy, ox, c) => {
    let sum = 0;
    for (let ky = 0; ky < a.k; ky++)
      for (let kx = 0; kx < a.k; kx++)
        sum += pixel(x, n, oy * a.stride + ky * a.dilation - a.pad, ox * a.stride + kx * a.dilation - a.pad, c) * num(w, (ky * a.k + kx) * x.c + c);
    return sum;
  });
}

function pool(f: Frame, x: Value, shape: Shape, a: Extract<Op, { op: "maxPool" | "avgPool" }>): Value {
  return make(f.b, shape, (n, oy, ox, c) => {
    const seen: number[] = [];
    for (let y = oy * a.stride - a.pad; y < oy * a.stride - a.pad + a.k; y++)
      for (let z = ox * a.stride - a.pad; z < ox * a.stride - a.pad + a.k; z++)
        if (y >= 0 && z >= 0 && y < x.h && z < x.w) seen.push(pixel(x, n, y, z, c));
    if (a.op === "maxPool") return Math.max(...seen);
    return seen.reduce((sum, v) => sum + v, 0) / (a.countPads === false ? seen.length : a.k * a.k);
  });
}

function batchNorm(f: Frame, x: Value, a: Extract<Op, { op: "batchNorm" }>): Value {
  const rows = x.data.length / x.c;
  const [gamma, beta] = [a.gamma === undefined ? null : f.param(a.gamma), a.beta === undefined ? null : f.param(a.beta)];
  const data = new Float64Array(x.data.length);
  for (let c = 0; c < x.c; c++) {
    let [sum, squares] = [0, 0];
    for (let i = c; i < data.length; i += x.c) sum += num(x.data, i);
    for (let i = c; i < data.length; i += x.c) squares += (num(x.data, i) - sum / rows) ** 2;
    const scale = (gamma === null ? 1 : num(gamma, c)) / Math.sqrt(squares / rows + a.eps);
    for (let i = c; i < data.length; i += x.c) data[i] = (num(x.data, i) - sum / rows) * scale + (beta === null ? 0 : num(beta, c));
  }
  return { ...x, data };
}

function mix(f: Frame, xs: readonly Value[], a: Extract<Op, { op: "mix" }>): Value {
  const own = f.param(a.weights).slice(a.begin, a.begin + a.count);
  const total = own.reduce((sum, v) => sum + Math.exp(v), 0);
  const p = own.map((v) => (a.soft ? Math.exp(v) / total : v));
  const first = xs[0] as Value;
  return { ...first, data: first.data.map((_, n) => xs.reduce((sum, x, i) => sum + num(p, a.index[i] ?? 0) * num(x.data, n), 0)) };
}

const gate = (x: number): number => 1 / (1 + Math.exp(-x));
const ramp = (x: number): number => Math.min(Math.max(x + 3, 0), 6) / 6;
const functions: Readonly<Record<"relu" | "relu6" | "hswish" | "hsigmoid" | "sigmoid" | "swish", (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  hswish: (x) => x * ramp(x),
  hsigmoid: ramp,
  sigmoid: gate,
  swish: (x) => x * gate(x),
};

function concat(f: Frame, xs: readonly Value[], shape: Shape): Value {
  return make(f.b, shape, (n, y, z, c) => {
    let at = c;
    for (const x of xs) {
      if (at < x.c) return pixel(x, n, y, z, at);
      at -= x.c;
    }
    return NaN;
  });
}

function apply(f: Frame, { attrs, shape }: GraphNode, xs: readonly Value[]): Value {
  const x = xs[0] as Value;
  const moved = (at: (n: number, y: number, z: number, c: number) => number): Value => make(f.b, shape, at);
  switch (attrs.op) {
    case "input":
      return make(f.b, shape, (() => { let i = 0; return () => num(f.images, i++); })()); // prettier-ignore
    case "conv":
      return conv(f, x, shape, attrs);
    case "depthwise":
      return depthwise(f, x, shape, attrs);
    case "linear": {
      const [w, bias] = [f.param(attrs.weight), attrs.bias === undefined ? null : f.param(attrs.bias)];
      return moved((n, _y, _z, c) => Array.from({ length: x.c }, (_, i) => pixel(x, n, 0, 0, i) * num(w, i * attrs.cout + c)).reduce((a, v) => a + v, bias === null ? 0 : num(bias, c)));
    }
    case "batchNorm":
      return batchNorm(f, x, attrs);
    case "relu":
    case "relu6":
    case "hswish":
    case "hsigmoid":
    case "sigmoid":
    case "swish":
      return { ...x, data: x.data.map(functions[attrs.op]) };
    case "maxPool":
    case "avgPool":
      return pool(f, x, shape, attrs);
    case "globalAvgPool":
      return moved((n, _y, _z, c) => {
        let sum = 0;
        for (let y = 0; y < x.h; y++) for (let z = 0; z < x.w; z++) sum += pixel(x, n, y, z, c);
        return sum / (x.h * x.w);
      });
    case "add":
      return { ...x, data: x.data.map((_, i) => xs.reduce((sum, v) => sum + num(v.data, i), 0)) };
    case "scale":
      return moved((n, y, z, c) => pixel(x, n, y, z, c) * pixel(xs[1] as Value, n, 0, 0, c));
    case "mask": {
      const m = f.param(attrs.weights);
      return moved((n, y, z, c) => pixel(x, n, y, z, c) * num(m, c));
    }
    case "mix":
      return mix(f, xs, attrs);
    case "subsample":
      return moved((n, y, z, c) => pixel(x, n, Math.floor((y * x.h) / attrs.side), Math.floor((z * x.w) / attrs.side), c));
    case "scatter": {
      const places = (short: number): number[] => Array.from({ length: short }, (_, i) => Math.floor((i * attrs.side) / short));
      return moved((n, y, z, c) => pixel(x, n, places(x.h).indexOf(y), places(x.w).indexOf(z), c));
    }
    case "resize": {
      const part = (o: number, i: number, long: number): number => Math.max(0, Math.min((o + 1) * long, (i + 1) * attrs.side) - Math.max(o * long, i * attrs.side)) / long;
      return moved((n, y, z, c) => {
        let sum = 0;
        for (let i = 0; i < x.h; i++) for (let j = 0; j < x.w; j++) sum += part(y, i, x.h) * part(z, j, x.w) * pixel(x, n, i, j, c);
        return sum;
      });
    }
    case "shift":
      return moved((n, y, z, c) => pixel(x, n, y + attrs.by, z + attrs.by, c));
    case "dropPath": {
      const m = f.batch.masks?.get(attrs.scope);
      return moved((n, y, z, c) => pixel(x, n, y, z, c) * (m === undefined ? 1 : num(m, attrs.units === true ? n * x.c + c : n)));
    }
    case "concat":
      return concat(f, xs, shape);
    case "slice":
      return moved((n, y, z, c) => pixel(x, n, y, z, attrs.begin + c));
    case "stridedSlice":
      return moved((n, y, z, c) => pixel(x, n, y, z, attrs.begin + c * attrs.step));
    case "shuffle":
      return moved((n, y, z, c) => pixel(x, n, y, z, (c % attrs.groups) * (x.c / attrs.groups) + Math.floor(c / attrs.groups)));
  }
}

/** Values of all nodes; those outside `changed` are taken from `known`. */
function valuesOf(graph: Graph, params: Params64, batch: Batch, known: readonly Value[], changed: ReadonlySet<number> | null, images: ArrayLike<number> = batch.images): Value[] {
  const param = (name: string): Float64Array => {
    const found = params.get(name);
    if (found === undefined) throw new AppError("bug", `there is no parameter "${name}"`);
    return found;
  };
  const values: Value[] = [];
  for (const node of graph.nodes) {
    const old = changed?.has(node.id) === false ? known[node.id] : undefined;
    values.push(old ?? apply({ b: batch.size, param, images, batch }, node, node.inputs.map((i) => values[i] as Value)));
  }
  return values;
}

const dataOf = (values: readonly Value[], id: number): Float64Array => values[id]?.data ?? new Float64Array();

/** Value of the output [size, …shape] with the batch's own statistics. */
export function logits64(graph: Graph, params: Params64, batch: Batch): Float64Array {
  return dataOf(valuesOf(graph, params, batch, [], null), graph.output);
}

function crossEntropy(logits: Float64Array, batch: Batch, { labelSmoothing, teacher }: LossOptions): number {
  const classes = logits.length / batch.size;
  const logSoftmax = (list: ArrayLike<number>, b: number): number[] => {
    const row = Array.from({ length: classes }, (_, k) => num(list, b * classes + k));
    const total = Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
    return row.map((v) => v - total);
  };
  let loss = 0;
  for (let b = 0; b < batch.size; b++) {
    const soft = teacher === undefined ? null : logSoftmax(teacher, b).map(Math.exp);
    logSoftmax(logits, b).forEach((logP, k) => {
      const hard = (k === batch.labels[b] ? 1 - labelSmoothing : 0) + labelSmoothing / classes;
      loss -= (soft === null ? hard : num(soft, k)) * logP;
    });
  }
  return loss / batch.size;
}

/** A number that is made of the values of all nodes. */
type Objective = (values: readonly Value[]) => number;

/** The training loss, the auxiliary classifier's part included. */
function lossObjective({ output, auxiliary }: Graph, batch: Batch, options: LossOptions): Objective {
  return (values) => {
    const main = crossEntropy(dataOf(values, output), batch, options);
    return auxiliary === undefined ? main : main + auxiliary.weight * crossEntropy(dataOf(values, auxiliary.output), batch, options);
  };
}

/** The loss of a training step. */
export function loss64(graph: Graph, params: Params64, batch: Batch, options: LossOptions): number {
  return lossObjective(graph, batch, options)(valuesOf(graph, params, batch, [], null));
}

/** Nodes whose value depends on a parameter. */
function readersOf(graph: Graph, name: string): Set<number> {
  const found = new Set<number>();
  for (const { id, attrs, inputs } of graph.nodes) {
    const own = Object.values(attrs as Readonly<Record<string, unknown>>).includes(name);
    if (own || inputs.some((i) => found.has(i))) found.add(id);
  }
  return found;
}

/** Derivative along a direction of one parameter, or of the images where the name is `images`. */
export type Slope64 = (name: string, direction: Float64Array) => number;

/** Central differences of an objective. */
function slopesOf(graph: Graph, params: Params64, batch: Batch, objective: Objective): Slope64 {
  const step = 1e-6;
  const known = valuesOf(graph, params, batch, [], null);
  const imagesAt = (t: number, direction: Float64Array): number => objective(valuesOf(graph, params, batch, [], null, Float64Array.from(batch.images, (v, i) => v + t * num(direction, i))));
  return (name, direction) => {
    if (name === "images") return (imagesAt(step, direction) - imagesAt(-step, direction)) / (2 * step);
    const [values, changed] = [params.get(name) ?? new Float64Array(), readersOf(graph, name)];
    const at = (t: number): number => {
      const moved = new Map([...params, [name, values.map((v, i) => v + t * num(direction, i))]]);
      return objective(valuesOf(graph, moved, batch, known, changed));
    };
    return (at(step) - at(-step)) / (2 * step);
  };
}

/** Derivatives of the training loss. */
export function slopes64(graph: Graph, params: Params64, batch: Batch, options: LossOptions): Slope64 {
  return slopesOf(graph, params, batch, lossObjective(graph, batch, options));
}

/** Derivatives of Σ output·upstream. */
export function upstreamSlopes64(graph: Graph, params: Params64, batch: Batch, upstream: Float32Array): Slope64 {
  return slopesOf(graph, params, batch, (values) => dataOf(values, graph.output).reduce((sum, v, i) => sum + v * num(upstream, i), 0));
}
