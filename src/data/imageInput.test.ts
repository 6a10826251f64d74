import { describe, expect, it } from "vitest";
import { toModelImage } from "./imageInput";

function picture(
  width: number,
  height: number,
  pixel: (x: number, y: number) => readonly [number, number, number, number],
) {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(pixel(x, y), (y * width + x) * 4);
  return { data, width, height };
}

describe("toModelImage", () => {
  it("keeps a 32 × 32 picture as it is", () => {
    const { bytes, note } = toModelImage(picture(32, 32, (x, y) => [x, y, 200, 255]));
    expect([...bytes.subarray((5 * 32 + 7) * 3, (5 * 32 + 7) * 3 + 3)]).toEqual([7, 5, 200]);
    expect(note).toBe("The picture was used as it is.");
  });

  it("averages areas, also at sizes that are no multiple of 32", () => {
    const checks = toModelImage(picture(64, 64, (x, y) => ((x + y) % 2 === 0 ? [255, 255, 255, 255] : [0, 0, 0, 255])));
    expect(checks.bytes.every((value) => value === 128)).toBe(true);
    const ramp = toModelImage(picture(48, 48, (x) => [x * 4, 0, 0, 255]));
    expect(ramp.bytes[0]).toBe(Math.round((0 * 1 + 4 * 0.5) / 1.5));
    const mean =
      Array.from({ length: 1024 }, (_, i) => ramp.bytes[i * 3] as number).reduce((sum, value) => sum + value) / 1024;
    expect(mean).toBeCloseTo(94, 0);
  });

  it("takes the middle square, fills transparency with white, and says so", () => {
    const wide = toModelImage(picture(96, 32, (x) => (x >= 32 && x < 64 ? [0, 0, 0, 0] : [255, 0, 0, 255])));
    expect(wide.bytes.every((value) => value === 255)).toBe(true);
    expect(wide.note).toBe(
      "The picture of 96 × 32 was cut to its middle 32 × 32 and its transparent parts filled with white.",
    );
    const tiny = toModelImage(picture(1, 1, () => [1, 2, 3, 255]));
    expect([...tiny.bytes.subarray(3069)]).toEqual([1, 2, 3]);
    expect(tiny.note).toBe("The picture of 1 × 1 was enlarged to 32 × 32.");
  });

  it("refuses a picture without pixels", () => {
    expect(() => toModelImage({ data: new Uint8ClampedArray(0), width: 0, height: 0 })).toThrow("no pixels");
  });
});
