/**
 * A graph's ops in jax-js, which owns by counting references: every use of an array takes one. Maps are NCHW, filters OIHW, as
 * its convolution wants them; the host transposes what goes in and comes out.
 */
import { lax, nn, numpy as np } from "@jax-js/jax";
import type { Graph, GraphNode } from "@/nas/graph";
import { Unsupported } from "../peer";

type Norm = Extract<GraphNode["attrs"], { op: "batchNorm" }>;
type Pool = Extract<GraphNode["attrs"], { op: "maxPool" | "avgPool" }>;

export type Named = Readonly<Record<string, np.Array>>;

export interface Walked {
  readonly output: np.Array;
  /** Statistics of the batch by `<stats>.mean` and `<stats>.var` (unbiased); the caller's to free. */
  readonly stats: Readonly<Record<string, np.Array>>;
}

const perChannel = (x: np.Array): np.Array => x.reshape([1, -1, 1, 1]);

function pad4(x: np.Array, pad: number): np.Array {
  return pad === 0 ? x : np.pad(x, [[0, 0], [0, 0], [pad, pad], [pad, pad]]);
}

function averagePool(x: np.Array, { k, stride, pad, countPads }: Pool): np.Array {
  const h = x.shape[2] ?? 0;
  const y = lax.reduceWindow(pad4(x, pad), (window) => np.mean(window), [k, k], [stride, stride]);
  if (countPads !== false || pad === 0) return y;
  const out = y.shape[2] ?? 0;
  const inside = (o: number): number => Math.min(h, o * stride - pad + k) - Math.max(0, o * stride - pad);
  const factors = Float32Array.from({ length: out * out }, (_, i) => (k * k) / (inside(Math.floor(i / out)) * inside(i % out)));
  return y.mul(np.array(factors, { shape: [1, 1, out, out] }));
}

/** Padding never wins: it is far below any value. */
function maxPool(x: np.Array, { k, stride, pad }: Pool): np.Array {
  const h = x.shape[2] ?? 0;
  const side = h + 2 * pad;
  let padded = pad4(x, pad);
  if (pad > 0) {
    const outside = Float32Array.from({ length: side * side }, (_, i) => {
      const [row, column] = [Math.floor(i / side) - pad, (i % side) - pad];
      return row < 0 || row >= h || column < 0 || column >= h ? -1e30 : 0;
    });
    padded = padded.add(np.array(outside, { shape: [1, 1, side, side] }));
  }
  return lax.reduceWindow(padded, (window) => np.max(window), [k, k], [stride, stride]);
}

function channelShuffle(x: np.Array, groups: number): np.Array {
  const [b = 0, c = 0, h = 0, w = 0] = x.shape;
  return x.reshape([b, groups, c / groups, h, w]).transpose([0, 2, 1, 3, 4]).reshape([b, c, h, w]);
}

function everyChannel(x: np.Array, begin: number, step: number): np.Array {
  const [b = 0, c = 0, h = 0, w = 0] = x.shape;
  return x.reshape([b, c / step, step, h, w]).slice([], [], begin, [], []);
}

/** Pixels 0, step, 2·step … of sides that are multiples of the step. */
function everyPixel(x: np.Array, step: number): np.Array {
  const [b = 0, c = 0, h = 0, w = 0] = x.shape;
  return x.reshape([b, c, h / step, step, w / step, step]).slice([], [], [], 0, [], 0);
}

let wrongStrides = false;

/** Whether strided depthwise convolutions must be computed another way. */
export function avoidStrides(avoid: boolean): void {
  wrongStrides = avoid;
}

/** y[i, j] = x[i + by, j + by], 0 outside. */
function shift(x: np.Array, by: number): np.Array {
  return np.pad(x.slice([], [], [by], [by]), [[0, 0], [0, 0], [0, by], [0, by]]);
}

class Walker {
  readonly stats: Record<string, np.Array> = {};
  private readonly params: Named;
  private readonly fixed: Named | null;
  private readonly keepsStats: boolean;

  constructor(params: Named, fixed: Named | null, keepsStats: boolean) {
    this.params = params;
    this.fixed = fixed;
    this.keepsStats = keepsStats;
  }

  param(name: string): np.Array {
    const found = this.params[name];
    if (found === undefined) throw new Error(`no parameter ${name}`);
    return found.ref;
  }

  norm(x: np.Array, { stats, gamma, beta, eps }: Norm): np.Array {
    const mean = this.fixed?.[`${stats}.mean`];
    const variance = this.fixed?.[`${stats}.var`];
    let normed: np.Array;
    if (mean !== undefined && variance !== undefined) {
      normed = x.sub(perChannel(mean.ref)).div(np.sqrt(perChannel(variance.ref).add(eps)));
    } else {
      const rows = x.size / (x.shape[1] ?? 1);
      const own = np.mean(x.ref, [0, 2, 3], { keepdims: true });
      const centred = x.sub(own.ref);
      const spread = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
      if (this.keepsStats) {
        this.stats[`${stats}.mean`] = own.reshape([-1]);
        this.stats[`${stats}.var`] = spread.ref.reshape([-1]).mul(rows / (rows - 1));
      } else own.dispose();
      normed = centred.div(np.sqrt(spread.add(eps)));
    }
    if (gamma !== undefined) normed = normed.mul(perChannel(this.param(gamma)));
    return beta === undefined ? normed : normed.add(perChannel(this.param(beta)));
  }

  conv(x: np.Array, weight: string, stride: number, pad: number, groups: number, dilation: number): np.Array {
    // jax-js 0.1.25 on WebGPU gives a wrong input gradient of a strided depthwise convolution: there it is computed at stride 1 and every
    // second pixel taken, which is right and costs it more.
    const subsamples = wrongStrides && stride > 1 && groups > 1;
    const step = subsamples ? 1 : stride;
    const y = lax.convGeneralDilated(x, this.param(weight), [step, step], [[pad, pad], [pad, pad]], { rhsDilation: [dilation, dilation], featureGroupCount: groups });
    return subsamples ? everyPixel(y, stride) : y;
  }

  mix(xs: readonly np.Array[], attrs: Extract<GraphNode["attrs"], { op: "mix" }>): np.Array {
    const { begin, count, soft, index } = attrs;
    const part = this.param(attrs.weights).reshape([-1]).slice([begin, begin + count]);
    const p = soft ? nn.softmax(part) : part;
    const sum = xs.map((x, i) => x.mul(p.ref.slice(index[i] ?? 0))).reduce((a, b) => a.add(b));
    p.dispose();
    return sum;
  }

  /** Takes the inputs over. */
  apply({ attrs }: GraphNode, xs: readonly np.Array[]): np.Array {
    const x = xs[0] as np.Array;
    switch (attrs.op) {
      case "conv": {
        const y = this.conv(x, attrs.weight, attrs.stride, attrs.pad, attrs.groups, 1);
        return attrs.bias === undefined ? y : y.add(perChannel(this.param(attrs.bias)));
      }
      case "depthwise":
        return this.conv(x, attrs.weight, attrs.stride, attrs.pad, x.shape[1] ?? 0, attrs.dilation);
      case "batchNorm":
        return this.norm(x, attrs);
      case "relu":
        return nn.relu(x);
      case "relu6":
        return nn.relu6(x);
      case "maxPool":
        return maxPool(x, attrs);
      case "avgPool":
        return averagePool(x, attrs);
      case "globalAvgPool":
        return np.mean(x, [2, 3]);
      case "linear": {
        const y = np.matmul(x, this.param(attrs.weight));
        return attrs.bias === undefined ? y : y.add(this.param(attrs.bias));
      }
      case "add":
        return xs.reduce((a, b) => a.add(b));
      case "mix":
        return this.mix(xs, attrs);
      case "concat":
        return np.concatenate([...xs], 1);
      case "slice":
        return x.slice([], [attrs.begin, attrs.begin + attrs.size]);
      case "stridedSlice":
        return everyChannel(x, attrs.begin, attrs.step);
      case "shift":
        return shift(x, attrs.by);
      case "shuffle":
        return channelShuffle(x, attrs.groups);
      default:
        throw new Unsupported(`the jax-js peer of the bench does not know ${attrs.op}`);
    }
  }
}

/**
 * Inputs go to the graph's input nodes in order and are taken over; parameters and fixed statistics stay the caller's. Norms use `fixed`
 * statistics, or the batch's own where that is null.
 */
export function walk(graph: Graph, inputs: readonly np.Array[], params: Named, fixed: Named | null = null, keepsStats = false): Walked {
  const walker = new Walker(params, fixed, keepsStats);
  const uses = graph.nodes.map(() => 0);
  for (const { inputs: from } of graph.nodes) for (const id of from) uses[id] = (uses[id] ?? 0) + 1;
  const values: np.Array[] = [];
  const take = (id: number): np.Array => {
    const value = values[id] as np.Array;
    uses[id] = (uses[id] ?? 0) - 1;
    return uses[id] === 0 && id !== graph.output ? value : value.ref;
  };
  let next = 0;
  for (const node of graph.nodes) {
    values.push(node.attrs.op === "input" ? (inputs[next++] as np.Array) : walker.apply(node, node.inputs.map(take)));
  }
  return { output: values[graph.output] as np.Array, stats: walker.stats };
}
