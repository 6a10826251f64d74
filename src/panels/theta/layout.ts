/**
 * Where everything stands at a size: columns as wide as their share of the cost, bands as tall as their probability, the rail beside or below, and the
 * tiles of masking decisions. Pure geometry.
 */
import type { Decision } from "./masks";
import type { ThetaLayer, ThetaModel } from "./model";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How the body is divided between picture and rail. */
export interface BodyPlan {
  readonly side: "right" | "below" | "none";
  readonly rail: Size;
  readonly picture: Size;
}

const railWidth = 232;
const railBelow = 150;

/** The rail stands to the right where columns keep their room, below where only height is left, else not at all. */
export function planBody({ width, height }: Size): BodyPlan {
  if (width >= 560) {
    const rail = { width: Math.min(320, Math.max(railWidth, Math.round(width * 0.27))), height };
    return { side: "right", rail, picture: { width: width - rail.width, height } };
  }
  if (height >= 380) return { side: "below", rail: { width, height: railBelow }, picture: { width, height: height - railBelow } };
  return { side: "none", rail: { width: 0, height: 0 }, picture: { width, height } };
}

/**
 * Widths that add up to `total`, proportional to the shares but none below `least`: what is too thin is held at the least, and the rest divide what is
 * left by their shares.
 */
export function shareWidths(shares: readonly number[], total: number, least: number): number[] {
  const n = shares.length;
  if (n === 0) return [];
  const floor = Math.min(least, total / n);
  const held = shares.map(() => false);
  for (;;) {
    const free = shares.reduce((sum, share, i) => (held[i] ? sum : sum + share), 0);
    const room = total - floor * held.filter(Boolean).length;
    const width = (i: number): number => (held[i] ? floor : free > 0 ? (room * (shares[i] ?? 0)) / free : room / n);
    const thin = shares.findIndex((_, i) => !held[i] && width(i) < floor - 1e-9);
    if (thin < 0) return shares.map((_, i) => width(i));
    // All that are too thin at once: one by one would only take longer to the same end.
    for (let i = thin; i < n; i++) if (!held[i] && width(i) < floor - 1e-9) held[i] = true;
  }
}

export interface PlacedBand {
  readonly op: number;
  readonly y: number;
  readonly height: number;
}

export interface PlacedColumn {
  /** Index of the layer; −1 for the fixed parts. */
  readonly index: number;
  readonly box: Box;
  /** Top first. */
  readonly bands: readonly PlacedBand[];
}

export interface ColumnsLayout extends Size {
  readonly columns: readonly PlacedColumn[];
  /** Top of the foot: label, share, entropy. */
  readonly foot: number;
  /** Height of a line of text. */
  readonly line: number;
}

/** Narrowest column in lines of text, where there is room for it: a code fits, and a finger or pointer finds it. */
const leastColumn = 2.4;
/** Width of the fixed parts at most, in lines of text. */
const fixedColumn = 3.4;

/** Bands of a layer in a box, the bottom of the stacking order at the bottom. */
export function placeBands({ order, weights }: Pick<ThetaLayer, "order" | "weights">, { y, height }: Pick<Box, "y" | "height">): PlacedBand[] {
  let at = y + height;
  return order.map((op) => {
    const tall = (weights[op] ?? 0) * height;
    return { op, y: (at -= tall), height: tall };
  });
}

export function layoutColumns(model: ThetaModel, { width, height }: Size, line = 13): ColumnsLayout {
  const n = model.layers.length + (model.fixed ? 1 : 0);
  const pad = { left: 12, right: 10, top: 4 };
  const gap = n > 14 ? 2 : 4;
  const foot = height - 2 * line - 12;
  const available = Math.max(n, width - pad.left - pad.right - gap * (n - 1));
  const least = Math.min(leastColumn * line, (0.75 * available) / Math.max(1, n));
  // What nobody can choose stays thin, however much it costs: the width is for comparing layers.
  const thin = model.fixed ? [Math.min(fixedColumn * line, Math.max(least, model.fixed.share * available))] : [];
  const shares = model.layers.map(({ share }) => share);
  const widths = [...thin, ...shareWidths(shares, available - (thin[0] ?? 0), least)];
  let x = pad.left;
  const columns = widths.map((wide, i): PlacedColumn => {
    const index = model.fixed ? i - 1 : i;
    const box = { x, y: pad.top, width: wide, height: Math.max(0, foot - 4 - pad.top) };
    x += wide + gap;
    const layer = model.layers[index];
    return { index, box, bands: layer ? placeBands(layer, box) : [] };
  });
  return { width, height, columns, foot, line };
}

export interface ColumnHit {
  readonly index: number;
  /** null: the column as a whole (its foot, or the fixed parts). */
  readonly op: number | null;
}

/** Column and band at a point; gaps belong to the column on their left. */
export function columnAt({ columns, height }: ColumnsLayout, px: number, py: number): ColumnHit | null {
  const found = columns.find(({ box }) => px >= box.x && px < box.x + box.width + 4);
  if (!found || py < 0 || py > height) return null;
  const band = found.bands.find(({ y, height: tall }) => py >= y && py < y + tall);
  return { index: found.index, op: band?.op ?? null };
}

export type BandText = "none" | "code" | "line" | "two";

/** What a band has room to say: nothing, its code, or code and share, in one line or two. `letters`: of the share. */
export function bandText(width: number, height: number, line: number, letters = 4): BandText {
  if (width < 2.3 * line || height < line + 1) return "none";
  if (width >= 4.6 * line) return "line";
  return height >= 2 * line + 3 && width >= 0.57 * letters * line ? "two" : "code";
}

export interface PlacedTile {
  readonly index: number;
  readonly box: Box;
  /** Over time, and as it stands. */
  readonly heat: Box;
  readonly now: Box;
}

export interface TilesLayout extends Size {
  readonly tiles: readonly PlacedTile[];
  readonly line: number;
}

/** What a tile should at least be, its ideal ratio being theirs. */
const wantedTile = { width: 130, height: 62 };

/** Equal cells for so many tiles: the largest of a good ratio; a few empty places at the end do not matter. */
export function tileGrid(count: number, width: number, height: number): { readonly columns: number; readonly cellWidth: number; readonly cellHeight: number } {
  let best = { columns: 1, cellWidth: width, cellHeight: height / Math.max(1, count) };
  let bestScore = -Infinity;
  for (let columns = 1; columns <= count; columns++) {
    const [cellWidth, cellHeight] = [width / columns, height / Math.ceil(count / columns)];
    const score = Math.min(cellWidth / wantedTile.width, cellHeight / wantedTile.height);
    if (score > bestScore) [best, bestScore] = [{ columns, cellWidth, cellHeight }, score];
  }
  return best;
}

/** Tiles of so many decisions, in the order of the network. */
export function layoutTiles(count: number, { width, height }: Size, line = 13): TilesLayout {
  const pad = { left: 12, right: 6, top: 2, bottom: 2 };
  const [inner, tall] = [Math.max(1, width - pad.left - pad.right), Math.max(1, height - pad.top - pad.bottom)];
  const grid = tileGrid(count, inner, tall);
  const tiles = Array.from({ length: count }, (_, index): PlacedTile => {
    const x = pad.left + (index % grid.columns) * grid.cellWidth;
    const y = pad.top + Math.floor(index / grid.columns) * grid.cellHeight;
    const box = { x, y, width: grid.cellWidth - 8, height: grid.cellHeight - 5 };
    const now = Math.min(34, Math.max(12, Math.round(box.width * 0.24)));
    const rest = { y: y + line + 2, height: Math.max(1, box.height - line - 2) };
    return {
      index,
      box,
      heat: { x, ...rest, width: Math.max(1, box.width - now - 3) },
      now: { x: x + box.width - now, ...rest, width: now },
    };
  });
  return { width, height, tiles, line };
}

/** Tiles are labelled alike: the best of the levels (best first) at which every label leaves room for a number behind it; the last where none does. */
export function labelLevel(labels: readonly (readonly string[])[], width: number, line: number): number {
  const fits = (label: string | undefined): boolean => width >= (0.46 * (label?.length ?? 0) + 2.6) * line;
  const levels = Math.max(1, ...labels.map((own) => own.length));
  for (let level = 0; level < levels - 1; level++) if (labels.every((own) => fits(own[level]))) return level;
  return levels - 1;
}

export interface TileHit {
  readonly index: number;
  readonly option: number | null;
  /** 0–1 along the time axis; null on what stands now. */
  readonly at: number | null;
}

/** Tile at a point, the band there, and where on its time axis. `bands` as of that place. */
export function tileAt({ tiles }: TilesLayout, px: number, py: number, bands: (index: number, at: number | null) => Decision["bands"]): TileHit | null {
  const found = tiles.find(({ box }) => px >= box.x && px < box.x + box.width + 4 && py >= box.y && py < box.y + box.height + 3);
  if (!found) return null;
  const { heat } = found;
  const at = px < heat.x + heat.width ? Math.min(1, Math.max(0, (px - heat.x) / heat.width)) : null;
  const up = (heat.y + heat.height - py) / heat.height;
  const band = up > 1 ? undefined : bands(found.index, at).find(({ from, to }) => up >= from && up < to);
  return { index: found.index, option: band?.option ?? null, at };
}

/** A line of a chart as an SVG path; breaks where a value is not a number. */
export function linePath(points: readonly (readonly [number, number])[], xOf: (x: number) => number, yOf: (y: number) => number): string {
  let isOpen = false;
  return points
    .map(([x, y]) => {
      if (!Number.isFinite(y)) {
        isOpen = false;
        return "";
      }
      const move = isOpen ? "L" : "M";
      isOpen = true;
      return `${move}${xOf(x).toFixed(1)},${yOf(y).toFixed(1)}`;
    })
    .join("");
}

/** Range that holds all values with some air; [0, 1] for none. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const air = 0.08 * (high - low || Math.abs(high) || 1);
  return [Math.max(0, low - air), high + air];
}
