/**
 * The architecture weights on a canvas: stacks, squares, heat lines and entropy lines. Pure but for the context; opaque colours in place
 * of alpha, so that neighbouring bands have no seams and a faded band hides what lies under it. No allocation per mark.
 */
import type { AlphaGroup } from "@/nas/space/types";
import type { Focus } from "@/store/view";
import { faded, opColor, type PaletteTheme, paletteBackground } from "@/viz/palette";
import type { StreamBox } from "@/viz/streamLayout";
import type { Tokens } from "@/viz/tokens";
import { edgeOf, inkLevel, inkLevels, isRowLit, unlit } from "./focus";
import type { HeatPixels } from "./heat";
import { xAt } from "./hit";
import type { PlacedRow, StreamsLayout } from "./layout";
import type { EntropyLines, StreamRow, StreamsModel } from "./model";

export type Ink = string | CanvasPattern;

/** Fills of every op by ink level, group and column. */
export type Inks = readonly (readonly (readonly Ink[])[])[];

export interface DrawStyle {
  readonly theme: PaletteTheme;
  readonly tokens: Tokens;
  readonly inks: Inks;
  readonly focus: Focus;
  /** Line scale: heavier on a projector. */
  readonly scale: number;
  /** What lies after the model's step is faded. */
  readonly isPast: boolean;
}

/** Diagonal lines for what is nothing: never colour alone. The tile repeats without seams. */
function hatch(ctx: CanvasRenderingContext2D, back: string, line: string): Ink {
  const tile = document.createElement("canvas");
  const side = 6;
  tile.width = side;
  tile.height = side;
  const pen = tile.getContext("2d");
  if (!pen) return back;
  pen.fillStyle = back;
  pen.fillRect(0, 0, side, side);
  pen.strokeStyle = line;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  return ctx.createPattern(tile, "repeat") ?? back;
}

/** Made once per theme and groups, not per frame. */
export function makeInks(ctx: CanvasRenderingContext2D, groups: readonly AlphaGroup[], theme: PaletteTheme): Inks {
  const line = theme === "light" ? "#8f97a2" : "#6b7480";
  return inkLevels.map((ink) => {
    const hatched = hatch(ctx, faded(opColor("none", theme), ink, theme), faded(line, ink, theme));
    return groups.map(({ ops }) => ops.map((op) => (op === "none" ? hatched : faded(opColor(op, theme), ink, theme))));
  });
}

function inkOf({ inks, focus }: DrawStyle, model: StreamsModel, row: StreamRow, op: number): Ink {
  return inks[inkLevel(focus, model, row, op)]?.[row.group]?.[op] ?? "transparent";
}

/** One stack: each band painted from its upper edge down to the floor, the topmost first, so that the lower ones cover the rest. */
function drawStack(
  ctx: CanvasRenderingContext2D,
  placed: PlacedRow,
  model: StreamsModel,
  stack: Stack,
  style: DrawStyle,
  stretch: number,
): void {
  const row = model.rows[placed.index];
  if (!row) return;
  const { x, y, width, height } = placed.box;
  const { upper, bins } = stack;
  const n = row.order.length;
  const [floor, pitch] = [y + height, (width * stretch) / Math.max(1, bins - 1)];
  ctx.fillStyle = inkOf(style, model, row, row.order[n - 1] ?? 0);
  ctx.fillRect(x, y, width, height);
  for (let p = n - 2; p >= 0; p--) {
    ctx.fillStyle = inkOf(style, model, row, row.order[p] as number);
    const at = (row.offset + p) * bins;
    ctx.beginPath();
    ctx.moveTo(x, floor);
    for (let b = 0; b < bins; b++) ctx.lineTo(x + b * pitch, floor - (upper[at + b] as number) * height);
    ctx.lineTo(x + (bins - 1) * pitch, floor);
    ctx.closePath();
    ctx.fill();
  }
}

export interface Stack {
  readonly bins: number;
  readonly upper: Float32Array;
}

/** Small multiples of stacks. `stretch` > 1 moves what is drawn to the right of where it belongs: the newest column is still on its way in. */
export function drawStreams(
  ctx: CanvasRenderingContext2D,
  layout: StreamsLayout,
  model: StreamsModel,
  stack: Stack,
  style: DrawStyle,
  stretch = 1,
): void {
  ctx.save();
  if (stretch > 1) {
    ctx.beginPath();
    for (const { box } of layout.rows) ctx.rect(box.x, box.y, box.width, box.height);
    ctx.clip();
  }
  for (const placed of layout.rows) drawStack(ctx, placed, model, stack, style, stretch);
  ctx.restore();
  if (style.isPast) for (const { box } of layout.rows) fadeFuture(ctx, box, model, style);
}

function fadeFuture(ctx: CanvasRenderingContext2D, box: StreamBox, model: StreamsModel, { theme }: DrawStyle): void {
  const x = xAt(box, model.span, model.step);
  ctx.globalAlpha = 0.7;
  ctx.fillStyle = paletteBackground[theme];
  ctx.fillRect(x, box.y, box.x + box.width - x, box.height);
  ctx.globalAlpha = 1;
}

/** Squares whose area is the weight, around each an outline whose area is an even share. `model` null: the outlines alone. */
export function drawNow(
  ctx: CanvasRenderingContext2D,
  layout: StreamsLayout,
  model: StreamsModel,
  style: DrawStyle,
  hasWeights = true,
): void {
  for (const { index, box, axis } of layout.rows) {
    const row = model.rows[index];
    if (!row) continue;
    const n = row.order.length;
    const side = axis === "up" ? box.width : box.height;
    const left = model.isDerived ? (model.groups[row.group]?.none ?? null) : null;
    const even = layout.unit * Math.sqrt(1 / (left === null ? n : n - 1));
    for (let p = 0; p < n; p++) {
      const op = row.order[p] as number;
      if (op === left) continue;
      const x = axis === "up" ? box.x + side / 2 : box.x + (p + 0.5) * side;
      const y = axis === "up" ? box.y + box.height - (p + 0.5) * side : box.y + side / 2;
      const edgeColor = inkLevel(style.focus, model, row, op) === 0 ? style.tokens.ink3 : style.tokens.line;
      const own = layout.unit * Math.sqrt(row.weights[op] as number);
      if (hasWeights) {
        ctx.fillStyle = inkOf(style, model, row, op);
        ctx.fillRect(x - own / 2, y - own / 2, own, own);
        if (row.ops[op] === "none") outline(ctx, x, y, own, edgeColor);
      }
      const isCovered = hasWeights && own > even && row.ops[op] !== "none";
      outline(ctx, x, y, even, isCovered ? style.tokens.surface : edgeColor);
    }
  }
}

function outline(ctx: CanvasRenderingContext2D, x: number, y: number, side: number, color: string): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.strokeRect(x - side / 2, y - side / 2, side, side);
}

/** @param picture the pixels of `heatPixels` as an image */
export function drawHeat(
  ctx: CanvasRenderingContext2D,
  layout: StreamsLayout,
  model: StreamsModel,
  pixels: HeatPixels,
  picture: CanvasImageSource,
  style: DrawStyle,
): void {
  ctx.imageSmoothingEnabled = false;
  for (const { index, box } of layout.rows) {
    const n = model.rows[index]?.ops.length ?? 0;
    ctx.drawImage(picture, 0, pixels.lines[index] ?? 0, pixels.width, n, box.x, box.y, box.width, box.height);
    if (style.isPast) fadeFuture(ctx, box, model, style);
  }
}

function trace(
  ctx: CanvasRenderingContext2D,
  { x, y, width, height }: StreamBox,
  values: Float32Array,
  from: number,
  bins: number,
): void {
  const pitch = width / Math.max(1, bins - 1);
  for (let b = 0; b < bins; b++) {
    const at = y + (1 - (values[from + b] as number)) * height;
    if (b === 0) ctx.moveTo(x, at);
    else ctx.lineTo(x + b * pitch, at);
  }
}

/** Entropy of every row as a thin line, the range of a group as a band, its mean as a heavy line. */
export function drawEntropy(
  ctx: CanvasRenderingContext2D,
  layout: StreamsLayout,
  model: StreamsModel,
  lines: EntropyLines,
  style: DrawStyle,
): void {
  const { tokens, focus } = style;
  const { bins } = lines;
  const hasEdge = edgeOf(focus, model.groups) !== null;
  ctx.lineJoin = "round";
  for (const { group, box } of layout.charts) {
    ctx.fillStyle = tokens.grid;
    for (const level of [0, 0.5, 1]) ctx.fillRect(box.x, Math.round(box.y + (1 - level) * box.height), box.width, 1);
    ctx.fillStyle = tokens.line;
    ctx.globalAlpha = 0.5;
    ctx.beginPath();
    trace(ctx, box, lines.high, group * bins, bins);
    const pitch = box.width / Math.max(1, bins - 1);
    for (let b = bins - 1; b >= 0; b--)
      ctx.lineTo(box.x + b * pitch, box.y + (1 - (lines.low[group * bins + b] as number)) * box.height);
    ctx.closePath();
    ctx.fill();
    for (const [i, row] of model.rows.entries()) {
      if (row.group !== group) continue;
      const isFocused = hasEdge && isRowLit(focus, model.groups, row);
      ctx.globalAlpha = isFocused || !hasEdge ? 1 : unlit;
      ctx.strokeStyle = isFocused ? tokens.ink : tokens.lineStrong;
      ctx.lineWidth = (isFocused ? 2 : 1) * style.scale;
      ctx.beginPath();
      trace(ctx, box, lines.rows, i * bins, bins);
      ctx.stroke();
    }
    ctx.globalAlpha = hasEdge ? unlit : 1;
    ctx.strokeStyle = tokens.ink;
    ctx.lineWidth = 2.5 * style.scale;
    ctx.beginPath();
    trace(ctx, box, lines.mean, group * bins, bins);
    ctx.stroke();
    ctx.globalAlpha = 1;
    if (style.isPast) fadeFuture(ctx, box, model, style);
  }
}
