/**
 * What the cells panel knows while a search goes on: per edge the weight of every op, which edges and ops the derivation would keep, and
 * what that says about the search (skips, margin). Pure: groups and α in, plain data out.
 */
import { type SkipLevel, skipLevel } from "@/nas/cell/skips";
import type { AlphaGroup, Derivation } from "@/nas/space/types";
import { stackOrder } from "@/viz/palette";
import type { DerivedCell, DerivedInput } from "./derived";

/** One op of an edge. */
export interface Strand {
  readonly op: string;
  /** Column of the group's ops. */
  readonly column: number;
  /** Softmax weight, 0–1. */
  readonly weight: number;
}

export interface SearchEdge {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  /** In stacking order, the same for every edge. */
  readonly strands: readonly Strand[];
  /** The strongest op that can be derived. */
  readonly leading: Strand;
  /** What the derived cell takes from this edge; empty where it drops the edge. */
  readonly kept: readonly DerivedInput[];
}


export interface SkipCount {
  readonly count: number;
  /** Ops that are kept. */
  readonly of: number;
  readonly level: SkipLevel;
}

/** A cell as the search sees it. */
export interface SearchCell {
  /** Index of the group of α. */
  readonly group: number;
  /** `normal`, `reduce`, or `cell` where there is one alone. */
  readonly id: string;
  readonly nodes: number;
  readonly edges: readonly SearchEdge[];
  readonly skips: SkipCount;
  /** Smallest strength that is kept minus the largest dropped at the same node; null where nothing is dropped. */
  readonly margin: number | null;
  /** No op is ahead of another yet. */
  readonly isUniform: boolean;
}

/** Below this margin the choice between two edges is a coin toss (softmax weights). */
export const coinToss = 0.01;

const skipOps: ReadonlySet<string> = new Set(["skip_connect", "identity"]);

export function isSkip(op: string): boolean {
  return skipOps.has(op);
}

/** Groups whose rows are edges between the states of a cell. */
export function isCellGroup({ rows }: AlphaGroup): boolean {
  return rows.length > 0 && rows.every(({ from, to }) => from !== undefined && to !== undefined);
}

/** A cell with one input (NAS-Bench-201): its states begin at 0 and the last is the output. */
export function isSingleInput(id: string): boolean {
  return id === "cell";
}

/** Nodes of a cell of DARTS, or states after the input of a single-input cell, from its rows. */
export function nodesOf({ id, rows }: Pick<AlphaGroup, "id" | "rows">): number {
  return Math.max(0, ...rows.map(({ to }) => to ?? 0)) - (isSingleInput(id) ? 0 : 1);
}

/** Skips among the kept ops, and how bad that is. */
export function skipCount(id: string, count: number, of: number, limit: number | null): SkipCount {
  return { count, of, level: skipLevel(id, count, of, limit) };
}

export interface SearchInput {
  readonly groups: readonly AlphaGroup[];
  /** Softmax of every row of every group, one after the other; null = no α yet, every op weighs the same. */
  readonly weights: Float32Array | null;
  /** What α says now; null before there is α. */
  readonly derivation: Derivation | null;
  /** The derived cells by group, in whose favour edges are drawn; empty before there is α. */
  readonly derived: readonly DerivedCell[];
  /** `darts.skipLimit` of the run. */
  readonly skipLimit: number | null;
}

function edgesOf(
  group: AlphaGroup,
  at: number,
  weights: Float32Array | null,
  derived: DerivedCell | undefined,
): SearchEdge[] {
  const order = stackOrder(group.ops);
  const size = group.ops.length;
  return group.rows.map(({ from = 0, to = 0 }, row) => {
    const strands = order.map((column): Strand => {
      const weight = weights === null ? 1 / size : (weights[at + row * size + column] ?? 0);
      return { op: group.ops[column] ?? "", column, weight };
    });
    const possible = strands.filter(({ column }) => column !== group.none);
    const leading = possible.reduce((best, s) =>
      s.weight > best.weight || (s.weight === best.weight && s.column < best.column) ? s : best,
    );
    const kept = derived?.inputs.filter((input) => input.from === from && input.node === to) ?? [];
    return { row, from, to, strands, leading, kept };
  });
}

/** The cells of a search, one a group. */
export function searchCells({ groups, weights, derivation, derived, skipLimit }: SearchInput): SearchCell[] {
  let at = 0;
  return groups.map((group, g) => {
    const cell = derived.find((d) => d.group === g);
    const edges = edgesOf(group, at, weights, cell);
    at += group.rows.length * group.ops.length;
    const ops = cell?.inputs.map(({ op }) => op) ?? [];
    return {
      ...{ group: g, id: group.id, nodes: nodesOf(group), edges },
      skips: skipCount(group.id, ops.filter(isSkip).length, ops.length, group.id === "normal" ? skipLimit : null),
      margin: derivation?.margin[g] ?? null,
      isUniform: edges.every(({ strands }) => strands.every(({ weight }) => weight === strands[0]?.weight)),
    };
  });
}

/** Weight of an op on an edge; null where the search does not know it. */
export function weightOf(cell: SearchCell | null, from: number, to: number, op: string): number | null {
  const edge = cell?.edges.find((e) => e.from === from && e.to === to);
  return edge?.strands.find((s) => s.op === op)?.weight ?? null;
}
