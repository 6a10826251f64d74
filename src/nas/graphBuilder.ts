/**
 * Builds graphs: adds nodes in topological order, infers shapes, and declares parameters and norms under the node's name,
 * so that spaces state structure only. Node `a.b.dw` owns `a.b.dw.weight`; a norm `a.b.bn1` owns `.weight`, `.bias` and its statistics.
 */
import { AppError } from "@/lib/appError";
import { sizeOf, type Graph, type GraphNode, type Init, type Op, type ParamName, type ParamRole, type ParamSpec, type Shape } from "./graph";
import { inferShape } from "./ops";

/** How a space starts its parameters. */
export interface InitPolicy {
  /** `cin` is the number of input channels a group. */
  conv(k: number, cin: number, cout: number, groups: number): Init;
  depthwise(k: number): Init;
  readonly linear: (cin: number) => Init;
  readonly bias: Init;
  readonly gamma: Init;
  readonly beta: Init;
}

export interface ConvOptions {
  readonly cout: number;
  /** Kernel side; 1 when absent. */
  readonly k?: number;
  readonly stride?: number;
  /** ⌊k/2⌋ when absent, as PyTorch's `padding=k//2`. */
  readonly pad?: number;
  /** Horizontal kernel, stride and padding where they differ: `k`, `stride` and `pad` are then the vertical ones. One group only. */
  readonly across?: { readonly k: number; readonly stride?: number; readonly pad?: number };
  readonly groups?: number;
  readonly bias?: boolean;
  /** Instead of the policy's. */
  readonly init?: Init;
  /** A kernel that another convolution of equal shape declared, read here too: its gradients add up. */
  readonly weight?: ParamName;
}

export interface DepthwiseOptions {
  readonly k: number;
  readonly stride?: number;
  readonly dilation?: number;
  /** As that of a convolution. */
  readonly weight?: ParamName;
}

/** Affine parameters that another batch norm declared. The statistics are never shared. */
export interface SharedAffine {
  readonly gamma: ParamName;
  readonly beta: ParamName;
}

/** Where the weights of a mix are: numbers begin … begin + count − 1 of an architecture parameter, through a softmax when `soft`. */
export interface Mixture {
  readonly weights: ParamName;
  readonly begin: number;
  readonly count: number;
  readonly soft: boolean;
}

/** Methods return the id of the node they add; `name` is its full path. Anything that does not fit throws `bug`. */
export interface GraphBuilder {
  /** Id of the input node. */
  readonly input: number;
  shapeOf(node: number): Shape;
  /** Last dimension of a node's value. */
  channelsOf(node: number): number;
  conv(name: string, from: number, options: ConvOptions): number;
  depthwise(name: string, from: number, options: DepthwiseOptions): number;
  batchNorm(name: string, from: number, affine?: boolean, shared?: SharedAffine): number;
  relu(name: string, from: number): number;
  relu6(name: string, from: number): number;
  hswish(name: string, from: number): number;
  hsigmoid(name: string, from: number): number;
  sigmoid(name: string, from: number): number;
  swish(name: string, from: number): number;
  linear(name: string, from: number, cout: number, bias?: boolean): number;
  /** Map times vector, channel by channel of each example. */
  scale(name: string, map: number, vector: number): number;
  /** Declares `size` architecture parameters, to be read by any number of masks and mixes. Returns their name. */
  architecture(name: ParamName, size: number, init: Init): ParamName;
  /** `weights`: an architecture parameter of as many numbers as there are channels. */
  mask(name: string, from: number, weights: ParamName): number;
  /** Weighted sum of the candidates, the i-th by number `index[i]` of a mixture (0, 1, … when absent). */
  mix(name: string, from: readonly number[], mixture: Mixture, index?: readonly number[]): number;
  /** See the op: multipliers come with each batch under `scope`. */
  dropPath(name: string, from: number, rate: number, scope: string): number;
  /** Any op without parameters. */
  node(name: string, attrs: Op, inputs: readonly number[]): number;
  /** Nodes added by `body` carry this slot. */
  inSlot<T>(slot: string, body: () => T): T;
  /** Graph of everything added so far, with this node as result. */
  finish(output: number): Graph;
}

/** PyTorch's batch-norm defaults, used by every space here. */
export const normDefaults = { eps: 1e-5, momentum: 0.1 } as const;

function makeState(input: Shape) {
  const nodes: GraphNode[] = [{ id: 0, name: "input", attrs: { op: "input" }, inputs: [], shape: input, slot: null }];
  const params: ParamSpec[] = [];
  const norms: { readonly stats: string; readonly channels: number }[] = [];
  const taken = new Set<string>(["input"]);
  let slot: string | null = null;

  const claim = (name: string): void => {
    if (taken.has(name)) throw new AppError("bug", `The graph already has something named ${name}.`);
    taken.add(name);
  };
  const shapeOf = (id: number): Shape => {
    const node = nodes[id];
    if (node === undefined) throw new AppError("bug", `The graph has no node ${id}.`);
    return node.shape;
  };
  const specOf = (name: ParamName): ParamSpec => {
    const spec = params.find((p) => p.name === name);
    if (spec === undefined) throw new AppError("bug", `The graph declares no parameter ${name}.`);
    return spec;
  };
  return {
    shapeOf,
    channelsOf: (id: number): number => shapeOf(id).at(-1) ?? 0,
    node(name: string, attrs: Op, inputs: readonly number[]): number {
      claim(name);
      const id = nodes.length;
      nodes.push({ id, name, attrs, inputs, shape: inferShape(attrs, inputs.map(shapeOf)), slot });
      return id;
    },
    param(name: ParamName, role: ParamRole, shape: readonly number[], init: Init, groups = 1): ParamName {
      claim(name);
      params.push(groups === 1 ? { name, shape, role, init } : { name, shape, role, init, groups });
      return name;
    },
    sizeOf: (name: ParamName): number => sizeOf(specOf(name).shape),
    /** A declared parameter that another node reads too. */
    again(node: string, name: ParamName, role: ParamRole, shape: readonly number[], groups = 1): ParamName {
      const spec = specOf(name);
      const fits = spec.role === role && String(spec.shape) === String(shape) && (spec.groups ?? 1) === groups;
      if (!fits) throw new AppError("bug", `Graph does not fit: ${node} needs a ${role} [${shape}], but ${name} is a ${spec.role} [${spec.shape}].`);
      return name;
    },
    norm(stats: string, channels: number): void {
      norms.push({ stats, channels });
    },
    inSlot<T>(id: string, body: () => T): T {
      const outer = slot;
      slot = id;
      try {
        return body();
      } finally {
        slot = outer;
      }
    },
    finish: (output: number): Graph => {
      shapeOf(output);
      return { nodes: [...nodes], output, params: [...params], norms: [...norms] };
    },
  };
}

/** A builder whose input has this shape ([h, w, c]). */
export function graphBuilder(input: Shape, init: InitPolicy): GraphBuilder {
  const state = makeState(input);
  const { node, param, channelsOf } = state;
  return {
    input: 0,
    shapeOf: state.shapeOf,
    channelsOf,
    node,
    inSlot: state.inSlot,
    finish: state.finish,
    conv(name, from, { cout, k = 1, stride = 1, pad = Math.floor(k / 2), across, groups = 1, bias = false, init: own, weight: shared }) {
      const cin = channelsOf(from);
      const perGroup = cin / groups;
      const wide = across && { k: across.k, stride: across.stride ?? stride, pad: across.pad ?? Math.floor(across.k / 2) };
      // The policies count k² taps.
      const side = wide ? Math.sqrt(k * wide.k) : k;
      const shape = [k, wide?.k ?? k, perGroup, cout];
      const weight =
        shared === undefined
          ? param(`${name}.weight`, "conv", shape, own ?? init.conv(side, perGroup, cout, groups), groups)
          : state.again(name, shared, "conv", shape, groups);
      const attrs = { op: "conv", k, stride, pad, ...(wide && { across: wide }), groups, cin, cout, weight } as const;
      return node(name, bias ? { ...attrs, bias: param(`${name}.bias`, "bias", [cout], init.bias) } : attrs, [from]);
    },
    depthwise(name, from, { k, stride = 1, dilation = 1, weight: shared }) {
      const shape = [k, k, channelsOf(from), 1];
      const weight = shared === undefined ? param(`${name}.weight`, "depthwise", shape, init.depthwise(k)) : state.again(name, shared, "depthwise", shape);
      return node(name, { op: "depthwise", k, stride, pad: dilation * Math.floor(k / 2), dilation, weight }, [from]);
    },
    batchNorm(name, from, affine = true, shared) {
      const channels = channelsOf(from);
      state.norm(name, channels);
      const attrs = { op: "batchNorm", stats: name, ...normDefaults } as const;
      if (!affine) return node(name, attrs, [from]);
      if (shared) {
        const [gamma, beta] = [state.again(name, shared.gamma, "gamma", [channels]), state.again(name, shared.beta, "beta", [channels])];
        return node(name, { ...attrs, gamma, beta }, [from]);
      }
      const gamma = param(`${name}.weight`, "gamma", [channels], init.gamma);
      const beta = param(`${name}.bias`, "beta", [channels], init.beta);
      return node(name, { ...attrs, gamma, beta }, [from]);
    },
    relu: (name, from) => node(name, { op: "relu" }, [from]),
    relu6: (name, from) => node(name, { op: "relu6" }, [from]),
    hswish: (name, from) => node(name, { op: "hswish" }, [from]),
    hsigmoid: (name, from) => node(name, { op: "hsigmoid" }, [from]),
    sigmoid: (name, from) => node(name, { op: "sigmoid" }, [from]),
    swish: (name, from) => node(name, { op: "swish" }, [from]),
    linear(name, from, cout, bias = true) {
      const cin = channelsOf(from);
      const weight = param(`${name}.weight`, "linear", [cin, cout], init.linear(cin));
      const attrs = { op: "linear", cin, cout, weight } as const;
      return node(name, bias ? { ...attrs, bias: param(`${name}.bias`, "bias", [cout], init.bias) } : attrs, [from]);
    },
    scale: (name, map, vector) => node(name, { op: "scale" }, [map, vector]),
    architecture: (name, size, own) => param(name, "architecture", [size], own),
    mask(name, from, weights) {
      needs(name, weights, channelsOf(from), state.sizeOf(weights) === channelsOf(from));
      return node(name, { op: "mask", weights }, [from]);
    },
    mix(name, from, { weights, begin, count, soft }, index = from.map((_, i) => i)) {
      needs(name, weights, begin + count, begin + count <= state.sizeOf(weights));
      return node(name, { op: "mix", weights, begin, count, soft, index }, from);
    },
    dropPath: (name, from, rate, scope) => node(name, { op: "dropPath", rate, scope }, [from]),
  };
}

function needs(node: string, weights: ParamName, numbers: number, met: boolean): void {
  if (!met) throw new AppError("bug", `Graph does not fit: ${node} needs ${numbers} numbers of ${weights}.`);
}
