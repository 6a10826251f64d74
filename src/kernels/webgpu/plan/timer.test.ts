import { expect, test } from "vitest";
import { covered } from "./timer";

const stamps = (...pairs: readonly (readonly [number, number])[]): BigUint64Array => BigUint64Array.from(pairs.flat().map(BigInt));

test("adds up passes without the gaps between them, and overlaps once", () => {
  expect(covered(stamps([100, 150], [400, 430]), 2)).toBe(80);
  expect(covered(stamps([100, 150], [140, 200], [160, 180]), 3)).toBe(100);
  expect(covered(stamps([100, 150], [0, 0]), 1)).toBe(50);
});

test("nothing comes of stamps that run backwards or are missing", () => {
  expect(covered(stamps([150, 100], [0, 0]), 2)).toBe(0);
  expect(covered(stamps([100, 200], [50, 60], [180, 260]), 3)).toBe(160);
});

test("numbers beyond 2⁵³ keep their nanoseconds", () => {
  const base = 2n ** 60n;
  expect(covered(BigUint64Array.from([base + 1n, base + 4n]), 1)).toBe(3);
});
