/**
 * What the panel is about: the run's own cells, a candidate that is pointed at, or a network that the reader put on show. Pure: the answer
 * to "which cells, and from where" out of plain facts.
 */
import type { DeriveOptions, Derivation, Space } from "@/nas/space/types";
import type { AlphaColumn } from "@/store/alphaHistory";
import type { Choices } from "@/nas/mutable";
import { cellsOfChoices, type DerivedCell } from "./derived";
import type { ShownCell } from "./describe";
import { isCellGroup, nodesOf, searchCells } from "./model";

export type SubjectKind = "run" | "candidate" | "network";

export interface Subject {
  readonly kind: SubjectKind;
  readonly cells: readonly ShownCell[];
  /** α is shown, so that there are weights and something to derive. */
  readonly hasWeights: boolean;
  /** The choices are no cells. */
  readonly isUnreadable: boolean;
  /** The derived cells are the run's result, not what α says at this moment. */
  readonly isResult: boolean;
}

export type CellSpace = Pick<Space, "mixed" | "mutables" | "decode">;

function groupsOf(space: CellSpace) {
  return (space.mixed?.groups ?? []).filter(isCellGroup);
}

/** Whether the members of a space are cells. */
export function hasCells(space: CellSpace): boolean {
  return groupsOf(space).length > 0;
}

/** α of each group out of one column. */
export function splitRaw(raw: Float32Array, space: CellSpace): Float32Array[] {
  let at = 0;
  return (space.mixed?.groups ?? []).map(({ rows, ops }) => raw.slice(at, (at += rows.length * ops.length)));
}

/** Whether a column of α belongs to this space, and is made of numbers. */
export function isColumnOf(column: AlphaColumn | null, space: CellSpace): boolean {
  const size = groupsOf(space).reduce((sum, { rows, ops }) => sum + rows.length * ops.length, 0);
  return column !== null && column.raw.length === size;
}

/** A member of a space by itself, for candidates and networks on show. */
export function memberSubject(kind: "candidate" | "network", space: CellSpace, choices: Choices): Subject {
  const read = cellsOfChoices(choices, groupsOf(space), space.mutables);
  const derived = read.ok ? read.value : [];
  const cells = derived.map((cell): ShownCell => ({
    group: cell.group,
    id: cell.id,
    nodes: cell.nodes,
    search: null,
    derived: cell,
  }));
  return { kind, cells, hasWeights: false, isUnreadable: !read.ok, isResult: true };
}

export interface RunFacts {
  readonly space: CellSpace;
  /** α that is shown: at the cursor, or the newest; null before the first. */
  readonly column: AlphaColumn | null;
  readonly options: DeriveOptions;
  /** What the run has derived, once its search is over. */
  readonly result: Choices | null;
}

function shown(derivedCells: readonly DerivedCell[], facts: RunFacts, derivation: Derivation | null): ShownCell[] {
  const { space, column, options } = facts;
  const groups = groupsOf(space);
  const fits = (cell: DerivedCell): boolean => {
    const group = groups[cell.group];
    return group !== undefined && nodesOf(group) === cell.nodes;
  };
  if (column === null && derivedCells.length > 0)
    return derivedCells.map((cell) => ({
      group: cell.group,
      id: cell.id,
      nodes: cell.nodes,
      search: null,
      derived: cell,
    }));
  const derived = derivedCells.filter(fits);
  const weights = column?.weights ?? null;
  return searchCells({ groups, weights, derivation, derived, skipLimit: options.skipLimit }).map(
    (search): ShownCell => ({
      ...{ group: search.group, id: search.id, nodes: search.nodes, search },
      derived: derived.find((cell) => cell.group === search.group) ?? null,
    }),
  );
}

/** The run's cells: α with what it derives, or the run's result; every op at the same weight before both. */
export function runSubject(facts: RunFacts): Subject {
  const { space, column, options, result } = facts;
  const derivation = column === null ? null : (space.mixed?.derive(splitRaw(column.raw, space), options) ?? null);
  const choices = result ?? derivation?.choices ?? null;
  const read = choices === null ? null : cellsOfChoices(choices, groupsOf(space), space.mutables);
  return {
    kind: "run",
    cells: shown(read?.ok ? read.value : [], facts, derivation),
    hasWeights: column !== null,
    isUnreadable: read !== null && !read.ok,
    isResult: result !== null,
  };
}
