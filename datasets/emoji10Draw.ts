/**
 * One Emoji-10 record: a background, sometimes a faint distractor, the subject, a colour change. The order of draws and of
 * floating-point operations is part of the recipe: the data set's pinned hash depends on it.
 */
import type { RecipeRandom } from "./emoji10Random";
import { SPRITE_SIDE, type Sprite } from "./emoji10Sprites";

const SIDE = 32;
/** Samples a pixel on each axis. */
const SAMPLES = 3;

type Colour = readonly [number, number, number];
/** Mixing share of the second colour at a pixel; clamped to 0–1 by the caller. */
type Shade = (x: number, y: number) => number;

const clamp01 = (x: number): number => Math.max(0, Math.min(1, x));

/** Saturated or muted, of any brightness above 40. */
function randomColour(random: RecipeRandom): Colour {
  const value = random.between(40, 255);
  const saturation = random.next() < 0.35 ? random.between(0, 0.15) : random.between(0.15, 0.8);
  const hue = random.between(0, 6);
  const channel = (offset: number): number => {
    const t = (offset + hue) % 6;
    return value * (1 - saturation * clamp01(Math.min(t, 4 - t)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Bilinear value noise over an m × m grid. */
function noiseAt(grid: readonly number[], m: number, x: number, y: number): number {
  const [gx, gy] = [(x * m) / SIDE, (y * m) / SIDE];
  const [i, j] = [Math.floor(gx), Math.floor(gy)];
  const [u, w] = [gx - i, gy - j];
  const stride = m + 2;
  const at = (row: number, column: number): number => grid[row * stride + column] as number;
  return (at(j, i) * (1 - u) + at(j, i + 1) * u) * (1 - w) + (at(j + 1, i) * (1 - u) + at(j + 1, i + 1) * u) * w;
}

function noiseShade(random: RecipeRandom, cells: number): Shade {
  const coarse = Array.from({ length: (cells + 2) ** 2 }, () => random.next());
  const fine = Array.from({ length: (2 * cells + 2) ** 2 }, () => random.next());
  return (x, y) => 0.65 * noiseAt(coarse, cells, x, y) + 0.35 * noiseAt(fine, 2 * cells, x, y);
}

/** One of seven kinds: flat, linear, radial, noise of 4 or 8 cells, stripes, horizon. */
function backgroundShade(random: RecipeRandom, kind: number, cos: number, sin: number): Shade {
  switch (kind) {
    case 0:
      return () => 0;
    case 1:
      return (x, y) => 0.5 + (cos * (x - 15.5) + sin * (y - 15.5)) / 32;
    case 2: {
      const [ox, oy, scale] = [random.between(4, 28), random.between(4, 28), random.between(14, 30)];
      return (x, y) => Math.sqrt((x - ox) ** 2 + (y - oy) ** 2) / scale;
    }
    case 3:
      return noiseShade(random, 4);
    case 4:
      return noiseShade(random, 8);
    case 5: {
      const period = random.between(4, 12);
      const phase = random.between(0, period);
      return (x, y) => ((((cos * x + sin * y + phase) % period) + period) % period < period / 2 ? 0.1 : 0.9);
    }
    default: {
      const height = random.between(12, 26);
      const [swing, rate, phase] = [random.between(0, 3), random.between(0.2, 0.8), random.between(0, 6)];
      return (x, y) => (y > height + swing * Math.sin(x * rate + phase) ? 1 : 0);
    }
  }
}

function paintBackground(image: Float64Array, random: RecipeRandom): void {
  const kind = random.int(7);
  const from = randomColour(random);
  const to = randomColour(random);
  const angle = random.between(0, Math.PI * 2);
  const shade = backgroundShade(random, kind, Math.cos(angle), Math.sin(angle));
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const share = clamp01(shade(x, y));
      const at = (y * SIDE + x) * 3;
      for (let c = 0; c < 3; c++) image[at + c] = (from[c] as number) * (1 - share) + (to[c] as number) * share;
    }
  }
}

interface Pose {
  /** Longer side in pixels of the image. */
  readonly size: number;
  readonly centreX: number;
  readonly centreY: number;
  readonly angle: number;
  readonly mirrored: boolean;
  readonly opacity: number;
}

/** Add the bilinear, premultiplied sample at sprite position (px, py) to `sums` (R, G, B, A). */
function addSample(sums: Float64Array, pixels: Uint8Array, px: number, py: number): void {
  const [ix, iy] = [Math.floor(px), Math.floor(py)];
  if (ix < -1 || iy < -1 || ix >= SPRITE_SIDE || iy >= SPRITE_SIDE) return;
  const [fx, fy] = [px - ix, py - iy];
  for (let corner = 0; corner < 4; corner++) {
    const x = ix + (corner & 1);
    const y = iy + (corner >> 1);
    if (x < 0 || y < 0 || x >= SPRITE_SIDE || y >= SPRITE_SIDE) continue;
    const weight = (corner & 1 ? fx : 1 - fx) * (corner >> 1 ? fy : 1 - fy);
    const at = (y * SPRITE_SIDE + x) * 4;
    for (let c = 0; c < 4; c++) sums[c] = (sums[c] as number) + (pixels[at + c] as number) * weight;
  }
}

/** Draw a sprite, source over, 3 × 3 samples a pixel. */
function paintSprite(image: Float64Array, sprite: Sprite, pose: Pose): void {
  const scale = pose.size / Math.max(sprite.width, sprite.height);
  const cos = Math.cos(pose.angle) / scale;
  const sin = Math.sin(pose.angle) / scale;
  const middleX = sprite.left + sprite.width / 2;
  const middleY = sprite.top + sprite.height / 2;
  const samples = SAMPLES * SAMPLES;
  const sums = new Float64Array(4);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      sums.fill(0);
      for (let j = 0; j < SAMPLES; j++) {
        for (let i = 0; i < SAMPLES; i++) {
          const dx = x + (i + 0.5) / SAMPLES - pose.centreX;
          const dy = y + (j + 0.5) / SAMPLES - pose.centreY;
          const u = cos * dx + sin * dy;
          const w = -sin * dx + cos * dy;
          addSample(sums, sprite.pixels, (pose.mirrored ? -u : u) + middleX - 0.5, w + middleY - 0.5);
        }
      }
      const cover = sums[3] as number;
      if (cover <= 0) continue;
      const alpha = (cover / (255 * samples)) * pose.opacity;
      const at = (y * SIDE + x) * 3;
      for (let c = 0; c < 3; c++) {
        image[at + c] = (image[at + c] as number) * (1 - alpha) + ((sums[c] as number) / samples) * pose.opacity;
      }
    }
  }
}

function distractorPose(random: RecipeRandom): Pose {
  const size = random.between(10, 18);
  const [centreX, centreY] = [random.between(2, 30), random.between(2, 30)];
  const angle = random.between(-0.5, 0.5);
  const mirrored = random.next() < 0.5;
  return { size, centreX, centreY, angle, mirrored, opacity: random.between(0.35, 0.7) };
}

function subjectPose(random: RecipeRandom): Pose {
  const size = random.between(19, 30);
  const room = Math.max(0, 16 - size / 2) + 2;
  const [centreX, centreY] = [16 + random.between(-room, room), 16 + random.between(-room, room)];
  const angle = random.between(-0.3, 0.3);
  return { size, centreX, centreY, angle, mirrored: random.next() < 0.5, opacity: 1 };
}

/** Saturation, then contrast and brightness; clamped and rounded into `out[at …]`. */
function develop(image: Float64Array, random: RecipeRandom, out: Uint8Array, at: number): void {
  const [brightness, contrast, saturation] = [
    random.between(0.88, 1.15),
    random.between(0.85, 1.2),
    random.between(0.8, 1.25),
  ];
  for (let p = 0; p < SIDE * SIDE * 3; p += 3) {
    const luma = 0.299 * (image[p] as number) + 0.587 * (image[p + 1] as number) + 0.114 * (image[p + 2] as number);
    for (let c = 0; c < 3; c++) {
      let value = luma + ((image[p + c] as number) - luma) * saturation;
      value = ((value - 128) * contrast + 128) * brightness;
      out[at + p + c] = value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
    }
  }
}

/** Compose one 32 × 32 × 3 image of `subject` into `out[at …]`. `others`: sprites of other groups of the same shard. */
export function composeRecord(
  subject: Sprite,
  others: readonly Sprite[],
  random: RecipeRandom,
  out: Uint8Array,
  at: number,
): void {
  const image = new Float64Array(SIDE * SIDE * 3);
  paintBackground(image, random);
  if (random.next() < 0.35) {
    const distractor = random.pick(others);
    paintSprite(image, distractor, distractorPose(random));
  }
  paintSprite(image, subject, subjectPose(random));
  develop(image, random, out, at);
}
