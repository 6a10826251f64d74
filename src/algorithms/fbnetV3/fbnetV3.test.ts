import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settingsOf } from "@/nas/joint/recipe";
import type { Executor } from "@/nn/executor";
import type { MethodEvent, SavedState } from "../method";
import type { JointReport } from "../reports";
import { advance, tinyConfig, tinyExecutor, tinyRun, type TinyRun } from "../testing/tinyRun";

let executor: Executor;
beforeAll(async () => {
  executor = await tinyExecutor();
});
afterAll(() => executor.dispose());

type Change = Parameters<typeof tinyConfig>[0];
/** Two rounds of three pairs of four epochs of two steps. */
const joint = (change: Change = {}) => tinyConfig({ algorithm: "fbnet-v3", "train.batch": 8, "train.steps": 8, "fbnet3.m": 3, "fbnet3.rounds": 2, "fbnet3.pool": 20, "retrain.steps": 4, ...change });

const reportIn = (events: readonly MethodEvent[]): JointReport | undefined =>
  events.flatMap((e) => (e.kind === "report" && e.report.kind === "joint" ? [e.report] : [])).at(-1);

function outcomeOf({ run, losses, events }: TinyRun, before: TinyRun | null = null) {
  const { winner, test } = run.metrics();
  return { losses: [...(before?.losses() ?? []), ...losses()], report: reportIn(events), candidates: run.candidates(), winner: winner?.id, test };
}

async function whole(config = joint(), clock: "moving" | "still" = "moving") {
  const tiny = tinyRun(executor, config, null, clock);
  await advance(tiny.run.ticks());
  const outcome = outcomeOf(tiny);
  tiny.run.dispose();
  return outcome;
}

/** The same run for every comparison: it takes a few seconds. */
let made: ReturnType<typeof whole> | null = null;
const unbroken = () => (made ??= whole(joint(), "still"));

describe("a whole joint search", () => {
  it("trains pairs, stops later ones early, predicts, and retrains a winner under the limit; equal seeds are equal runs", async () => {
    const a = await whole();
    expect(await unbroken()).toEqual(a);
    const { report } = a;
    if (!report) throw new Error("nothing was reported");
    expect(report.trials).toHaveLength(6);
    expect(report.trials.map(({ round }) => round)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(report.trials.slice(0, 3).every(({ curve, predictedBefore }) => curve.length === 4 && predictedBefore === null)).toBe(true);
    const stop = report.earlyStop?.epoch ?? 0;
    expect(report.trials.slice(3).every(({ curve, predictedBefore }) => curve.length === stop && predictedBefore !== null)).toBe(true);
    expect(new Set(report.trials.map(({ choices, recipe }) => JSON.stringify([choices, recipe]))).size).toBe(6);
    expect(report.correlations.map(({ round, spearman }) => [round, spearman === null])).toEqual([[1, true], [2, expect.any(Boolean)]]);
    expect(report.pretraining.at(-1)).toBeLessThan(report.pretraining[0] ?? 0);
    expect(report.fine.at(-1)?.best).toBeGreaterThanOrEqual(report.fine[0]?.best ?? Infinity);
    expect(report.sweep.every(({ macs, limit }) => macs <= limit)).toBe(true);
    // What a budget finds is there for every larger one, and the largest is the search's own.
    const found = report.sweep.map(({ predicted }) => predicted);
    expect(found).toEqual([...found].sort((x, y) => x - y));
    expect(report.swap?.joint).toBe(found.at(-1));
    expect(report.swap?.joint).toBeGreaterThanOrEqual(report.fine.at(-1)?.best ?? Infinity);
    // Losses of every step, without a gap: pairs, then the retraining.
    const steps = 3 * 8 + 3 * 2 * stop + 4;
    expect(a.losses.map(([step]) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    expect(a.test?.n).toBe(40);
    const winner = a.candidates.find(({ id }) => id === a.winner);
    expect(winner?.recipe).toBeTruthy();
    expect(winner?.macs).toBeLessThanOrEqual(0.8e6);
  });

  it("takes another way with another seed", async () => {
    const [a, b] = [await unbroken(), await whole(joint({ seed: 8 }))];
    expect(b.report?.trials[0]?.accuracy === a.report?.trials[0]?.accuracy && b.losses[0]?.[1] === a.losses[0]?.[1]).toBe(false);
  });

  it("works on op choices as well", async () => {
    const { report, test } = await whole(joint({ space: "macro8" }));
    expect(report?.trials).toHaveLength(6);
    expect(test?.n).toBe(40);
  });

  it("leaves nothing behind, finished or abandoned anywhere", async () => {
    await unbroken();
    const { tensors } = executor.memory();
    for (const stop of [3, 40, 60, 90, 110]) {
      const { run } = tinyRun(executor, joint(), null, "still");
      const ticks = run.ticks();
      let left = stop;
      await advance(ticks, () => --left === 0);
      await ticks.return();
      run.dispose();
      expect([stop, executor.memory().tensors]).toEqual([stop, tensors]);
    }
  });

  it("can be left early once two pairs are trained", async () => {
    const tiny = tinyRun(executor, joint());
    await advance(tiny.run.ticks(), ({ boundary }) => {
      if (boundary === "chunk" && tiny.run.status().phase === "supernet" && tiny.run.candidates().length >= 2) tiny.run.skipPhase();
      return false;
    });
    expect(reportIn(tiny.events)?.trials.length).toBeLessThan(6);
    expect(tiny.run.metrics().test?.n).toBe(40);
    tiny.run.dispose();
  });
});

describe("save and resume", () => {
  const travel = ({ json, tensors }: SavedState): SavedState => ({ json: JSON.parse(JSON.stringify(json)), tensors: new Map([...tensors].map(([k, v]) => [k, v.slice()])) });
  const points: Readonly<Record<string, (tiny: TinyRun) => boolean>> = {
    "in the middle of a pair": ({ run }) => run.status().step >= 5,
    "between two pairs": ({ run }) => run.candidates().length === 2,
    "in the second round": ({ run }) => run.candidates().length === 4,
    "in the fine stage": ({ run }) => run.status().phase === "search" && run.status().done >= 2,
    "while retraining": ({ run }) => run.status().phase === "retrain" && run.status().done >= 2,
  };

  it.each(Object.entries(points))("%s continues bit-equal", async (_, reached) => {
    const first = tinyRun(executor, joint(), null, "still");
    const ticks = first.run.ticks();
    await advance(ticks, () => reached(first));
    const saved = travel(await first.run.save());
    await ticks.return();
    first.run.dispose();
    const second = tinyRun(executor, joint(), saved, "still");
    await advance(second.run.ticks());
    expect(outcomeOf(second, first)).toEqual(await unbroken());
    second.run.dispose();
  });
});

describe("averaged weights", () => {
  it("get statistics of their own even where recalibration is switched off", async () => {
    const tiny = tinyRun(executor, joint({ seed: 2, "bn.recal": 0, "train.steps": 4, "fbnet3.m": 2, "fbnet3.rounds": 1 }));
    await advance(tiny.run.ticks());
    expect(tiny.run.candidates().at(-1)?.recipe?.["ema"]).toBe("on");
    expect(tiny.run.metrics().test?.n).toBe(40);
    tiny.run.dispose();
  });
});

describe("a retraining that diverged", () => {
  it("goes on at a third of the recipe's rate when the live rate is a third", async () => {
    const tiny = tinyRun(executor, joint({ "train.steps": 4, "fbnet3.m": 2, "fbnet3.rounds": 1, "fbnet3.pool": 10 }));
    tiny.run.setLive({ "retrain.lr": joint()["retrain.lr"] / 3 });
    await advance(tiny.run.ticks(), () => tiny.run.status().phase === "retrain" && tiny.run.status().done >= 1);
    await tiny.run.settle();
    const first = tiny.events.find((e) => e.kind === "loss" && e.phase === "retrain");
    const recipe = tiny.run.candidates()[tiny.run.metrics().winner?.index ?? -1]?.recipe ?? {};
    expect(first?.kind === "loss" ? first.lr : Number.NaN).toBeCloseTo(settingsOf(recipe).lr / 3, 9);
    tiny.run.dispose();
  });
});

describe("what goes wrong", () => {
  it("a limit below the cheapest network names that network's cost", () => {
    expect(() => tinyRun(executor, joint({ "fbnet3.limit": 1000 }))).toThrow(/fbnet3.limit of 0.001 M MACs cannot be kept: the cheapest network of this space has 0.0548 M/);
  });
});
