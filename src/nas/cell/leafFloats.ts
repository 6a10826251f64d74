/**
 * How many numbers a network computes for one image, counted as the golden figures are (spec darts 9): the outputs of every leaf layer of the
 * reference implementation, identity skips and `none` included, additions and concatenations not.
 */
import { sizeOf, type Graph, type GraphNode, type OpName } from "../graph";

const leaves: ReadonlySet<OpName> = new Set<OpName>([
  "relu", "relu6", "hswish", "hsigmoid", "sigmoid", "swish", "conv", "depthwise", "batchNorm", "maxPool", "avgPool", "globalAvgPool", "linear",
]); // prettier-ignore

/** Leaf nodes of one image, in floats. The auxiliary head and the mean that halves an image are not counted. */
export function leafNodeFloats(graph: Graph): number {
  const counted = graph.nodes.filter((n) => leaves.has(n.attrs.op) && n.name !== "input.half" && !n.name.startsWith("aux."));
  return counted.reduce((sum, node) => sum + sizeOf(node.shape), 0);
}

/** Candidates that a mixture or a node of a derived cell takes as they come: skips without a node of their own. */
function identities(graph: Graph, node: GraphNode): number {
  const cell = node.attrs.op === "add" ? /^((?:cells\.\d+\.)?)node\d+$/.exec(node.name) : null;
  if (node.attrs.op !== "mix" && cell === null) return 0;
  const path = cell?.[1] ?? "";
  const own = cell === null ? [node.name.slice(0, node.name.lastIndexOf(".") + 1)] : [`${path}ops.`, `${path}edges.`, `${node.name}.`];
  return node.inputs.filter((i) => !own.some((prefix) => graph.nodes[i]?.name.startsWith(prefix))).length;
}

/** Leaf nodes, and the identities and `none` of cells, which have no node: what the golden files call leaf output floats. */
export function leafOutputFloats(graph: Graph): number {
  return graph.nodes.reduce((sum, node) => {
    const absent = node.attrs.op === "mix" ? node.attrs.count - node.inputs.length : 0;
    return sum + (identities(graph, node) + absent) * sizeOf(node.shape);
  }, leafNodeFloats(graph));
}
