import { describe, expect, it } from "vitest";
import { rootKey, threefry2x32 } from "./rng";

describe("threefry2x32", () => {
  // Known-answer vectors of the Random123 distribution.
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])("key %i %i counter %i %i", (k0, k1, c0, c1, a, b) => {
    expect(threefry2x32(k0, k1, c0, c1)).toEqual([a, b]);
  });
});

describe("split keys", () => {
  it("gives equal streams for equal paths and different ones otherwise", () => {
    const draw = (seed: number, name: string) => Array.from({ length: 4 }, rootKey(seed).fold(name).stream().next);
    expect(draw(7, "sampler")).toEqual(draw(7, "sampler"));
    expect(draw(7, "sampler")).not.toEqual(draw(7, "batches"));
    expect(draw(7, "sampler")).not.toEqual(draw(8, "sampler"));
  });

  it("continues from a counter", () => {
    const whole = rootKey(1).stream();
    const first = [whole.next(), whole.next()];
    const rest = [whole.next(), whole.next()];
    const resumed = rootKey(1).stream(2);
    expect(first).not.toEqual(rest);
    expect([resumed.next(), resumed.next()]).toEqual(rest);
  });

  it("is uniform enough: 16 bins of 32,000 draws within 4 sigma", () => {
    const rng = rootKey(3).stream();
    const bins = new Int32Array(16);
    for (let i = 0; i < 32_000; i++) {
      const b = rng.int(16);
      bins[b] = (bins[b] ?? 0) + 1;
    }
    const sigma = Math.sqrt(32_000 * (1 / 16) * (15 / 16));
    for (const n of bins) expect(Math.abs(n - 2000)).toBeLessThan(4 * sigma);
  });

  it("draws normals of mean 0 and variance 1", () => {
    const rng = rootKey(5).stream();
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 20_000; i++) {
      const v = rng.normal();
      sum += v;
      squares += v * v;
    }
    expect(Math.abs(sum / 20_000)).toBeLessThan(0.03);
    expect(Math.abs(squares / 20_000 - 1)).toBeLessThan(0.05);
  });
});
