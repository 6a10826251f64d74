/**
 * Stochastic hardware-aware search (FBNet, arXiv 1812.03443; FBNetV2, arXiv 2004.05565): measure → search θ → sample → retrain → test. This file joins the
 * phases and answers questions about them; each phase is a file of its own, and what the two versions differ in is a `Relaxed`.
 */
import { AppError } from "@/lib/appError";
import { bestScored, type Candidate } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import type { NormStats, ParamStore, PrepareWork } from "@/nn/executor";
import type { RunConfig } from "../configKeys";
import { type Method, type MethodEnv, type MethodMetrics, type MethodRun, type MethodStatus, noPaths, type PathStatistics, type SavedState, type Tick, type Weights } from "../method";
import { phases, type Phase } from "../phases";
import { drain, Evaluator } from "../shared/evaluator";
import { tableTicks } from "../shared/latencyTable";
import { LossReader } from "../shared/losses";
import { batchSizes, prepareTicks } from "../shared/preparation";
import { retrain, retrainWork, testOnce } from "../shared/retrain";
import { Retrained, tensorsOf, tensorsUnder, withLive } from "../shared/retrained";
import { costOfLayers, costOfMasks, refuseUnreachable, type SearchCost } from "./cost";
import { relaxedLayers } from "./layers";
import { lengthsOf, searchRecords, totalsOf } from "./lengths";
import { relaxedMasks } from "./masks";
import type { Inherited, Relaxed } from "./relaxed";
import { scoreMembers } from "./sample";
import { searchTheta } from "./search";
import { fromJson, type FbnetState, initialState } from "./state";
import { argmaxOf } from "./theta";
import { unitImagesOf } from "./units";

class FbnetRun implements MethodRun {
  readonly totals;
  readonly unitImages;
  readonly records;
  private readonly env: MethodEnv;
  private readonly state: FbnetState;
  private readonly lengths;
  private readonly relaxed: Relaxed;
  private readonly store: ParamStore;
  private readonly losses: LossReader;
  private readonly retrained: Retrained;
  private inherited: { readonly of: Inherited; readonly stats: NormStats | "running" } | null = null;
  private live: RunConfig;
  private skip: Phase | null = null;
  private warm = { done: 0, total: 1, message: "" };
  private preparing: { readonly done: number; readonly total: number } | null = null;
  private lastLoss: number | null = null;
  private lastLr: number | null = null;

  constructor(env: MethodEnv, saved: SavedState | null) {
    const { space, executor, config } = env;
    const records = searchRecords(env.data, config);
    this.records = { weights: records.weights, validation: records.architecture };
    this.env = {
      ...env,
      data: { ...env.data, ...records },
      emit: (event) => {
        if (event.kind === "loss") [this.lastLoss, this.lastLr] = [event.loss, event.lr];
        env.emit(event);
      },
    };
    const { data } = this.env;
    this.live = config;
    this.lengths = lengthsOf(config, data);
    this.totals = totalsOf(config, data);
    this.unitImages = unitImagesOf(this.env);
    this.relaxed = config.algorithm === "fbnet-v2" ? relaxedMasks(this.env) : relaxedLayers(space, config["fbnet.paths"]);
    this.state = saved ? fromJson(saved.json, this.relaxed.rows) : initialState(this.relaxed.rows);
    this.retrained = new Retrained(this.env);
    this.store = executor.createStore(this.relaxed.params, this.relaxed.norms, env.key.fold("init"));
    try {
      this.losses = new LossReader(this.env, () => undefined);
      if (saved) this.restore(saved);
    } catch (cause) {
      this.dispose();
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
    yield* prepareTicks(this.env.executor, this.store, this.searchWork(), (done, total) => (this.warm = { done, total: total + 1, message: `Preparing kernels (${done} of ${total})` }));
    yield* this.measure();
    const cost = this.cost();
    refuseUnreachable(cost, this.env.config);
    this.warm = { done: 1, total: 1, message: "" };
    for (const phase of phases.slice(Math.max(1, phases.indexOf(this.state.phase)))) {
      this.state.phase = phase;
      this.skip = null;
      this.env.emit({ kind: "phase", phase, total: this.totals[phase] });
      yield { boundary: "phase" };
      yield* this.phase(phase, cost);
    }
  }

  /** The table that this search weighs: kept, or measured now. */
  private async *measure(): AsyncGenerator<Tick, void, void> {
    const { env, state } = this;
    const weighsLatency = env.config.algorithm === "fbnet-v1" && env.config["fbnet.metric"] === "latency";
    if (!weighsLatency) return;
    if (state.table === null) {
      state.table = yield* tableTicks(env, (done, total) => (this.warm = { done, total: total + 1, message: `Measuring latency (${done} of ${total} readings)` }));
      return;
    }
    env.emit({ kind: "report", report: { kind: "table", table: state.table, done: 1, total: 1, own: state.table.device.label === env.latency.device.label } });
  }

  private cost(): SearchCost {
    const { space, config } = this.env;
    return config.algorithm === "fbnet-v2" ? costOfMasks(space, config) : costOfLayers(space, config["fbnet.metric"], this.state.table);
  }

  private async *phase(phase: Phase, cost: SearchCost): AsyncGenerator<Tick, void, void> {
    const { env, state, store, relaxed, lengths, losses } = this;
    const skipped = (): boolean => this.skip === phase;
    if (phase === "supernet") {
      // A search cannot be left before it has said something.
      yield* searchTheta(env, state, store, relaxed, cost, lengths, { losses, skipped: () => skipped() && state.supernetStep > 0, live: () => this.live });
    } else if (phase === "search") {
      yield* scoreMembers({ ...env, config: this.live }, state, store, relaxed, cost, lengths, skipped);
    } else if (phase === "retrain" || phase === "test") {
      const { choices } = this.winner();
      const graph = this.retrained.graph(choices);
      const trained = this.retrained.store(choices);
      if (phase === "test") {
        yield* testOnce(env, state, trained, graph);
        if (state.test) env.emit({ kind: "accuracy", step: this.step, phase: "test", split: "test", accuracy: state.test });
        return;
      }
      yield* prepareTicks(env.executor, trained, retrainWork(env, graph), (done, total) => (this.preparing = { done, total }));
      this.preparing = null;
      yield* retrain(env, state, trained, graph, lengths.retrain, state.supernetStep, { losses, skipped, lr: () => this.live["retrain.lr"] });
    }
  }

  status(): MethodStatus {
    const { state, warm, preparing } = this;
    const warming = warm.done < warm.total;
    const phase = warming ? "warmup" : state.phase === "warmup" ? "supernet" : state.phase;
    const done: Record<Phase, number> = { warmup: warm.done, supernet: state.supernetStep, recalibrate: 0, search: state.candidates.length, retrain: state.retrainStep, test: state.testDone };
    return {
      phase,
      step: this.step,
      done: Math.min(done[phase], warming ? warm.total : this.totals[phase]),
      total: warming ? warm.total : this.totals[phase],
      generation: 0,
      message: warming ? warm.message : preparing ? `Preparing kernels (${preparing.done} of ${preparing.total})` : "",
      lastLoss: this.lastLoss,
      lastLr: this.lastLr,
    };
  }

  paths(): PathStatistics {
    return noPaths;
  }

  metrics(): MethodMetrics {
    const { candidates, winner: at, test } = this.state;
    const best = bestScored(candidates);
    const winner = at === null ? null : (candidates[at] ?? null);
    return {
      best: best?.accuracy ? { id: best.id, accuracy: best.accuracy, macs: best.macs, params: best.params } : null,
      recalibration: null,
      winner: winner && { id: winner.id, choices: winner.choices, macs: winner.macs, params: winner.params, supernet: winner.accuracy, index: winner.index },
      test,
      randomBest: null,
      gap: null,
      derived: this.derivedNow(winner),
    };
  }

  rejected() {
    return { infeasible: 0, duplicate: 0 };
  }

  candidates(): readonly Candidate[] {
    return this.state.candidates;
  }

  settle(): Promise<void> {
    return this.losses.read();
  }

  async save(): Promise<SavedState> {
    await this.settle();
    const json = structuredClone(this.state);
    const tensors = await tensorsOf({ supernet: this.store, retrained: this.retrained.weights });
    return { json, tensors };
  }

  skipPhase(): void {
    this.skip = this.state.phase;
  }

  setLive(values: Partial<RunConfig>): void {
    this.live = withLive(this.live, values);
  }

  /** Nothing is sampled that could be forced. */
  force(): void {
    return;
  }

  async evaluate(choices: Choices) {
    const { config, space } = this.env;
    const inherited = await this.relaxed.inherit(this.store, choices);
    try {
      const accuracy = await drain(this.evaluator(inherited.store).score(inherited.graph, config["bn.recal"] > 0));
      return { id: space.encode(choices), accuracy };
    } finally {
      inherited.dispose();
    }
  }

  async weights(kind: "inherited" | "retrained"): Promise<Weights | null> {
    const { winner, retrainStep } = this.state;
    if (winner === null) return null;
    const { choices } = this.winner();
    if (kind === "retrained") return retrainStep > 0 ? { graph: this.retrained.graph(choices), store: this.retrained.store(choices), stats: "running" } : null;
    if (this.inherited === null) {
      const of = await this.relaxed.inherit(this.store, choices);
      const stats = this.env.config["bn.recal"] > 0 ? await drain(this.evaluator(of.store).recalibrate(of.graph)) : "running";
      this.inherited = { of, stats };
    }
    const { of, stats } = this.inherited;
    return { graph: of.graph, store: of.store, stats };
  }

  dispose(): void {
    if (this.inherited && this.inherited.stats !== "running") this.inherited.stats.dispose();
    this.inherited?.of.dispose();
    this.store.dispose();
    this.retrained.dispose();
  }

  private get step(): number {
    return this.state.supernetStep + this.state.retrainStep;
  }

  private evaluator(store: ParamStore): Evaluator {
    return new Evaluator(this.env, store, this.lengths.recalibrationImages, this.lengths.evaluationImages);
  }

  private derivedNow(winner: Candidate | null): MethodMetrics["derived"] {
    const { state, relaxed, env } = this;
    if (winner) return { id: winner.id, choices: winner.choices };
    if (state.supernetStep === 0) return null;
    const choices = relaxed.choicesOf(argmaxOf(state.theta));
    return { id: env.space.encode(choices), choices };
  }

  private winner(): Candidate {
    const { candidates, winner } = this.state;
    const found = winner === null ? undefined : candidates[winner];
    if (found === undefined) throw new AppError("bug", "retraining without a winner");
    return found;
  }

  /** Both kinds of steps on the graphs that are sure to run. */
  private searchWork(): PrepareWork[] {
    const { config, data } = this.env;
    const weights = batchSizes(Math.min(config["train.batch"], data.weights.length), config["train.batch"]);
    const theta = batchSizes(Math.min(config["train.batch"], data.architecture.length), config["train.batch"]);
    return this.relaxed.graphs.flatMap((graph): PrepareWork[] => [
      ...theta.map((batch): PrepareWork => ({ graph, batch, mode: "train", part: "architecture" })),
      ...weights.map((batch): PrepareWork => ({ graph, batch, mode: "train", optimizer: "sgd", part: "weights" })),
    ]);
  }

  private restore(saved: SavedState): void {
    this.store.restore(tensorsUnder(saved, "supernet"));
    const retrained = tensorsUnder(saved, "retrained");
    if (retrained.size > 0) this.retrained.store(this.winner().choices).restore(retrained);
  }
}

export const fbnet: Method = { id: "fbnet", start: (env, saved) => new FbnetRun(env, saved) };

