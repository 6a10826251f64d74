/** A picture of any size – dropped, doodled, pasted – as the 32 × 32 a network sees, with a sentence on what was done to it. */
import { AppError } from "@/lib/appError";
import { IMAGE_BYTES, IMAGE_SIDE } from "./manifest";

export interface RgbaPicture {
  /** RGBA, not premultiplied, row by row. */
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export interface ModelImage {
  /** 32 × 32 × 3, NHWC, RGB. */
  readonly bytes: Uint8Array;
  /** What was cropped, scaled or filled, one sentence for the user. */
  readonly note: string;
}

/** Pixels and weights that output pixel `i` averages along one axis. */
function spans(side: number): { first: number; weights: number[] }[] {
  const scale = side / IMAGE_SIDE;
  return Array.from({ length: IMAGE_SIDE }, (_, i) => {
    const [from, to] = [i * scale, (i + 1) * scale];
    const first = Math.floor(from);
    const last = Math.min(side - 1, Math.ceil(to) - 1);
    const weights: number[] = [];
    for (let p = first; p <= last; p++) weights.push((Math.min(to, p + 1) - Math.max(from, p)) / scale);
    return { first, weights };
  });
}

function describe(width: number, height: number, translucent: boolean): string {
  const side = Math.min(width, height);
  const steps: string[] = [];
  if (width !== height) steps.push(`cut to its middle ${side} × ${side}`);
  if (side > IMAGE_SIDE) steps.push("averaged down to 32 × 32");
  if (side < IMAGE_SIDE) steps.push("enlarged to 32 × 32");
  if (translucent) steps.push("its transparent parts filled with white");
  return steps.length === 0
    ? "The picture was used as it is."
    : `The picture of ${width} × ${height} was ${steps.join(", ").replace(/, ([^,]*)$/, " and $1")}.`;
}

/** Area-average the centre square to 32 × 32, over white where the picture is transparent. */
export function toModelImage(picture: RgbaPicture): ModelImage {
  const { data, width, height } = picture;
  if (!(width >= 1 && height >= 1) || data.length !== width * height * 4) {
    throw new AppError("import.unreadable", "The picture has no pixels.", {
      hint: "Choose another picture.",
      recoverable: true,
    });
  }
  const side = Math.min(width, height);
  const x0 = Math.floor((width - side) / 2);
  const y0 = Math.floor((height - side) / 2);
  const axis = spans(side);
  const bytes = new Uint8Array(IMAGE_BYTES);
  let translucent = false;
  axis.forEach((row, y) => {
    axis.forEach((column, x) => {
      let [r, g, b] = [0, 0, 0];
      row.weights.forEach((wy, j) => {
        column.weights.forEach((wx, i) => {
          const at = ((y0 + row.first + j) * width + x0 + column.first + i) * 4;
          const alpha = (data[at + 3] as number) / 255;
          if (alpha < 1) translucent = true;
          const paper = 255 * (1 - alpha);
          r += wy * wx * ((data[at] as number) * alpha + paper);
          g += wy * wx * ((data[at + 1] as number) * alpha + paper);
          b += wy * wx * ((data[at + 2] as number) * alpha + paper);
        });
      });
      const out = (y * IMAGE_SIDE + x) * 3;
      bytes[out] = Math.round(r);
      bytes[out + 1] = Math.round(g);
      bytes[out + 2] = Math.round(b);
    });
  });
  return { bytes, note: describe(width, height, translucent) };
}
