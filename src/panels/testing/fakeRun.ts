/**
 * A made-up run for panel tests and for looking at panels without a worker: frames as the session would send them, and the
 * store states that go with them. Everything derives from the seed; no number here means anything about a real network.
 */
import type { RunConfig, SpaceId } from "@/algorithms/configKeys";
import { defaultsFor } from "@/algorithms/defaults";
import { phaseIndex, phases, type Phase } from "@/algorithms/phases";
import { rootKey } from "@/lib/rng";
import type { Candidate } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import { makeSpace } from "@/nas/space/registry";
import type { SizeId, Space } from "@/nas/space/types";
import type {
  BootInfo,
  Frame,
  LatestState,
  LogEntry,
  RunMetrics,
  RunPlan,
  RunStatus,
  SeriesChunk,
  TruthTable,
} from "@/session/protocol";
import { experimentStore } from "@/store/experiment";
import { history, type RunHistory } from "@/store/history";
import { initialRun, runStore } from "@/store/run";
import { resetRunView, viewStore } from "@/store/view";
import { evalImages, fakeSearch } from "./fakeSearch";

export interface FakeRunOptions {
  readonly space?: SpaceId;
  readonly size?: SizeId;
  readonly seed?: number;
  /** Supernet steps. */
  readonly steps?: number;
  /** Evaluations of the evolution arm; the random arm gets as many when `evo.random` is on. */
  readonly candidates?: number;
  /** Retraining steps; 0 = the run stops in the search (or the supernet without candidates). */
  readonly retrainSteps?: number;
  /** Ends with the test accuracy. */
  readonly tested?: boolean;
  readonly status?: RunStatus;
  readonly config?: Partial<RunConfig>;
}

export interface FakeRun {
  readonly space: Space;
  readonly config: RunConfig;
  readonly plan: RunPlan;
  readonly info: BootInfo;
  readonly frames: readonly Frame[];
  readonly candidates: readonly Candidate[];
  readonly latest: LatestState;
}

const runId = "fake";

/** State of a run that has just been opened. */
export function fakeLatest(space: Space, over: Partial<LatestState> = {}): LatestState {
  const slots = space.slots.length;
  const width = widthOf(space);
  return {
    phase: "warmup",
    step: 0,
    status: "running",
    done: 0,
    total: 0,
    generation: 0,
    eta: null,
    progress: 0,
    metrics: {
      loss: null,
      lr: null,
      best: null,
      recalibration: null,
      winner: null,
      test: null,
      randomBest: null,
      gap: null,
      derived: null,
    },
    stepMs: 0,
    imagesPerSecond: 0,
    split: { data: 1, submit: 2, wait: 14, read: 1 },
    memory: { tensors: 412, bytes: 61_000_000 },
    path: new Int8Array(0),
    sampled: 0,
    counts: new Float64Array(slots * width),
    expected: new Float64Array(slots * width),
    lossSum: new Float64Array(slots * width),
    lossSquares: new Float64Array(slots * width),
    pairs: new Float64Array(Math.max(0, slots - 1) * width * width),
    rejected: { infeasible: 0, duplicate: 0 },
    message: "",
    ...over,
  };
}

/** Choices at the widest slot: the K of the counts layout. */
export function widthOf(space: Space): number {
  return Math.max(...space.mutables.map((m) => m.choices.length));
}

/** Gene values by slot. */
export function genesOf(space: Space, choices: Choices): number[] {
  return space.mutables.map((m) => {
    const value = choices[m.id];
    return m.choices.findIndex((c) => c === value);
  });
}

const noAlpha: SeriesChunk["alpha"] = { step: new Int32Array(0), values: new Float32Array(0) };

const noCost: SeriesChunk["cost"] = {
  step: new Int32Array(0),
  expected: new Float32Array(0),
  tau: new Float32Array(0),
};

const noSeries: SeriesChunk = {
  loss: { step: new Int32Array(0), phase: new Uint8Array(0), loss: new Float32Array(0), lr: new Float32Array(0) },
  alpha: noAlpha,
  cost: noCost,
  accuracy: {
    step: new Int32Array(0),
    phase: new Uint8Array(0),
    split: new Uint8Array(0),
    accuracy: new Float32Array(0),
    n: new Int32Array(0),
  },
};

/** Points of one training step, and of a validation every 25. */
function trainingSeries(phase: Phase, step: number, at: number, loss: number): SeriesChunk {
  const accuracy = Math.min(0.9, 0.1 + 0.5 * (1 - Math.exp(-at * 3)));
  const validated = step % 25 === 0;
  return {
    loss: {
      step: Int32Array.of(step),
      phase: Uint8Array.of(phaseIndex(phase)),
      loss: Float32Array.of(loss),
      lr: Float32Array.of(0.016 * (1 - at)),
    },
    alpha: noAlpha,
    cost: noCost,
    accuracy: {
      step: Int32Array.from(validated ? [step, step] : [step]),
      phase: Uint8Array.from(validated ? [phaseIndex(phase), phaseIndex(phase)] : [phaseIndex(phase)]),
      split: Uint8Array.from(validated ? [0, 1] : [0]),
      accuracy: Float32Array.from(validated ? [accuracy + 0.04, accuracy] : [accuracy + 0.04]),
      n: Int32Array.from(validated ? [32, evalImages] : [32]),
    },
  };
}

/** Every phase of a short run as frames, one a step or evaluation. */
export function fakeRun(options: FakeRunOptions = {}): FakeRun {
  const {
    space: spaceId = "macro8",
    size = "nano",
    seed = 7,
    steps = 60,
    candidates = 0,
    retrainSteps = 0,
    tested = false,
  } = options;
  const config: RunConfig = { ...defaultsFor(spaceId, size), seed, "train.steps": steps, ...options.config };
  const space = makeSpace(spaceId, size);
  const key = rootKey(seed).fold("fakeRun");
  const evaluated = fakeSearch(space, config, candidates, key.fold("search").stream());
  const totals: Record<Phase, number> = {
    warmup: 1,
    supernet: steps,
    recalibrate: 8,
    search: evaluated.length,
    retrain: retrainSteps,
    test: 1,
  };
  const work = phases.reduce((sum, phase) => sum + totals[phase], 0);
  const frames: Frame[] = [];
  const base = fakeLatest(space);
  let latest = base;
  const push = (over: Partial<LatestState>, series: SeriesChunk = noSeries, log: readonly LogEntry[] = []): void => {
    const step = over.step ?? latest.step;
    const progress = Math.min(1, step / work);
    latest = { ...latest, ...over, progress, eta: [(work - step) * 0.02, (work - step) * 0.03] };
    frames.push({ kind: "frame", runId, seq: frames.length, latest, series, log });
  };
  const begin = (phase: Phase, over: Partial<LatestState> = {}): void => {
    push({ phase, done: 0, total: totals[phase], message: "", ...over }, noSeries, [
      { kind: "phase", phase, step: latest.step, total: totals[phase] },
    ]);
  };

  begin("warmup", { message: "Kernels 1/3" });
  begin("supernet");
  const tally = {
    counts: base.counts.slice(),
    expected: base.expected.slice(),
    lossSum: base.lossSum.slice(),
    lossSquares: base.lossSquares.slice(),
    pairs: base.pairs.slice(),
  };
  const draws = key.fold("train").stream();
  const width = widthOf(space);
  for (let i = 1; i <= steps; i++) {
    const genes = genesOf(space, space.mutator.sample(draws));
    const loss = 0.9 + 1.4 * Math.exp((-3 * i) / steps) + 0.08 * draws.normal();
    genes.forEach((gene, slot) => {
      const at = slot * width + gene;
      const choices = space.mutables[slot]?.choices.length ?? width;
      for (let c = 0; c < choices; c++) tally.expected[slot * width + c] = i / choices;
      tally.counts[at] = (tally.counts[at] ?? 0) + 1;
      tally.lossSum[at] = (tally.lossSum[at] ?? 0) + loss;
      tally.lossSquares[at] = (tally.lossSquares[at] ?? 0) + loss * loss;
      const next = genes[slot + 1];
      if (next !== undefined) tally.pairs[at * width + next] = (tally.pairs[at * width + next] ?? 0) + 1;
    });
    push(
      {
        ...{
          step: latest.step + 1,
          done: i,
          path: Int8Array.from(genes),
          sampled: 12,
          stepMs: 18,
          imagesPerSecond: 1800,
        },
        ...{
          counts: tally.counts.slice(),
          expected: tally.expected.slice(),
          lossSum: tally.lossSum.slice(),
          lossSquares: tally.lossSquares.slice(),
          pairs: tally.pairs.slice(),
        },
        metrics: { ...latest.metrics, loss, lr: 0.016 * (1 - i / steps) },
      },
      trainingSeries("supernet", latest.step + 1, i / steps, loss),
    );
  }
  if (evaluated.length > 0) {
    const n = evalImages;
    begin("recalibrate", { path: new Int8Array(0), sampled: 0, stepMs: 0, imagesPerSecond: 0 });
    push({
      step: latest.step + totals.recalibrate,
      done: totals.recalibrate,
      metrics: { ...latest.metrics, recalibration: { without: { value: 0.12, n }, with: { value: 0.41, n } } },
    });
    begin("search");
    evaluated.forEach(({ candidate, rejected }, i) => {
      const metrics = withCandidate(latest.metrics, candidate);
      push({ step: latest.step + 1, done: i + 1, generation: candidate.generation, metrics, rejected }, noSeries, [
        { kind: "candidate", candidate },
      ]);
    });
    if (retrainSteps > 0)
      push({
        metrics: withWinner(
          latest.metrics,
          evaluated.map((e) => e.candidate),
        ),
      });
  }
  if (retrainSteps > 0) begin("retrain");
  for (let i = 1; i <= retrainSteps; i++) {
    const loss = 0.3 + 1.9 * Math.exp((-3 * i) / retrainSteps) + 0.05 * draws.normal();
    push(
      {
        step: latest.step + 1,
        done: i,
        stepMs: 11,
        imagesPerSecond: 2900,
        metrics: { ...latest.metrics, loss, lr: 0.0125 * (1 - i / retrainSteps) },
      },
      trainingSeries("retrain", latest.step + 1, i / retrainSteps, loss),
    );
  }
  if (tested) {
    begin("test");
    push({
      step: latest.step + 1,
      done: 1,
      status: "complete",
      metrics: { ...latest.metrics, test: { value: 0.713, n: 2000 } },
    });
  }
  if (options.status) push({ status: options.status });
  return {
    space,
    config,
    plan: fakePlan(config, totals),
    info: fakeInfo(),
    frames,
    candidates: evaluated.map((e) => e.candidate),
    latest,
  };
}

function withCandidate(metrics: RunMetrics, c: Candidate): RunMetrics {
  if (!c.accuracy) return metrics;
  if (c.arm === "random")
    return c.accuracy.value > (metrics.randomBest?.value ?? -1) ? { ...metrics, randomBest: c.accuracy } : metrics;
  if (c.accuracy.value <= (metrics.best?.accuracy.value ?? -1)) return metrics;
  return { ...metrics, best: { id: c.id, accuracy: c.accuracy, macs: c.macs, params: c.params } };
}

function withWinner(metrics: RunMetrics, candidates: readonly Candidate[]): RunMetrics {
  const winner = candidates.find((c) => c.arm === "evolution" && c.id === metrics.best?.id);
  if (!winner?.accuracy) return metrics;
  const { id, choices, macs, params, accuracy, index } = winner;
  return { ...metrics, winner: { id, choices, macs, params, supernet: accuracy, index } };
}

function fakePlan(config: RunConfig, totals: Readonly<Record<Phase, number>>): RunPlan {
  return {
    runId,
    config,
    totals,
    splits: { weights: 7000, validation: 1000, test: 2000, evalImages, recalibration: 256 },
  };
}

function fakeInfo(): BootInfo {
  const classes = ["animal", "bird", "face", "flag", "food", "heart", "plant", "sport", "symbol", "vehicle"];
  return {
    backend: "wasm",
    executor: "plan",
    device: "wasm",
    adapter: null,
    hardware: false,
    reason: "No hardware GPU adapter was offered, so WebAssembly computes.",
    threads: 1,
    isolated: true,
    problem: null,
    dataset: {
      id: "emoji10",
      name: "Emoji-10",
      origin: "embedded",
      classes,
      train: 8000,
      test: 2000,
      sha256: "0".repeat(64),
      mean: [0.8, 0.75, 0.7],
      std: [0.3, 0.3, 0.3],
      warnings: [],
      provenance: {},
    },
    datasets: [{ id: "emoji10", name: "Emoji-10", origin: "embedded", train: 8000, test: 2000 }],
    calibrationMs: 20,
    checkpoint: null,
  };
}

/** A made-up truth table of `count` distinct networks of macro8, in the benchmark's shape. */
export function fakeTruth(count = 400, seed = 11): TruthTable {
  const space = makeSpace("macro8", "full");
  const rng = rootKey(seed).fold("fakeTruth").stream();
  const ids = new Set<string>();
  while (ids.size < count) ids.add(space.canonical(space.mutator.sample(rng)).id);
  const list = [...ids];
  const costs = list.map((id) => space.cost(space.decode(id) ?? {}));
  const active = (id: string): number => [...id].filter((gene) => gene !== "0").length;
  return {
    ids: list,
    accuracy: Float64Array.from(list, (id) => Math.min(0.932, 0.8 + 0.014 * active(id) + 0.006 * rng.normal())),
    macs: Float64Array.from(costs, (c) => c.macs),
    params: Float64Array.from(costs, (c) => c.params),
    rows: count,
    original: false,
  };
}

/** Every store as on a freshly loaded page, history included. */
export function resetStores(): void {
  history.clear();
  runStore.setState(initialRun, true);
  resetRunView();
  viewStore.setState({ truth: false, fullPanel: null, panel: "path", announcement: "", dialog: null });
  experimentStore.setState({ config: defaultsFor("macro8", "nano"), given: {}, notes: [], past: [] });
}

/** Feed frames to a history (the page's own by default). */
export function applyFrames(run: FakeRun, to: RunHistory = history): void {
  for (const frame of run.frames) to.apply(frame);
}

/** Put a run on the page as the controller would: history, run store and experiment. */
export function showRun(run: FakeRun): void {
  resetStores();
  experimentStore.setState({ config: run.config });
  runStore.setState({
    boot: { status: "ready", device: "wasm", data: [1, 1], kernels: [3, 3], message: "Ready" },
    info: run.info,
    plan: run.plan,
  });
  applyFrames(run);
  runStore.setState({ latest: run.latest });
}
