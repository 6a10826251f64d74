/** The training blocks of the bench as graphs of one or a few ops: batch 32, 32×32, 16 channels. Every input gets a gradient. */
import type { Graph, GraphNode, Op, ParamRole, ParamSpec } from "@/nas/graph";

export const BLOCK = { batch: 32, side: 32, channels: 16, branches: 7 } as const;

export type BlockSpec =
  | { readonly kind: "depthwise"; readonly k: number; readonly stride: number; readonly dilation: number }
  /** 1×1, or k×k with padding ⌊k/2⌋. */
  | { readonly kind: "dense"; readonly k: number }
  /** Batch norm of the batch's own statistics, then ReLU. */
  | { readonly kind: "norm" }
  /** DARTS's mixed op after its branches: an affine-free norm each, then the weighted sum; `none` takes its share of the softmax. */
  | { readonly kind: "mixed" }
  /** Half a separable convolution: ReLU, depthwise 3×3, pointwise, affine-free norm. */
  | { readonly kind: "sepHalf" };

/** Length of α: the branches and `none`, which stands first. */
export const ALPHAS = BLOCK.branches + 1;

const { side, channels: C } = BLOCK;
const map = [side, side, C] as const;

const param = (name: string, role: ParamRole, shape: readonly number[], std: number): ParamSpec => ({ name, role, shape, init: { kind: "normal", std } });

/** Nodes in order; a node's name is its op with a number. */
class Sketch {
  readonly nodes: GraphNode[] = [];
  readonly params: ParamSpec[] = [];
  readonly norms: { stats: string; channels: number }[] = [];

  add(attrs: Op, inputs: readonly number[], shape: readonly number[] = map): number {
    const id = this.nodes.length;
    this.nodes.push({ id, name: `${attrs.op}${id}`, attrs, inputs, shape, slot: null });
    return id;
  }

  input(): number {
    return this.add({ op: "input" }, []);
  }

  depthwise(from: number, k: number, stride = 1, dilation = 1): number {
    const weight = `depthwise${this.nodes.length}.weight`;
    this.params.push(param(weight, "depthwise", [k, k, C, 1], 1 / k));
    const out = Math.ceil(side / stride);
    return this.add({ op: "depthwise", k, stride, pad: dilation * (k >> 1), dilation, weight }, [from], [out, out, C]);
  }

  conv(from: number, k: number): number {
    const weight = `conv${this.nodes.length}.weight`;
    this.params.push(param(weight, "conv", [k, k, C, C], 1 / (4 * k)));
    return this.add({ op: "conv", k, stride: 1, pad: k >> 1, groups: 1, cin: C, cout: C, weight }, [from]);
  }

  norm(from: number, affine: boolean): number {
    const stats = `norm${this.nodes.length}`;
    this.norms.push({ stats, channels: C });
    const attrs = { op: "batchNorm", stats, eps: 1e-5, momentum: 0.1 } as const;
    if (!affine) return this.add(attrs, [from]);
    this.params.push(param(`${stats}.weight`, "gamma", [C], 1), param(`${stats}.bias`, "beta", [C], 0.3));
    return this.add({ ...attrs, gamma: `${stats}.weight`, beta: `${stats}.bias` }, [from]);
  }
}

function build(spec: BlockSpec, s: Sketch): number {
  switch (spec.kind) {
    case "depthwise":
      return s.depthwise(s.input(), spec.k, spec.stride, spec.dilation);
    case "dense":
      return s.conv(s.input(), spec.k);
    case "norm":
      return s.add({ op: "relu" }, [s.norm(s.input(), true)]);
    case "sepHalf":
      return s.norm(s.conv(s.depthwise(s.add({ op: "relu" }, [s.input()]), 3), 1), false);
    case "mixed": {
      const inputs = Array.from({ length: BLOCK.branches }, () => s.input());
      const normed = inputs.map((from) => s.norm(from, false));
      s.params.push(param("alpha", "architecture", [ALPHAS], 0.5));
      const index = inputs.map((_, i) => i + 1);
      return s.add({ op: "mix", weights: "alpha", begin: 0, count: ALPHAS, soft: true, index }, normed);
    }
  }
}

export function blockGraph(spec: BlockSpec): Graph {
  const sketch = new Sketch();
  const output = build(spec, sketch);
  return { nodes: sketch.nodes, output, params: sketch.params, norms: sketch.norms };
}

/** Forward, gradient of the input and gradient of the weights: three times the multiply–adds. */
export function blockFlops(spec: BlockSpec): number {
  const pixels = BLOCK.batch * side * side;
  switch (spec.kind) {
    case "depthwise":
      return (6 * pixels * C * spec.k * spec.k) / (spec.stride * spec.stride);
    case "dense":
      return 6 * pixels * C * C * spec.k * spec.k;
    case "sepHalf":
      return 6 * pixels * C * (9 + C);
    case "norm":
      return 16 * pixels * C;
    case "mixed":
      return 14 * BLOCK.branches * pixels * C;
  }
}

/**
 * Maps that must be read or written where memory is the limit. Norm: read for the statistics, read and written by the forward pass; dy and u read
 * twice and du written by the backward pass. Mixed: the same per branch but for y and dy, which all share.
 */
export function blockBytes(spec: BlockSpec): number | null {
  const bytes = BLOCK.batch * side * side * C * 4;
  if (spec.kind === "norm") return 8 * bytes;
  if (spec.kind === "mixed") return (5 * BLOCK.branches + 3) * bytes;
  return null;
}
