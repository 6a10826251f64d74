/** The cells in words: a sentence per node for the description, rows for the table, one line per edge for the keyboard. */
import { text as copy } from "@/viz/copy";
import { opStyle } from "@/viz/palette";
import type { DerivedCell } from "./derived";
import { isSingleInput, type SearchCell, type SearchEdge, weightOf } from "./model";

const text = copy.cells;

/** A cell as it is shown: what the search says, what is derived, or both. */
export interface ShownCell {
  readonly group: number;
  readonly id: string;
  readonly nodes: number;
  readonly search: SearchCell | null;
  readonly derived: DerivedCell | null;
}

export function cellTitle(id: string): string {
  return text.cell[id] ?? id;
}

export function stateName(id: string, state: number): string {
  return isSingleInput(id) ? text.state.single(state) : text.state.double(state);
}

/** "a", "a and b", "a, b and c". */
function listed(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

/** "Normal cell. Node 4 keeps max3 from c(k-1) at 0.31 and skip from node 2 at 0.29; drops 2 inputs." */
function describeCell({ id, search, derived }: ShownCell): string {
  const title = cellTitle(id);
  if (derived === null) return search === null ? "" : text.uniform(title, search.edges.length);
  const nodes = [...new Set(derived.inputs.map(({ node }) => node))].map((node) => {
    const inputs = derived.inputs.filter((input) => input.node === node);
    // Where `none` can be derived (NAS-Bench-201) it means that the edge is not there.
    const said = inputs
      .filter(({ op }) => op !== "none")
      .map(({ op, from }) => {
        const weight = weightOf(search, from, node, op);
        const at = weight === null ? "" : text.describe.weight(weight);
        return text.describe.input(opStyle(op).code, stateName(id, from), at);
      });
    const unread = search?.edges.filter(({ to, kept }) => to === node && kept.length === 0).length ?? 0;
    const dropped = text.describe.dropped(unread + inputs.length - said.length);
    return text.describe.node(node, listed(said) || text.describe.nothing, dropped);
  });
  const skips = search && search.skips.count > 0 ? [text.describe.skips(search.skips.count, search.skips.of)] : [];
  const joined =
    derived.concat.length > 0 && derived.concat.length < derived.nodes
      ? [text.describe.concat(listed(derived.concat.map((s) => stateName(id, s))))]
      : [];
  return [`${title}.`, ...nodes, ...joined, ...skips].join(" ");
}

export function describeCells(cells: readonly ShownCell[]): string {
  return cells.length === 0 ? text.none : cells.map(describeCell).join(" ");
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

function edgeRows({ id, search, derived }: ShownCell): (string | number)[][] {
  const row = (node: number, slot: number | null, op: string, from: number, isKept: boolean): (string | number)[] => {
    const weight = weightOf(search, from, node, op);
    return [
      cellTitle(id),
      node,
      slot === null ? "" : slot + 1,
      opStyle(op).code,
      stateName(id, from),
      weight === null ? "" : round(weight),
      isKept && op !== "none" ? text.yes : "",
    ];
  };
  if (search === null) return derived?.inputs.map(({ node, slot, op, from }) => row(node, slot, op, from, true)) ?? [];
  return search.edges.flatMap(({ from, to, kept, leading }) =>
    kept.length > 0
      ? kept.map(({ slot, op }) => row(to, slot, op, from, true))
      : [row(to, null, leading.op, from, false)],
  );
}

/** One row an edge: what it keeps, or its strongest op where it is dropped. */
export function cellsTable(cells: readonly ShownCell[]): { columns: string[]; rows: (string | number)[][] } {
  const { cell, node, slot, op, input, weight, kept } = text.table;
  return { columns: [cell, node, slot, op, input, weight, kept], rows: cells.flatMap(edgeRows) };
}

/** Ops of an edge by weight, the three strongest, and what becomes of it. */
function strongest({ strands, kept }: SearchEdge): string {
  const best = [...strands].sort((a, b) => b.weight - a.weight).slice(0, 3);
  return [
    ...best.map(({ op, weight }) => text.edgeOp(opStyle(op).code, weight)),
    kept.length > 0 ? text.kept : text.dropped,
  ].join(", ");
}

/** "Normal cell, edge from c(k-1) to node 4: max3 0.31, none 0.20, skip 0.12, kept." Empty for a row that is not there. */
export function describeEdge(cell: ShownCell, row: number): string {
  const { id, search, derived } = cell;
  const edge = search?.edges.find((e) => e.row === row);
  const inputs = derived?.inputs.filter((input) => input.row === row) ?? [];
  const from = edge?.from ?? inputs[0]?.from;
  const to = edge?.to ?? inputs[0]?.node;
  if (from === undefined || to === undefined) return "";
  const what = edge ? strongest(edge) : inputs.map(({ op }) => opStyle(op).code).join(", ");
  return text.edge(cellTitle(id), stateName(id, from), stateName(id, to), what);
}
