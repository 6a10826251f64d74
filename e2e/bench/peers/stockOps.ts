/** A graph's ops in stock tfjs, one by one. */
import * as tf from "@tensorflow/tfjs-core";
import type { Graph, GraphNode } from "@/nas/graph";
import { Unsupported } from "../peer";

export type Params = ReadonlyMap<string, tf.Tensor>;

export interface Walked {
  readonly output: tf.Tensor2D;
  /** Statistics of the batch by `<stats>.mean` and `<stats>.var` (unbiased). */
  readonly stats: ReadonlyMap<string, tf.Tensor>;
}

type Norm = Extract<GraphNode["attrs"], { op: "batchNorm" }>;
type Mix = Extract<GraphNode["attrs"], { op: "mix" }>;
type Pool = Extract<GraphNode["attrs"], { op: "maxPool" | "avgPool" }>;

const as4d = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

/** [k, k, C, 1] with zeros between the taps. A product with a 0/1 matrix, since tfjs's pad of rank 5 is broken on WebGPU. */
function stuffed(filter: tf.Tensor, k: number, dilation: number): tf.Tensor {
  if (dilation === 1) return filter;
  const side = (k - 1) * dilation + 1;
  const channels = filter.size / (k * k);
  const places = new Float32Array(side * side * k * k);
  for (let i = 0; i < k * k; i++) places[(Math.floor(i / k) * dilation * side + (i % k) * dilation) * k * k + i] = 1;
  const spread = tf.matMul(tf.tensor2d(places, [side * side, k * k]), tf.reshape(filter, [k * k, channels]));
  return tf.reshape(spread, [side, side, channels, 1]);
}

function average(x: tf.Tensor, { k, stride, pad, countPads }: Pool, h: number): tf.Tensor {
  const padded = pad === 0 ? as4d(x) : tf.pad4d(as4d(x), [[0, 0], [pad, pad], [pad, pad], [0, 0]]);
  const y = tf.avgPool(padded, k, stride, "valid");
  if (countPads !== false || pad === 0) return y;
  const out = y.shape[1];
  const inside = (o: number): number => Math.min(h, o * stride - pad + k) - Math.max(0, o * stride - pad);
  const factors = Float32Array.from({ length: out * out }, (_, i) => (k * k) / (inside(Math.floor(i / out)) * inside(i % out)));
  return tf.mul(y, tf.tensor4d(factors, [1, out, out, 1]));
}

function mix(values: readonly tf.Tensor[], { begin, count, soft, index }: Mix, weights: tf.Tensor): tf.Tensor {
  const part = tf.slice1d(tf.reshape(weights, [-1]) as tf.Tensor1D, begin, count);
  const p = soft ? tf.softmax(part) : part;
  // Pairwise: addN of more than seven is silently wrong on WebGPU.
  return values.map((x, i) => tf.mul(x, tf.reshape(tf.slice(p, index[i] ?? 0, 1), []))).reduce((a, b) => tf.add(a, b));
}

function shuffle(x: tf.Tensor, groups: number): tf.Tensor {
  const channels = x.shape[3] ?? 0;
  const split = tf.reshape(x, [x.size / channels, groups, channels / groups]);
  return tf.reshape(tf.transpose(split, [0, 2, 1]), x.shape);
}

function every(x: tf.Tensor, begin: number, step: number): tf.Tensor {
  const [b = 0, h = 0, w = 0, channels = 0] = x.shape;
  const split = tf.reshape(x, [b * h * w, channels / step, step]);
  return tf.reshape(tf.slice(split, [0, 0, begin], [b * h * w, channels / step, 1]), [b, h, w, channels / step]);
}

/** y[i, j] = x[i + by, j + by], 0 outside. */
function shift(x: tf.Tensor, by: number): tf.Tensor {
  const [b = 0, h = 0, w = 0, channels = 0] = x.shape;
  const inner = tf.slice4d(as4d(x), [0, by, by, 0], [b, h - by, w - by, channels]);
  return tf.pad4d(inner, [[0, 0], [0, by], [0, by], [0, 0]]);
}

class Walker {
  readonly stats = new Map<string, tf.Tensor>();
  private readonly params: Params;
  private readonly fixed: ReadonlyMap<string, tf.Tensor> | null;

  constructor(params: Params, fixed: ReadonlyMap<string, tf.Tensor> | null) {
    this.params = params;
    this.fixed = fixed;
  }

  param(name: string): tf.Tensor {
    const found = this.params.get(name);
    if (found === undefined) throw new Error(`no parameter ${name}`);
    return found;
  }

  norm(x: tf.Tensor, { stats, gamma, beta, eps }: Norm): tf.Tensor {
    const channels = x.shape[3] ?? 0;
    // Both are needed: the stock gradient fails on an absent one.
    const scale = gamma === undefined ? tf.ones([channels]) : this.param(gamma);
    const offset = beta === undefined ? tf.zeros([channels]) : this.param(beta);
    let mean = this.fixed?.get(`${stats}.mean`);
    let variance = this.fixed?.get(`${stats}.var`);
    if (mean === undefined || variance === undefined) {
      ({ mean, variance } = tf.moments(x, [0, 1, 2]));
      const rows = x.size / channels;
      if (this.fixed === null) this.stats.set(`${stats}.mean`, mean).set(`${stats}.var`, tf.mul(variance, rows / (rows - 1)));
    }
    return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D, eps);
  }

  apply({ attrs, shape }: GraphNode, xs: readonly tf.Tensor[]): tf.Tensor {
    const x = xs[0] as tf.Tensor;
    switch (attrs.op) {
      case "conv": {
        if (attrs.groups !== 1) throw new Unsupported("tfjs has no grouped convolution");
        const y = tf.conv2d(as4d(x), as4d(this.param(attrs.weight)), attrs.stride, attrs.pad);
        return attrs.bias === undefined ? y : tf.add(y, this.param(attrs.bias));
      }
      case "depthwise":
        return tf.depthwiseConv2d(as4d(x), as4d(stuffed(this.param(attrs.weight), attrs.k, attrs.dilation)), attrs.stride, attrs.pad);
      case "batchNorm":
        return this.norm(x, attrs);
      case "relu":
        return tf.relu(x);
      case "relu6":
        return tf.relu6(x);
      case "maxPool":
        return tf.maxPool(as4d(x), attrs.k, attrs.stride, attrs.pad);
      case "avgPool":
        return average(x, attrs, x.shape[1] ?? 0);
      case "globalAvgPool":
        return tf.mean(x, [1, 2]);
      case "linear": {
        const y = tf.matMul(x, this.param(attrs.weight));
        return attrs.bias === undefined ? y : tf.add(y, this.param(attrs.bias));
      }
      case "add":
        return xs.reduce((a, b) => tf.add(a, b));
      case "mix":
        return mix(xs, attrs, this.param(attrs.weights));
      case "concat":
        return tf.concat([...xs], shape.length);
      case "slice":
        return tf.slice(x, [...shape.map(() => 0), attrs.begin], [-1, ...shape]);
      case "stridedSlice":
        return every(x, attrs.begin, attrs.step);
      case "shift":
        return shift(x, attrs.by);
      case "shuffle":
        return shuffle(x, attrs.groups);
      default:
        throw new Unsupported(`the tfjs peer of the bench does not know ${attrs.op}`);
    }
  }
}

/** Inputs go to the graph's input nodes in order. Norms use `fixed` statistics, or the batch's own where that is null. */
export function walk(graph: Graph, inputs: readonly tf.Tensor[], params: Params, fixed: ReadonlyMap<string, tf.Tensor> | null): Walked {
  const walker = new Walker(params, fixed);
  const values: tf.Tensor[] = [];
  let next = 0;
  for (const node of graph.nodes) {
    const value = node.attrs.op === "input" ? inputs[next++] : walker.apply(node, node.inputs.map((id) => values[id] as tf.Tensor));
    values.push(value as tf.Tensor);
  }
  return { output: values[graph.output] as tf.Tensor2D, stats: walker.stats };
}
