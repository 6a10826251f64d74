/**
 * Only for tests and the bench: the search network of DARTS (Liu et al., arXiv 1806.09055) in one size of one's choice: every edge a mixture
 * of eight ops with affine-free norms, one architecture parameter a cell type. The space that users search has its own module.
 */
import { graphBuilder, type GraphBuilder } from "@/nas/graphBuilder";
import type { Graph, Init } from "@/nas/graph";
import { torchDefaultInit } from "@/nas/space/init";

export interface DartsLikeOptions {
  /** C: channels of the first cells. */
  readonly channels: number;
  readonly cells: number;
  /** Intermediate nodes of a cell. */
  readonly nodes: number;
  /** 32 when absent. */
  readonly side?: number;
  /** 10 when absent. */
  readonly classes?: number;
  /** How the architecture parameters start; normal with 1e-3 when absent. */
  readonly alpha?: Init;
}

/** Candidates of an edge in the order of its weights; `none` has no node. */
export const dartsOps = ["none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"] as const;

/** Edges of a cell with this many intermediate nodes. */
export const dartsEdges = (nodes: number): number => (nodes * (nodes + 3)) / 2;

const norm = (b: GraphBuilder, name: string, from: number): number => b.batchNorm(name, from, false);

function reluConvNorm(b: GraphBuilder, name: string, from: number, cout: number): number {
  return norm(b, `${name}.bn`, b.conv(`${name}.conv`, b.relu(`${name}.relu`, from), { cout }));
}

/** Halves the map: even pixels through one convolution, odd ones through another. */
function factorizedReduce(b: GraphBuilder, name: string, from: number, cout: number): number {
  const r = b.relu(`${name}.relu`, from);
  const even = b.conv(`${name}.conv1`, r, { cout: Math.floor(cout / 2), stride: 2 });
  const shifted = b.node(`${name}.shift`, { op: "shift", by: 1 }, [r]);
  const odd = b.conv(`${name}.conv2`, shifted, { cout: Math.ceil(cout / 2), stride: 2 });
  return norm(b, `${name}.bn`, b.node(`${name}.concat`, { op: "concat" }, [even, odd]));
}

/** ReLU, depthwise, pointwise, norm. */
function separable(b: GraphBuilder, name: string, from: number, k: number, stride: number, dilation: number): number {
  const dw = b.depthwise(`${name}.dw`, b.relu(`${name}.relu`, from), { k, stride, dilation });
  return norm(b, `${name}.bn`, b.conv(`${name}.pw`, dw, { cout: b.channelsOf(from) }));
}

function candidate(b: GraphBuilder, name: string, from: number, op: (typeof dartsOps)[number], stride: number): number {
  switch (op) {
    case "max_pool_3x3":
      return norm(b, `${name}.bn`, b.node(`${name}.pool`, { op: "maxPool", k: 3, stride, pad: 1 }, [from]));
    case "avg_pool_3x3":
      return norm(b, `${name}.bn`, b.node(`${name}.pool`, { op: "avgPool", k: 3, stride, pad: 1, countPads: false }, [from]));
    case "sep_conv_3x3":
    case "sep_conv_5x5": {
      const k = op === "sep_conv_3x3" ? 3 : 5;
      return separable(b, `${name}.2`, separable(b, `${name}.1`, from, k, stride, 1), k, 1, 1);
    }
    case "dil_conv_3x3":
      return separable(b, name, from, 3, stride, 2);
    case "dil_conv_5x5":
      return separable(b, name, from, 5, stride, 2);
    default:
      return stride === 1 ? from : factorizedReduce(b, name, from, b.channelsOf(from));
  }
}

function mixedEdge(b: GraphBuilder, name: string, from: number, stride: number, weights: string, edge: number): number {
  const inputs = dartsOps.slice(1).map((op) => candidate(b, `${name}.${op}`, from, op, stride));
  const mixture = { weights, begin: edge * dartsOps.length, count: dartsOps.length, soft: true };
  return b.mix(name, inputs, mixture, inputs.map((_, i) => i + 1));
}

function addCell(b: GraphBuilder, name: string, s0: number, s1: number, channels: number, nodes: number, weights: string, reduces: boolean): number {
  const halved = b.shapeOf(s0)[0] !== b.shapeOf(s1)[0];
  const pre0 = halved ? factorizedReduce(b, `${name}.pre0`, s0, channels) : reluConvNorm(b, `${name}.pre0`, s0, channels);
  const states = [pre0, reluConvNorm(b, `${name}.pre1`, s1, channels)];
  let edge = 0;
  for (let node = 0; node < nodes; node++) {
    const incoming = states.map((from, j) => mixedEdge(b, `${name}.${j}-${node + 2}`, from, reduces && j < 2 ? 2 : 1, weights, edge++));
    states.push(incoming.reduce((sum, next, i) => b.node(`${name}.node${node + 2}.${i}`, { op: "add" }, [sum, next])));
  }
  const out = states.slice(2);
  return out.length === 1 ? (out[0] as number) : b.node(`${name}.concat`, { op: "concat" }, out);
}

/** Parameters `alpha.normal` and `alpha.reduce` hold one row of eight an edge; one that no cell reads is not declared. */
export function dartsLike({ channels, cells, nodes, side = 32, classes = 10, alpha = { kind: "normal", std: 1e-3 } }: DartsLikeOptions): Graph {
  const b = graphBuilder([side, side, 3], torchDefaultInit);
  const reducing = new Set([Math.floor(cells / 3), Math.floor((2 * cells) / 3)]);
  const size = dartsEdges(nodes) * dartsOps.length;
  if (reducing.size < cells) b.architecture("alpha.normal", size, alpha);
  b.architecture("alpha.reduce", size, alpha);
  const stem = b.batchNorm("stem.bn", b.conv("stem.conv", b.input, { cout: 3 * channels, k: 3 }));
  let [s0, s1, c] = [stem, stem, channels];
  for (let i = 0; i < cells; i++) {
    const reduces = reducing.has(i);
    if (reduces) c *= 2;
    const out = addCell(b, `cell.${i}`, s0, s1, c, nodes, reduces ? "alpha.reduce" : "alpha.normal", reduces);
    [s0, s1] = [s1, out];
  }
  return b.finish(b.linear("fc", b.node("mean", { op: "globalAvgPool" }, [s1]), classes));
}
