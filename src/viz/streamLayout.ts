/**
 * Numbers of small multiples over time: columns of a matrix resampled to a fixed number of bins, stacked shares of each row,
 * and the grid of equal cells that fits a box best. Pure arithmetic; nothing here knows what the numbers mean.
 */

export interface StreamBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One column of numbers at a step. */
export interface TimedColumn {
  readonly step: number;
  readonly weights: ArrayLike<number>;
}

/** A range of rows that share a number of ops; matrices of a column stand one after the other, row-major. */
export interface MatrixShape {
  readonly rows: { readonly length: number };
  readonly ops: { readonly length: number };
}

/** Resampled columns: number `i` of a column in bin `b` stands at `i · bins + b`. */
export interface Sampled {
  readonly bins: number;
  /** Steps at the first and the last bin. */
  readonly from: number;
  readonly to: number;
  readonly values: Float32Array;
}

/** Numbers of a column. */
export function columnWidth(shapes: readonly MatrixShape[]): number {
  return shapes.reduce((sum, { rows, ops }) => sum + rows.length * ops.length, 0);
}

/**
 * Columns at `bins` steps evenly spread over [from, to], both ends included: the mean of the columns around each step, or, where they
 * are further apart than the bins, the straight line between neighbours. Beyond the known columns the nearest one holds. The last bin
 * is the newest column not after `to` as it is, so that a picture ends on the number beside it.
 *
 * @param columns ascending by step, at least one, each of `width` numbers
 */
export function sampleColumns(
  columns: readonly TimedColumn[],
  width: number,
  bins: number,
  [from, to]: readonly [number, number],
): Sampled {
  const values = new Float32Array(width * bins);
  const gap = bins > 1 ? (to - from) / (bins - 1) : 0;
  const last = columns.length - 1;
  let next = 0;
  for (let b = 0; b < bins; b++) {
    const at = b === bins - 1 ? to : from + b * gap;
    const [low, high] = b === bins - 1 ? [to, to] : [at - gap / 2, at + gap / 2];
    while (next <= last && (columns[next] as TimedColumn).step < low) next++;
    let end = next;
    while (end <= last && (columns[end] as TimedColumn).step < high) end++;
    if (b < bins - 1 && end > next) {
      for (let c = next; c < end; c++) add(values, columns[c] as TimedColumn, width, bins, b, 1 / (end - next));
      continue;
    }
    const right = columns[next];
    const left = columns[next - 1];
    if (right && (right.step <= at || !left)) add(values, right, width, bins, b, 1);
    else if (left && (!right || b === bins - 1)) add(values, left, width, bins, b, 1);
    else if (left && right) {
      const share = (at - left.step) / (right.step - left.step);
      add(values, left, width, bins, b, 1 - share);
      add(values, right, width, bins, b, share);
    }
  }
  return { bins, from, to, values };
}

function add(values: Float32Array, column: TimedColumn, width: number, bins: number, b: number, factor: number): void {
  const { weights } = column;
  for (let i = 0; i < width; i++) {
    const at = i * bins + b;
    values[at] = (values[at] as number) + factor * (weights[i] as number);
  }
}

/** The same numbers with one column of each row taken out and the rest of the row scaled to 1; in place. `dropped` by shape, null: none. */
export function dropOps(
  values: Float32Array,
  bins: number,
  shapes: readonly MatrixShape[],
  dropped: readonly (number | null)[],
): void {
  let offset = 0;
  for (const [g, { rows, ops }] of shapes.entries()) {
    const gone = dropped[g] ?? null;
    for (let row = 0; row < rows.length; row++, offset += ops.length) {
      if (gone === null) continue;
      for (let b = 0; b < bins; b++) {
        const rest = 1 - (values[(offset + gone) * bins + b] as number);
        for (let k = 0; k < ops.length; k++) {
          const at = (offset + k) * bins + b;
          values[at] = k === gone ? 0 : rest > 1e-9 ? (values[at] as number) / rest : 1 / (ops.length - 1);
        }
      }
    }
  }
}

/** Upper edges of the stacked shares of every row, 0–1 from the bottom: place `p` of a row's order in bin `b` at `(offset + p) · bins + b`. */
export function stackRows(
  { values, bins }: Sampled,
  shapes: readonly MatrixShape[],
  orders: readonly (readonly number[])[],
): Float32Array {
  const upper = new Float32Array(values.length);
  let offset = 0;
  for (const [g, { rows, ops }] of shapes.entries()) {
    const order = orders[g] ?? [];
    for (let row = 0; row < rows.length; row++, offset += ops.length)
      for (let b = 0; b < bins; b++) {
        let sum = 0;
        for (let p = 0; p < ops.length; p++) {
          sum += values[(offset + (order[p] as number)) * bins + b] as number;
          upper[(offset + p) * bins + b] = sum;
        }
      }
  }
  return upper;
}

/** −Σ p ln p ÷ ln n of n shares that stand `stride` apart; 1 = even, 0 = one has all. One share alone is decided: 0. */
export function evenness(values: ArrayLike<number>, at: number, n: number, stride = 1): number {
  if (n < 2) return 0;
  let sum = 0;
  for (let k = 0; k < n; k++) {
    const p = values[at + k * stride] as number;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum / Math.log(n);
}

export interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
}

/** What a cell should at least be, its ideal ratio being theirs. */
const wanted = { width: 124, height: 52 };

/** Columns for `count` equal cells in a box: the largest cells of a good ratio, and few empty places in the last line. */
export function fitGrid(count: number, width: number, height: number): CellGrid {
  let best: CellGrid = {
    columns: 1,
    rows: Math.max(1, count),
    cellWidth: width,
    cellHeight: height / Math.max(1, count),
  };
  let bestScore = -Infinity;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    // The same number of lines with fewer columns leaves fewer holes.
    if (columns > 1 && Math.ceil(count / (columns - 1)) === rows) continue;
    const [cellWidth, cellHeight] = [width / columns, height / rows];
    const filled = count / (columns * rows);
    const score = Math.min(cellWidth / wanted.width, cellHeight / wanted.height) * filled ** 5;
    if (score > bestScore) [best, bestScore] = [{ columns, rows, cellWidth, cellHeight }, score];
  }
  return best;
}

/** How good a grid is, for choosing among boxes: its cell against the wanted one. */
export function gridScore({ cellWidth, cellHeight }: CellGrid): number {
  return Math.min(cellWidth / wanted.width, cellHeight / wanted.height);
}
