/** Where the cells of the latency table stand at a size: layers across, candidates down, the parts of every network beside them. Pure geometry. */
import type { CellId, LatencyCell, LatencyModel } from "./model";

export interface PlacedCell {
  readonly cell: LatencyCell;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TableLayout {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly PlacedCell[];
  readonly rowLabels: readonly { readonly row: number; readonly op: string; readonly y: number }[];
  /** Right edge of the row labels. */
  readonly labelX: number;
  readonly heads: readonly { readonly slot: number; readonly text: string; readonly x: number }[];
  readonly headY: number;
  /** Whether a value fits into a cell. */
  readonly hasValues: boolean;
  readonly fixedHead: { readonly x: number } | null;
}

const head = 18;
const gap = { cell: 2, stage: 6, fixed: 18 };
const most = { width: 116, height: 40 };
const fixedWidth = { least: 78, most: 116 };

/** @param scale size of the text, 1 = 11 px */
export function layoutTable(model: LatencyModel, size: { readonly width: number; readonly height: number }, scale = 1): TableLayout {
  const { ops, columns, fixed } = model;
  const longest = Math.max(4, ...ops.map((op) => op.length));
  const left = Math.min(size.width * 0.3, 18 + longest * 6.8 * scale);
  const breaks = columns.filter(({ stage }, i) => i > 0 && columns[i - 1]?.stage !== stage).length;
  const right = fixed.length > 0 ? scale * Math.min(fixedWidth.most, Math.max(fixedWidth.least, size.width * 0.12)) : 0;
  const across = size.width - left - 8 - breaks * gap.stage - (right > 0 ? right + gap.fixed : 0);
  const pitchX = Math.max(4, Math.min(most.width, across / Math.max(1, columns.length)));
  const rows = Math.max(ops.length, fixed.length, 1);
  const pitchY = Math.max(6, Math.min(most.height, (size.height - head - 4) / rows));
  const cells: PlacedCell[] = [];
  const heads: { slot: number; text: string; x: number }[] = [];
  const box = { width: Math.max(1, pitchX - gap.cell), height: Math.max(1, pitchY - gap.cell) };
  const top = head;
  let x = left;
  columns.forEach(({ slot, label, stage, cells: own }, i) => {
    if (i > 0 && columns[i - 1]?.stage !== stage) x += gap.stage;
    for (const cell of own) cells.push({ cell, x, y: top + cell.row * pitchY, ...box });
    heads.push({ slot, text: pitchX > label.length * 6.4 * scale ? label : String(slot + 1), x: x + box.width / 2 });
    x += pitchX;
  });
  x += gap.fixed;
  for (const cell of fixed) cells.push({ cell, x, y: top + cell.row * pitchY, width: right, height: box.height });
  return {
    ...size,
    cells,
    rowLabels: ops.map((op, row) => ({ row, op, y: top + row * pitchY + box.height / 2 + 4 * scale })),
    labelX: left - 8,
    heads,
    headY: head - 6,
    hasValues: box.width >= 31 * scale && box.height >= 14 * scale,
    fixedHead: fixed.length > 0 ? { x: x + right / 2 } : null,
  };
}

export function cellAt({ cells }: TableLayout, px: number, py: number): PlacedCell | null {
  return cells.find(({ x, y, width, height }) => px >= x && px < x + width && py >= y && py < y + height) ?? null;
}

export function placeOf({ cells }: TableLayout, id: CellId | null): PlacedCell | null {
  return (id && cells.find(({ cell }) => cell.slot === id.slot && cell.choice === id.choice)) ?? null;
}
