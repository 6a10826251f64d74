/** How many 2× tiles fit in a row, and where an arrow key leads in the grid of tiles. */

export const tileSide = 64;
export const tileGap = 4;
const padding = 12;

/** Tiles a row at a panel width, 3 at least: narrower than that the row scrolls. */
export function tilesPerRow(width: number): number {
  return Math.min(16, Math.max(3, Math.floor((width - 2 * padding + tileGap) / (tileSide + tileGap))));
}

export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** The cell after a key; null = not our key. `columns[row]` is the number of tiles of a row; empty rows are skipped. */
export function cellAfter(key: string, at: Cell, columns: readonly number[]): Cell | null {
  const clamp = (row: number, column: number): Cell => ({
    row,
    column: Math.min(column, Math.max(0, (columns[row] ?? 1) - 1)),
  });
  const seek = (from: number, by: 1 | -1): Cell => {
    for (let row = from; row >= 0 && row < columns.length; row += by)
      if ((columns[row] ?? 0) > 0) return clamp(row, at.column);
    return at;
  };
  switch (key) {
    case "ArrowLeft":
      return { ...at, column: Math.max(0, at.column - 1) };
    case "ArrowRight":
      return clamp(at.row, at.column + 1);
    case "ArrowUp":
      return seek(at.row - 1, -1);
    case "ArrowDown":
      return seek(at.row + 1, 1);
    case "Home":
      return { ...at, column: 0 };
    case "End":
      return clamp(at.row, Infinity);
    default:
      return null;
  }
}
