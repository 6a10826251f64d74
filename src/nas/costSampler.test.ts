import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { costBins, costUniformSampler, fairPaths } from "./costSampler";
import { macro8 } from "./space/macro8";
import { spos } from "./space/spos";
import { sposMobilenet } from "./space/sposMobilenet";

describe("costUniformSampler", () => {
  it("fills seven equal bins evenly", () => {
    const space = spos("tiny");
    const limits = costBins(space);
    expect(limits.length).toBe(8);
    expect(costBins(space)).toEqual(limits);
    const draw = costUniformSampler(space);
    const rng = rootKey(4).stream();
    const n = 1400;
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < n; i++) {
      const macs = space.cost(draw(rng)).macs;
      const bin = limits.findIndex((low, b) => macs >= low && macs <= (limits[b + 1] ?? -1));
      counts[bin] = (counts[bin] ?? NaN) + 1;
    }
    const sigma = Math.sqrt(n * (1 / 7) * (6 / 7));
    for (const count of counts) expect(Math.abs(count - n / 7)).toBeLessThan(4 * sigma);
  });
});

describe("fairPaths", () => {
  it.each([macro8("nano"), spos("nano")])("uses every choice of every slot exactly once", (space) => {
    const rng = rootKey(6).stream();
    for (let step = 0; step < 20; step++) {
      const paths = fairPaths(space, rng);
      for (const m of space.mutables) expect(paths.map((p) => p[m.id]).sort()).toEqual([...m.choices].sort());
    }
  });

  it("repeats where a slot has fewer choices", () => {
    const paths = fairPaths(sposMobilenet(), rootKey(6).stream());
    expect(paths.length).toBe(7);
    expect(paths.every((p) => p["layers.0.0"] === "mb_k3e1")).toBe(true);
  });
});
