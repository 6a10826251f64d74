import { describe, expect, it } from "vitest";
import { inventedTable } from "@/algorithms/testing/inventedTable";
import { makeSpace } from "../space/registry";
import { biasOf, fitOf, noFit } from "./fit";
import { refit, sumOfMember } from "./refit";
import { costsOf } from "./table";

const pointsOf = (pairs: readonly (readonly [number, number])[]) => pairs.map(([sum, measured], i) => ({ id: String(i), sum, measured }));

describe("fitOf", () => {
  it("is least squares and Pearson's r (values by hand)", () => {
    const points = pointsOf([[1, 2], [2, 3], [3, 5]]); // prettier-ignore
    const fit = fitOf(points);
    expect(fit.b).toBeCloseTo(1.5, 12);
    expect(fit.a).toBeCloseTo(1 / 3, 12);
    expect(fit.r).toBeCloseTo(3 / Math.sqrt(2 * (14 / 3)), 12);
    expect([fit.n, fit.points]).toEqual([3, points]);
    expect(biasOf(points)).toBeCloseTo(4 / 3, 12);
  });

  it("says r 1 of a line and −1 of a falling one", () => {
    expect(fitOf(pointsOf([[1, 12], [2, 14], [7, 24]]))).toMatchObject({ a: expect.closeTo(10, 9) as number, b: expect.closeTo(2, 9) as number, r: expect.closeTo(1, 12) as number }); // prettier-ignore
    expect(fitOf(pointsOf([[1, 3], [2, 2], [3, 1]])).r).toBeCloseTo(-1, 12); // prettier-ignore
  });

  it("stays finite without points, with one, and with equal sums or times", () => {
    expect(fitOf([])).toEqual(noFit);
    expect(fitOf(pointsOf([[5, 7]]))).toMatchObject({ a: 2, b: 1, r: 0, n: 1 });
    expect(fitOf(pointsOf([[5, 7], [5, 9]]))).toMatchObject({ a: 3, b: 1, r: 0, n: 2 }); // prettier-ignore
    expect(fitOf(pointsOf([[5, 7], [6, 7]]))).toMatchObject({ a: 7, b: 0, r: 0 }); // prettier-ignore
  });
});

describe("refit", () => {
  const space = makeSpace("fbnet-v1", "nano");
  const table = inventedTable(space);
  it("keeps what was measured and sums what the entries say now", () => {
    const costs = costsOf(table, space.latency ?? { fixed: [], slots: [] });
    if (costs === null) throw new Error("no costs");
    const ids = ["00000", "33333", "44144"];
    const points = ids.map((id) => ({ id, sum: 1, measured: 10 + 2 * (sumOfMember(costs, space, id) ?? 0) }));
    const again = refit({ ...table, fit: fitOf([...points, { id: "nonsense", sum: 1, measured: 1 }]) }, space);
    expect(again.fit).toMatchObject({ n: 3, a: expect.closeTo(10, 6) as number, b: expect.closeTo(2, 9) as number });
    expect(refit({ ...again, fixed: [] }, space).fit).toBe(again.fit);
    expect(refit(table, space)).toBe(table);
  });
});
