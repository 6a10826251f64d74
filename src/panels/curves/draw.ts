/** Curves marks → canvas. Axes, labels and the cursor are SVG on top, so that text stays text. */
import { type PaletteTheme, sequential } from "@/viz/palette";
import type { Tokens } from "@/viz/tokens";
import type { CurvesLayout, Lane } from "./layout";

/** Colour of accuracy marks: magnitude hue, never the accent, which means "selected". */
export function accuracyColor(theme: PaletteTheme): string {
  return sequential(0.66, theme);
}

function trace(ctx: CanvasRenderingContext2D, line: Float32Array): void {
  for (let i = 0; i + 1 < line.length; i += 2) {
    if (i === 0) ctx.moveTo(line[i] ?? 0, line[i + 1] ?? 0);
    else ctx.lineTo(line[i] ?? 0, line[i + 1] ?? 0);
  }
}

function drawEnvelope(ctx: CanvasRenderingContext2D, piece: Float32Array): void {
  const n = piece.length / 3;
  for (let i = 0; i < n; i++) {
    const [x, top] = [piece[3 * i] ?? 0, piece[3 * i + 1] ?? 0];
    if (i === 0) ctx.moveTo(x, top);
    else ctx.lineTo(x, top);
  }
  for (let i = n - 1; i >= 0; i--) ctx.lineTo(piece[3 * i] ?? 0, piece[3 * i + 2] ?? 0);
  ctx.closePath();
}

function drawLane(ctx: CanvasRenderingContext2D, { rect, line }: Lane, tokens: Tokens): void {
  ctx.fillStyle = tokens.grid;
  ctx.fillRect(rect.x, rect.y + rect.height - 1, rect.width, 1);
  ctx.strokeStyle = tokens.ink3;
  ctx.lineWidth = 1;
  ctx.beginPath();
  trace(ctx, line);
  ctx.stroke();
}

function drawPoints(ctx: CanvasRenderingContext2D, layout: CurvesLayout, tokens: Tokens, theme: PaletteTheme): void {
  const color = accuracyColor(theme);
  const lastOf = new Map(layout.points.map((p, i) => [p.split, i]));
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  layout.points.forEach((p, i) => {
    if (layout.bars || lastOf.get(p.split) === i) {
      ctx.beginPath();
      ctx.moveTo(p.x, p.y0);
      ctx.lineTo(p.x, p.y1);
      ctx.stroke();
    }
    ctx.beginPath();
    if (p.split === 2) {
      ctx.moveTo(p.x, p.y - 5);
      ctx.lineTo(p.x + 5, p.y);
      ctx.lineTo(p.x, p.y + 5);
      ctx.lineTo(p.x - 5, p.y);
      ctx.closePath();
      ctx.fillStyle = color;
    } else {
      ctx.arc(p.x, p.y, 2.5, 0, 2 * Math.PI);
      ctx.fillStyle = tokens.surface;
    }
    ctx.fill();
    ctx.stroke();
  });
}

/** One frame. What lies after the time cursor is dimmed. */
export function drawCurves(
  ctx: CanvasRenderingContext2D,
  layout: CurvesLayout,
  tokens: Tokens,
  theme: PaletteTheme,
  past: boolean,
): void {
  const { plot } = layout;
  const bottom = layout.lanes.at(-1)?.rect ?? plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, 0, plot.width, bottom.y + bottom.height + 2);
  ctx.clip();
  ctx.lineJoin = "round";
  for (const mark of layout.loss) {
    ctx.fillStyle = tokens.ink2;
    ctx.strokeStyle = tokens.ink2;
    ctx.lineWidth = 1;
    ctx.globalAlpha = 0.25;
    ctx.beginPath();
    for (const piece of mark.envelope) drawEnvelope(ctx, piece);
    ctx.fill();
    // Where a bin is one step its range has no area: the outline is then the raw line.
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = tokens.ink;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    for (const piece of mark.line) trace(ctx, piece);
    ctx.stroke();
  }
  ctx.strokeStyle = tokens.bad;
  ctx.lineWidth = 1;
  for (const x of layout.gaps) {
    ctx.beginPath();
    ctx.moveTo(x, plot.y);
    ctx.lineTo(x, plot.y + plot.height);
    ctx.stroke();
  }
  for (const lane of layout.lanes) drawLane(ctx, lane, tokens);
  drawPoints(ctx, layout, tokens, theme);
  if (past) {
    ctx.globalAlpha = 0.7;
    ctx.fillStyle = tokens.surface;
    ctx.fillRect(layout.cursor, 0, plot.x + plot.width - layout.cursor, bottom.y + bottom.height + 2);
  }
  ctx.restore();
}
