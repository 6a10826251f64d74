/**
 * The fine stage of a joint search (spec fbnet 3.5): evolution under the predictor alone, its best pairs under other budgets by the same predictor, and
 * what the architecture would be expected to reach with the default recipe. No network is trained.
 */
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Origin } from "@/nas/candidate";
import type { JointSpace, Pair } from "@/nas/joint/encode";
import { fineEnded, fineGeneration, type FineOptions, fineSearch, type FineState, type ScoredPair, type Scorer, startFine, sweepLimits } from "@/nas/joint/fineSearch";
import { defaultRecipe } from "@/nas/joint/recipe";
import type { MethodEnv, Tick } from "../method";
import type { JointGeneration } from "../reports";
import type { Judge } from "./judge";
import { type JointLengths, sweepBudgets } from "./lengths";
import { candidateOf, rankedTrials } from "./report";
import { accuracyOf, type JointState } from "./state";

function generationOf({ generation, pool, calls, randomBest }: FineState): JointGeneration {
  const scores = pool.map(({ score }) => score);
  return { generation, best: scores[0] ?? 0, mean: scores.reduce((a, b) => a + b, 0) / Math.max(1, scores.length), calls, randomBest: randomBest?.score ?? 0 };
}

/** Different pairs, the first of equals. */
function distinct(pairs: readonly Pair[]): Pair[] {
  return [...new Map([...pairs].reverse().map((pair) => [pair.key, pair])).values()].reverse();
}

/** The best predicted pair under a budget; null where not one turned up. `known`: pairs to begin with, best first. */
function bestUnder(joint: JointSpace, known: readonly Pair[], options: FineOptions, scorer: Scorer, key: RngKey): ScoredPair | null {
  try {
    return fineSearch(joint, known, options, scorer, key).pool[0] ?? null;
  } catch (cause) {
    if (cause instanceof AppError && cause.code === "search.infeasible") return null;
    throw cause;
  }
}

/** The pair that is trained: the predictor's first. */
function crown(env: MethodEnv, state: JointState, pair: Pair, predicted: number, origin: Origin): void {
  const epochs = state.earlyStop?.epoch ?? null;
  const at = state.trials.findIndex((trial) => trial.pair.key === pair.key);
  // A pair that was trained stands among the candidates already.
  if (at >= 0) state.winner = { pair, predicted, origin, index: at };
  else {
    const candidate = candidateOf(pair, state.candidates.length, env.config["fbnet3.rounds"], origin, null, predicted);
    state.candidates.push(candidate);
    state.winner = { pair, predicted, origin, index: candidate.index };
    env.emit({ kind: "candidate", candidate });
  }
  const trial = state.trials[at];
  if (trial) env.emit({ kind: "note", level: "info", message: `The predictor's first is a pair that was trained: ${(100 * accuracyOf(trial, epochs)).toFixed(1)} %.` });
}

export async function* fineStage(env: MethodEnv, state: JointState, joint: JointSpace, judge: Judge, lengths: JointLengths, limit: number, skipped: () => boolean, tell: () => void): AsyncGenerator<Tick, void, void> {
  const key = env.key.fold("fine");
  const options = { ...lengths.fine, limit };
  const scorer = (pairs: readonly Pair[]): number[] => judge.score(pairs);
  const trained = rankedTrials(state).map(({ pair }) => pair);
  if (state.fine === null) {
    state.fine = startFine(joint, trained, options, scorer, key);
    state.generations.push(generationOf(state.fine));
    tell();
    yield { boundary: "step" };
  }
  while (!fineEnded(state.fine, options) && !skipped()) {
    fineGeneration(joint, state.fine, options, scorer, key);
    state.generations.push(generationOf(state.fine));
    env.emit({ kind: "generation", generation: state.fine.generation, parents: [] });
    tell();
    yield { boundary: "step" };
  }
  // What keeps a small budget keeps a larger one: every search begins with what the ones before have found.
  const cheapest = env.space.cost(env.space.extremes("macs").min.choices).macs;
  const limits = sweepLimits(cheapest, limit, sweepBudgets);
  const points = [...state.fine.pool];
  for (let i = state.swept; i < limits.length - 1 && !skipped(); i++) {
    const known = distinct([...state.found.map(({ pair }) => pair), ...points.map(({ pair }) => pair), ...trained]);
    const best = bestUnder(joint, known, { ...options, limit: limits[i] as number, alone: true }, scorer, key.fold("sweep").fold(i));
    if (best) {
      state.found.unshift(best);
      state.sweep.push(pointOf(best, limits[i] as number));
    }
    state.swept = i + 1;
    tell();
    yield { boundary: "step" };
  }
  if (state.winner !== null) return;
  const [best] = [...points, ...state.found].sort((a, b) => b.score - a.score || a.pair.macs - b.pair.macs);
  if (!best) throw new AppError("bug", "a fine stage without a pair");
  crown(env, state, best.pair, best.score, best.origin);
  const [plain = 0] = scorer([joint.pair(best.pair.choices, defaultRecipe)]);
  state.swap = { joint: best.score, defaultRecipe: plain };
  state.sweep.push(pointOf(best, limit));
  state.swept = limits.length;
  tell();
  yield { boundary: "step" };
}

function pointOf({ pair: { macs, id, recipe }, score }: ScoredPair, limit: number): JointState["sweep"][number] {
  return { limit, macs, predicted: score, id, recipe };
}
