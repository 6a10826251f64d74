/** Where everything of the architecture-weights panel stands at a size, in each of its four views, and what lies at a point. Pure geometry. */
import { fitGrid, gridScore, type StreamBox } from "@/viz/streamLayout";
import type { Span, StreamRow, StreamsModel, StreamView } from "./model";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A row of the model in the picture. Its ops run along `axis`, first place of the stacking order at the bottom or left. */
export interface PlacedRow {
  readonly index: number;
  readonly box: StreamBox;
  readonly axis: "up" | "right";
}

export interface Head {
  readonly group: number;
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

export interface TimeTick {
  readonly x: number;
  readonly y: number;
  readonly step: number;
  readonly anchor: "start" | "middle" | "end";
}

/** Name of an op at its line or column of squares. */
export interface OpMark {
  readonly group: number;
  readonly op: number;
  readonly x: number;
  readonly y: number;
  readonly anchor: "middle" | "end";
}

/** A chart of a group in the entropy view. */
export interface Chart {
  readonly group: number;
  readonly box: StreamBox;
}

export interface StreamsLayout extends Size {
  readonly view: StreamView;
  readonly heads: readonly Head[];
  readonly rows: readonly PlacedRow[];
  readonly charts: readonly Chart[];
  readonly ops: readonly OpMark[];
  readonly ticks: readonly TimeTick[];
  /** One row fills the picture. */
  readonly isSolo: boolean;
  /** How much room a name has: words, glyphs and bare numbers, or hardly that. */
  readonly room: "wide" | "short" | "tiny";
  /** Side of a square that has weight 1, in the view of now. */
  readonly unit: number;
}

const edge = { x: 12, top: 4 };
const headHeight = 16;
const labelHeight = 14;
const axisHeight = 16;
const gap = { x: 12, y: 6, group: 20 };
/** Room for "5←4 ✓" left of a band or square. */
const labelWidth = 42;

/** Room for a tick after a name. */
const tickWidth = 16;

/** How much of a name and a winner fits above a stream. */
function roomOf(width: number): StreamsLayout["room"] {
  return width < 72 ? "tiny" : width < 92 ? "short" : "wide";
}

/** Groups beside or below each other: the boxes that `count` groups get. */
function split({ x, y, width, height }: StreamBox, count: number, isBeside: boolean): StreamBox[] {
  return Array.from({ length: count }, (_, i) => {
    if (isBeside) {
      const own = (width - (count - 1) * gap.group) / count;
      return { x: x + i * (own + gap.group), y, width: own, height };
    }
    const own = (height - (count - 1) * gap.y) / count;
    return { x, y: y + i * (own + gap.y), width, height: own };
  });
}

function rowsOf(model: StreamsModel, group: number): number[] {
  return model.rows.flatMap((row, i) => (row.group === group ? [i] : []));
}

/** First and last step below a box. */
function spanTicks({ x, y, width, height }: StreamBox, [from, to]: Span): TimeTick[] {
  const under = y + height + 12;
  const first: TimeTick = { x, y: under, step: Math.round(from), anchor: "start" };
  return to > from && width > 44 ? [first, { x: x + width, y: under, step: Math.round(to), anchor: "end" }] : [first];
}

function heads(model: StreamsModel, blocks: readonly StreamBox[]): Head[] {
  return blocks.map(({ x, y }, group) => ({ group, label: model.groups[group]?.label ?? "", x, y: y + 11 }));
}

/** Small multiples: each group a grid, the groups where the cells become largest. */
function layoutStreams(model: StreamsModel, size: Size, solo: number | null): Partial<StreamsLayout> {
  const inner = innerBox(size);
  if (solo !== null && model.rows[solo]) {
    const box = { x: 44, y: 26, width: size.width - 44 - 96, height: Math.max(20, size.height - 26 - axisHeight - 4) };
    const { group, label } = model.rows[solo];
    const head = { group, label: `${model.groups[group]?.label ?? ""} · ${label}`, x: edge.x, y: 15 };
    return { heads: [head], rows: [{ index: solo, box, axis: "up" }], ticks: spanTicks(box, model.span), isSolo: true };
  }
  const counts = model.groups.map((_, g) => rowsOf(model, g).length);
  const most = Math.max(1, ...counts);
  const tries = [true, false].map((isBeside) => {
    const blocks = split(inner, counts.length, isBeside);
    const { width, height } = blocks[0] ?? inner;
    const grid = fitGrid(most, width + gap.x, height - headHeight);
    // Below each other is what the eye knows; beside each other only where it gains.
    return { blocks, grid, score: gridScore(grid) * (isBeside ? 1 : 1.3) };
  });
  const best = tries.reduce((a, b) => (b.score > a.score ? b : a));
  const { grid, blocks } = best;
  const [cellWidth, cellHeight] = [grid.cellWidth - gap.x, grid.cellHeight - labelHeight - gap.y];
  const rows = blocks.flatMap((block, g) =>
    rowsOf(model, g).map((index, i): PlacedRow => {
      const x = block.x + (i % grid.columns) * grid.cellWidth;
      const y = block.y + headHeight + Math.floor(i / grid.columns) * grid.cellHeight + labelHeight;
      return { index, box: { x, y, width: cellWidth, height: Math.max(4, cellHeight) }, axis: "up" };
    }),
  );
  // One time axis is enough: below the lowest cell at the left of each block that reaches the bottom.
  const bottom = Math.max(...rows.map(({ box }) => box.y));
  const corner = rows.filter(({ box }) => box.y === bottom && blocks.some(({ x }) => x === box.x));
  return {
    ...{ heads: heads(model, blocks), rows, room: roomOf(cellWidth - (model.isDerived ? tickWidth : 0)) },
    ticks: corner.flatMap(({ box }) => spanTicks(box, model.span)),
  };
}

function innerBox({ width, height }: Size): StreamBox {
  return { x: edge.x, y: edge.top, width: width - 2 * edge.x, height: height - edge.top - axisHeight };
}

/** Squares: ops to the right with the groups side by side, or ops upwards with the rows in a line, whichever gives larger squares. */
function layoutNow(model: StreamsModel, size: Size): Partial<StreamsLayout> {
  const inner = { ...innerBox(size), height: size.height - edge.top - 4 };
  const counts = model.groups.map((g) => ({ rows: g.rows.length, ops: g.ops.length }));
  const [mostRows, mostOps] = [Math.max(...counts.map((c) => c.rows)), Math.max(...counts.map((c) => c.ops))];
  const top = headHeight + labelHeight;
  const n = counts.length;
  const widthBeside = inner.width - (n - 1) * gap.group;
  const sides = {
    upright: Math.min((widthBeside / n - labelWidth) / mostOps, (inner.height - top) / mostRows),
    line: Math.min((widthBeside / n - labelWidth) / mostRows, (inner.height - top) / mostOps),
    lines: Math.min((inner.width - labelWidth) / mostRows, (inner.height / n - top - gap.y) / mostOps),
  };
  const best = (["upright", "line", "lines"] as const).reduce((a, b) => (sides[b] > sides[a] ? b : a));
  const side = Math.max(4, Math.min(46, sides[best]));
  const length = (best === "upright" ? mostOps : mostRows) * side + labelWidth;
  const blocks =
    best === "lines"
      ? split(inner, n, false)
      : counts.map((_, i) => ({ ...inner, x: inner.x + i * (length + gap.group), width: length }));
  const placed = blocks.flatMap((block, g) => {
    const [x0, y0] = [block.x + labelWidth, block.y + top];
    const own = model.groups[g]?.ops.length ?? 1;
    return rowsOf(model, g).map((index, i): PlacedRow => {
      const isUpright = best === "upright";
      const box = isUpright
        ? { x: x0, y: y0 + i * side, width: own * side, height: side }
        : { x: x0 + i * side, y: y0, width: side, height: own * side };
      return { index, box, axis: isUpright ? "right" : "up" };
    });
  });
  const ops = blocks.flatMap((block, group) => {
    const order = model.rows.find((row) => row.group === group)?.order ?? [];
    const [x0, y0] = [block.x + labelWidth, block.y + top];
    return order.map((op, p): OpMark => {
      if (best === "upright") return { group, op, x: x0 + (p + 0.5) * side, y: y0 - 3, anchor: "middle" };
      return { group, op, x: x0 - 6, y: y0 + (order.length - p - 0.5) * side + 4, anchor: "end" };
    });
  });
  return {
    ...{ heads: heads(model, blocks), rows: placed, ops, room: side < 32 ? "short" : "wide" },
    unit: (side - 2) / Math.sqrt(largestShare(model)),
  };
}

/** The largest share fills its square; below a half, a half would. */
function largestShare({ rows }: StreamsModel): number {
  return Math.max(0.5, ...rows.map(({ weights, winner }) => weights[winner] ?? 0));
}

/** Bands of lines, one an op, groups side by side. */
function layoutHeat(model: StreamsModel, size: Size): Partial<StreamsLayout> {
  const blocks = split(innerBox(size), model.groups.length, true);
  const placed = blocks.map((block, g) => {
    const indices = rowsOf(model, g);
    const pitch = (block.height - headHeight) / Math.max(1, indices.length);
    const space = pitch > 10 ? 2 : 1;
    return indices.map((index, i): PlacedRow => {
      const y = block.y + headHeight + i * pitch;
      return {
        ...{ index, axis: "up" },
        box: { x: block.x + labelWidth, y, width: block.width - labelWidth, height: Math.max(1, pitch - space) },
      };
    });
  });
  return {
    ...{ heads: heads(model, blocks), rows: placed.flat() },
    ticks: placed.flatMap((own) => (own.length > 0 ? spanTicks((own.at(-1) as PlacedRow).box, model.span) : [])),
  };
}

function layoutEntropy(model: StreamsModel, size: Size): Partial<StreamsLayout> {
  const blocks = split(innerBox(size), model.groups.length, true);
  const charts = blocks.map(({ x, y, width, height }, group): Chart => ({
    group,
    box: { x: x + 28, y: y + headHeight + 4, width: Math.max(10, width - 28 - 52), height: height - headHeight - 8 },
  }));
  return { heads: heads(model, blocks), charts, ticks: charts.flatMap(({ box }) => spanTicks(box, model.span)) };
}

/** @param solo index of the one row that fills the picture, in the streams view only */
export function layoutPanel(model: StreamsModel, size: Size, view: StreamView, solo: number | null): StreamsLayout {
  const make = { streams: layoutStreams, now: layoutNow, heat: layoutHeat, entropy: layoutEntropy }[view];
  return {
    ...{ ...size, view, heads: [], rows: [], charts: [], ops: [], ticks: [], isSolo: false, unit: 0, room: "wide" },
    ...make(model, size, view === "streams" ? solo : null),
  };
}

/** Where the name of a row stands: above its stream or column, left of its line. */
export function labelBox(
  { view, isSolo }: Pick<StreamsLayout, "view" | "isSolo">,
  { box, axis }: PlacedRow,
): StreamBox {
  if (isSolo) return { x: box.x, y: box.y - 26, width: box.width, height: 26 };
  if (view === "streams" || (view === "now" && axis === "up"))
    return { x: box.x, y: box.y - labelHeight, width: box.width, height: labelHeight };
  return { x: box.x - labelWidth, y: box.y, width: labelWidth, height: box.height };
}

export interface SoloLabel {
  readonly op: number;
  readonly y: number;
}

/** Names of the bands of one stack at its right end, the largest shares first; what has no room for a line of text stays unnamed. */
export function soloLabels(
  { y, height }: StreamBox,
  { order, weights }: Pick<StreamRow, "order" | "weights">,
): SoloLabel[] {
  let sum = 0;
  const places = order.map((op) => {
    const share = weights[op] ?? 0;
    sum += share;
    return { op, share, y: y + (1 - sum + share / 2) * height };
  });
  const labels: SoloLabel[] = [];
  for (const place of places.sort((a, b) => b.share - a.share))
    if (labels.every((label) => Math.abs(label.y - place.y) >= 13)) labels.push({ op: place.op, y: place.y });
  return labels;
}
