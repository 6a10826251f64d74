/** Where everything of the path panel stands at a size: nodes, bars, brackets, routes, stage bands and the loss lane. Pure geometry. */
import { scaleLinear } from "d3";
import type { PathColumn, PathModel, PathNode } from "./model";

export interface NodeBox {
  readonly node: PathNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Count bar below the node: lengths in pixels from `x`. */
  readonly bar: {
    readonly y: number;
    readonly height: number;
    readonly length: number;
    readonly expected: number;
    readonly low: number;
    readonly high: number;
  };
}

export interface ColumnBox {
  readonly column: PathColumn;
  readonly x: number;
  readonly width: number;
  readonly nodes: readonly NodeBox[];
}

export interface StageBand {
  readonly stage: number;
  readonly x: number;
  readonly width: number;
  readonly cout: number;
  readonly hout: number;
}

export interface LossDot {
  readonly slot: number;
  readonly choice: number;
  readonly op: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

export interface PathLayout {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly ColumnBox[];
  readonly bands: readonly StageBand[];
  readonly headerY: number;
  /** Names of the choices fit at the left. */
  readonly gutter: number;
  readonly compact: boolean;
  readonly lane: {
    readonly top: number;
    readonly height: number;
    readonly ticks: readonly { readonly y: number; readonly value: number }[];
    readonly dots: readonly LossDot[];
  } | null;
}

const header = 36;
const nodeSize = { width: 64, height: 36 };
const barHeight = 5;
/** Least height of a row for which the loss lane is worth its place. */
const leastRow = 46;
const laneGap = 22;

/** Node width and height that fit: 64×36, or smaller in the same spirit. */
function nodeFit(columnWidth: number, rowHeight: number): { width: number; height: number } {
  return {
    width: Math.max(18, Math.min(nodeSize.width, columnWidth - 14)),
    height: Math.max(14, Math.min(nodeSize.height, rowHeight - 18)),
  };
}

function makeNodeBox(
  node: PathNode,
  x: number,
  y: number,
  size: { width: number; height: number },
  maxCount: number,
): NodeBox {
  const scale = size.width / maxCount;
  const clamp = (value: number): number => Math.min(size.width, Math.max(0, value * scale));
  const { count, expected, sigma } = node;
  const bar = {
    y: y + size.height + 4,
    height: barHeight,
    length: clamp(count),
    expected: clamp(expected),
    low: clamp(expected - 2 * sigma),
    high: clamp(expected + 2 * sigma),
  };
  return { node, x, y, ...size, bar };
}

function bandsOf(columns: readonly ColumnBox[]): StageBand[] {
  const bands: StageBand[] = [];
  for (const { column, x, width } of columns) {
    const last = bands.at(-1);
    if (last?.stage === column.stage) bands[bands.length - 1] = { ...last, width: x + width - last.x };
    else bands.push({ stage: column.stage, x, width, cout: column.cout, hout: column.hout });
  }
  return bands;
}

/** Loss lane: one dot with a ± SD line per node, spread across its column. */
function laneOf(model: PathModel, columns: readonly ColumnBox[], top: number, laneHeight: number): PathLayout["lane"] {
  if (!model.lossRange) return null;
  const [low, high] = model.lossRange;
  const y = scaleLinear([low, high === low ? low + 1 : high], [top + laneHeight - 4, top + 4]);
  const dots = columns.flatMap(({ column, x, width }) =>
    column.nodes.flatMap(({ loss, slot, choice, op }) => {
      if (!loss) return [];
      const at = x + (width * (choice + 1)) / (column.nodes.length + 1);
      return [{ slot, choice, op, x: at, y: y(loss.mean), low: y(loss.mean - loss.sd), high: y(loss.mean + loss.sd) }];
    }),
  );
  return { top, height: laneHeight, ticks: y.ticks(2).map((value) => ({ value, y: y(value) })), dots };
}

export function layoutPath(model: PathModel, size: { readonly width: number; readonly height: number }): PathLayout {
  const { width, height } = size;
  const rows = Math.max(1, ...model.columns.map((c) => c.nodes.length));
  const gutter = width >= 620 ? 92 : 0;
  const laneHeight = Math.min(72, Math.max(44, Math.round(height * 0.18)));
  const hasLane = model.lossRange !== null && height - laneHeight - laneGap - header >= rows * leastRow;
  const columnWidth = Math.max(0, width - gutter - 8) / Math.max(1, model.columns.length);
  const bottom = height - (hasLane ? laneHeight + laneGap : 0);
  const rowHeight = Math.min(84, Math.max(0, bottom - header) / rows);
  const node = nodeFit(columnWidth, rowHeight);
  const gridTop = header + Math.max(0, (bottom - header - rowHeight * rows) / 2);
  const columns = model.columns.map((column, i): ColumnBox => {
    const x = gutter + i * columnWidth;
    const nodes = column.nodes.map((n, row) => {
      const y = gridTop + row * rowHeight + (rowHeight - node.height - barHeight - 4) / 2;
      return makeNodeBox(n, x + (columnWidth - node.width) / 2, y, node, model.maxCount);
    });
    return { column, x, width: columnWidth, nodes };
  });
  return {
    ...{ width, height, columns, gutter },
    bands: bandsOf(columns),
    headerY: Math.max(0, gridTop - header),
    compact: node.width < 44,
    lane: hasLane ? laneOf(model, columns, bottom + 18, laneHeight) : null,
  };
}

export function boxAt(layout: PathLayout, slot: number, choice: number | undefined): NodeBox | null {
  return choice === undefined ? null : (layout.columns[slot]?.nodes[choice] ?? null);
}

/** Curve between the facing sides of two nodes. */
export function linkPath(from: NodeBox, to: NodeBox): string {
  const [x0, y0] = [from.x + from.width, from.y + from.height / 2];
  const [x1, y1] = [to.x, to.y + to.height / 2];
  const bend = (x1 - x0) / 2;
  return `M${r(x0)},${r(y0)}C${r(x0 + bend)},${r(y0)} ${r(x1 - bend)},${r(y1)} ${r(x1)},${r(y1)}`;
}

/** The whole route through every layer, entering and leaving at the sides; it runs through its nodes. Empty when it does not fit. */
export function routePath(layout: PathLayout, genes: readonly number[]): string {
  const boxes = genes.map((gene, slot) => boxAt(layout, slot, gene));
  if (boxes.length !== layout.columns.length || boxes.some((b) => b === null)) return "";
  const parts: string[] = [];
  boxes.forEach((box, i) => {
    if (!box) return;
    const previous = boxes[i - 1];
    const middle = r(box.y + box.height / 2);
    parts.push(previous ? linkPath(previous, box).replace(/^M[^C]*/, "") : `M${r(box.x - 7)},${middle}H${r(box.x)}`);
    parts.push(i === boxes.length - 1 ? `H${r(box.x + box.width + 7)}` : `H${r(box.x + box.width)}`);
  });
  return parts.join("");
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}
