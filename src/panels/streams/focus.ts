/** Rows and ops of the architecture weights as the page's one focus knows them, both ways, and how a span of time narrows. Pure. */
import type { AlphaGroup } from "@/nas/space/types";
import type { Focus } from "@/store/view";
import type { Span, StreamRow, StreamsModel } from "./model";

/** Shares of full ink: in focus; beside the op in focus, in its row; out of focus. */
export const inkLevels = [1, 0.6, 0.25] as const;
export const unlit = 0.25;

/** What a row or an op of it is to the rest of the page; layers are also known by their slot. */
export function focusOf(
  groups: readonly AlphaGroup[],
  { group, row }: Pick<StreamRow, "group" | "row">,
  op: number | null,
): Focus {
  const { id, ops } = groups[group] as AlphaGroup;
  const name = op === null ? undefined : ops[op];
  return {
    edge: { group, row },
    ...(name === undefined ? {} : { op: name }),
    ...(id === "layers" ? { slot: row, ...(op === null ? {} : { choice: op }) } : {}),
  };
}

/** The row that a focus names, whoever set it; null when it names none here. */
export function edgeOf(
  { edge, slot }: Focus,
  groups: readonly AlphaGroup[],
): { readonly group: number; readonly row: number } | null {
  if (edge) return edge;
  const group = groups.findIndex(({ id }) => id === "layers");
  return slot === undefined || group < 0 ? null : { group, row: slot };
}

/** Whether a row is lit: the focus names it, or no row at all. */
export function isRowLit(
  focus: Focus,
  groups: readonly AlphaGroup[],
  { group, row }: Pick<StreamRow, "group" | "row">,
): boolean {
  const edge = edgeOf(focus, groups);
  return edge === null || (edge.group === group && edge.row === row);
}

/** Index into `inkLevels` of an op of a row. The rest of a row whose op is in focus stays readable. */
export function inkLevel(
  focus: Focus,
  { groups }: Pick<StreamsModel, "groups">,
  row: StreamRow,
  op: number,
): 0 | 1 | 2 {
  if (!isRowLit(focus, groups, row)) return 2;
  if (isOpLit(focus, groups, row.ops[op])) return 0;
  return edgeOf(focus, groups) ? 1 : 2;
}

/** Whether an op is lit whatever its row. An op that no row here has dims nothing. */
export function isOpLit({ op }: Focus, groups: readonly AlphaGroup[], name: string | undefined): boolean {
  return op === undefined || op === name || !groups.some(({ ops }) => ops.includes(op));
}

/** A narrower or wider span about a step: inside the whole, at least four steps wide; null = the whole. */
export function zoomSpan(span: Span, about: number, factor: number, whole: Span): Span | null {
  const width = Math.max(4, (span[1] - span[0]) * factor);
  if (width >= whole[1] - whole[0]) return null;
  const share = span[1] > span[0] ? (about - span[0]) / (span[1] - span[0]) : 0.5;
  const from = Math.min(Math.max(whole[0], about - share * width), whole[1] - width);
  return [from, from + width];
}
