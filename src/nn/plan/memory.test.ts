import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { place, type Lifetime } from "./memory";

const lifetimes = fc
  .array(fc.record({ floats: fc.integer({ min: 1, max: 5000 }), first: fc.integer({ min: 0, max: 40 }), length: fc.integer({ min: 0, max: 20 }) }), { maxLength: 60 })
  .map((list) => list.map(({ floats, first, length }, id): Lifetime => ({ id, floats, first, last: first + length })));

describe("place", () => {
  it("never lets two buffers share memory while both live, and stays inside its size", () => {
    fc.assert(
      fc.property(lifetimes, (list) => {
        const { offsets, floats } = place(list);
        for (const a of list) {
          const from = offsets.get(a.id) ?? NaN;
          expect(from % 16).toBe(0);
          expect(from + a.floats).toBeLessThanOrEqual(floats);
          for (const b of list) {
            if (a.id >= b.id || a.first > b.last || b.first > a.last) continue;
            const other = offsets.get(b.id) ?? NaN;
            expect(from + a.floats <= other || other + b.floats <= from).toBe(true);
          }
        }
      }),
    );
  });

  it("reuses the memory of what is dead", () => {
    const chain = Array.from({ length: 10 }, (_, id): Lifetime => ({ id, floats: 160, first: id, last: id + 1 }));
    expect(place(chain).floats).toBe(320);
  });
});
