/** What of a graph is really computed: training needs the output and the auxiliary classifier, everything else the output alone. */
import type { Graph, GraphNode, Op, ParamName } from "@/nas/graph";

/** Parameters that an op reads. */
export function paramsOf(attrs: Op): ParamName[] {
  switch (attrs.op) {
    case "conv":
    case "linear":
      return attrs.bias === undefined ? [attrs.weight] : [attrs.weight, attrs.bias];
    case "depthwise":
      return [attrs.weight];
    case "batchNorm":
      return [attrs.gamma, attrs.beta].filter((name) => name !== undefined);
    case "mask":
    case "mix":
      return [attrs.weights];
    default:
      return [];
  }
}

/** Whether somebody reads a node's value after the pass: it is the output, or the auxiliary one. */
export function isResult({ output, auxiliary }: Graph, id: number): boolean {
  return id === output || id === auxiliary?.output;
}

/** Nodes that the results depend on, and the input. */
function liveNodes(graph: Graph, results: readonly number[]): ReadonlySet<number> {
  const live = new Set(results);
  for (const node of [...graph.nodes].reverse()) {
    if (node.attrs.op === "input") live.add(node.id);
    if (live.has(node.id)) for (const i of node.inputs) live.add(i);
  }
  return live;
}

/** The same graph where nothing is to be left out; else one of the live nodes alone, with new ids and what they read. */
function prune(graph: Graph, auxiliary: Graph["auxiliary"]): Graph {
  const live = liveNodes(graph, auxiliary ? [graph.output, auxiliary.output] : [graph.output]);
  const kept = graph.nodes.filter((node) => live.has(node.id));
  const read = new Set(kept.flatMap((node) => paramsOf(node.attrs)));
  const stats = new Set(kept.flatMap(({ attrs }) => (attrs.op === "batchNorm" ? [attrs.stats] : [])));
  const params = graph.params.filter((spec) => read.has(spec.name));
  const isWhole = kept.length === graph.nodes.length && params.length === graph.params.length;
  if (isWhole && auxiliary === graph.auxiliary) return graph;
  const ids = new Map(kept.map((node, id) => [node.id, id]));
  const idOf = (id: number): number => ids.get(id) ?? -1;
  return {
    nodes: kept.map((node): GraphNode => ({ ...node, id: idOf(node.id), inputs: node.inputs.map(idOf) })),
    output: idOf(graph.output),
    ...(auxiliary && { auxiliary: { ...auxiliary, output: idOf(auxiliary.output) } }),
    params,
    norms: graph.norms.filter((norm) => stats.has(norm.stats)),
  };
}

function remembered(make: (graph: Graph) => Graph): (graph: Graph) => Graph {
  const known = new WeakMap<Graph, Graph>();
  return (graph) => {
    const found = known.get(graph);
    if (found !== undefined) return found;
    const made = make(graph);
    known.set(graph, made);
    return made;
  };
}

/** What a training step computes; kept for as long as the graph object lives. Its parameters are those that a step moves. */
export const trainingGraph = remembered((graph) => prune(graph, graph.auxiliary));

/** What the output alone needs. */
export const scoringGraph = remembered((graph) => prune(graph, undefined));
