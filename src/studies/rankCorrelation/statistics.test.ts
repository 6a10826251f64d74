import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import type { MacroTruth } from "@/nas/benchmark/macroTable";
import { formatStatistics, rounded } from "./report";
import type { RunRecord } from "./resultFile";
import { meanOfTop, rankOfBest, studyStatistics } from "./statistics";

const network = (id: string, accuracy: number, i: number): MacroTruth => ({
  id,
  accuracy,
  std: 0,
  runs: [accuracy, accuracy + 0.001, accuracy - 0.001],
  params: 1000 - i,
  macs: 100 + i,
});
// Truth rises with i; so do FLOPs, and parameters fall.
const networks = Array.from({ length: 24 }, (_, i) => network(i.toString(3).padStart(8, "0"), 0.8 + i / 200, i));
const set = { uniform: networks.slice(0, 12), top: networks.slice(12) };

function runWith(seed: number, score: (n: MacroTruth, i: number) => { recalibrated: number; running: number }): RunRecord {
  return {
    seed,
    finalLoss: 2,
    trainSeconds: 1,
    scoreSeconds: 1,
    date: "2025-01-01T00:00:00.000Z",
    machine: { cpu: "x", cores: 1, node: "v20", backend: "wasm" },
    scores: Object.fromEntries(networks.map((n, i) => [n.id, score(n, i)])),
  };
}

describe("meanOfTop and rankOfBest", () => {
  it("take the best by score", () => {
    expect(meanOfTop([3, 1, 2], [0.9, 0.5, 0.7], 2)).toBeCloseTo(0.8);
    expect(rankOfBest([1, 3, 2], [0.9, 0.5, 0.7])).toBe(3);
  });
  it("count a tie by its mean, as if the order were drawn", () => {
    expect(meanOfTop([2, 1, 1, 0], [1, 0.4, 0.2, 0.9], 2)).toBeCloseTo((1 + 0.3) / 2);
    expect(rankOfBest([5, 5, 1], [0.9, 0.7, 0.8])).toBe(2);
    expect(meanOfTop([1, 1, 1], [0.3, 0.6, 0.9], 10)).toBeCloseTo(0.6);
  });
});

describe("studyStatistics", () => {
  const perfect = runWith(7, (n) => ({ recalibrated: n.accuracy / 2, running: 0.1 + (1 - n.accuracy) }));
  const reversed = runWith(8, (n) => ({ recalibrated: 1 - n.accuracy, running: n.accuracy }));
  const of = (runs: RunRecord[]) => studyStatistics(set, runs, rootKey(1), 50);

  it("finds perfect and reversed rankings, on all and on the halves", () => {
    const { subsets } = of([perfect]);
    for (const subset of Object.values(subsets)) {
      expect(subset.scorers.recalibrated).toMatchObject({ tau: 1, rankOfBest: 1 });
      expect(subset.scorers.running.tau).toBe(-1);
      expect(subset.scorers.flops.tau).toBe(1);
      expect(subset.scorers.params.tau).toBe(-1);
      expect(subset.scorers.recalibrated.topAccuracy).toBeCloseTo(subset.reference.bestTopAccuracy);
      expect(subset.recalibratedLess.flops.tau).toBe(0);
      expect(subset.recalibratedLess.running).toMatchObject({ tau: 2 });
    }
    expect([subsets.all.networks, subsets.uniform.networks, subsets.topQuartile.networks]).toEqual([24, 12, 12]);
    expect(subsets.all.reference.tauBetweenRuns).toBeCloseTo(1);
  });

  it("averages over seeds and keeps each seed", () => {
    const { subsets } = of([perfect, reversed]);
    expect(subsets.all.scorers.recalibrated).toMatchObject({ tau: 0, tauSpread: 1, rankOfBest: 12.5 });
    expect(subsets.all.seeds["7"]?.recalibrated.tau).toBe(1);
    expect(subsets.all.seeds["8"]?.recalibrated.tau).toBe(-1);
    expect(subsets.all.scorers.recalibrated.tauInterval).toEqual({ low: 0, high: 0 });
  });

  it("gives an interval around a noisy ranking, alike each time", () => {
    const noise = rootKey(5).stream();
    const noisy = runWith(7, (_, i) => ({ recalibrated: 0.3 + (i + 14 * noise.next()) / 100, running: 0.1 }));
    const { scorers } = of([noisy]).subsets.all;
    const interval = scorers.recalibrated.tauInterval;
    expect(interval?.low).toBeLessThan(scorers.recalibrated.tau);
    expect(interval?.high).toBeGreaterThan(scorers.recalibrated.tau);
    expect(of([noisy])).toEqual(of([noisy]));
  });

  it("has no τ, and no interval, for a ranking in which all are equal", () => {
    const flat = runWith(7, () => ({ recalibrated: 0.1, running: 0.1 }));
    const { recalibrated } = of([flat]).subsets.all.scorers;
    expect(recalibrated.tau).toBeNaN();
    expect(recalibrated.tauInterval).toBeNull();
  });

  it("becomes a table, and a record without single accuracies", () => {
    const statistics = of([perfect]);
    expect(formatStatistics(statistics)).toContain("| supernet, recalibrated | 1.00");
    expect(rounded({ a: [0.123456], b: null })).toEqual({ a: [0.1235], b: null });
    expect(JSON.stringify(statistics)).not.toMatch(/"[012]{8}"/);
  });

  it("refuses a run without a network's score", () => {
    expect(() => of([{ ...perfect, scores: {} }])).toThrow(/no score of network/);
  });
});
