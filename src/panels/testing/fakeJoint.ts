/**
 * A made-up FBNetV3 search for panel tests and for looking at panels without a worker: pairs with curves, a predictor that knows a little, evolution on
 * it, budgets and the swap test. Everything derives from the seed; no number here means anything about a real network.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import { defaultsFor } from "@/algorithms/defaults";
import type { JointReport, JointTrial } from "@/algorithms/reports";
import { rootKey } from "@/lib/rng";
import type { Candidate, Recipe } from "@/nas/candidate";
import { decodeReal, defaultRecipe, recipeGenes } from "@/nas/joint/recipe";
import { kendallTauB, spearmanRho } from "@/nas/ranking";
import { makeSpace } from "@/nas/space/registry";
import type { SizeId, Space } from "@/nas/space/types";
import type { Frame, LatestState, LogEntry, RunStatus } from "@/session/protocol";
import { experimentStore } from "@/store/experiment";
import { history } from "@/store/history";
import { runStore } from "@/store/run";
import { fakeLatest, resetStores } from "./fakeRun";

export interface FakeJointOptions {
  readonly size?: SizeId;
  readonly seed?: number;
  /** Pairs trained so far; absent: all that are planned. */
  readonly trials?: number;
  /** Generations of the fine stage; budgets and the swap test follow when there are any. */
  readonly fine?: number;
  readonly status?: RunStatus;
  readonly config?: Partial<RunConfig>;
}

export interface FakeJoint {
  readonly space: Space;
  readonly config: RunConfig;
  readonly report: JointReport;
  readonly candidates: readonly Candidate[];
  readonly winner: number | null;
}

const n = 1000;
const epochSteps = 31;

function axes(): JointReport["recipeGenes"] {
  return recipeGenes.map((gene) => (gene.kind === "option" ? { id: gene.id, options: gene.options } : { id: gene.id, min: gene.min, max: gene.max, log: gene.log }));
}

/** The search as it stands when so many pairs are trained. */
function makeReport(space: Space, config: RunConfig, seed: number, count: number, fine: number): JointReport {
  const draws = rootKey(seed).fold("fakeJoint").stream();
  const m = config["fbnet3.m"];
  const eMax = 4;
  const most = space.cost(space.extremes("macs").max.choices).macs;
  const drawn = Array.from({ length: count }, (_, index) => {
    const choices = space.mutator.sample(draws);
    const { macs, params } = space.cost(choices);
    const recipe: Recipe = Object.fromEntries(recipeGenes.map((gene) => [gene.id, gene.kind === "option" ? (gene.options[draws.int(gene.options.length)] ?? "") : decodeReal(gene, draws.next())]));
    const round = 1 + Math.floor(index / m);
    const final = 0.24 + 0.16 * (macs / most) ** 0.5 + (recipe["optimizer"] === "adam" ? 0.03 : 0) + 0.02 * round + 0.015 * draws.normal();
    const curve = Array.from({ length: eMax }, (_e, e) => Math.max(0.1, 0.1 + (final - 0.1) * (1 - Math.exp(-1.1 * (e + 1))) + (0.012 / (e + 1)) * draws.normal()));
    return { index, choices, recipe, round, macs, params, curve, doubts: [draws.normal(), draws.normal()] as const };
  });
  const whole = Math.floor(count / m);
  const first = drawn.filter(({ round }) => round === 1);
  const byEpoch = (statistic: typeof spearmanRho): number[] => Array.from({ length: eMax }, (_, e) => statistic(first.map((t) => t.curve[e] ?? 0), first.map((t) => t.curve.at(-1) ?? 0)));
  const threshold = 0.92;
  const stop = whole >= 1 ? 1 + byEpoch(spearmanRho).findIndex((value) => value >= threshold) : eMax;
  const trials = drawn.map(({ doubts: [before, now], ...trial }): JointTrial => {
    const curve = trial.round === 1 ? trial.curve : trial.curve.slice(0, stop);
    const accuracy = curve[stop - 1] ?? 0;
    return { ...trial, curve, accuracy, epochs: stop, predictedBefore: trial.round === 1 ? null : accuracy + 0.03 * before, predicted: whole >= 1 ? accuracy + 0.012 * now : null };
  });
  const correlations = Array.from({ length: whole }, (_, i) => {
    const own = trials.filter(({ round }) => round === i + 1);
    const [real, said] = [own.map((t) => t.accuracy), own.map((t) => t.predictedBefore ?? 0)];
    return { round: i + 1, spearman: i === 0 ? null : spearmanRho(said, real), kendall: i === 0 ? null : kendallTauB(said, real), trials: own.length };
  });
  const top = Math.max(0, ...trials.map(({ predicted }) => predicted ?? 0));
  const generations = Array.from({ length: fine }, (_, g) => ({
    generation: g + 1,
    best: top + 0.03 * (1 - Math.exp(-0.4 * (g + 1))),
    mean: top - 0.05 * Math.exp(-0.4 * g),
    calls: 20 * (g + 2),
    randomBest: top + 0.012 * (1 - Math.exp(-0.3 * (g + 1))),
  }));
  const limit = config["fbnet3.limit"] ?? most;
  const sweep = [0.3, 0.45, 0.6, 0.8, 1].map((share) => {
    const choices = space.mutator.sample(draws);
    return { limit: Math.round(share * limit), macs: Math.round((share - 0.04) * limit), predicted: top + 0.03 - 0.08 * (1 - share) ** 1.5, id: space.encode(choices), recipe: defaultRecipe };
  });
  return {
    ...{ kind: "joint", trials, n, correlations, limit, recipeGenes: axes(), fine: generations },
    pool: { size: config["fbnet3.pool"], drawn: Math.round(1.37 * config["fbnet3.pool"]) },
    pretraining: Array.from({ length: 20 }, (_, e) => 0.9 * Math.exp(-0.3 * e) + 0.02),
    earlyStop: whole >= 1 ? { spearman: byEpoch(spearmanRho), kendall: byEpoch(kendallTauB), threshold, epoch: stop } : null,
    sweep: fine > 0 ? sweep : [],
    swap: fine > 0 ? { joint: top + 0.03, defaultRecipe: top - 0.004 } : null,
  };
}

function frameOf(latest: LatestState, seq: number, log: readonly LogEntry[]): Frame {
  const none = { i: new Int32Array(0), u: new Uint8Array(0), f: new Float32Array(0) };
  return {
    ...{ kind: "frame", runId: "fake", seq, latest, log },
    series: {
      loss: { step: none.i, phase: none.u, loss: none.f, lr: none.f },
      alpha: { step: none.i, values: none.f },
      cost: { step: none.i, expected: none.f, tau: none.f },
      accuracy: { step: none.i, phase: none.u, split: none.u, accuracy: none.f, n: none.i },
    },
  };
}

/** Puts such a search on the page as the controller would, pair by pair, so that the time cursor has a past to go to. */
export function fakeJoint(options: FakeJointOptions = {}): FakeJoint {
  const { size = "nano", seed = 7, fine = 0, status = "running" } = options;
  const config: RunConfig = { ...defaultsFor("fbnet-v3", size, "fbnet-v3"), seed, ...options.config };
  const space = makeSpace("fbnet-v3", size);
  const planned = config["fbnet3.m"] * config["fbnet3.rounds"];
  const count = Math.min(planned, options.trials ?? planned);
  const report = makeReport(space, config, seed, count, fine);
  const accuracyOf = (value: number): Candidate["accuracy"] => ({ value, n });
  const candidates = report.trials.map(
    ({ index, choices, recipe, round, macs, params, accuracy, predicted }): Candidate => ({
      ...{ index, id: space.encode(choices), choices, recipe, macs, params, generation: round - 1, arm: "evolution", origin: { kind: "random" } },
      accuracy: accuracyOf(accuracy),
      ...(predicted === null ? {} : { predicted }),
    }),
  );
  const chosen = report.trials.at(-1);
  const winner = fine > 0 && chosen ? count : null;
  if (winner !== null && chosen && report.swap) {
    const { choices, macs, params, recipe } = chosen;
    candidates.push({ index: winner, id: space.encode(choices), choices, macs, params, recipe: { ...recipe, optimizer: "adam", lr: 0.081 }, predicted: report.swap.joint, accuracy: null, generation: 2, arm: "evolution", origin: { kind: "random" } });
  }
  const step = (pairs: number): number => pairs * epochSteps * 3;
  const empty = new Float64Array(0);
  const made = fakeLatest(makeSpace("macro8", "nano"), { phase: fine > 0 ? "search" : "supernet", step: step(count) + fine, status, done: step(count), total: step(planned), stepMs: 12 });
  const winnerMetrics = winner === null || !chosen ? null : { id: space.encode(chosen.choices), choices: chosen.choices, macs: chosen.macs, params: chosen.params, supernet: { value: 0, n: 0 }, index: winner };
  const latest: LatestState = { ...made, ...{ counts: empty, expected: empty, lossSum: empty, lossSquares: empty, pairs: empty }, metrics: { ...made.metrics, winner: winnerMetrics } };

  resetStores();
  history.alpha.begin([]);
  experimentStore.setState({ config });
  runStore.setState({
    boot: { status: "ready", device: "wasm", data: [1, 1], kernels: [3, 3], message: "Ready" },
    plan: {
      ...{ runId: "fake", config },
      totals: { warmup: 1, supernet: step(planned), recalibrate: 0, search: 25, retrain: 0, test: 1 },
      splits: { weights: 1000, validation: n, test: 2000, evalImages: n, recalibration: 256 },
    },
  });
  for (let pairs = 0; pairs <= count; pairs++) {
    const whole = pairs === count;
    const now = whole ? { ...report, fine: [], sweep: [], swap: null } : makeReport(space, config, seed, pairs, 0);
    const told = candidates[pairs - 1];
    history.apply(frameOf({ ...latest, step: step(pairs), metrics: { ...latest.metrics, winner: null } }, pairs, [{ kind: "report", report: now }, ...(told ? [{ kind: "candidate" as const, candidate: told }] : [])]));
  }
  const last = winner === null ? undefined : candidates[winner];
  if (fine > 0) history.apply(frameOf(latest, count + 1, [{ kind: "report", report }, ...(last ? [{ kind: "candidate" as const, candidate: last }] : [])]));
  runStore.setState({ latest });
  return { space, config, report, candidates, winner };
}
