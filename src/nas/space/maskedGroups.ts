/** Decisions of a masking search as the history of architecture weights has them: rows with options of their own, so a matrix of one row each. */
import type { AlphaGroup, MaskedRow } from "./types";

const units: Readonly<Record<MaskedRow["kind"], (option: number) => string>> = {
  resolution: (side) => `r${side}`,
  channels: (width) => `c${width}`,
  expansion: (factor) => `e${factor}`,
  kernel: (side) => `k${side}`,
};

/** In the public channel all are group 0, the edge the row's number. */
export function maskedGroups(rows: readonly MaskedRow[]): AlphaGroup[] {
  return rows.map(({ id, label, kind, options }, row) => ({
    id,
    label,
    param: `theta.${id}`,
    rows: [{ label }],
    ops: options.map(units[kind]),
    none: null,
    firstRow: row,
  }));
}
