/**
 * Differentiable search (DARTS, arXiv 1806.09055; GDAS, arXiv 1910.04465): search → derive → retrain → test. This file joins the phases and
 * answers questions about them; each phase is a file of its own.
 */
import { AppError } from "@/lib/appError";
import type { Candidate } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import type { NormStats, ParamStore, PrepareWork } from "@/nn/executor";
import type { RunConfig } from "../configKeys";
import { type Method, type MethodEnv, type MethodMetrics, type MethodRun, type MethodStatus, noPaths, type PathStatistics, type SavedState, type Tick, type Weights } from "../method";
import { phases, type Phase } from "../phases";
import { drain, Evaluator, evaluationChunk } from "../shared/evaluator";
import { GraphCache } from "../shared/graphs";
import { LossReader } from "../shared/losses";
import { batchSizes, prepareTicks } from "../shared/preparation";
import { retrain, retrainWork, testOnce } from "../shared/retrain";
import { Retrained, tensorsOf, tensorsUnder, withLive } from "../shared/retrained";
import { derivationOf, deriveAndScore, mixedOf } from "./derive";
import { gdasStrategy } from "./gdas";
import { lengthsOf, searchRecords, totalsOf, unitImagesOf } from "./lengths";
import { memoryNote, refuseTooLarge } from "./memory";
import { searchMixture } from "./search";
import { fromJson, initialState, type DartsState } from "./state";
import { dartsStrategy, type Strategy } from "./strategy";

class DartsRun implements MethodRun {
  readonly totals;
  readonly unitImages;
  readonly records;
  private readonly env: MethodEnv;
  private readonly state: DartsState;
  private readonly lengths;
  private readonly mixed;
  private readonly graphs: GraphCache;
  private readonly store: ParamStore;
  private readonly losses: LossReader;
  private readonly evaluator: Evaluator;
  private readonly check: Evaluator;
  private readonly strategy: Strategy;
  private readonly retrained: Retrained;
  private inherited: NormStats | null = null;
  private live: RunConfig;
  private skip: Phase | null = null;
  private warm = { done: 0, total: 1 };
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
    this.mixed = mixedOf(space);
    this.lengths = lengthsOf(config, data);
    this.totals = totalsOf(config, data);
    this.unitImages = unitImagesOf(this.env);
    this.graphs = new GraphCache(space);
    this.retrained = new Retrained(this.env);
    refuseTooLarge(this.env, this.mixed);
    this.state = saved ? fromJson(saved.json) : initialState();
    this.store = executor.createStore(this.mixed.params, this.mixed.norms, env.key.fold("init"));
    try {
      this.losses = new LossReader(this.env, () => undefined, (groups) => (this.state.alphas = groups.map((group) => Array.from(group))));
      this.evaluator = new Evaluator(this.env, this.store, this.lengths.recalibrationImages, this.lengths.evaluationImages);
      this.check = new Evaluator(this.env, this.store, this.lengths.recalibrationImages, this.lengths.checkImages);
      const context = { executor, store: this.store, graph: this.mixed.searchGraph, config };
      this.strategy = config.algorithm === "gdas" ? gdasStrategy(this.env, context) : dartsStrategy(context);
      if (saved) this.restore(saved);
    } catch (cause) {
      // Weights that do not fit, a half without images: nobody would ever free what was made so far.
      this.store.dispose();
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
    const isUnrolled = this.env.config.algorithm === "darts" && this.env.config["darts.order"] === 2;
    if (isUnrolled && this.state.phase === "warmup") this.env.emit({ kind: "note", level: "info", message: memoryNote(this.env, this.mixed) });
    yield* prepareTicks(this.env.executor, this.store, this.searchWork(), (done, total) => (this.warm = { done, total }));
    this.warm = { done: 1, total: 1 };
    const start = phases.indexOf(this.state.phase);
    for (const phase of phases.slice(Math.max(1, start))) {
      this.state.phase = phase;
      this.skip = null;
      this.env.emit({ kind: "phase", phase, total: this.totals[phase] });
      yield { boundary: "phase" };
      yield* this.phase(phase);
    }
  }

  private async *phase(phase: Phase): AsyncGenerator<Tick, void, void> {
    const { env, state } = this;
    const skipped = (): boolean => this.skip === phase;
    if (phase === "supernet") {
      const { searchGraph } = this.mixed;
      yield* searchMixture(env, state, this.store, searchGraph, this.strategy, this.check, this.lengths, {
        losses: this.losses,
        // A search cannot be left before it has said something.
        skipped: () => skipped() && state.supernetStep > 0,
        lr: () => this.live["train.lr"],
        alphaLr: () => this.live["darts.alphaLr"],
      });
    } else if (phase === "search") {
      yield* deriveAndScore(env, state, this.evaluator, { search: this.mixed.searchGraph, of: (choices) => this.graphs.of(choices) }, skipped);
    } else if (phase === "retrain" || phase === "test") {
      const { choices } = this.winner();
      const graph = this.retrained.graph(choices);
      const store = this.retrained.store(choices);
      if (phase === "test") {
        yield* testOnce(env, state, store, graph);
        if (state.test) env.emit({ kind: "accuracy", step: this.step, phase: "test", split: "test", accuracy: state.test });
        return;
      }
      yield* prepareTicks(env.executor, store, retrainWork(env, graph), (done, total) => (this.preparing = { done, total }));
      this.preparing = null;
      yield* retrain(env, state, store, graph, this.lengths.retrain, state.supernetStep, { losses: this.losses, skipped, lr: () => this.live["retrain.lr"] });
    }
  }

  status(): MethodStatus {
    const { state } = this;
    const warming = this.warm.done < this.warm.total;
    const kernels = warming ? this.warm : this.preparing;
    const phase = warming ? "warmup" : state.phase === "warmup" ? "supernet" : state.phase;
    const done: Record<Phase, number> = { warmup: this.warm.done, supernet: state.supernetStep, recalibrate: 0, search: state.searchDone, retrain: state.retrainStep, test: state.testDone };
    return {
      phase,
      step: this.step,
      done: done[phase],
      total: phase === "warmup" ? this.warm.total : this.totals[phase],
      generation: 0,
      message: kernels ? `Preparing kernels (${kernels.done} of ${kernels.total})` : "",
      lastLoss: this.lastLoss,
      lastLr: this.lastLr,
    };
  }

  paths(): PathStatistics {
    return noPaths;
  }

  metrics(): MethodMetrics {
    const { derived, supernet, test } = this.state;
    const best = derived?.accuracy ? { id: derived.id, accuracy: derived.accuracy, macs: derived.macs, params: derived.params } : null;
    return {
      best,
      recalibration: null,
      winner: derived ? { id: derived.id, choices: derived.choices, macs: derived.macs, params: derived.params, supernet: derived.accuracy, index: derived.index } : null,
      test,
      randomBest: null,
      gap: supernet && derived?.accuracy ? { supernet, derived: derived.accuracy } : null,
      derived: this.derivedNow(),
    };
  }

  rejected() {
    return { infeasible: 0, duplicate: 0 };
  }

  candidates(): readonly Candidate[] {
    return this.state.derived ? [this.state.derived] : [];
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
    const accuracy = await drain(this.evaluator.score(this.graphs.of(choices), this.env.config["bn.recal"] > 0));
    return { id: this.env.space.encode(choices), accuracy };
  }

  async weights(kind: "inherited" | "retrained"): Promise<Weights | null> {
    const { derived, retrainStep } = this.state;
    if (!derived) return null;
    if (kind === "retrained") return retrainStep > 0 ? { graph: this.retrained.graph(derived.choices), store: this.retrained.store(derived.choices), stats: "running" } : null;
    const graph = this.graphs.of(derived.choices);
    if (this.env.config["bn.recal"] === 0) return { graph, store: this.store, stats: "running" };
    this.inherited ??= await drain(this.evaluator.recalibrate(graph));
    return { graph, store: this.store, stats: this.inherited };
  }

  dispose(): void {
    this.inherited?.dispose();
    this.store.dispose();
    this.retrained.dispose();
  }

  private get step(): number {
    return this.state.supernetStep + this.state.retrainStep;
  }

  private derivedNow(): MethodMetrics["derived"] {
    const { space, config } = this.env;
    const { derived, alphas } = this.state;
    if (derived) return { id: derived.id, choices: derived.choices };
    const derivation = derivationOf(space, config, alphas);
    return derivation === null ? null : { id: space.encode(derivation.choices), choices: derivation.choices };
  }

  private winner(): Candidate {
    if (this.state.derived === null) throw new AppError("bug", "retraining without a derived member");
    return this.state.derived;
  }

  /** The two half-steps of an iteration and the scoring of the mixture, with the batches that there will be. */
  private searchWork(): PrepareWork[] {
    const { config, data } = this.env;
    const batch = Math.min(config["train.batch"], data.weights.length);
    const graph = this.mixed.searchGraph;
    const scoring = [...batchSizes(this.lengths.recalibrationImages, batch).map((size) => [size, "recalibrate"] as const), ...batchSizes(this.lengths.checkImages, evaluationChunk).map((size) => [size, "evaluate"] as const)];
    const training: PrepareWork[] =
      config.algorithm === "gdas"
        ? []
        : [
            // The validation pass at the unrolled weights wants both.
            ...(config["darts.order"] === 2 ? ([{ graph, batch, mode: "train", part: "all" }] as const) : []),
            { graph, batch, mode: "train", optimizer: "adam", part: "architecture" },
            { graph, batch, mode: "train", optimizer: "sgd", part: "weights" },
          ];
    return [...training, ...scoring.map(([size, mode]): PrepareWork => ({ graph, batch: size, mode }))];
  }

  private restore(saved: SavedState): void {
    this.store.restore(tensorsUnder(saved, "supernet"));
    const retrained = tensorsUnder(saved, "retrained");
    if (retrained.size > 0) this.retrained.store(this.winner().choices).restore(retrained);
  }
}

export const darts: Method = { id: "darts", start: (env, saved) => new DartsRun(env, saved) };
