import { describe, expect, it } from "vitest";
import { exponential, paperAnnealing, temperatureAt } from "./temperature";
import { type GoldenTensor, readFbnet } from "./testing/golden";

describe("temperatureAt", () => {
  const plan = { from: 5, to: 0.15, warmup: 2, epochs: 8 };

  it("stands still in the warm-up and in the first epoch after it, then decays by a constant factor to the end", () => {
    const all = Array.from({ length: 9 }, (_, epoch) => temperatureAt(epoch, plan));
    expect(all.slice(0, 3)).toEqual([5, 5, 5]);
    for (let epoch = 3; epoch <= 8; epoch++) expect((all[epoch] ?? 0) / (all[epoch - 1] ?? 0)).toBeCloseTo(0.03 ** (1 / 6), 12);
    expect(all[8]).toBeCloseTo(0.15, 12);
  });

  it("has the decays that the sizes are said to have", () => {
    const factor = (warmup: number, epochs: number): number => temperatureAt(warmup + 1, { ...plan, warmup, epochs }) / 5;
    expect([factor(2, 8), factor(4, 20), factor(10, 90)].map((value) => Number(value.toFixed(2)))).toEqual([0.56, 0.8, 0.96]);
  });

  it("is defined where there is no epoch after the warm-up", () => {
    expect(temperatureAt(1, { ...plan, warmup: 2, epochs: 2 })).toBe(5);
  });
});

it("the paper's annealing, and its rounded form, are the golden schedules", () => {
  const { schedule } = readFbnet<{ readonly schedule: Readonly<Record<"epoch" | "tauExp" | "tau0956", readonly number[] | GoldenTensor>> }>("gumbel");
  const list = (value: readonly number[] | GoldenTensor): readonly number[] => ("data" in value ? value.data : value);
  list(schedule.epoch).forEach((epoch, i) => {
    expect(exponential(paperAnnealing.from, paperAnnealing.perEpoch, epoch) / (list(schedule.tauExp)[i] ?? NaN)).toBeCloseTo(1, 8);
    expect(exponential(paperAnnealing.from, paperAnnealing.rounded, epoch) / (list(schedule.tau0956)[i] ?? NaN)).toBeCloseTo(1, 8);
  });
});
