/**
 * The coarse stage of a joint search (FBNetV3; spec fbnet 3.4): rounds of real, short trainings. The first round is spread over the pool and also says
 * after how many epochs the ranking of pairs is what it will be; later rounds take what the predictor, fitted anew after every round, ranks first.
 */
import type { Accuracy } from "@/nas/candidate";
import { earlyStop, type EarlyStop } from "@/nas/joint/earlyStop";
import type { Pair } from "@/nas/joint/encode";
import { kendallTauB, spearmanRho } from "@/nas/ranking";
import type { MethodEnv, Tick } from "../method";
import { prepareTicks } from "../shared/preparation";
import type { Judge } from "./judge";
import type { JointLengths } from "./lengths";
import { candidateOf } from "./report";
import { accuracyOf, type JointState, type Trial } from "./state";
import { TrialNetwork } from "./trial";

export interface CoarseControls {
  readonly skipped: () => boolean;
  /** Something that the page shows has changed. */
  readonly tell: () => void;
  /** The pair in training, for checkpoints. */
  readonly hold: (trial: TrialNetwork | null) => void;
  /** Its weights as they were saved; null for a fresh one. */
  readonly restore: (trial: TrialNetwork) => void;
  /** Reports the losses of a training so far, whenever asked; null when there is none. */
  readonly reader: (look: (() => Promise<void>) | null) => void;
}

/** Fewer pairs fit no predictor. */
const fewestTrials = 2;
/** Accuracy that a pair counts with whose training diverged: chance among ten classes. */
const chance = 0.1;

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Without numbers that a checkpoint cannot hold: a rank that says nothing is no correlation. */
function plain(stop: EarlyStop): EarlyStop {
  const known = (values: readonly number[]): number[] => values.map((value) => finite(value) ?? 0);
  return { ...stop, spearman: known(stop.spearman), kendall: known(stop.kendall) };
}

/** What the round trains: spread over the pool, or what the predictor ranks first among what is not trained yet. */
function queueOf(pool: readonly Pair[], state: JointState, judge: Judge, m: number): JointState["queue"] {
  const trained = new Set(state.trials.map(({ pair }) => pair.key));
  const open = pool.filter(({ key }) => !trained.has(key));
  if (state.round === 1) return open.slice(0, m).map((pair) => ({ pair, predicted: null }));
  const scores = judge.score(open);
  return open
    .map((pair, i) => ({ pair, predicted: scores[i] ?? 0 }))
    .sort((a, b) => b.predicted - a.predicted || a.pair.macs - b.pair.macs)
    .slice(0, m);
}

/** Trains the pair at the head of the queue from where it stands, epoch by epoch. */
async function* trainPair(env: MethodEnv, state: JointState, trial: TrialNetwork, lengths: JointLengths, controls: CoarseControls): AsyncGenerator<Tick, string | null, void> {
  const { executor } = env;
  const epochs = state.earlyStop?.epoch ?? lengths.epochs;
  const whole = lengths.epochs * lengths.epochSteps;
  yield* prepareTicks(executor, trial.store, trial.work(), () => undefined);
  let rates: number[] = [];
  let failure: string | null = null;
  const look = async (): Promise<void> => {
    if (rates.length === 0) return;
    const asked = rates;
    rates = [];
    const first = state.supernetStep - asked.length;
    const losses = await executor.takeLosses();
    for (const [i, loss] of losses.entries()) {
      if (Number.isFinite(loss)) env.emit({ kind: "loss", step: first + i + 1, phase: "supernet", loss, lr: asked[i] ?? 0 });
      else failure ??= `the loss became ${Number.isNaN(loss) ? "NaN" : "infinite"} at step ${first + i + 1}`;
    }
  };
  controls.reader(look);
  try {
    while (state.trialCurve.length < epochs && !controls.skipped()) {
      while (state.trialStep < (state.trialCurve.length + 1) * lengths.epochSteps) {
        rates.push(trial.step(state.trialStep, whole));
        state.trialStep++;
        state.supernetStep++;
        yield { boundary: "step" };
      }
      await look();
      if (failure !== null) return failure;
      state.trialCurve.push((yield* trial.score()).value);
    }
    return null;
  } finally {
    controls.reader(null);
    if (rates.length > 0) await executor.takeLosses().catch(() => undefined);
  }
}

/** What the newest predictor says of every trained pair, and how well it ranked the round's before they were trained. */
function* fitRound(env: MethodEnv, state: JointState, judge: Judge): Generator<Tick, void, void> {
  const epochs = state.earlyStop?.epoch ?? null;
  const { trials, round } = state;
  const fitting = judge.fit(trials.map(({ pair }) => pair), trials.map((trial) => accuracyOf(trial, epochs)), env.key.fold("fit").fold(round));
  while (fitting.next().done !== true) yield { boundary: "chunk" };
  state.accuracyScale = judge.scale;
  judge.score(trials.map(({ pair }) => pair)).forEach((predicted, i) => {
    const trial = trials[i];
    if (trial) trial.predicted = predicted;
  });
  const mine = trials.filter((trial) => trial.round === round);
  const before = mine.flatMap(({ predictedBefore }) => (predictedBefore === null ? [] : [predictedBefore]));
  const after = mine.map((trial) => accuracyOf(trial, epochs));
  const isRanked = before.length === mine.length && mine.length > 1;
  state.correlations.push({ round, spearman: isRanked ? finite(spearmanRho(before, after)) : null, kendall: isRanked ? finite(kendallTauB(before, after)) : null, trials: mine.length });
}

/** Puts a trained pair with the others. `failure`: why its training did not come to its end. */
function keepTrial(env: MethodEnv, state: JointState, n: number, epochs: number, failure: string | null): void {
  const { pair, predicted } = state.queue[state.next] as JointState["queue"][number];
  const curve = failure === null ? [...state.trialCurve] : Array.from({ length: epochs }, () => chance);
  if (failure !== null) env.emit({ kind: "note", level: "warning", message: `Pair ${state.trials.length + 1} did not train (${failure}); it counts with ${100 * chance} %.` });
  const trial: Trial = { pair, round: state.round, curve, predictedBefore: predicted, predicted };
  state.trials.push(trial);
  const accuracy: Accuracy | null = failure === null ? { value: curve.at(-1) ?? 0, n } : null;
  const made = candidateOf(pair, state.candidates.length, state.round - 1, { kind: "random" }, accuracy, predicted);
  const candidate = failure === null ? made : { ...made, failure };
  state.candidates.push(candidate);
  env.emit({ kind: "candidate", candidate });
  if (accuracy) env.emit({ kind: "accuracy", step: state.supernetStep, phase: "supernet", split: "validation", accuracy });
  state.trialStep = 0;
  state.trialCurve = [];
  state.next++;
}

export async function* coarseStage(env: MethodEnv, state: JointState, judge: Judge, pool: readonly Pair[], lengths: JointLengths, controls: CoarseControls): AsyncGenerator<Tick, void, void> {
  const { "fbnet3.m": m, "fbnet3.rounds": rounds } = env.config;
  const leaves = (): boolean => controls.skipped() && state.trials.length >= fewestTrials;
  while (state.round <= rounds && !leaves()) {
    if (state.queue.length === 0) state.queue = queueOf(pool, state, judge, m);
    while (state.next < state.queue.length && !leaves()) {
      const trial = new TrialNetwork(env, (state.queue[state.next] as JointState["queue"][number]).pair, state.trials.length);
      controls.hold(trial);
      try {
        if (state.trialStep > 0) controls.restore(trial);
        const failure = yield* trainPair(env, state, trial, lengths, { ...controls, skipped: leaves });
        // Left in the middle: half a training says nothing.
        if (failure === null && state.trialCurve.length === 0) break;
        keepTrial(env, state, env.data.architecture.length, state.earlyStop?.epoch ?? lengths.epochs, failure);
      } finally {
        controls.hold(null);
        trial.dispose();
      }
      controls.tell();
      yield { boundary: "chunk" };
    }
    // Pairs that were cut short have no curve to compare.
    const whole = state.trials.filter(({ curve }) => curve.length === lengths.epochs);
    if (state.round === 1 && whole.length >= fewestTrials) state.earlyStop = plain(earlyStop(whole.map(({ curve }) => curve)));
    yield* fitRound(env, state, judge);
    state.queue = [];
    state.next = 0;
    state.trialStep = 0;
    state.trialCurve = [];
    state.round++;
    controls.tell();
    yield { boundary: "chunk" };
  }
}
