/** Predicted times grow with the size and scale with the machine. */
import { expect, it } from "vitest";
import { predictedSeconds } from "./prediction";

const machine = { calibrationMs: 40, train: 10_000 };

it("grows with the size and is proportional to the step time", () => {
  const times = (["nano", "tiny", "small", "full"] as const).map((size) => predictedSeconds("macro8", size, machine));
  expect([...times].sort((a, b) => a - b)).toEqual(times);
  expect(predictedSeconds("macro8", "tiny", { ...machine, calibrationMs: 80 })).toBeCloseTo(2 * (times[1] ?? 0));
});

it("counts the nano run: 3,000 steps and 128 evaluations of 756 images", () => {
  const imageMs = 40 / 32;
  expect(predictedSeconds("macro8", "nano", machine)).toBeCloseTo(
    (3000 * 32 * imageMs + (128 * (8 * 32 + 500) * imageMs) / 3) / 1000,
  );
});
