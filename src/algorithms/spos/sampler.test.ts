import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { macro8 } from "@/nas/space/macro8";
import { makeSpace } from "@/nas/space/registry";
import type { Space } from "@/nas/space/types";
import { makeSampler } from "./sampler";
import { choicesPerSlot } from "./state";

const steps = 1200;

function countsOf(space: Space, kind: "uniform" | "fair" | "cost", n = steps) {
  const width = choicesPerSlot(space);
  const sampler = makeSampler(space, kind, "macs", rootKey(7).fold("path"));
  const counts = new Float64Array(space.mutables.length * width);
  const macs: number[] = [];
  let paths = 0;
  for (let step = 0; step < n; step++) {
    for (const path of sampler.paths(step)) {
      paths++;
      macs.push(space.cost(path).macs);
      for (const [slot, m] of space.mutables.entries()) {
        const cell = slot * width + (m.choices as readonly unknown[]).indexOf(path[m.id]);
        counts[cell] = (counts[cell] as number) + 1;
      }
    }
  }
  return { counts, paths, macs, shares: sampler.shares };
}

describe.each([macro8("nano"), makeSpace("spos", "nano")])("paths of $id", (space) => {
  it("uniform: every choice within five standard deviations of its share", () => {
    const { counts, paths, shares } = countsOf(space, "uniform");
    expect(paths).toBe(steps);
    for (const [cell, count] of counts.entries()) {
      const p = shares[cell] as number;
      expect(Math.abs(count - paths * p)).toBeLessThanOrEqual(5 * Math.sqrt(paths * p * (1 - p)));
    }
    // Not a fixed rotation: exactly equal counts would be a miracle.
    expect(new Set(counts).size).toBeGreaterThan(2);
  });

  it("strictly fair: every choice exactly once a step", () => {
    const { counts, paths } = countsOf(space, "fair", 50);
    expect(paths).toBe(50 * choicesPerSlot(space));
    expect(new Set(counts)).toEqual(new Set([50]));
  });

  it("cost-uniform: costs spread more evenly, and the expected shares are those that are drawn", () => {
    const entropy = (costs: readonly number[]): number => {
      const uniform = countsOf(space, "uniform").macs.sort((a, b) => a - b);
      const [low, high] = [uniform[Math.floor(0.05 * uniform.length)] as number, uniform[Math.floor(0.95 * uniform.length)] as number];
      const bins = new Float64Array(7);
      for (const c of costs) if (c >= low && c <= high) bins[Math.min(6, Math.floor((7 * (c - low)) / (high - low)))]! += 1;
      const total = bins.reduce((a, b) => a + b, 0);
      return -bins.reduce((a, b) => a + (b > 0 ? (b / total) * Math.log(b / total) : 0), 0);
    };
    const cost = countsOf(space, "cost");
    expect(entropy(cost.macs)).toBeGreaterThan(entropy(countsOf(space, "uniform").macs) + 0.05);
    expect(entropy(cost.macs)).toBeGreaterThan(0.97 * Math.log(7));
    for (const [cell, count] of cost.counts.entries()) {
      const p = cost.shares[cell] as number;
      // The shares are themselves an estimate from 4,000 draws.
      const sigma = Math.sqrt(p * (1 - p) * (cost.paths + cost.paths ** 2 / 4000));
      expect(Math.abs(count - cost.paths * p)).toBeLessThanOrEqual(5 * sigma + 1e-9);
    }
  });

  it("depend on key and step alone", () => {
    for (const kind of ["uniform", "fair", "cost"] as const) {
      const make = (seed: number) => makeSampler(space, kind, "macs", rootKey(seed).fold("path"));
      const [a, b, other] = [make(7), make(7), make(8)];
      b.paths(3);
      expect(b.paths(11)).toEqual(a.paths(11));
      expect(Array.from({ length: 5 }, (_, i) => other.paths(i))).not.toEqual(Array.from({ length: 5 }, (_, i) => a.paths(i)));
    }
  });
});
