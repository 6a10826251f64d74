import { describe, expect, it } from "vitest";
import { binomialError, mean, median, quantile, std, wilsonInterval } from "./stats";

describe("centre and spread", () => {
  it("computes mean and population deviation", () => {
    expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
    expect(std([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
    expect(mean([])).toBeNaN();
  });

  it("interpolates quantiles like NumPy and leaves its argument alone", () => {
    const values = [4, 1, 3, 2];
    expect([median(values), quantile(values, 0), quantile(values, 1), quantile(values, 0.25)]).toEqual([
      2.5, 1, 4, 1.75,
    ]);
    expect(values).toEqual([4, 1, 3, 2]);
    expect(median(Float32Array.of(3))).toBe(3);
    expect(median([])).toBeNaN();
  });
});

describe("accuracy intervals", () => {
  it("gives the Wilson interval", () => {
    // 8 of 10: textbook 0.4902 … 0.9433; 0 of 10: 0 … 0.2775.
    const eight = wilsonInterval(0.8, 10);
    expect(eight.low).toBeCloseTo(0.4902, 4);
    expect(eight.high).toBeCloseTo(0.9433, 4);
    expect(wilsonInterval(0, 10).low).toBe(0);
    expect(wilsonInterval(0, 10).high).toBeCloseTo(0.2775, 4);
    expect(wilsonInterval(0.5, 0)).toEqual({ low: 0, high: 1 });
  });

  it("gives the standard error of 1,000 images at 90 %", () => {
    expect(binomialError(0.9, 1000)).toBeCloseTo(0.0095, 4);
  });
});
