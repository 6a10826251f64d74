import { describe, expect, it } from "vitest";
import { Comparison, digest } from "./compare";

function lineOf(fill: (compare: Comparison) => void) {
  const compare = new Comparison("case");
  fill(compare);
  return compare.result();
}

describe("a case's line", () => {
  it("is that of the tensor closest to its own tolerance, with the worst absolute error", () => {
    const line = lineOf((c) => {
      c.tensor("y", [100.001, 0], [100, 0], 1e-4);
      c.tensor("dx", [1.00002, 0], [1, 0], 1e-4);
    });
    expect(line).toMatchObject({ name: "case", status: "pass", tolerance: 1e-4, note: "2 comparisons, worst dx" });
    expect(line.relError).toBeCloseTo(2e-5, 9);
    expect(line.absError).toBeCloseTo(1e-3, 9);
  });

  it("relates an error to the tensor's maximum, or to 1 where there is none", () => {
    expect(lineOf((c) => c.tensor("y", [0, 1000.5], [0.5, 1000], 1e-3)).status).toBe("pass");
    expect(lineOf((c) => c.tensor("y", [1e-5, 0], [1e-17, 0], 1e-4)).relError).toBeCloseTo(1e-5, 9);
    expect(lineOf((c) => c.absolute("α", [1000.5], [1000], 1e-3)).status).toBe("fail");
  });

  it("fails on one number out of many, on a number that is none, on a wrong length and on nothing at all", () => {
    expect(lineOf((c) => c.tensor("y", [1, 2, 3.1], [1, 2, 3], 1e-3))).toMatchObject({ status: "fail", note: "1 of 1 comparison differ: worst y" });
    expect(lineOf((c) => c.tensor("y", [1, Number.NaN], [1, 2], 1e-3)).status).toBe("fail");
    expect(lineOf((c) => c.tensor("y", [1], [1, 2], 1e-3)).note).toContain("y has 1 numbers, expected 2");
    expect(lineOf(() => undefined)).toMatchObject({ status: "fail", note: "The case expects nothing." });
    expect(lineOf((c) => c.problem("our network has no weight w")).note).toContain("our network has no weight w");
  });

  it("holds exact things to equality: numbers, lists in order, records in any", () => {
    expect(lineOf((c) => c.exact("list", [["a", 1]], [["a", 1]]))).toMatchObject({ status: "pass", tolerance: 0 });
    expect(lineOf((c) => c.exact("record", { a: [1], b: null }, { b: null, a: [1] })).status).toBe("pass");
    expect(lineOf((c) => c.exact("list", ["a", "b"], ["b", "a"])).note).toContain('list is ["a","b"], expected ["b","a"]');
    expect(lineOf((c) => c.exact("record", { a: 1 }, { a: 1, b: 2 })).status).toBe("fail");
    expect(lineOf((c) => c.exact("macs", 7, 14))).toMatchObject({ status: "fail", absError: 7, relError: 0.5 });
  });

  it("sums tensors up as the reference does", () => expect(digest([[3], [-4]])).toEqual([-1, 5, 7]));
});
