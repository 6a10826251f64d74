import { describe, expect, it } from "vitest";
import { clockStepUs, isCoarse, quantumOf, stampReadingUs, wallReadingUs } from "./timers";

describe("timestamps", () => {
  it("are coarse when more than 30 % are nought or multiples of 100 µs", () => {
    expect(isCoarse([0, 100, 200, 0])).toBe(true);
    expect(isCoarse([31.2, 45.1, 0, 100.5, 77.3, 12.9, 55.5, 200, 61.3, 300])).toBe(false);
    expect(isCoarse([31.2, 45.1, 0, 100, 77.3, 12.9, 55.5, 200, 61.3, 300])).toBe(true);
    expect(isCoarse([])).toBe(true);
  });

  it("show their step", () => {
    expect(quantumOf([0, 300, 1200])).toBe(300);
    expect(quantumOf([100, 300])).toBe(100);
    expect(quantumOf([40.96, 61.44])).toBe(20.48);
    expect(quantumOf([0, 0])).toBe(0);
  });
});

describe("clockStepUs", () => {
  it("finds by how much a clock moves, and gives up on one that stands", () => {
    let looks = 0;
    expect(clockStepUs(() => Math.floor(looks++ / 7) * 0.1)).toBeCloseTo(100, 6);
    expect(clockStepUs(() => 5)).toBe(0);
  });
});

describe("how long a reading lasts", () => {
  it("is 50 steps, 10 round trips, and a millisecond at least", () => {
    expect(wallReadingUs(100, 0)).toBe(5000);
    expect(wallReadingUs(5, 2500)).toBe(25_000);
    expect(wallReadingUs(0.05, 3)).toBe(1000);
    expect([stampReadingUs(100), stampReadingUs(0.001)]).toEqual([5000, 2000]);
  });
});
