/**
 * What is decided about a graph before it is lowered: who reads a node, which activations run inside their batch norm, which mixed ops
 * become one wide map, and which nodes write straight into a place inside a larger map.
 */
import type { Graph, GraphNode, ParamName } from "@/nas/graph";
import { isResult, paramsOf } from "../../liveGraph";

/** A candidate of a mixed op: its node, and the batch norm in front of the mixture when there is one. */
export interface MixSlot {
  readonly node: GraphNode;
  /** The norm whose statistics the wide map carries; its input is stored raw in the slot. */
  readonly norm: GraphNode | null;
}

/** One `mix` node: slots [start, start + inputs) of the group. */
export interface MixLeaf {
  readonly node: GraphNode;
  readonly start: number;
}

/** Mixed ops whose results are only added up: lowered as one wide map. */
export interface MixGroup {
  /** The node that carries the sum. */
  readonly root: GraphNode;
  readonly leaves: readonly MixLeaf[];
  readonly slots: readonly MixSlot[];
}

export interface Analysis {
  node(id: number): GraphNode;
  readers(id: number): readonly GraphNode[];
  /** The activation that a norm applies itself, by the norm's id. */
  readonly fused: ReadonlyMap<number, GraphNode>;
  readonly groups: ReadonlyMap<number, MixGroup>;
  /** Nodes that the groups swallow: inner additions, mixes, and the norms of slots. */
  readonly swallowed: ReadonlySet<number>;
  /** Concatenations that are read by a shuffle only: the shuffle gathers the parts itself. */
  readonly deferred: ReadonlySet<number>;
  /** Whether something that a gradient is wanted of feeds the node. */
  needsGradient(id: number): boolean;
}

/** Bits of the instruction's plain-slot masks. */
const maxSlots = 64;

const isClamp = (node: GraphNode): boolean => node.attrs.op === "relu" || node.attrs.op === "relu6";

/** `needs`: nodes of the whole graph whose gradient matters (`gradientNeeds`). */
export function analyse(graph: Graph, members: ReadonlySet<number>, needs: ReadonlySet<number>): Analysis {
  const readers = new Map<number, GraphNode[]>();
  for (const node of graph.nodes) for (const i of new Set(node.inputs)) readers.set(i, [...(readers.get(i) ?? []), node]);
  const node = (id: number): GraphNode => graph.nodes[id] as GraphNode;
  const readersOf = (id: number): readonly GraphNode[] => readers.get(id) ?? [];
  /** Read by this node alone, once, inside the segment, and not the result. */
  const onlyReader = (id: number): GraphNode | null => {
    const [reader, ...others] = readersOf(id);
    if (reader === undefined || others.length > 0 || isResult(graph, id) || !members.has(id) || !members.has(reader.id)) return null;
    return reader.inputs.filter((i) => i === id).length === 1 ? reader : null;
  };
  const fused = new Map<number, GraphNode>();
  const deferred = new Set<number>();
  for (const id of members) {
    const reader = onlyReader(id);
    if (reader === null) continue;
    if (node(id).attrs.op === "batchNorm" && isClamp(reader)) fused.set(id, reader);
    if (node(id).attrs.op === "concat" && reader.attrs.op === "shuffle") deferred.add(id);
  }
  const groups = findGroups(graph, members, onlyReader);
  const swallowed = new Set<number>();
  for (const { root, leaves, slots } of groups.values()) {
    for (const leaf of leaves) if (leaf.node !== root) swallowed.add(leaf.node.id);
    for (const { norm } of slots) if (norm) swallowed.add(norm.id);
    for (const inner of innerSums(root, node, new Set(leaves.map((l) => l.node.id)))) swallowed.add(inner);
  }
  return { node, readers: readersOf, fused, groups, swallowed, deferred, needsGradient: (id) => needs.has(id) };
}

function findGroups(graph: Graph, members: ReadonlySet<number>, onlyReader: (id: number) => GraphNode | null): Map<number, MixGroup> {
  const node = (id: number): GraphNode => graph.nodes[id] as GraphNode;
  /** The mixes whose sum a node is, or null when it is anything else. */
  const leavesOf = (id: number): GraphNode[] | null => {
    const here = node(id);
    if (!members.has(id)) return null;
    if (here.attrs.op === "mix") return [here];
    if (here.attrs.op !== "add") return null;
    const parts = here.inputs.map((i) => (onlyReader(i) === here ? leavesOf(i) : null));
    if (parts.some((p) => p === null)) return null;
    const all = parts.flatMap((p) => p ?? []);
    return all.reduce((n, m) => n + m.inputs.length, 0) <= maxSlots ? all : null;
  };
  const groups = new Map<number, MixGroup>();
  for (const id of [...members].sort((a, b) => b - a)) {
    const mixes = leavesOf(id);
    if (mixes === null || [...groups.values()].some((g) => g.leaves.some((l) => l.node.id === id) || isInside(g.root, id, node))) continue;
    let start = 0;
    const leaves = mixes.map((mix): MixLeaf => {
      const leaf = { node: mix, start };
      start += mix.inputs.length;
      return leaf;
    });
    const slots = mixes.flatMap((mix) => mix.inputs.map((i): MixSlot => {
      const candidate = node(i);
      const source = node(candidate.inputs[0] ?? 0);
      const wide = candidate.attrs.op === "batchNorm" && onlyReader(i) === mix && onlyReader(source.id) === candidate && writesPlainMap(source);
      return wide ? { node: source, norm: candidate } : { node: candidate, norm: null };
    }));
    groups.set(id, { root: node(id), leaves, slots });
  }
  return groups;
}

function isInside(root: GraphNode, id: number, node: (id: number) => GraphNode): boolean {
  if (root.attrs.op !== "add") return root.id === id;
  return root.id === id || root.inputs.some((i) => isInside(node(i), id, node));
}

function innerSums(root: GraphNode, node: (id: number) => GraphNode, leaves: ReadonlySet<number>): number[] {
  if (root.attrs.op !== "add") return [];
  return root.inputs.flatMap((i) => (leaves.has(i) ? [] : [i, ...innerSums(node(i), node, leaves)]));
}

/** Ops whose result is a map of its own, never a view of their input. */
export function writesPlainMap(node: GraphNode): boolean {
  switch (node.attrs.op) {
    case "conv":
    case "depthwise":
    case "maxPool":
    case "avgPool":
    case "add":
    case "concat":
    case "hswish":
    case "hsigmoid":
    case "sigmoid":
    case "swish":
    case "scale":
    case "mask":
    case "mix":
    case "subsample":
    case "scatter":
    case "resize":
    case "shift":
    case "linear":
    case "globalAvgPool":
      return true;
    default:
      return false;
  }
}

/** Nodes whose value depends on a wanted parameter, or on the images where their gradient is wanted: all others have no backward pass. */
export function gradientNeeds(graph: Graph, wants: (name: ParamName) => boolean, images: boolean): Set<number> {
  const needs = new Set<number>();
  for (const { id, attrs, inputs } of graph.nodes) {
    const isSource = attrs.op === "input" ? images : paramsOf(attrs).some(wants);
    if (isSource || inputs.some((i) => needs.has(i))) needs.add(id);
  }
  return needs;
}
