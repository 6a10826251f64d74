/**
 * Single-path one-shot search (Guo et al., ECCV 2020, arXiv 1904.00420): supernet → recalibrate → search → retrain → test.
 * This file joins the phases and answers questions about them; each phase is a file of its own.
 */
import { AppError } from "@/lib/appError";
import type { Candidate } from "@/nas/candidate";
import { topK } from "@/nas/evolution";
import type { Choices } from "@/nas/mutable";
import type { NormStats, ParamStore } from "@/nn/executor";
import { phases, type Phase } from "../phases";
import type { RunConfig } from "../configKeys";
import { prepareTicks } from "../shared/preparation";
import type { Method, MethodEnv, MethodMetrics, MethodRun, MethodStatus, PathStatistics, SavedState, Tick, Weights } from "../method";
import { drain, Evaluator } from "../shared/evaluator";
import { GraphCache } from "../shared/graphs";
import { lengthsOf, totalsOf, unitImagesOf } from "./lengths";
import { LossReader } from "../shared/losses";
import { recalibrationDemo } from "./recalibrationDemo";
import { retrain, retrainWork, testOnce } from "../shared/retrain";
import { Retrained, tensorsOf, tensorsUnder, withLive } from "../shared/retrained";
import { requireFeasible, searchCandidates } from "./search";
import { fromJson, initialState, type SposState, toJson } from "./state";
import { bookLoss, trainSupernet } from "./supernet";
import { warmUp } from "./warmUp";

class SposRun implements MethodRun {
  readonly totals;
  readonly unitImages;
  private readonly env: MethodEnv;
  private readonly state: SposState;
  private readonly lengths;
  private readonly graphs: GraphCache;
  private readonly evaluator: Evaluator;
  private readonly supernet: ParamStore;
  private readonly losses: LossReader;
  private readonly retrained: Retrained;
  private inherited: { readonly id: string; readonly stats: NormStats } | null = null;
  private live: RunConfig;
  private skip: Phase | null = null;
  private readonly forced = new Map<number, number>();
  private warm = { done: 0, total: 1 };
  /** Kernels of the network that is about to be retrained; null when there is nothing to wait for. */
  private preparing: { readonly done: number; readonly total: number } | null = null;
  private lastLoss: number | null = null;
  private lastLr: number | null = null;

  constructor(env: MethodEnv, saved: SavedState | null) {
    const emit = env.emit;
    this.env = {
      ...env,
      emit: (event) => {
        if (event.kind === "loss") [this.lastLoss, this.lastLr] = [event.loss, event.lr];
        emit(event);
      },
    };
    const { space, executor, config, data } = env;
    this.live = config;
    requireFeasible(space, config);
    this.lengths = lengthsOf(config, data);
    this.totals = totalsOf(config, data);
    this.unitImages = unitImagesOf(config, data);
    this.graphs = new GraphCache(space);
    this.retrained = new Retrained(this.env);
    this.supernet = executor.createStore(space.supernetParams(), space.supernetNorms(), env.key.fold("init"));
    try {
      this.state = saved ? fromJson(saved.json, space) : initialState(space);
      this.losses = new LossReader(this.env, (loss, cells) => bookLoss(this.state, loss, cells));
      this.evaluator = new Evaluator(this.env, this.supernet, this.lengths.recalibrationImages, this.lengths.evaluationImages);
      if (saved) this.restore(saved);
    } catch (cause) {
      // Weights that do not fit, a split without images: nobody would ever free what was made so far.
      this.supernet.dispose();
      this.retrained.dispose();
      throw cause;
    }
  }

  async *ticks(): AsyncGenerator<Tick, void, void> {
    try {
      yield* this.allPhases();
    } finally {
      await this.losses.discard();
    }
  }

  private async *allPhases(): AsyncGenerator<Tick, void, void> {
    // Warm-up also happens after a resume: kernels and caches are not part of a checkpoint.
    yield* warmUp(this.env, this.graphs, this.supernet, (done, total) => (this.warm = { done, total }));
    const start = phases.indexOf(this.state.phase);
    for (const phase of phases.slice(Math.max(1, start))) {
      this.state.phase = phase;
      this.skip = null;
      this.env.emit({ kind: "phase", phase, total: this.totals[phase] });
      yield { boundary: "phase" };
      yield* this.phase(phase);
    }
  }

  private phase(phase: Phase): AsyncGenerator<Tick, void, void> {
    const { env, state } = this;
    const skipped = (): boolean => this.skip === phase;
    switch (phase) {
      case "warmup":
        throw new AppError("bug", "warm-up is no phase of its own here");
      case "supernet":
        return trainSupernet(env, state, this.supernet, this.graphs, this.lengths.supernet, { losses: this.losses, skipped, lr: () => this.live["train.lr"], takeForced: () => this.takeForced() });
      case "recalibrate":
        return recalibrationDemo(env, state, this.evaluator, this.graphs, this.lengths.recalibrationPaths, skipped);
      case "search":
        return this.search(skipped);
      case "retrain":
        return this.retrain(skipped);
      case "test":
        return this.test();
      default:
        return phase satisfies never;
    }
  }

  private async *search(skipped: () => boolean): AsyncGenerator<Tick, void, void> {
    const { env, state } = this;
    // A search cannot be left before it has something to retrain.
    const enough = (): boolean => skipped() && state.search.top.length > 0;
    yield* searchCandidates(env, state.search, this.evaluator, this.graphs, { skipped: enough, config: () => this.live });
    const best = this.best();
    if (best === null) throw new AppError("search.infeasible", "The search ended without a scored candidate.", { recoverable: true, hint: "Let the search score at least one candidate, or raise the limit." });
    state.winner = best.index;
    if (best.accuracy) env.emit({ kind: "accuracy", step: this.step, phase: "search", split: "validation", accuracy: best.accuracy });
  }

  private async *retrain(skipped: () => boolean): AsyncGenerator<Tick, void, void> {
    const winner = this.winner();
    const graph = this.retrained.graph(winner.choices);
    const store = this.retrained.store(winner.choices);
    yield* prepareTicks(this.env.executor, store, retrainWork(this.env, graph), (done, total) => (this.preparing = { done, total }));
    this.preparing = null;
    yield* retrain(this.env, this.state, store, graph, this.lengths.retrain, this.state.supernetStep, { losses: this.losses, skipped, lr: () => this.live["retrain.lr"] });
  }

  private async *test(): AsyncGenerator<Tick, void, void> {
    const winner = this.winner();
    yield* testOnce(this.env, this.state, this.retrained.store(winner.choices), this.retrained.graph(winner.choices));
    const { test } = this.state;
    if (test) this.env.emit({ kind: "accuracy", step: this.step, phase: "test", split: "test", accuracy: test });
  }

  status(): MethodStatus {
    const { state } = this;
    const warming = this.warm.done < this.warm.total;
    const kernels = warming ? this.warm : this.preparing;
    const phase = warming ? "warmup" : state.phase === "warmup" ? "supernet" : state.phase;
    const done: Record<Phase, number> = {
      warmup: this.warm.done,
      supernet: state.supernetStep,
      recalibrate: state.recalibration.next,
      search: state.search.candidates.length,
      retrain: state.retrainStep,
      test: state.testDone,
    };
    return {
      phase,
      step: this.step,
      done: done[phase],
      total: phase === "warmup" ? this.warm.total : this.totals[phase],
      generation: state.search.generation,
      message: kernels ? `Preparing kernels (${kernels.done} of ${kernels.total})` : "",
      lastLoss: this.lastLoss,
      lastLr: this.lastLr,
    };
  }

  paths(): PathStatistics {
    const { path, counts, expected, lossSum, lossSquares, pairs } = this.state;
    return { path, counts, expected, lossSum, lossSquares, pairs };
  }

  metrics(): MethodMetrics {
    const { recalibration, search, winner, test } = this.state;
    const best = this.best();
    const mean = (key: "with" | "without") => ({ value: recalibration.paths.reduce((a, p) => a + p[key], 0) / recalibration.paths.length, n: recalibration.n });
    const random = topK([], search.candidates.filter((c) => c.arm === "random"), 1)[0];
    const won = winner === null ? null : (search.candidates[winner] ?? null);
    return {
      best: best?.accuracy ? { id: best.id, accuracy: best.accuracy, macs: best.macs, params: best.params } : null,
      recalibration: recalibration.paths.length > 0 ? { without: mean("without"), with: mean("with") } : null,
      winner: won?.accuracy ? { id: won.id, choices: won.choices, macs: won.macs, params: won.params, supernet: won.accuracy, index: won.index } : null,
      test,
      randomBest: random?.accuracy ?? null,
      gap: null,
      derived: null,
    };
  }

  rejected() {
    return { ...this.state.search.rejected };
  }

  candidates(): readonly Candidate[] {
    return this.state.search.candidates;
  }

  settle(): Promise<void> {
    return this.losses.read();
  }

  async save(): Promise<SavedState> {
    await this.settle();
    const json = toJson(this.state);
    const tensors = await tensorsOf({ supernet: this.supernet, retrained: this.retrained.weights });
    return { json, tensors };
  }

  skipPhase(): void {
    this.skip = this.state.phase;
  }

  setLive(values: Partial<RunConfig>): void {
    this.live = withLive(this.live, values);
  }

  force(slot: number, choice: number | null): void {
    if (choice === null) this.forced.delete(slot);
    else this.forced.set(slot, choice);
  }

  async evaluate(choices: Choices) {
    const arch = this.env.space.canonical(choices);
    const accuracy = await drain(this.evaluator.score(this.graphs.of(arch.choices), this.env.config["bn.recal"] > 0));
    return { id: arch.id, accuracy };
  }

  async weights(kind: "inherited" | "retrained"): Promise<Weights | null> {
    const { state } = this;
    const best = state.winner === null ? this.best() : this.winner();
    if (!best) return null;
    if (kind === "retrained") return state.winner !== null && state.retrainStep > 0 ? { graph: this.retrained.graph(best.choices), store: this.retrained.store(best.choices), stats: "running" } : null;
    const graph = this.graphs.of(best.choices);
    if (this.env.config["bn.recal"] === 0) return { graph, store: this.supernet, stats: "running" };
    if (this.inherited?.id !== best.id) {
      this.inherited?.stats.dispose();
      this.inherited = { id: best.id, stats: await drain(this.evaluator.recalibrate(graph)) };
    }
    return { graph, store: this.supernet, stats: this.inherited.stats };
  }

  dispose(): void {
    this.inherited?.stats.dispose();
    this.supernet.dispose();
    this.retrained.dispose();
  }

  private get step(): number {
    return this.state.supernetStep + this.state.retrainStep;
  }

  private best(): Candidate | null {
    const { candidates, top } = this.state.search;
    const index = top[0];
    return index === undefined ? null : (candidates[index] ?? null);
  }

  private winner(): Candidate {
    const winner = this.state.winner === null ? null : this.state.search.candidates[this.state.winner];
    if (!winner) throw new AppError("bug", "retraining without a winner");
    return winner;
  }

  private takeForced(): ReadonlyMap<number, number> {
    if (this.forced.size === 0) return this.forced;
    const taken = new Map(this.forced);
    this.forced.clear();
    return taken;
  }

  private restore(saved: SavedState): void {
    this.supernet.restore(tensorsUnder(saved, "supernet"));
    const retrained = tensorsUnder(saved, "retrained");
    if (retrained.size > 0) this.retrained.store(this.winner().choices).restore(retrained);
  }
}

export const spos: Method = { id: "spos", start: (env, saved) => new SposRun(env, saved) };
