/** The heat view as pixels: one a time bin and op, made when the numbers or the focus change, so that a frame only copies them. Pure. */
import type { Focus } from "@/store/view";
import { type PaletteTheme, paletteBackground, faded, sequential } from "@/viz/palette";
import type { Sampled } from "@/viz/streamLayout";
import { inkLevel, inkLevels } from "./focus";
import type { StreamsModel } from "./model";

/** Pixels of the heat view, one a bin and op, rows in the model's order, the first place of a stack at the bottom of its row. */
export interface HeatPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  /** First line of pixels of each row of the model. */
  readonly lines: readonly number[];
}

const shades = 64;
const channelsOf = (rgb: string): number[] => (rgb.match(/\d+/g) ?? []).map(Number);

/** Colour of each shade, three bytes each; faded towards the background by `ink`. */
function shadeTable(theme: PaletteTheme, ink: number): Uint8Array {
  const back = channelsOf(faded(paletteBackground[theme], 1, theme));
  const table = new Uint8Array(shades * 3);
  for (let i = 0; i < shades; i++)
    channelsOf(sequential(i / (shades - 1), theme)).forEach(
      (c, k) => (table[i * 3 + k] = c * ink + (back[k] ?? 0) * (1 - ink)),
    );
  return table;
}

/** Weight that has the last colour of the scale: the largest there is, rounded up to a tenth. */
export function heatTop({ values }: Pick<Sampled, "values">): number {
  let most = 0.2;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i] as number);
  return Math.min(1, Math.ceil(10 * most - 1e-6) / 10);
}

/** The heat view as pixels. Made when numbers or focus change; a frame only copies it. */
export function heatPixels(
  model: StreamsModel,
  { values, bins }: Sampled,
  focus: Focus,
  theme: PaletteTheme,
): HeatPixels {
  const height = model.rows.reduce((sum, { ops }) => sum + ops.length, 0);
  const data = new Uint8ClampedArray(bins * height * 4);
  const top = heatTop({ values });
  const tables = inkLevels.map((ink) => shadeTable(theme, ink));
  const lines: number[] = [];
  let line = 0;
  for (const row of model.rows) {
    lines.push(line);
    for (let p = row.order.length - 1; p >= 0; p--, line++) {
      const op = row.order[p] as number;
      const table = tables[inkLevel(focus, model, row, op)] as Uint8Array;
      for (let b = 0; b < bins; b++) {
        const share = Math.min(1, (values[(row.offset + op) * bins + b] as number) / top);
        const from = 3 * Math.round(share * (shades - 1));
        const to = 4 * (line * bins + b);
        data[to] = table[from] as number;
        data[to + 1] = table[from + 1] as number;
        data[to + 2] = table[from + 2] as number;
        data[to + 3] = 255;
      }
    }
  }
  return { width: bins, height, data, lines };
}
