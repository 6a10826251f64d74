import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { phases, type Phase } from "@/algorithms/phases";
import { Progress } from "./progress";

const totals = { warmup: 1, supernet: 100, recalibrate: 8, search: 40, retrain: 100, test: 200 };
const images = { warmup: 0, supernet: 96, recalibrate: 1256, search: 756, retrain: 96, test: 1 };

describe("share", () => {
  it("is 0 at the start, 1 at the end, and weighs phases by their images", () => {
    const progress = new Progress(totals, images);
    expect(progress.share("warmup", 0)).toBe(0);
    const all = Object.entries(totals).reduce((a, [p, n]) => a + n * images[p as Phase], 0);
    expect(progress.share("supernet", 50)).toBeCloseTo((50 * 96) / all, 12);
    expect(progress.share("test", 200)).toBe(1);
  });

  it("never falls and never leaves 0 to 1, whatever is reported", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...phases), fc.nat(500)), { maxLength: 30 }), (reports) => {
        const progress = new Progress(totals, images);
        let last = 0;
        for (const [phase, done] of reports) {
          const share = progress.share(phase, done);
          expect(share).toBeGreaterThanOrEqual(last);
          expect(share).toBeLessThanOrEqual(1);
          last = share;
        }
      }),
    );
  });

  it("of nothing to do is 0, not NaN", () => {
    const none = Object.fromEntries(phases.map((p) => [p, 0])) as Record<Phase, number>;
    expect(new Progress(none, images).share("test", 0)).toBe(0);
  });
});

describe("eta", () => {
  it("is unknown, then a range, then one number after 20 units", () => {
    const progress = new Progress(totals, images);
    expect(progress.eta("supernet", 0)).toBeNull();
    for (let i = 0; i < 19; i++) progress.observe("supernet", 960);
    const [low, high] = progress.eta("supernet", 19) as [number, number];
    // 10 ms an image, everywhere until something else is known.
    const left = (81 * 96 + 8 * 1256 + 40 * 756 + 100 * 96 + 200) * 0.01;
    expect(low).toBeCloseTo(0.7 * left, 6);
    expect(high).toBeCloseTo(1.6 * left, 6);
    progress.observe("supernet", 960);
    const [firm, same] = progress.eta("supernet", 19) as [number, number];
    expect(firm).toBeCloseTo(left, 6);
    expect(same).toBe(firm);
  });

  it("uses a phase's own times where it has them, and the median against stalls", () => {
    const progress = new Progress(totals, images);
    for (let i = 0; i < 30; i++) progress.observe("supernet", i === 7 ? 60_000 : 96);
    for (let i = 0; i < 30; i++) progress.observe("search", 7560);
    const [eta] = progress.eta("search", 30) as [number, number];
    expect(progress.unitMs("supernet")).toBe(96);
    expect(eta).toBeGreaterThan(10 * 7.56);
  });

  it("is nothing when all is done", () => {
    const progress = new Progress(totals, images);
    progress.observe("test", 1);
    expect(progress.eta("test", 200)).toEqual([0, 0]);
  });

  it("follows a change of speed within its window", () => {
    const progress = new Progress(totals, images);
    for (let i = 0; i < 500; i++) progress.observe("supernet", 1000);
    for (let i = 0; i < 26; i++) progress.observe("supernet", 10);
    expect(progress.unitMs("supernet")).toBeCloseTo(10, 9);
  });
});
