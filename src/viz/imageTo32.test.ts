import { describe, expect, it } from "vitest";
import { imageTo32, modelSide, rgbToRgba, type RgbaPixels } from "./imageTo32";

function picture(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number, number],
): RgbaPixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 4);
  return { data, width, height };
}

const at = (bytes: Uint8Array, x: number, y: number): number[] => [
  ...bytes.slice((y * modelSide + x) * 3, (y * modelSide + x) * 3 + 3),
];

describe("imageTo32", () => {
  it("leaves an opaque 32 × 32 picture as it is", () => {
    const source = picture(32, 32, (x, y) => [x * 7, y * 7, (x * y) % 256, 255]);
    const seen = imageTo32(source);
    expect([...rgbToRgba(seen.bytes)]).toEqual([...source.data]);
    expect(seen.note).toBe("");
  });

  it("averages whole blocks when the side is a multiple of 32", () => {
    // Checkerboard of single pixels: every 2 × 2 block averages to grey.
    const seen = imageTo32(picture(64, 64, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255, 255] : [0, 0, 0, 255])));
    expect(new Set(seen.bytes)).toEqual(new Set([128]));
  });

  it("keeps the mean of a picture whose side is no multiple of 32", () => {
    const source = picture(45, 45, (x, y) => [(x * 5 + y * 3) % 256, 0, 0, 255]);
    const seen = imageTo32(source);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const red = [...seen.bytes].filter((_, i) => i % 3 === 0);
    const original = [...source.data].filter((_, i) => i % 4 === 0);
    expect(Math.abs(mean(red) - mean(original))).toBeLessThan(0.6);
  });

  it("cuts to the middle square and says so", () => {
    const seen = imageTo32(
      picture(96, 32, (x) => (x < 32 ? [255, 0, 0, 255] : x < 64 ? [0, 255, 0, 255] : [0, 0, 255, 255])),
    );
    expect(seen.crop).toEqual({ x: 32, y: 0, side: 32 });
    expect(at(seen.bytes, 0, 0)).toEqual([0, 255, 0]);
    expect(at(seen.bytes, 31, 31)).toEqual([0, 255, 0]);
    expect(seen.note).toBe("The picture (96 × 32) was cut to its middle 32 × 32.");
  });

  it("puts transparency on white", () => {
    const seen = imageTo32(picture(32, 32, () => [0, 0, 0, 0]));
    expect(at(seen.bytes, 5, 5)).toEqual([255, 255, 255]);
    expect(seen.note).toContain("white");
  });

  it("enlarges a tiny picture without leaving its colours", () => {
    const seen = imageTo32(picture(1, 1, () => [10, 20, 30, 255]));
    expect(at(seen.bytes, 0, 0)).toEqual([10, 20, 30]);
    expect(at(seen.bytes, 31, 31)).toEqual([10, 20, 30]);
  });

  it("refuses data that do not fit the size", () => {
    expect(() => imageTo32({ data: new Uint8ClampedArray(12), width: 2, height: 2 })).toThrow(RangeError);
    expect(() => imageTo32({ data: new Uint8ClampedArray(0), width: 0, height: 0 })).toThrow(RangeError);
  });
});
