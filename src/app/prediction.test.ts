/** Predicted times grow with the size and scale with the machine. */
import { expect, it } from "vitest";
import { makeSpace } from "@/nas/space/registry";
import { algorithmIds, pairProblem, spaceIds } from "@/store/keys";
import { searchKind } from "@/store/methods";
import { isPredicted, predictedSeconds } from "./prediction";

const machine = { calibrationMs: 40, train: 10_000 };
const sizes = ["nano", "tiny", "small", "full"] as const;
const pairs = algorithmIds
  .flatMap((algorithm) => spaceIds.map((space) => [algorithm, space] as const))
  .filter(([algorithm, space]) => pairProblem(algorithm, space) === null);

it.each(pairs)("%s on %s grows with the size and is proportional to the step time", (algorithm, space) => {
  const times = sizes.map((size) => predictedSeconds(algorithm, space, size, machine));
  // FBNet's nano has tiny's networks and more images: it is to be worth looking at without a graphics card.
  const growing = ["stochastic", "joint"].includes(searchKind({ algorithm })) ? times.slice(1) : times;
  expect([...growing].sort((a, b) => a - b)).toEqual(growing);
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

const meanMs = 40 / 32 / ((218_688 + 2_656_320) / 2);

it("counts the nano search by θ: 1,000 steps of weights, 186 of θ, seven scores, 1,872 steps of the mean network", () => {
  const search = (1000 + 186) * 32;
  const members = (7 * (4 * 32 + 1000)) / 3 + 12 * 156 * 64;
  expect(predictedSeconds("fbnet-v1", "fbnet-v1", "nano", machine)).toBeCloseTo(
    (meanMs * (search * 1_889_920 + (members * (123_520 + 908_032)) / 2)) / 1000,
  );
});

it("takes all resolutions at once for more work than one a step", () => {
  const share = (size: "tiny" | "small"): number =>
    predictedSeconds("fbnet-v2", "fbnet-v2", size, machine) / predictedSeconds("fbnet-v1", "fbnet-v1", size, machine);
  expect(share("tiny")).toBeGreaterThan(0);
  expect(share("small")).toBeGreaterThan(share("tiny"));
});

it("counts the nano search of pairs: twelve of four epochs, below the limit", () => {
  const space = makeSpace("fbnet-v3", "nano");
  const mean = (space.cost(space.extremes("macs").min.choices).macs + 0.8e6) / 2;
  const images = 12 * (4 * 31 * 32 + (4 * (4 * 32 + 1000)) / 3) + 12 * 156 * 64;
  expect(predictedSeconds("fbnet-v3", "fbnet-v3", "nano", machine)).toBeCloseTo((meanMs * images * mean) / 1000);
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
