/** What the inspector says about architecture weights: an edge or layer with its ops, and how much of all rows an op has. */
import type { AlphaGroup } from "@/nas/space/types";
import type { Focus } from "@/store/view";

/** Architecture weights at the step on view. */
export interface AlphaScene {
  readonly groups: readonly AlphaGroup[];
  /** Softmax of every row, group after group; null before the first column. */
  readonly weights: Float32Array | null;
  /** By group and row: column of the op that a derivation would keep now, −1 where it would drop the row. */
  readonly kept: readonly (readonly number[])[] | null;
}

export interface EdgeOp {
  readonly op: string;
  readonly weight: number;
  /** 1 = largest of its row. */
  readonly rank: number;
  readonly isKept: boolean;
}

export interface EdgeSubject {
  readonly kind: "edge";
  readonly group: string;
  readonly edge: string;
  /** Op that is pointed at, or null. */
  readonly op: string | null;
  /** In the order of the columns; null before α is known. */
  readonly ops: readonly EdgeOp[] | null;
  /** A derivation now would drop the edge. */
  readonly isDropped: boolean;
}

export interface OpShare {
  /** Mean of the op's softmax over all rows that know it. */
  readonly mean: number;
  /** Rows in which it is the largest, and all rows. */
  readonly leads: number;
  readonly rows: number;
}

export interface Edge {
  readonly group: number;
  readonly row: number;
}

/** The row that a focus names: an edge, or a layer of a space with one row a layer. */
export function edgeOfFocus({ groups }: AlphaScene, { edge, slot }: Focus): Edge | null {
  if (edge) return groups[edge.group]?.rows[edge.row] ? edge : null;
  const [only, ...others] = groups;
  const isByLayer = others.length === 0 && only?.rows[slot ?? -1] !== undefined && only.rows[0]?.from === undefined;
  return isByLayer && slot !== undefined ? { group: 0, row: slot } : null;
}

/** Where the weights of each group begin. */
function begins(groups: readonly AlphaGroup[]): number[] {
  let at = 0;
  return groups.map(({ rows, ops }) => {
    const begin = at;
    at += rows.length * ops.length;
    return begin;
  });
}

export function edgeSubject(alpha: AlphaScene, { group: g, row }: Edge, op: string | null): EdgeSubject {
  const { groups, weights, kept } = alpha;
  const group = groups[g] as AlphaGroup;
  const begin = (begins(groups)[g] ?? 0) + row * group.ops.length;
  const column = kept?.[g]?.[row];
  const ops =
    weights &&
    group.ops.map((name, k): EdgeOp => {
      const weight = weights[begin + k] ?? 0;
      const larger = group.ops.filter((_, other) => (weights[begin + other] ?? 0) > weight).length;
      return { op: name, weight, rank: larger + 1, isKept: column === k };
    });
  // Where every layer has a row, its label says all.
  const isEdge = group.rows[row]?.from !== undefined;
  return {
    kind: "edge",
    group: isEdge ? group.id : "",
    edge: group.rows[row]?.label ?? String(row),
    op,
    ops,
    isDropped: column === -1,
  };
}

/** Null without weights, or for an op that no row knows. */
export function shareOf(alpha: AlphaScene | null, op: string): OpShare | null {
  if (alpha === null || alpha.weights === null) return null;
  const { groups, weights } = alpha;
  const starts = begins(groups);
  let [sum, leads, rows] = [0, 0, 0];
  groups.forEach(({ ops, rows: all }, g) => {
    const k = ops.indexOf(op);
    if (k < 0) return;
    all.forEach((_, row) => {
      const of = weights.subarray((starts[g] ?? 0) + row * ops.length, (starts[g] ?? 0) + (row + 1) * ops.length);
      sum += of[k] ?? 0;
      rows++;
      if (of.every((weight) => weight <= (of[k] ?? 0))) leads++;
    });
  });
  return rows === 0 ? null : { mean: sum / rows, leads, rows };
}
