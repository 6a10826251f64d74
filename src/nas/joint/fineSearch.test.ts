import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { makeSpace } from "../space/registry";
import { crossoverRate, fitnessStats, floored, mutationRate, rateFloor } from "./adaptive";
import { earlyStop } from "./earlyStop";
import { jointSpace, type Pair } from "./encode";
import { fineEnded, fineGeneration, type FineOptions, fineSearch, type FineState, leastGain, patience, randomPairs, type Scorer, startFine, sweepLimits } from "./fineSearch";

const joint = jointSpace(makeSpace("macro8", "nano"));
const options: FineOptions = { best: 4, random: 16, keep: 20, generations: 20, limit: 1.4e6 };
const key = rootKey(3);

/** Something with one best pair: large MACs, and a recipe in the middle of its ranges. */
const score = ({ choices, recipe, macs }: Pair): number => macs / 2e6 - joint.encodeRecipe(recipe).reduce((sum, v) => sum + Math.abs(v - 0.5), 0) / 10 + (choices["layer.0"] === "mb6_k5" ? 0.1 : 0);
const scorer = (pairs: readonly Pair[]): number[] => pairs.map(score);
const trained = randomPairs(joint, 8, options.limit, new Set(), key.fold("trained").stream());

function watched(): { readonly state: FineState; readonly asked: Pair[] } {
  const asked: Pair[] = [];
  const state = fineSearch(joint, trained, options, (pairs) => (asked.push(...pairs), scorer(pairs)), key);
  return { state, asked };
}

describe("the fine stage", () => {
  it("keeps to the limit, scores no pair of its own twice, and gets better", () => {
    const { state, asked } = watched();
    expect(asked.every(({ macs }) => macs <= options.limit)).toBe(true);
    expect(new Set(state.seen).size).toBe(state.seen.length);
    expect(state.seen.length).toBe(state.calls);
    // As many calls again are the random side's.
    expect(asked.length).toBe(2 * state.calls);
    const start = startFine(joint, trained, options, scorer, key);
    expect(state.pool[0]?.score).toBeGreaterThan((start.pool[0]?.score ?? Infinity) + 0.05);
    expect(state.pool[0]?.score).toBeGreaterThan(state.randomBest?.score ?? Infinity);
    expect(state.pool.map((one) => one.score)).toEqual([...state.pool.map((one) => one.score)].sort((a, b) => b - a));
    expect(state.pool.length).toBe(options.keep);
  });

  it("starts with the best trained pairs that the limit allows", () => {
    const low = { ...options, limit: 1e6 };
    const allowed = trained.filter(({ macs }) => macs <= low.limit).slice(0, low.best);
    const state = startFine(joint, trained, low, scorer, key);
    expect(allowed.every((pair) => state.seen.includes(pair.key))).toBe(true);
    expect(state.calls).toBe(low.best + low.random);
    expect(state.pool.every(({ pair }) => pair.macs <= low.limit)).toBe(true);
  });

  it("continues alike from a state that was written down", () => {
    const whole = watched().state;
    let state = startFine(joint, trained, options, scorer, key);
    while (!fineEnded(state, options)) {
      state = JSON.parse(JSON.stringify(state)) as FineState;
      fineGeneration(joint, state, options, scorer, key);
    }
    expect(state).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  it("ends when nothing improves any more, or at the last generation", () => {
    const flat = fineSearch(joint, trained, options, (pairs) => pairs.map(() => 0.5), key);
    expect(flat.generation).toBe(patience);
    expect(fineSearch(joint, trained, { ...options, generations: 2 }, scorer, key).generation).toBe(2);
  });

  it("says what a child differs in from its parent", () => {
    const children = watched().state.pool.flatMap(({ pair, origin }) => (origin.kind === "mutation" ? [{ pair, origin }] : []));
    expect(children.length).toBeGreaterThan(0);
    for (const { pair, origin } of children) {
      const parent = joint.space.decode(origin.parent) ?? {};
      expect(origin.layers).toEqual(joint.space.mutator.changed(parent, pair.choices));
    }
  });

  it("refuses a limit that nothing satisfies", () => {
    expect(() => startFine(joint, trained, { ...options, limit: 1 }, scorer, key)).toThrow(/No pair with at most 1 MACs/);
  });
});

describe("on an accuracy that is known", () => {
  const wide = jointSpace(makeSpace("fbnet-v3", "nano"));
  const settings: FineOptions = { ...options, limit: 0.8e6 };
  /** 1 at a hidden pair, less by the squared distance of the vectors. */
  const hidden = (seed: number): Scorer => {
    const best = wide.encode(randomPairs(wide, 1, settings.limit, new Set(), rootKey(100 + seed).stream())[0] as Pair);
    const far = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + (v - (b[i] as number)) ** 2, 0);
    return (pairs) => pairs.map((pair) => 1 - far(wide.encodeArch(pair.choices), best.arch) - far(wide.encodeRecipe(pair.recipe), best.recipe));
  };

  it("finds better than chance does at equal calls, with each of five seeds", () => {
    const found = [1, 2, 3, 4, 5].map((seed) => fineSearch(wide, [], settings, hidden(seed), rootKey(seed)));
    const gains = found.map(({ pool, randomBest }) => (pool[0]?.score ?? 0) - (randomBest?.score ?? 0));
    expect(gains.filter((gain) => gain > 0), gains.join(" ")).toHaveLength(5);
    expect(gains.reduce((a, b) => a + b, 0) / 5).toBeGreaterThan(1);
  });

  it("fills the start up with chance where too few trained pairs are allowed", () => {
    const one = randomPairs(wide, 1, settings.limit, new Set(), rootKey(1).stream());
    const { seen, calls } = startFine(wide, one, settings, hidden(1), rootKey(1));
    expect([seen[0], seen.length, calls]).toEqual([one[0]?.key, 20, 20]);
  });

  it("takes a gene from either parent as often", () => {
    const state = startFine(wide, [], { ...settings, random: 200, keep: 200 }, (pairs) => pairs.map(() => 0), rootKey(2));
    const parents = new Map(state.pool.map(({ pair }) => [pair.id, pair]));
    // Every child is better than every parent, so all of them stay.
    fineGeneration(wide, state, { ...settings, keep: 200 }, (pairs) => pairs.map(() => 1), rootKey(2));
    const from = [0, 0];
    for (const { pair, origin } of state.pool) {
      if (origin.kind !== "crossover") continue;
      const [a, b, own] = [parents.get(origin.parents[0]) as Pair, parents.get(origin.parents[1]) as Pair, wide.genesOf(pair)];
      const [ofA, ofB] = [wide.genesOf(a), wide.genesOf(b)];
      own.forEach((gene, i) => {
        if (ofA[i] !== ofB[i]) from.forEach((_, side) => gene === [ofA, ofB][side]?.[i] && (from[side] = (from[side] as number) + 1));
      });
    }
    expect(from[0]).toBeGreaterThan(500);
    expect(Math.abs((from[0] as number) / ((from[0] as number) + (from[1] as number)) - 0.5)).toBeLessThan(0.05);
  });

  it("takes a tiny gain for none, and counts anew after one that is not", () => {
    const state = startFine(wide, [], settings, (pairs) => pairs.map(() => 0), rootKey(1));
    const gain = (by: number): number => {
      const best = state.pool[0]?.score ?? 0;
      fineGeneration(wide, state, settings, (pairs) => pairs.map(() => best + by), rootKey(1));
      return state.stale;
    };
    expect([gain(-1), gain(leastGain / 2), gain(0.1), gain(-9), gain(0.1)]).toEqual([1, 2, 0, expect.any(Number), 0]);
  });

  it("goes on while only the rest of the pool climbs", () => {
    const state = startFine(wide, [], settings, (pairs) => pairs.map((_, i) => (i === 0 ? 1 : 0)), rootKey(1));
    for (const score of [0.2, 0.4, 0.6]) {
      fineGeneration(wide, state, settings, (pairs) => pairs.map(() => score), rootKey(1));
      expect([state.pool[0]?.score, state.stale]).toEqual([1, 0]);
    }
  });
});

describe("what it is made of", () => {
  it("rates: equals are disturbed as much as can be, the best hardly, and nobody not at all", () => {
    const equal = fitnessStats([0.5, 0.5]);
    expect([crossoverRate(0.5, equal), mutationRate(0.5, equal)]).toEqual([1, 0.5]);
    const mixed = fitnessStats([0.2, 0.4, 0.9]);
    expect([crossoverRate(0.9, mixed), floored(mutationRate(0.9, mixed))]).toEqual([0, rateFloor]);
    expect(crossoverRate(0.2, mixed)).toBe(1);
  });

  it("budgets rise evenly on a logarithmic scale to the limit itself", () => {
    const limits = sweepLimits(1000, 32_000);
    expect(limits).toEqual([2000, 4000, 8000, 16_000, 32_000]);
  });

  it("an early stop needs a ranking: equal accuracies are none, and the last epoch always is its own", () => {
    const { epoch, spearman } = earlyStop([[0.1, 0.3, 0.2], [0.1, 0.2, 0.3], [0.1, 0.1, 0.4]]); // prettier-ignore
    expect([epoch, spearman[0]]).toEqual([3, Number.NaN]);
    expect(earlyStop([[0.1, 0.2], [0.2, 0.3], [0.3, 0.5]]).epoch).toBe(1); // prettier-ignore
  });
});
