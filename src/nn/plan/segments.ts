/**
 * Cuts a graph into segments, one per (layer, choice), so that what was compiled for one path serves every other path that takes the
 * same choice. Values that cross from one segment to the next lie in maps whose place depends on the layer only.
 */
import type { Graph, GraphNode } from "@/nas/graph";
import { isResult, paramsOf } from "../liveGraph";

/** A value that one segment hands to another. */
export interface Crossing {
  readonly node: number;
  /** Stable name of its place, e.g. `layer.3/0`. */
  readonly name: string;
}

export interface Segment {
  /** Mutable that put the nodes there, or the name of the first node of what is always there. */
  readonly label: string;
  readonly members: ReadonlySet<number>;
  readonly inputs: readonly Crossing[];
  readonly outputs: readonly Crossing[];
  /** Equal keys: equal calls. */
  readonly key: string;
  readonly params: readonly string[];
}

function runsOf(nodes: readonly GraphNode[]): GraphNode[][] {
  const runs: GraphNode[][] = [];
  for (const node of nodes) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && run[0].slot === node.slot) run.push(node);
    else runs.push([node]);
  }
  return runs;
}

/** Which run each node is in; −1 for the input. */
function ownersOf(runs: readonly (readonly GraphNode[])[], graph: Graph): number[] {
  const owners = new Array<number>(graph.nodes.length).fill(-1);
  runs.forEach((run, i) => run.forEach((node) => (owners[node.id] = i)));
  return owners;
}

/** Every crossing value has one reader segment; otherwise the graph stays whole. */
function isChain(graph: Graph, owners: readonly number[]): boolean {
  const reader = new Map<number, number>();
  for (const node of graph.nodes)
    for (const i of node.inputs) {
      const [from, to] = [owners[i] as number, owners[node.id] as number];
      if (from === to || from < 0) continue;
      if ((reader.get(i) ?? to) !== to) return false;
      reader.set(i, to);
    }
  return !reader.has(graph.output) && (graph.auxiliary === undefined || !reader.has(graph.auxiliary.output));
}

const computed = (graph: Graph): GraphNode[] => graph.nodes.filter((node) => node.attrs.op !== "input");

/** The segments of a graph in order. */
export function segmentsOf(graph: Graph): Segment[] {
  const runs = runsOf(computed(graph));
  const slots = runs.map((run) => run[0]?.slot).filter((slot) => slot !== null);
  const isCut = isChain(graph, ownersOf(runs, graph)) && new Set(slots).size === slots.length;
  return isCut ? cut(graph, runs) : wholeOf(graph);
}

/** The graph as one segment. */
export function wholeOf(graph: Graph): Segment[] {
  return cut(graph, [computed(graph)]);
}

function cut(graph: Graph, runs: readonly (readonly GraphNode[])[]): Segment[] {
  const owners = ownersOf(runs, graph);
  const names = new Map<number, string>();
  const labels = runs.map((run) => run[0]?.slot ?? run[0]?.name ?? "");
  const crossed = new Set(graph.nodes.flatMap((node) => node.inputs.filter((i) => owners[i] !== owners[node.id] && (owners[i] as number) >= 0)));
  const counts = labels.map(() => 0);
  for (const id of [...crossed].sort((a, b) => a - b)) {
    const owner = owners[id] as number;
    names.set(id, `${labels[owner]}/${(counts[owner] = (counts[owner] ?? 0) + 1) - 1}`);
  }
  return runs.map((run, i) => {
    const members = new Set(run.map((node) => node.id));
    const inputs = [...new Set(run.flatMap((node) => node.inputs))].filter((id) => !members.has(id) && names.has(id)).map((id) => ({ node: id, name: names.get(id) ?? "" }));
    const outputs = run.filter((node) => names.has(node.id)).map((node) => ({ node: node.id, name: names.get(node.id) ?? "" }));
    const params = [...new Set(run.flatMap((node) => paramsOf(node.attrs)))];
    return { label: labels[i] ?? "", members, inputs, outputs, params, key: keyOf(run, members, names, graph) };
  });
}

function keyOf(run: readonly GraphNode[], members: ReadonlySet<number>, names: ReadonlyMap<number, string>, graph: Graph): string {
  const first = run[0]?.id ?? 0;
  const parts = run.map((node) => {
    const inputs = node.inputs.map((i) => (members.has(i) ? i - first : `${names.get(i) ?? "input"}:${graph.nodes[i]?.shape.join("x") ?? ""}`));
    return `${node.name}|${JSON.stringify(node.attrs)}|${inputs.join(",")}|${node.shape.join("x")}|${names.get(node.id) ?? resultOf(graph, node.id)}`;
  });
  return parts.join("\n");
}

function resultOf(graph: Graph, id: number): string {
  if (!isResult(graph, id)) return "";
  return id === graph.output ? "output" : `auxiliary ${graph.auxiliary?.weight}`;
}

const known = new WeakMap<Graph, Segment[]>();

/** `segmentsOf`, kept for as long as the graph object lives. */
export function knownSegmentsOf(graph: Graph): readonly Segment[] {
  const found = known.get(graph);
  if (found) return found;
  const made = segmentsOf(graph);
  known.set(graph, made);
  return made;
}
