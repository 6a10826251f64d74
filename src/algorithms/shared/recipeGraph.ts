/** The network that a recipe trains: the member's, with the places where something is dropped at random. Scoring runs through them unchanged. */
import type { RecipeSettings } from "@/nas/joint/recipe";
import type { Graph, GraphNode } from "@/nas/graph";

/** Scopes of the multipliers that a recipe draws; other drop paths of a network are not its own. */
const prefix = "recipe.";

/** Whether `node` computes from the value of `source`. */
function readsFrom(nodes: readonly GraphNode[], node: number, source: number): boolean {
  const open = [node];
  const met = new Set<number>();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === source) return true;
    // Ids are in topological order: what lies before the source cannot lead to it.
    if (id < source || met.has(id)) continue;
    met.add(id);
    open.push(...(nodes[id] as GraphNode).inputs);
  }
  return false;
}

/** Which input of a sum is the branch beside an identity: the one that is computed from the other. Null where none is. */
function branchOf(nodes: readonly GraphNode[], { attrs, inputs }: GraphNode): number | null {
  const [a, b] = inputs;
  if (attrs.op !== "add" || a === undefined || b === undefined || inputs.length !== 2 || a === b) return null;
  const [later, earlier] = a > b ? [a, b] : [b, a];
  return readsFrom(nodes, later, earlier) ? later : null;
}

/** The vector that the classifier reads; null where the result is no classifier's. */
function pooledOf({ nodes, output }: Graph): number | null {
  const last = nodes[output];
  const from = last?.attrs.op === "linear" ? last.inputs[0] : undefined;
  return from !== undefined && nodes[from]?.shape.length === 1 ? from : null;
}

/**
 * Drop-connect on the branch of every sum with an identity (stochastic depth, the same probability everywhere), and dropout of the vector that the
 * classifier reads. The same graph where neither is asked for.
 */
export function recipeGraph(graph: Graph, { dropConnect, dropout }: Pick<RecipeSettings, "dropConnect" | "dropout">): Graph {
  const pooled = dropout > 0 ? pooledOf(graph) : null;
  if (dropConnect <= 0 && pooled === null) return graph;
  const nodes: GraphNode[] = [];
  const moved = new Map<number, number>();
  const add = (node: GraphNode, inputs: readonly number[]): number => {
    nodes.push({ ...node, id: nodes.length, inputs });
    return nodes.length - 1;
  };
  const drop = (from: number, name: string, rate: number, units: boolean): number => {
    const { shape, slot } = nodes[from] as GraphNode;
    const scope = `${prefix}${name}`;
    return add({ id: 0, name: `${name}.drop`, attrs: { op: "dropPath", rate, scope, ...(units ? { units } : {}) }, inputs: [], shape, slot }, [from]);
  };
  for (const node of graph.nodes) {
    const branch = dropConnect > 0 ? branchOf(graph.nodes, node) : null;
    const inputs = node.inputs.map((id) => {
      const at = moved.get(id) as number;
      if (id === branch) return drop(at, node.name, dropConnect, false);
      return node.id === graph.output && id === pooled ? drop(at, node.name, dropout, true) : at;
    });
    moved.set(node.id, add(node, inputs));
  }
  const at = (id: number): number => moved.get(id) as number;
  return { ...graph, nodes, output: at(graph.output), ...(graph.auxiliary ? { auxiliary: { ...graph.auxiliary, output: at(graph.auxiliary.output) } } : {}) };
}

/** What a recipe drops in a graph, with the multipliers an example. */
export function recipeDrops({ nodes }: Graph): { readonly scope: string; readonly rate: number; readonly width: number }[] {
  return nodes.flatMap(({ attrs, shape }) =>
    attrs.op === "dropPath" && attrs.scope.startsWith(prefix) ? [{ scope: attrs.scope, rate: attrs.rate, width: attrs.units === true ? (shape.at(-1) ?? 1) : 1 }] : [],
  );
}
