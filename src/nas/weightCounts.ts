/** Sizes as papers and released models of mobile networks count them: weights alone, which `cost.ts` does not tell apart from biases and norms. */
import { costOf } from "./cost";
import { sizeOf, type Graph, type ParamRole } from "./graph";

const weightRoles: ReadonlySet<ParamRole> = new Set(["conv", "depthwise", "linear"]);

/** Values in weights of convolutions and dense layers: no biases, no norms, no architecture parameters. */
export function weightsOf({ params }: Pick<Graph, "params">): number {
  return params.reduce((sum, { role, shape }) => sum + (weightRoles.has(role) ? sizeOf(shape) : 0), 0);
}

export interface WeightCounts {
  readonly params: number;
  readonly macs: number;
  /** With one operation for every number that a global average pool reads: what the released FBNets count (spec fbnet 1.7). */
  readonly macsPlusPool: number;
}

/** Counts of a graph for one example. */
export function weightCounts(graph: Graph): WeightCounts {
  const { macs } = costOf(graph);
  const pooled = graph.nodes
    .filter(({ attrs }) => attrs.op === "globalAvgPool")
    .reduce((sum, { inputs }) => sum + sizeOf(graph.nodes[inputs[0] ?? -1]?.shape ?? [0]), 0);
  return { params: weightsOf(graph), macs, macsPlusPool: macs + pooled };
}
