/**
 * Training-time augmentation in one pass: random crop from a black border, horizontal flip, normalise, cutout.
 * Each output pixel is read from its source position, so no padded copy is ever made.
 */
import type { Rng } from "@/lib/rng";
import { IMAGE_BYTES, IMAGE_SIDE } from "./manifest";

export interface AugmentOptions {
  /** Pixels of black border on each side; 0 switches the crop off. */
  readonly crop: number;
  /** Offsets are multiples of this: 2 where a network averages 2×2 pixels first, so that it sees whole shifts. Absent: 1. */
  readonly grain?: number;
  readonly flip: boolean;
  /** Side of the square that is cut out; 0 switches it off. */
  readonly cutout: number;
}

/** What was drawn for one image. */
export interface AugmentDraws {
  /** Offset of the crop against the centre, −crop … crop. */
  readonly dy: number;
  readonly dx: number;
  readonly flip: boolean;
  /** Centre of the cutout, 0 … 31. */
  readonly cutY: number;
  readonly cutX: number;
}

/** Draw for one image: dy, dx when cropping, flip when flipping, cutY, cutX when cutting; nothing else is consumed. */
export function drawAugmentation(rng: Rng, options: AugmentOptions): AugmentDraws {
  const { grain = 1 } = options;
  const crop = Math.floor(options.crop / grain);
  const dy = crop > 0 ? grain * (rng.int(2 * crop + 1) - crop) : 0;
  const dx = crop > 0 ? grain * (rng.int(2 * crop + 1) - crop) : 0;
  const flip = options.flip && rng.next() < 0.5;
  const cutY = options.cutout > 0 ? rng.int(IMAGE_SIDE) : 0;
  const cutX = options.cutout > 0 ? rng.int(IMAGE_SIDE) : 0;
  return { dy, dx, flip, cutY, cutX };
}

/** One image without augmentation: `out[dst …]` gets 3,072 normalised values of record `record`. */
export function normaliseInto(
  out: Float32Array,
  dst: number,
  images: Uint8Array,
  record: number,
  table: Float32Array,
): void {
  let from = record * IMAGE_BYTES;
  for (let k = dst, end = dst + IMAGE_BYTES; k < end; k += 3, from += 3) {
    out[k] = table[images[from] as number] as number;
    out[k + 1] = table[256 + (images[from + 1] as number)] as number;
    out[k + 2] = table[512 + (images[from + 2] as number)] as number;
  }
}

/**
 * One augmented image: `out[dst …]` gets 3,072 values. Crop, then flip; the border is black *before* normalising, the
 * cutout writes 0 (the mean colour) *after* normalising and is clipped at the border.
 */
export function augmentInto(
  out: Float32Array,
  dst: number,
  images: Uint8Array,
  record: number,
  table: Float32Array,
  draws: AugmentDraws,
  options: AugmentOptions,
): void {
  const { dy, dx, flip } = draws;
  const src = record * IMAGE_BYTES;
  const [black0, black1, black2] = [table[0] as number, table[256] as number, table[512] as number];
  let k = dst;
  for (let y = 0; y < IMAGE_SIDE; y++) {
    const sy = y + dy;
    const row = sy < 0 || sy >= IMAGE_SIDE ? -1 : src + sy * IMAGE_SIDE * 3;
    for (let x = 0; x < IMAGE_SIDE; x++, k += 3) {
      const sx = (flip ? IMAGE_SIDE - 1 - x : x) + dx;
      if (row < 0 || sx < 0 || sx >= IMAGE_SIDE) {
        out[k] = black0;
        out[k + 1] = black1;
        out[k + 2] = black2;
      } else {
        const from = row + sx * 3;
        out[k] = table[images[from] as number] as number;
        out[k + 1] = table[256 + (images[from + 1] as number)] as number;
        out[k + 2] = table[512 + (images[from + 2] as number)] as number;
      }
    }
  }
  if (options.cutout > 0) cutOut(out, dst, draws, options.cutout);
}

function cutOut(out: Float32Array, dst: number, { cutY, cutX }: AugmentDraws, side: number): void {
  const top = cutY - (side >> 1);
  const left = cutX - (side >> 1);
  const [y0, y1] = [Math.max(0, top), Math.min(IMAGE_SIDE, top + side)];
  const [x0, x1] = [Math.max(0, left), Math.min(IMAGE_SIDE, left + side)];
  for (let y = y0; y < y1; y++) out.fill(0, dst + (y * IMAGE_SIDE + x0) * 3, dst + (y * IMAGE_SIDE + x1) * 3);
}
