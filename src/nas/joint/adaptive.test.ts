import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/jointnas.json";
import { crossoverRate, fitnessStats, floored, mutationRate, rateFloor } from "./adaptive";

const { fitness, pc, pm } = golden.adaptive;

describe("adaptive rates", () => {
  it("are the golden ones, before the floor", () => {
    const stats = fitnessStats(fitness);
    fitness.forEach((f, i) => {
      expect(crossoverRate(f, stats)).toBeCloseTo(pc[i] as number, 9);
      expect(mutationRate(f, stats)).toBeCloseTo(pm[i] as number, 9);
    });
  });

  it("fall from the mean to the best, and are whole below the mean", () => {
    const stats = fitnessStats([0, 1, 2, 3, 4]);
    expect(stats).toEqual({ mean: 2, max: 4 });
    expect([1.99, 2, 3, 4].map((f) => crossoverRate(f, stats))).toEqual([1, 1, 0.5, 0]);
    expect([1.99, 2, 3, 4].map((f) => mutationRate(f, stats))).toEqual([0.5, 0.5, 0.25, 0]);
  });

  it("are 1 and a half where all are equal", () => {
    const stats = fitnessStats([0.5, 0.5, 0.5]);
    expect([crossoverRate(0.5, stats), mutationRate(0.5, stats)]).toEqual([1, 0.5]);
  });

  it("keep a floor in a search", () => {
    expect([0, 0.01, 0.5].map(floored)).toEqual([rateFloor, rateFloor, 0.5]);
    expect(rateFloor).toBe(0.02);
  });
});
