/** Decisions of a masking search as the history of architecture weights has them: rows with options of their own, so a matrix of one row each. */
import { optionName } from "./optionNames";
import type { AlphaGroup, MaskedRow } from "./types";

/** In the public channel all are group 0, the edge the row's number. */
export function maskedGroups(rows: readonly MaskedRow[]): AlphaGroup[] {
  return rows.map(({ id, label, kind, options }, row) => ({
    id,
    label,
    param: `theta.${id}`,
    rows: [{ label }],
    ops: options.map((option) => optionName(kind, option)),
    none: null,
    firstRow: row,
  }));
}
