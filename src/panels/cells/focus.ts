/** Edges and ops of cells as the page's one focus knows them, both ways, and the edge that an arrow key leads to. Pure. */
import type { Focus } from "@/store/view";
import type { ShownCell } from "./describe";

/** An edge by group and row of α. */
export interface EdgeRef {
  readonly group: number;
  readonly row: number;
}

/** Focus on an edge, or on one op of it. */
export function edgeFocus({ group, row }: EdgeRef, op: string | null): Focus {
  return { edge: { group, row }, ...(op === null ? {} : { op }) };
}

export function isSameEdge(a: EdgeRef | null | undefined, b: EdgeRef): boolean {
  return a?.group === b.group && a.row === b.row;
}

/** Ops that some edge of these cells shows. */
function knownOps(cells: readonly ShownCell[]): ReadonlySet<string> {
  return new Set(
    cells.flatMap(({ search, derived }) => [
      ...(search?.edges[0]?.strands.map(({ op }) => op) ?? []),
      ...(derived?.inputs.map(({ op }) => op) ?? []),
    ]),
  );
}

/** What of a focus means something in these cells: an op that none of them has dims nothing. */
export function knownFocus(
  focus: Focus,
  cells: readonly ShownCell[],
): { readonly edge: EdgeRef | null; readonly op: string | null } {
  const edge = focus.edge ?? null;
  const op = focus.op !== undefined && knownOps(cells).has(focus.op) ? focus.op : null;
  return { edge, op };
}

/** Rows of a cell in reading order: those that are drawn. */
export function rowsOf({ search, derived }: ShownCell, isDerived: boolean): number[] {
  if (search && !isDerived) return search.edges.map(({ row }) => row);
  return [...new Set(derived?.inputs.map(({ row }) => row) ?? [])].sort((a, b) => a - b);
}

/**
 * The edge that an arrow key leads to: up and down along the edges of a cell, left and right to the cell beside it. The first press lands on
 * the first edge of the first cell. Null where nothing is drawn.
 */
export function edgeAfter(
  cells: readonly ShownCell[],
  isDerived: boolean,
  now: EdgeRef | null,
  key: string,
): EdgeRef | null {
  const at = cells.findIndex(({ group }) => group === now?.group);
  const cell = cells[at] ?? cells[0];
  if (!cell) return null;
  const rows = rowsOf(cell, isDerived);
  if (now === null || at < 0) return rows[0] === undefined ? null : { group: cell.group, row: rows[0] };
  if (key === "ArrowUp" || key === "ArrowDown") {
    const place = rows.indexOf(now.row);
    const next = place < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, place + (key === "ArrowDown" ? 1 : -1)));
    return rows[next] === undefined ? null : { group: cell.group, row: rows[next] };
  }
  const beside = cells[Math.min(cells.length - 1, Math.max(0, at + (key === "ArrowRight" ? 1 : -1)))] ?? cell;
  const others = rowsOf(beside, isDerived);
  const row = others.includes(now.row) ? now.row : others[0];
  return row === undefined ? null : { group: beside.group, row };
}
