/**
 * Strips: the pixels of a row that one thread of a convolution computes, and the columns of the other map that they need. A column is loaded once and
 * used for all taps. Gradients of strided convolutions take strips of pixels `s` apart, so that all of a strip have the same taps.
 */
import { repeat, type Tuning } from "./kernelDef";

/** Pixels of a strip on rows of `width`: as tuned, but fewer where most of a strip would stick out. */
export function stripOf(width: number, tuning: Tuning): 4 | 8 {
  if (tuning.pixels === 4) return 4;
  return Math.ceil(width / 8) * 8 > Math.ceil(width / 4) * 4 ? 4 : 8;
}

/** Where columns come from: x coordinates `first` + j (· step) of the row at address `row`, pixels `stride` apart. */
export interface Columns {
  readonly row: string;
  readonly first: string;
  readonly step?: string;
  readonly width: string;
  readonly stride: string;
  /** Condition of the row, where it may lie outside. */
  readonly valid?: string;
}

/**
 * Declares `prefix`0 … of `count` columns: `load(stored)`, zero outside the map. No branches: software adapters pay for them when they run and even more
 * when they compile.
 */
export const columns = (prefix: string, count: number, { row, first, step, width, stride, valid }: Columns, load: (stored: string) => string): string =>
  repeat(count, (j) => {
    const x = `u32(${first} + ${step === undefined ? j : `${j} * ${step}`})`;
    const isInside = `${x} < u32(${width})`;
    const value = load(`A[${row} + i32(min(${x}, u32(${width} - 1))) * ${stride}]`);
    return `let ${prefix}${j} = select(vec4f(), ${value}, ${valid === undefined ? isInside : `${valid} & (${isInside})`});`;
  });

/** Thread → strip of an output map, from what `rest` holds: `ox`, `oy`, `b`. */
export const outputStrip = (pixels: number): string => `
  let ox = (rest % J.strips) * ${pixels}; rest = rest / J.strips;
  let oy = rest % J.Ho;
  let b = rest / J.Ho;
  if (b >= J.B) { return; }`;

/** Thread → strip of an input map: pixels x = phase + s · (u + j), row `iy`, image `b`. */
export const inputStrip = (pixels: number): string => `
  let phase = rest % J.s; rest = rest / J.s;
  let u = (rest % J.strips) * ${pixels}; rest = rest / J.strips;
  let iy = rest % J.H;
  let b = rest / J.H;
  if (b >= J.B || phase + J.s * u >= J.W) { return; }
  let last = J.W - 1 - (J.W - 1 - phase) % J.s;`;

/** Row of the pixel `j` of an output strip; pixels beyond the edge are the last. */
export const outputRow = (j: number): string => `(b * J.Ho + oy) * J.Wo + min(ox + ${j}, J.Wo - 1)`;

/** Row of the pixel `j` of an input strip; pixels beyond the edge are the last of the phase. */
export const inputRow = (j: number): string => `(b * J.H + iy) * J.W + min(phase + J.s * (u + ${j}), last)`;
