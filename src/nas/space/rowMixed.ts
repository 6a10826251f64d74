/**
 * The differentiable side of spaces in which every row of α decides about one mutable by itself (layers of an op-choice space, edges of
 * NAS-Bench-201): one matrix, one op a row, the largest weight wins (spec darts 10, 11).
 */
import { gatesSpec } from "../cell/networks";
import { leafOutputFloats } from "../cell/leafFloats";
import { argmaxRows } from "../cell/rows";
import type { Graph, ParamSpec } from "../graph";
import type { Choices } from "../mutable";
import type { AlphaGroup, AlphaRow, MixedSpace } from "./types";

export interface RowMixedDef {
  readonly id: string;
  readonly label: string;
  readonly rows: readonly AlphaRow[];
  /** Names of the columns, the same for every row. */
  readonly ops: readonly string[];
  /** The network of mixtures, which reads α as `alpha.<id>`. Built once, when it is first asked for. */
  searchGraph(): Graph;
  /** The network of one op a row, which reads `gates.<id>`. */
  sampledGraph(columns: readonly number[]): Graph;
  /** The network of the candidates `columns[r]` in row r, which reads `weights.<id>`; absent where rows are no layers. */
  weightedGraph?(columns: readonly (readonly number[])[]): Graph;
  /** Member whose row r has op `columns[r]`. */
  choicesOf(columns: readonly number[]): Choices;
}

const skips: ReadonlySet<string> = new Set(["skip_connect", "identity", "skip"]);

/** Weighted graphs kept for their next use: building one is cheap, compiling it in an executor is not. */
const capacity = 32;

/** Equal arguments give the same graph while it is among the last used. */
function remembered(make: (columns: readonly (readonly number[])[]) => Graph): (columns: readonly (readonly number[])[]) => Graph {
  const graphs = new Map<string, Graph>();
  return (columns) => {
    const key = JSON.stringify(columns);
    const graph = graphs.get(key) ?? make(columns);
    graphs.delete(key);
    graphs.set(key, graph);
    if (graphs.size > capacity) graphs.delete(graphs.keys().next().value as string);
    return graph;
  };
}

export function rowMixed(def: RowMixedDef): MixedSpace {
  const group: AlphaGroup = { id: def.id, label: def.label, param: `alpha.${def.id}`, rows: def.rows, ops: def.ops, none: null };
  let graph: Graph | null = null;
  const search = (): Graph => (graph ??= def.searchGraph());
  return {
    groups: [group],
    get params() {
      const { params } = search();
      const isAlpha = (p: ParamSpec): boolean => p.role === "architecture";
      return [...params.filter(isAlpha), gatesSpec(def.id, def.rows.length), ...params.filter((p) => !isAlpha(p))];
    },
    get norms() {
      return search().norms;
    },
    get searchGraph() {
      return search();
    },
    sampledGraph: ([columns = []]) => def.sampledGraph(columns),
    ...(def.weightedGraph && { weightedGraph: remembered((columns) => def.weightedGraph?.(columns) ?? search()) }),
    derive: ([alpha = new Float32Array()]) => {
      const kept = argmaxRows(alpha, def.ops.length);
      return { choices: def.choicesOf(kept), kept: [kept], margin: [null], skips: [kept.filter((column) => skips.has(def.ops[column] ?? "")).length] };
    },
    get activationFloats() {
      return leafOutputFloats(search());
    },
  };
}
