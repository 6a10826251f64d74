/**
 * Any picture as the 32 × 32 RGB that a network sees, on the page and without the worker: centre square, area average, white paper
 * behind transparency. Nearest-neighbour or canvas smoothing is rejected: both alias, and differ from browser to browser.
 */

export const modelSide = 32;

/** RGBA pixels, not premultiplied, row by row: what `getImageData` gives. */
export interface RgbaPixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export interface SeenImage {
  /** 32 × 32 × 3 bytes, NHWC without N. */
  readonly bytes: Uint8Array;
  /** Which square of the picture was kept, in its own pixels. */
  readonly crop: { readonly x: number; readonly y: number; readonly side: number };
  /** One sentence on what was done; empty when the picture was 32 × 32 and opaque. */
  readonly note: string;
}

/** Source pixels under one output pixel along one axis, with the share of the output pixel that each covers (sum 1). */
interface Footprint {
  readonly start: number;
  readonly share: Float64Array;
}

function footprints(side: number): Footprint[] {
  const step = side / modelSide;
  return Array.from({ length: modelSide }, (_, i) => {
    const low = i * step;
    const high = low + step;
    const start = Math.min(side - 1, Math.floor(low));
    const end = Math.max(start + 1, Math.min(side, Math.ceil(high - 1e-9)));
    const share = new Float64Array(end - start);
    for (let p = start; p < end; p++) share[p - start] = (Math.min(high, p + 1) - Math.max(low, p)) / step;
    return { start, share };
  });
}

/** The centre square of a picture, row by row, as floats of RGB over white. */
function squareOverWhite({ data, width, height }: RgbaPixels): {
  rgb: Float64Array;
  side: number;
  x: number;
  y: number;
  clear: boolean;
} {
  const side = Math.min(width, height);
  const x = (width - side) >> 1;
  const y = (height - side) >> 1;
  const rgb = new Float64Array(side * side * 3);
  let clear = false;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const from = ((y + row) * width + x + column) * 4;
      const to = (row * side + column) * 3;
      const alpha = (data[from + 3] ?? 255) / 255;
      if (alpha < 1) clear = true;
      for (let c = 0; c < 3; c++) rgb[to + c] = alpha * (data[from + c] ?? 0) + (1 - alpha) * 255;
    }
  }
  return { rgb, side, x, y, clear };
}

function sentence({ width, height }: RgbaPixels, side: number, clear: boolean): string {
  const done: string[] = [];
  if (width !== height) done.push(`cut to its middle ${side} × ${side}`);
  if (side > modelSide) done.push("averaged down to 32 × 32");
  else if (side < modelSide) done.push("enlarged to 32 × 32");
  if (clear) done.push("put on white where it is transparent");
  if (done.length === 0) return "";
  const last = done.pop() ?? "";
  const list = done.length === 0 ? last : `${done.join(", ")} and ${last}`;
  return `The picture (${width} × ${height}) was ${list}.`;
}

/** Converts RGBA pixels. Throws a RangeError when the size and the data do not fit or there is no pixel. */
export function imageTo32(picture: RgbaPixels): SeenImage {
  if (!(picture.width >= 1) || !(picture.height >= 1) || picture.data.length !== picture.width * picture.height * 4) {
    throw new RangeError(`no picture of ${picture.width} × ${picture.height} in ${picture.data.length} bytes`);
  }
  const { rgb, side, x, y, clear } = squareOverWhite(picture);
  const axis = footprints(side);
  // Separable: first along x into [side, 32, 3], then along y.
  const wide = new Float64Array(side * modelSide * 3);
  for (let row = 0; row < side; row++) {
    axis.forEach(({ start, share }, i) => {
      for (let p = 0; p < share.length; p++) {
        for (let c = 0; c < 3; c++) {
          const to = (row * modelSide + i) * 3 + c;
          wide[to] = (wide[to] ?? 0) + (share[p] ?? 0) * (rgb[(row * side + start + p) * 3 + c] ?? 0);
        }
      }
    });
  }
  const bytes = new Uint8Array(modelSide * modelSide * 3);
  axis.forEach(({ start, share }, j) => {
    for (let i = 0; i < modelSide * 3; i++) {
      let sum = 0;
      for (let p = 0; p < share.length; p++) sum += (share[p] ?? 0) * (wide[(start + p) * modelSide * 3 + i] ?? 0);
      bytes[j * modelSide * 3 + i] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  });
  return { bytes, crop: { x, y, side }, note: sentence(picture, side, clear) };
}

/** RGB bytes as opaque RGBA, for `ImageData`. */
export function rgbToRgba(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const pixels = Math.floor(rgb.length / 3);
  const out = new Uint8ClampedArray(pixels * 4);
  for (let i = 0; i < pixels; i++) {
    out[i * 4] = rgb[i * 3] ?? 0;
    out[i * 4 + 1] = rgb[i * 3 + 1] ?? 0;
    out[i * 4 + 2] = rgb[i * 3 + 2] ?? 0;
    out[i * 4 + 3] = 255;
  }
  return out;
}
