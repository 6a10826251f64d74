/** Layers, decisions and their ops as the page's one focus knows them, both ways. Pure. */
import type { Candidate } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import type { AlphaGroup, Space } from "@/nas/space/types";
import type { Focus } from "@/store/view";

/** A row of the picture, and an op of it; op −1: the row as a whole. */
export interface RowRef {
  readonly group: number;
  readonly row: number;
  /** Slot of the space; null where a row decides about several. */
  readonly slot: number | null;
  readonly ops: readonly string[];
}

/** Shares of full ink: in focus; beside the op in focus, in its row; out of focus. */
export const inkLevels = [1, 0.6, 0.25] as const;

export function focusOf({ group, row, slot, ops }: RowRef, op: number | null): Focus {
  const name = op === null ? undefined : ops[op];
  return {
    edge: { group, row },
    ...(name === undefined ? {} : { op: name }),
    ...(slot === null ? {} : { slot, ...(op === null ? {} : { choice: op }) }),
  };
}

/** Whether a focus names this row; null when it names none. */
export function namesRow({ edge, slot }: Focus, ref: RowRef): boolean | null {
  if (edge) return edge.group === ref.group && edge.row === ref.row;
  return slot === undefined ? null : slot === ref.slot;
}

function opIsKnown(op: string, groups: readonly AlphaGroup[]): boolean {
  return groups.some(({ ops }) => ops.includes(op));
}

/** Ink of an op of a row under a focus. An op that no row here has dims nothing. */
export function inkOf(focus: Focus, groups: readonly AlphaGroup[], ref: RowRef, op: number): number {
  const isRow = namesRow(focus, ref);
  if (isRow === false) return inkLevels[2];
  if (focus.op === undefined || focus.op === ref.ops[op] || !opIsKnown(focus.op, groups)) return inkLevels[0];
  return isRow === null ? inkLevels[2] : inkLevels[1];
}

/** Op that a focus names in a row; null for none. */
export function opOf(focus: Focus, ref: RowRef): number | null {
  const at = focus.op === undefined ? -1 : ref.ops.indexOf(focus.op);
  return at < 0 ? null : at;
}

/** Whether a pin marks this op of this row, or the whole row where `op` is null. */
export function isPinned(pin: Focus | null, ref: RowRef, op: number | null): boolean {
  if (pin === null || namesRow(pin, ref) !== true) return false;
  return opOf(pin, ref) === op;
}

/** Choices of the network in focus, where it has been scored; null for none. */
export function choicesInFocus({ candidate, archId }: Focus, known: readonly Candidate[]): Choices | null {
  const found = candidate === undefined ? known.find((one) => one?.id === archId) : known[candidate];
  return archId === undefined && candidate === undefined ? null : (found?.choices ?? null);
}

/** Op by slot that a network takes; −1 where the space does not know it. */
export function genesOf(choices: Choices, { mutables }: Pick<Space, "mutables">): number[] {
  return mutables.map(({ id, choices: options }) => options.findIndex((option) => option === choices[id]));
}
