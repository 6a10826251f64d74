/** Decisions over time on a canvas: every bin a stack of bands, channels as dark as they are sure to stay, options side by side. Pure but for the context. */
import { type PaletteTheme, sequential } from "@/viz/palette";
import type { Sampled } from "@/viz/streamLayout";
import type { Box, TilesLayout } from "./layout";
import { bandsAt, type Decision, type MaskBand, type MasksModel } from "./masks";

/** Fill of a band: M on the scale of magnitude, or the option by its place among the others. */
export function bandFill({ widths, options }: Pick<Decision, "widths" | "options">, { option, value }: MaskBand, theme: PaletteTheme): string {
  if (widths) return sequential(value, theme);
  return sequential(0.3 + (0.6 * option) / Math.max(1, options.length - 1), theme);
}

function drawHeat(ctx: CanvasRenderingContext2D, box: Box, decision: Decision, sampled: Sampled, theme: PaletteTheme): void {
  const pitch = box.width / sampled.bins;
  for (let bin = 0; bin < sampled.bins; bin++) {
    // Whole pixels: neighbours must not leave a seam.
    const [x, end] = [Math.round(box.x + bin * pitch), Math.round(box.x + (bin + 1) * pitch)];
    for (const band of bandsAt(decision, sampled, bin)) {
      ctx.fillStyle = bandFill(decision, band, theme);
      ctx.fillRect(x, box.y + (1 - band.to) * box.height, end - x, (band.to - band.from) * box.height);
    }
  }
}

export function drawTiles(ctx: CanvasRenderingContext2D, layout: TilesLayout, model: MasksModel, sampled: Sampled, theme: PaletteTheme, inkOf: (row: number) => number): void {
  for (const { index, heat } of layout.tiles) {
    const decision = model.decisions[index];
    if (!decision) continue;
    ctx.globalAlpha = inkOf(index);
    drawHeat(ctx, heat, decision, sampled, theme);
  }
  ctx.globalAlpha = 1;
}
