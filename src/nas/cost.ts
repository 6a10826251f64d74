/** Cost of a graph: computed here and nowhere else, so that what is drawn, searched, constrained and trained cannot disagree. */
import { sizeOf, type Graph } from "./graph";
import { ruleOf } from "./ops";

/**
 * `macs`: multiply–adds of convolutions and dense layers (no bias, norm, activation or pooling).
 * `params`: all learnable values but architecture parameters. `razorFlops`: MMRazor's counter (spec D.1: + 2·numel(BN input) if affine, + numel(ReLU output),
 * + numel(pooling input), + conv bias).
 */
export interface Cost {
  readonly macs: number;
  readonly params: number;
  readonly razorFlops: number;
}

export interface NodeCost extends Cost {
  readonly node: number;
}

export const zeroCost: Cost = { macs: 0, params: 0, razorFlops: 0 };

export function addCost(a: Cost, b: Cost): Cost {
  return { macs: a.macs + b.macs, params: a.params + b.params, razorFlops: a.razorFlops + b.razorFlops };
}

/** Cost of every node, in node order. A parameter that several nodes read is charged to the first. */
export function nodeCosts(graph: Graph): NodeCost[] {
  const sizes = new Map(graph.params.filter((p) => p.role !== "architecture").map((p) => [p.name, sizeOf(p.shape)]));
  return graph.nodes.map((node) => {
    const rule = ruleOf(node.attrs);
    const from = node.inputs[0];
    const input = (from === undefined ? undefined : graph.nodes[from]?.shape) ?? [];
    let params = 0;
    for (const name of rule.params(node.attrs)) {
      params += sizes.get(name) ?? 0;
      sizes.delete(name);
    }
    const macs = rule.macs(node.attrs, input, node.shape);
    return { node: node.id, macs, params, razorFlops: macs + rule.razorExtra(node.attrs, input, node.shape) };
  });
}

/** Cost of the whole graph for one example. */
export function costOf(graph: Graph): Cost {
  return nodeCosts(graph).reduce<Cost>(addCost, zeroCost);
}

/** Floats of all node outputs of one example, input included: what a training step keeps for its backward pass. */
export function activationFloats(graph: Graph): number {
  return graph.nodes.reduce((sum, node) => sum + sizeOf(node.shape), 0);
}

export type { Graph };
