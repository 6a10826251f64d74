import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { averageRanks, bootstrapInterval, kendallTauB, spearmanRho } from "./ranking";

/** The definition, pair by pair. */
function bruteTauB(x: readonly number[], y: readonly number[]): number {
  let [agree, n1, n2, n0] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((x[i] ?? 0) - (x[j] ?? 0));
      const dy = Math.sign((y[i] ?? 0) - (y[j] ?? 0));
      agree += dx * dy;
      n0++;
      if (dx === 0) n1++;
      if (dy === 0) n2++;
    }
  }
  return agree / Math.sqrt((n0 - n1) * (n0 - n2));
}

describe("rank correlation", () => {
  it.each([
    [[1, 2, 3, 4, 5], [3, 1, 2, 5, 4], 0.4, 0.6],
    [[1, 2, 2, 3, 4, 4, 4], [2, 1, 3, 3, 5, 4, 4], 0.7789808377, 0.8860760232],
  ])("%j %j", (x, y, tau, rho) => {
    expect(kendallTauB(x, y)).toBeCloseTo(tau, 10);
    expect(spearmanRho(x, y)).toBeCloseTo(rho, 10);
  });

  it("equals the definition on random data with ties", () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: -3, max: 3 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(pairs, (list) => {
        const [x, y] = [list.map((p) => p[0]), list.map((p) => p[1])];
        const [fast, slow] = [kendallTauB(x, y), bruteTauB(x, y)];
        expect(Number.isNaN(fast)).toBe(Number.isNaN(slow));
        if (!Number.isNaN(slow)) expect(fast).toBeCloseTo(slow, 12);
      }),
    );
  });

  it("has no value for a constant side", () => {
    expect(kendallTauB([1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(spearmanRho([1, 1, 1], [1, 2, 3])).toBeNaN();
    expect(() => kendallTauB([1], [1, 2])).toThrow(/cannot be compared/);
  });

  it("shares ranks among ties", () => {
    expect([...averageRanks([10, 20, 10, 5])]).toEqual([2.5, 4, 2.5, 1]);
  });
});

describe("bootstrapInterval", () => {
  const rng = () => rootKey(1).stream();
  const x = Array.from({ length: 60 }, (_, i) => i);

  it("is a point for perfect agreement and brackets the estimate otherwise", () => {
    expect(bootstrapInterval(x, x, kendallTauB, rng(), 50)).toEqual({ low: 1, high: 1 });
    const noisy = x.map((v) => v + 40 * Math.sin(v * 12.9898));
    const tau = kendallTauB(x, noisy);
    const interval = bootstrapInterval(x, noisy, kendallTauB, rng(), 300);
    expect(interval?.low).toBeLessThan(tau);
    expect(interval?.high).toBeGreaterThan(tau);
    expect(interval).toEqual(bootstrapInterval(x, noisy, kendallTauB, rng(), 300));
  });

  it("has none for constants", () => {
    expect(bootstrapInterval([1, 1], [1, 2], kendallTauB, rng(), 20)).toBeNull();
  });
});
