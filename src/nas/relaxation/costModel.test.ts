import { describe, expect, it } from "vitest";
import { type CostModel, expectedCost } from "./costModel";
import { slopesOf } from "./testing/golden";

/** 3 + 2·A·B² + C with A and C over one row and B over another: everything that a term may be. */
const model: CostModel = {
  rows: [2, 3, 2],
  forms: [
    { row: 0, values: [8, 12] },
    { row: 1, values: [16, 24, 32] },
    { row: 0, values: [5, 7] },
  ],
  terms: [
    { times: 3, forms: [] },
    { times: 2, forms: [0, 1, 1] },
    { times: 1, forms: [2] },
  ],
};

const split = (flat: readonly number[]): number[][] => [flat.slice(0, 2), flat.slice(2, 5), flat.slice(5)];
const at = [0.25, 0.75, 0.5, 0.3, 0.2, 0.4, 0.6];

describe("expectedCost", () => {
  it("multiplies expectations", () => {
    const [a, b, c] = [0.25 * 8 + 0.75 * 12, 0.5 * 16 + 0.3 * 24 + 0.2 * 32, 0.25 * 5 + 0.75 * 7];
    const { total, terms } = expectedCost(model, split(at));
    expect(terms).toEqual([3, 2 * a * b * b, c]);
    expect(total).toBeCloseTo(3 + 2 * a * b * b + c, 9);
  });

  it("has the gradient of finite differences, of squares and shared rows too; a row that nothing reads has none", () => {
    const { gradient } = expectedCost(model, split(at));
    const slopes = slopesOf((flat) => expectedCost(model, split(flat)).total, at, 1e-4);
    expect(gradient.map((row) => row.length)).toEqual([2, 3, 2]);
    gradient.flatMap((row) => [...row]).forEach((value, i) => expect(value).toBeCloseTo(slopes[i] ?? NaN, 4));
    expect([...(gradient[2] ?? [])]).toEqual([0, 0]);
  });

  it("does not take a missing weight for nothing", () => {
    expect(expectedCost(model, [[1, 0], [1, 0]]).total).toBeNaN();
  });
});
