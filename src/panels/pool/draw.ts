/** Marks on a canvas: pure but for the context. No allocation per mark; shape says origin, fill and ink say generation. */
import type { Origin } from "@/nas/candidate";
import { opColor, sequential } from "@/viz/palette";
import type { Tokens } from "@/viz/tokens";
import type { PlacedMark, PoolLayout } from "./layout";
import type { MarkShape, PoolMark } from "./model";
import { type Story, travelled, turning } from "./story";

export interface DrawStyle {
  readonly theme: "light" | "dark";
  readonly tokens: Tokens;
  /** Line and mark scale: larger on a projector. */
  readonly scale: number;
}

const olderAlpha = 0.4;
const unlitAlpha = 0.25;

/** Path of a shape around (x, y); equal areas, so that no origin looks heavier. */
export function tracePath(
  ctx: CanvasRenderingContext2D,
  shape: MarkShape | "cross",
  x: number,
  y: number,
  r: number,
): void {
  ctx.beginPath();
  switch (shape) {
    case "random":
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case "mutation":
      ctx.moveTo(x, y - 1.4 * r);
      ctx.lineTo(x + 1.25 * r, y + 0.8 * r);
      ctx.lineTo(x - 1.25 * r, y + 0.8 * r);
      ctx.closePath();
      break;
    case "crossover":
      ctx.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
      break;
    case "manual":
      ctx.moveTo(x, y - 1.3 * r);
      ctx.lineTo(x + 1.3 * r, y);
      ctx.lineTo(x, y + 1.3 * r);
      ctx.lineTo(x - 1.3 * r, y);
      ctx.closePath();
      break;
    case "cross":
      ctx.moveTo(x - r, y - r);
      ctx.lineTo(x + r, y + r);
      ctx.moveTo(x + r, y - r);
      ctx.lineTo(x - r, y + r);
      break;
  }
}

/** Lightness by generation, or the op at the focused layer. Infeasible networks have no colour. */
function colorOf({ mark, age }: PlacedMark, { theme, tokens }: DrawStyle): string {
  if (mark.op !== null) return opColor(mark.op, theme);
  return mark.isFeasible ? sequential(0.45 + 0.55 * age, theme) : tokens.ink3;
}

function drawGrid(ctx: CanvasRenderingContext2D, { plot, yTicks }: PoolLayout, { tokens }: DrawStyle): void {
  ctx.fillStyle = tokens.grid;
  for (const { at } of yTicks) ctx.fillRect(plot.x, Math.round(at), plot.width, 1);
}

interface RandomPoint {
  readonly x: number;
  readonly y: number;
  readonly isLit: boolean;
}

/** Grey crosses: the random arm stays behind and off the front. */
function drawRandom(
  ctx: CanvasRenderingContext2D,
  points: readonly RandomPoint[],
  style: DrawStyle,
  r: number,
  alpha: number,
): void {
  ctx.strokeStyle = style.tokens.ink3;
  ctx.lineWidth = style.scale;
  for (const { x, y, isLit } of points) {
    ctx.globalAlpha = alpha * (isLit ? 1 : unlitAlpha);
    tracePath(ctx, "cross", x, y, r);
    ctx.stroke();
  }
}

/** Where the line to a candidate's parent starts; null without a drawn parent. */
function parentOf(origin: Origin, byId: ReadonlyMap<string, PlacedMark>): PlacedMark | null {
  const id = origin.kind === "mutation" ? origin.parent : origin.kind === "crossover" ? origin.parents[0] : null;
  return id === null ? null : (byId.get(id) ?? null);
}

function drawMark(
  ctx: CanvasRenderingContext2D,
  placed: PlacedMark,
  x: number,
  y: number,
  style: DrawStyle,
  fade: number,
  pulse: number,
): void {
  const { mark } = placed;
  const color = colorOf(placed, style);
  const isFull = mark.isCurrent || mark.op !== null;
  ctx.globalAlpha =
    (isFull || mark.isFront || mark.isTop ? 1 : olderAlpha + (1 - olderAlpha) * fade) * (mark.isLit ? 1 : unlitAlpha);
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.4 * style.scale;
  tracePath(ctx, mark.shape, x, y, 3.8 * style.scale * (mark.isTop ? pulse : 1));
  if (isFull || fade > 0) {
    ctx.fillStyle = color;
    const ink = ctx.globalAlpha;
    if (!isFull) ctx.globalAlpha = ink * fade;
    ctx.fill();
    ctx.globalAlpha = ink;
  } else {
    ctx.fillStyle = style.tokens.surface;
    ctx.fill();
  }
  ctx.stroke();
}

/** The strip keeps to dots; the shape is told in the scatter. */
function drawStrip(ctx: CanvasRenderingContext2D, layout: PoolLayout, style: DrawStyle): void {
  if (!layout.strip) return;
  drawRandom(ctx, layout.strip.randomDots, style, 1.8 * style.scale, 0.45);
  for (const { mark, x, y } of layout.strip.dots) {
    const placed = layout.byIndex.get(mark.candidate.index);
    if (!placed) continue;
    ctx.globalAlpha = mark.isLit ? 1 : unlitAlpha;
    ctx.fillStyle = colorOf(placed, style);
    ctx.beginPath();
    ctx.arc(x, y, 2.5 * style.scale, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** Everything that may be many: random arm, candidates, strip. `nowMs` places what is moving. */
export function drawPool(
  ctx: CanvasRenderingContext2D,
  layout: PoolLayout,
  style: DrawStyle,
  story: Story,
  nowMs: number,
): void {
  const byId = new Map(story.births.size > 0 ? layout.marks.map((p) => [p.mark.candidate.id, p] as const) : []);
  const { fade, pulse } = turning(story, nowMs);
  const previous = story.generation - 1;
  drawGrid(ctx, layout, style);
  drawRandom(ctx, layout.random, style, 2.4 * style.scale, 0.55);
  for (const placed of layout.marks) {
    const { candidate } = placed.mark;
    const t = travelled(story, candidate.index, nowMs);
    const from = t < 1 ? parentOf(candidate.origin, byId) : null;
    const x = from ? from.x + (placed.x - from.x) * t : placed.x;
    const y = from ? from.y + (placed.y - from.y) * t : placed.y;
    drawMark(ctx, placed, x, y, style, candidate.generation === previous ? fade : 0, pulse);
  }
  drawStrip(ctx, layout, style);
  ctx.globalAlpha = 1;
}

/** Text of a mark's shape for legends; the same glyphs as the experience of the scatter. */
export const shapeGlyph: Readonly<Record<PoolMark["shape"], string>> = {
  random: "○",
  mutation: "△",
  crossover: "□",
  manual: "◇",
};
