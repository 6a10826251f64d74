import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeCandidate } from "./fakeCandidate";
import { paretoFront } from "./pareto";

describe("paretoFront", () => {
  it("keeps what is neither cheaper nor better elsewhere, ascending by cost", () => {
    const pool = [
      fakeCandidate({ index: 0, macs: 300, accuracy: 0.7 }),
      fakeCandidate({ index: 1, macs: 100, accuracy: 0.5 }),
      fakeCandidate({ index: 2, macs: 200, accuracy: 0.4 }),
      fakeCandidate({ index: 3, macs: 100, accuracy: 0.5 }),
      fakeCandidate({ index: 4, macs: 100, accuracy: 0.3 }),
      fakeCandidate({ index: 5, macs: 50, accuracy: null }),
    ];
    expect(paretoFront(pool).map((c) => c.index)).toEqual([1, 0]);
  });

  it("can use parameters", () => {
    const pool = [fakeCandidate({ index: 0, macs: 1, params: 9 }), fakeCandidate({ index: 1, macs: 2, params: 8 })];
    expect(paretoFront(pool, "params").map((c) => c.index)).toEqual([1]);
  });

  it("is minimal and covers the pool", () => {
    const item = fc.record({ macs: fc.integer({ min: 1, max: 9 }), accuracy: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 25 }), (items) => {
        const pool = items.map((x, index) => fakeCandidate({ index, macs: x.macs, accuracy: x.accuracy / 10 }));
        const front = paretoFront(pool);
        const value = (c: (typeof pool)[number]) => c.accuracy?.value ?? NaN;
        for (const c of pool) expect(front.some((f) => f.macs <= c.macs && value(f) >= value(c))).toBe(true);
        for (const f of front)
          expect(front.some((g) => g !== f && g.macs <= f.macs && value(g) >= value(f))).toBe(false);
      }),
    );
  });
});
