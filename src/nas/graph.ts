/**
 * The one description of a network that everybody reads: executors, cost, exporters, pictures.
 * A graph is plain data: typed primitive ops in topological order, shapes, and parameter names. Layout is NHWC,
 * kernels HWIO, depthwise kernels [kh, kw, C, 1], dense [in, out]. A subnet is a graph that mentions some of a supernet's parameters.
 */

/** Shape of one example: [h, w, c] for maps, [c] for vectors. */
export type Shape = readonly number[];

/** Stable path of a parameter, e.g. `layer.1.mb6_k5.dw.weight`. */
export type ParamName = string;

/** How a parameter starts. `normal`: mean 0 and the given standard deviation. */
export type Init = { readonly kind: "normal"; readonly std: number } | { readonly kind: "constant"; readonly value: number };

/** What a parameter is for; optimizers choose weight decay by role (norms, biases and architecture parameters are exempt in the supernet). */
export type ParamRole = "conv" | "depthwise" | "linear" | "bias" | "gamma" | "beta" | "architecture";

export interface ParamSpec {
  readonly name: ParamName;
  readonly shape: readonly number[];
  readonly role: ParamRole;
  readonly init: Init;
  /** Of a grouped convolution's weight; absent: 1. */
  readonly groups?: number;
}

/** Primitive ops. `pad` is symmetric zero padding on every side, as PyTorch's `padding=k//2`. */
export type Op =
  | { readonly op: "input" }
  /**
   * k×k convolution, HWIO weight [k, k, cin/groups, cout], optional bias [cout]. With `across` k, stride and pad are those of the vertical axis
   * only and `across` has the horizontal ones (1×7 then 7×1 of NASNet's space); such a convolution has one group.
   */
  | { readonly op: "conv"; readonly k: number; readonly stride: number; readonly pad: number; readonly across?: { readonly k: number; readonly stride: number; readonly pad: number }; readonly groups: number; readonly cin: number; readonly cout: number; readonly weight: ParamName; readonly bias?: ParamName }
  /** Depthwise convolution, weight [k, k, C, 1]. */
  | { readonly op: "depthwise"; readonly k: number; readonly stride: number; readonly pad: number; readonly dilation: number; readonly weight: ParamName }
  /** Batch norm over N, H, W; biased variance normalises. `stats` names the running mean/variance `<stats>.mean`, `<stats>.var`. */
  | { readonly op: "batchNorm"; readonly gamma?: ParamName; readonly beta?: ParamName; readonly stats: string; readonly eps: number; readonly momentum: number }
  | { readonly op: "relu" }
  | { readonly op: "relu6" }
  /** x·relu6(x + 3)/6, relu6(x + 3)/6, 1/(1 + e⁻ˣ), x/(1 + e⁻ˣ). */
  | { readonly op: "hswish" | "hsigmoid" | "sigmoid" | "swish" }
  /** `countPads` (avgPool only; absent: true): divide by k², else by the pixels inside the map. max never sees the padding. */
  | { readonly op: "maxPool" | "avgPool"; readonly k: number; readonly stride: number; readonly pad: number; readonly countPads?: boolean }
  /** [h, w, c] → [c]. */
  | { readonly op: "globalAvgPool" }
  | { readonly op: "linear"; readonly cin: number; readonly cout: number; readonly weight: ParamName; readonly bias?: ParamName }
  | { readonly op: "add" }
  /** A map [h, w, c] times a vector [c] of the same example: squeeze-and-excitation. */
  | { readonly op: "scale" }
  /** A map times a parameter [c], channel by channel. */
  | { readonly op: "mask"; readonly weights: ParamName }
  /**
   * Weighted sum of n ≥ 1 values of one shape: Σ p[index[i]]·x_i. p has `count` numbers: `weights[begin + j]`, or their softmax when `soft`.
   * A j that no input has takes its share of the softmax all the same: the `none` of DARTS.
   */
  | { readonly op: "mix"; readonly weights: ParamName; readonly begin: number; readonly count: number; readonly soft: boolean; readonly index: readonly number[] }
  /** y[o] = x[⌊o·H/side⌋] on both axes, side ≤ H: one of the input resolutions that FBNetV2 mixes. */
  | { readonly op: "subsample"; readonly side: number }
  /** Transpose of `subsample`: y[⌊i·side/H⌋] = x[i], zero elsewhere, side ≥ H. */
  | { readonly op: "scatter"; readonly side: number }
  /** Area averaging to `side` ≤ H on both axes: every output pixel is the mean of the input under it, pixels on its edge by the part that it covers. */
  | { readonly op: "resize"; readonly side: number }
  /** y[i, j] = x[i + by, j + by], zero beyond the edge: what the second convolution of a factorized reduction reads. */
  | { readonly op: "shift"; readonly by: number }
  /**
   * In training, example b times the multiplier `masks[scope][b]` of the batch: 0 with probability `rate`, else 1/(1 − rate). Identity otherwise.
   * `units`: every unit of a vector [c] has a multiplier of its own, `masks[scope][b·c + i]`, which is dropout.
   */
  | { readonly op: "dropPath"; readonly rate: number; readonly scope: string; readonly units?: boolean }
  /** Concatenate along channels. */
  | { readonly op: "concat" }
  /** Channels begin … begin + size. */
  | { readonly op: "slice"; readonly begin: number; readonly size: number }
  /** Channels begin, begin + step, …: even/odd split of the authors' SPOS layout. */
  | { readonly op: "stridedSlice"; readonly begin: number; readonly step: number }
  /** Channel shuffle: reshape [groups, C/groups], transpose, flatten. */
  | { readonly op: "shuffle"; readonly groups: number };

export type OpName = Op["op"];

export interface GraphNode {
  /** Index in `Graph.nodes`; inputs refer to smaller ids. */
  readonly id: number;
  /** Stable path, unique in the graph, e.g. `layer.1.mb6_k5.dw`. */
  readonly name: string;
  readonly attrs: Op;
  readonly inputs: readonly number[];
  readonly shape: Shape;
  /** Id of the mutable that put this node here, if any; null for stem, head and such. */
  readonly slot: string | null;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Node whose value is the result (logits [classes]). */
  readonly output: number;
  /**
   * A second classifier that only training sees: its logits' node, and the weight of its cross entropy in the loss (DARTS: 0.4). Scoring skips
   * every node that `output` does not need.
   */
  readonly auxiliary?: { readonly output: number; readonly weight: number };
  readonly params: readonly ParamSpec[];
  /** `stats` prefixes of the batch norms in node order, with their channel counts. */
  readonly norms: readonly { readonly stats: string; readonly channels: number }[];
}

/** Length of a parameter or activation: product of its dimensions. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}
