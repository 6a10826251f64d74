import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { gumbelGradient } from "../cell/gumbel";
import { softmaxRows } from "../cell/rows";
import { clampedNoise, drawPicks, logProbability, noiseOf, relativeEntropy, topTwo } from "./draws";
import { slopesOf } from "./testing/golden";

describe("noise", () => {
  it("is the Gumbel of a uniform number, finite at both ends", () => {
    expect(noiseOf(0.5)).toBeCloseTo(-Math.log(Math.log(2)), 12);
    expect(noiseOf(0)).toBe(noiseOf(1e-7));
    expect(noiseOf(1)).toBe(noiseOf(1 - 1e-7));
    expect([noiseOf(0), noiseOf(1)].every(Number.isFinite)).toBe(true);
  });

  it("has the mean of Gumbel's distribution", () => {
    const noise = clampedNoise(20_000, rootKey(3).stream());
    expect(noise.reduce((a, b) => a + b, 0) / noise.length).toBeCloseTo(0.5772, 1);
  });
});

describe("drawPicks", () => {
  const p = [Float64Array.of(0.5, 0.3, 0.2), Float64Array.of(0, 1, 0)];

  it("draws every row by its probabilities", () => {
    const rng = rootKey(1).stream();
    const counts = [0, 0, 0];
    const n = 6000;
    for (let i = 0; i < n; i++) {
      const [first = -1, second] = drawPicks(p, rng);
      counts[first] = (counts[first] ?? 0) + 1;
      expect(second).toBe(1);
    }
    counts.forEach((count, option) => expect(Math.abs(count / n - (p[0]?.[option] ?? 0))).toBeLessThan(4 * Math.sqrt(0.25 / n)));
  });

  it("never draws what has no probability, even where rounding leaves a crumb", () => {
    const almostOne = { ...rootKey(1).stream(), next: () => 1 - 2 ** -32 };
    expect(drawPicks([[0.1, 0.2, 0.7 - 1e-9, 0]], almostOne)).toEqual([2]);
  });

  it("sums logarithms", () => {
    expect(logProbability(p, [2, 1])).toBeCloseTo(Math.log(0.2), 12);
    expect(logProbability(p, [0, 0])).toBe(-Infinity);
  });
});

it("relativeEntropy is 1 undecided and 0 certain", () => {
  expect(relativeEntropy([0.25, 0.25, 0.25, 0.25])).toBeCloseTo(1, 12);
  expect(relativeEntropy([0, 1, 0])).toBe(0);
  expect(relativeEntropy([1])).toBe(0);
  expect(relativeEntropy([0.5, 0.5, 0, 0])).toBeCloseTo(0.5, 12);
});

describe("topTwo", () => {
  const theta = [0.7, -0.4, 1.1, 0.2];
  const noise = [0.3, 2.1, -0.5, 0.1];

  it("keeps the two largest with their shares, and the rest at nought", () => {
    const { columns, weights } = topTwo(theta, noise, 1.5);
    expect(columns).toEqual([0, 1]);
    const [a, b] = [Math.exp(1 / 1.5), Math.exp(1.7 / 1.5)];
    [a / (a + b), b / (a + b), 0, 0].forEach((want, i) => expect(weights[i]).toBeCloseTo(want, 12));
  });

  it("has the gradient of finite differences within the pair, and none outside", () => {
    const [tau, upstream] = [0.8, [1.3, -0.7, 5, -2]];
    const { weights } = topTwo(theta, noise, tau);
    const value = (at: readonly number[]): number => topTwo(at, noise, tau).weights.reduce((sum, w, i) => sum + w * (upstream[i] ?? NaN), 0);
    const got = gumbelGradient(weights, upstream, theta.length, tau);
    slopesOf(value, theta).forEach((slope, i) => expect(got[i]).toBeCloseTo(slope, 7));
    expect([...got.slice(2)].map(Math.abs)).toEqual([0, 0]);
  });

  it("draws pairs without replacement from softmax(θ)", () => {
    const p = softmaxRows(theta, theta.length);
    const rng = rootKey(5).stream();
    const n = 6000;
    const counts = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      const pair = topTwo(theta, clampedNoise(theta.length, rng), 1).columns.join();
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    for (let a = 0; a < theta.length; a++)
      for (let b = a + 1; b < theta.length; b++) {
        const [pa, pb] = [p[a] ?? 0, p[b] ?? 0];
        const want = (pa * pb) / (1 - pa) + (pb * pa) / (1 - pb);
        expect(Math.abs((counts.get(`${a},${b}`) ?? 0) / n - want)).toBeLessThan(4 * Math.sqrt((want * (1 - want)) / n));
      }
  });

  it("gives a lone candidate everything", () => {
    expect(topTwo([0.3], [1], 2)).toEqual({ columns: [0], weights: Float64Array.of(1) });
  });
});
