/** Predicted times grow with the size and scale with the machine. */
import { expect, it } from "vitest";
import { algorithmIds, spaceIds } from "@/store/keys";
import { isPredicted, predictedSeconds } from "./prediction";

const machine = { calibrationMs: 40, train: 10_000 };
const sizes = ["nano", "tiny", "small", "full"] as const;
const pairs = algorithmIds.flatMap((algorithm) => spaceIds.map((space) => [algorithm, space] as const));

it.each(pairs)("%s on %s grows with the size and is proportional to the step time", (algorithm, space) => {
  const times = sizes.map((size) => predictedSeconds(algorithm, space, size, machine));
  expect([...times].sort((a, b) => a - b)).toEqual(times);
  expect(times[0]).toBeGreaterThan(1);
  expect(predictedSeconds(algorithm, space, "tiny", { ...machine, calibrationMs: 80 })).toBeCloseTo(
    2 * (times[1] ?? 0),
  );
  expect(isPredicted(algorithm, space, "full")).toBe(true);
});

it("counts the nano run: 3,000 steps and 128 evaluations of 756 images", () => {
  const imageMs = 40 / 32;
  expect(predictedSeconds("spos", "macro8", "nano", machine)).toBeCloseTo(
    (3000 * 32 * imageMs + (128 * (8 * 32 + 500) * imageMs) / 3) / 1000,
  );
});

it("counts the nano search by α: 512 iterations of six passes over 16 images, nine scores, 624 steps of the mean network", () => {
  const macMs = 40 / 32 / ((218_688 + 2_656_320) / 2);
  const search = 512 * 16 * 6 + 8 * (8 * 16 + 500) + 2 * (8 * 16 + 500);
  const retrain = 4 * 156 * 64;
  const mean = (526_976 + 1_636_992) / 2;
  expect(predictedSeconds("darts", "darts-cell", "nano", machine)).toBeCloseTo(
    (macMs * ((search * 1_488_704) / 3 + retrain * mean)) / 1000,
  );
});

it("leaves out the search where there is none", () => {
  const seconds = (only: boolean): number => predictedSeconds("darts", "darts-cell", "nano", machine, only);
  const macMs = 40 / 32 / ((218_688 + 2_656_320) / 2);
  expect(seconds(true)).toBeCloseTo((macMs * 4 * 156 * 64 * (526_976 + 1_636_992)) / 2 / 1000);
  expect(seconds(true)).toBeLessThan(seconds(false));
});

it("says that a sampled pass runs one op of eight", () => {
  const seconds = (algorithm: "darts" | "gdas"): number => predictedSeconds(algorithm, "darts-cell", "tiny", machine);
  expect(seconds("gdas")).toBeLessThan(seconds("darts"));
});
