/**
 * Joint search of architecture and training recipe (FBNetV3, arXiv 2006.02049): pre-train the predictor → coarse stage → fine stage → retrain → test. This
 * file joins the phases and answers questions about them; each phase is a file of its own.
 */
import { AppError } from "@/lib/appError";
import { plainMega } from "@/lib/units";
import { bestScored, type Candidate } from "@/nas/candidate";
import { type JointSpace, jointSpace, type Pair } from "@/nas/joint/encode";
import { settingsOf } from "@/nas/joint/recipe";
import type { RunConfig } from "../configKeys";
import { type Method, type MethodEnv, type MethodMetrics, type MethodRun, type MethodStatus, noPaths, type PathStatistics, type SavedState, type Tick, type Weights } from "../method";
import { phases, type Phase } from "../phases";
import { Evaluator } from "../shared/evaluator";
import { LossReader } from "../shared/losses";
import { prepareTicks } from "../shared/preparation";
import { RecipeTrainer } from "../shared/recipe";
import { recipeGraph } from "../shared/recipeGraph";
import { retrain, retrainWork, testOnce } from "../shared/retrain";
import { Retrained, tensorsUnder, withLive } from "../shared/retrained";
import { coarseStage } from "./coarse";
import { fineStage } from "./fine";
import { Judge } from "./judge";
import { calibrationImages, jointRecords, lengthsOf, limitOf, retrainRateScale, totalsOf, unitImagesOf } from "./lengths";
import { pricedArchitectures, quasiRandomPool } from "./pool";
import { reportOf } from "./report";
import { fromJson, initialState, type JointState } from "./state";
import type { TrialNetwork } from "./trial";

/** A piece of work that may stop between two steps, as ticks. */
async function* chunks<T>(work: Generator<unknown, T, void>): AsyncGenerator<Tick, T, void> {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    yield { boundary: "chunk" };
  }
}

class JointRun implements MethodRun {
  readonly totals;
  readonly unitImages;
  readonly records;
  private readonly env: MethodEnv;
  private readonly state: JointState;
  private readonly lengths;
  private readonly limit: number;
  private readonly joint: JointSpace;
  private readonly losses: LossReader;
  private readonly retrained: Retrained;
  private readonly saved: SavedState | null;
  private judge: Judge | null = null;
  private pool: readonly Pair[] = [];
  private trial: TrialNetwork | null = null;
  private look: (() => Promise<void>) | null = null;
  private trainer: RecipeTrainer | null = null;
  private live: RunConfig;
  private skip: Phase | null = null;
  private warm = { done: 0, total: 1, message: "" };
  private preparing: { readonly done: number; readonly total: number } | null = null;
  private lastLoss: number | null = null;
  private lastLr: number | null = null;

  constructor(env: MethodEnv, saved: SavedState | null) {
    const { space, config } = env;
    const records = jointRecords(env.data, config);
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
    this.saved = saved;
    this.joint = jointSpace(space);
    this.limit = limitOf(space, config);
    refuseUnreachable(env, this.limit);
    this.lengths = lengthsOf(config, data);
    this.totals = totalsOf(config, data, null);
    this.unitImages = unitImagesOf(this.env);
    this.state = saved ? fromJson(saved.json) : initialState();
    this.losses = new LossReader(this.env, () => undefined);
    this.retrained = new Retrained(this.env, (graph) => recipeGraph(graph, settingsOf(this.winner().recipe)));
    if (saved && tensorsUnder(saved, "retrained").size > 0) this.trainerOf().restore(tensorsUnder(saved, "retrained"));
  }

  async *ticks(): AsyncGenerator<Tick, void, void> {
    try {
      yield* this.allPhases();
    } finally {
      await this.losses.discard();
    }
  }

  private async *allPhases(): AsyncGenerator<Tick, void, void> {
    const start = Math.max(1, phases.indexOf(this.state.phase));
    // The predictor judges until the search is over.
    const judge = start <= phases.indexOf("search") ? yield* this.warmUp() : null;
    this.warm = { done: 1, total: 1, message: "" };
    this.tell();
    for (const phase of phases.slice(start)) {
      this.state.phase = phase;
      this.skip = null;
      this.env.emit({ kind: "phase", phase, total: this.totals[phase] });
      yield { boundary: "phase" };
      yield* this.phase(phase, judge);
    }
  }

  /** The predictor, pre-trained on costs, and the pool that it will choose from; of a saved search as it was. */
  private async *warmUp(): AsyncGenerator<Tick, Judge, void> {
    const { env, state, joint, lengths, saved } = this;
    const total = lengths.pretrainEpochs + 2;
    yield { boundary: "chunk" };
    const judge = await Judge.open(joint);
    this.judge = judge;
    const pretrained = saved ? tensorsUnder(saved, "judge/pretrained") : new Map<string, Float32Array>();
    if (saved && pretrained.size > 0) {
      judge.pretrained = pretrained;
      const fitted = tensorsUnder(saved, "judge/fitted");
      judge.fitted = fitted.size > 0 ? fitted : null;
      judge.scale = state.accuracyScale;
    } else {
      const key = env.key.fold("pretrain");
      this.warm = { done: 0, total, message: `Pricing ${lengths.pretrain} architectures` };
      const priced = yield* chunks(pricedArchitectures(joint, lengths.pretrain, key.fold("sample")));
      const training = judge.pretrain(priced, lengths.pretrainEpochs, key);
      const course: number[] = [];
      for (let next = training.next(); next.done !== true; next = training.next()) {
        if (next.value !== null) course.push(next.value);
        this.warm = { done: 1 + course.length, total, message: `Pre-training the predictor (epoch ${course.length} of ${lengths.pretrainEpochs})` };
        yield { boundary: "chunk" };
      }
      state.pretraining = course;
    }
    this.warm = { done: total - 1, total, message: "Drawing the pool" };
    const { pairs, drawn } = yield* chunks(quasiRandomPool(joint, env.config["fbnet3.pool"], this.limit, env.key.fold("pool")));
    this.pool = pairs;
    [state.poolSize, state.poolDrawn] = [pairs.length, drawn];
    return judge;
  }

  private async *phase(phase: Phase, judge: Judge | null): AsyncGenerator<Tick, void, void> {
    const { env, state, lengths, joint } = this;
    const skipped = (): boolean => this.skip === phase;
    if (phase === "supernet" && judge) {
      yield* coarseStage(env, state, judge, this.pool, lengths, {
        skipped,
        tell: () => this.tell(),
        hold: (trial) => (this.trial = trial),
        restore: (trial) => trial.trainer.restore(this.saved ? tensorsUnder(this.saved, "trial") : new Map()),
        reader: (look) => (this.look = look),
      });
    } else if (phase === "search" && judge) yield* fineStage(env, state, joint, judge, lengths, this.limit, skipped, () => this.tell());
    else if (phase === "retrain") yield* this.retrain(skipped);
    else if (phase === "test") {
      const { choices } = this.winner();
      yield* testOnce(env, state, this.retrained.store(choices), this.retrained.graph(choices));
      if (state.test) env.emit({ kind: "accuracy", step: this.step, phase: "test", split: "test", accuracy: state.test });
    }
  }

  /** The winner by its own recipe, on all records; at the end the average of its weights takes their place, where the recipe keeps one. */
  private async *retrain(skipped: () => boolean): AsyncGenerator<Tick, void, void> {
    const { env, state, lengths, losses } = this;
    const { choices } = this.winner();
    const trainer = this.trainerOf();
    const [graph, store] = [this.retrained.graph(choices), this.retrained.store(choices)];
    const { optimizer, lr, ema } = trainer.settings;
    const work = retrainWork(env, graph).map((piece) => (piece.mode === "train" ? { ...piece, optimizer } : piece));
    yield* prepareTicks(env.executor, store, work, (done, total) => (this.preparing = { done, total }));
    this.preparing = null;
    yield* retrain(env, state, store, graph, lengths.retrain, state.supernetStep, { losses, skipped, lr: () => lr * retrainRateScale(this.live), recipe: trainer });
    if (!ema || state.settled) return;
    trainer.swap(true);
    const stats = yield* new Evaluator(env, store, calibrationImages(env.config, env.data), env.data.architecture.length).recalibrate(graph);
    try {
      await trainer.settle(stats);
      state.settled = true;
    } finally {
      stats.dispose();
    }
  }

  status(): MethodStatus {
    const { state, warm, preparing } = this;
    const warming = warm.done < warm.total;
    const phase = warming ? "warmup" : state.phase === "warmup" ? "supernet" : state.phase;
    const totals = totalsOf(this.env.config, this.env.data, state.earlyStop?.epoch ?? null);
    const fine = state.generations.length + state.swept;
    const done: Record<Phase, number> = { warmup: warm.done, supernet: state.supernetStep, recalibrate: 0, search: fine, retrain: state.retrainStep, test: state.testDone };
    const total = warming ? warm.total : totals[phase];
    const trials = phase === "supernet" ? `Pair ${Math.min(state.trials.length + 1, state.trials.length - state.next + state.queue.length)}, round ${state.round}` : "";
    return {
      phase,
      step: this.step,
      done: Math.min(done[phase], total),
      total,
      generation: state.fine?.generation ?? 0,
      message: warming ? warm.message : preparing ? `Preparing kernels (${preparing.done} of ${preparing.total})` : trials,
      lastLoss: this.lastLoss,
      lastLr: this.lastLr,
    };
  }

  paths(): PathStatistics {
    return noPaths;
  }

  metrics(): MethodMetrics {
    const { candidates, winner, test } = this.state;
    const best = bestScored(candidates);
    return {
      best: best?.accuracy ? { id: best.id, accuracy: best.accuracy, macs: best.macs, params: best.params } : null,
      recalibration: null,
      winner: winner && { id: winner.pair.id, choices: winner.pair.choices, macs: winner.pair.macs, params: winner.pair.params, supernet: null, index: winner.index },
      test,
      randomBest: null,
      gap: null,
      derived: null,
    };
  }

  rejected() {
    return { infeasible: Math.max(0, this.state.poolDrawn - this.state.poolSize), duplicate: 0 };
  }

  candidates(): readonly Candidate[] {
    return this.state.candidates;
  }

  async settle(): Promise<void> {
    await this.look?.();
    await this.losses.read();
  }

  async save(): Promise<SavedState> {
    await this.settle();
    const json = structuredClone(this.state);
    const tensors = new Map<string, Float32Array>();
    const put = (prefix: string, values: ReadonlyMap<string, Float32Array> | null | undefined): void => {
      for (const [name, numbers] of values ?? []) tensors.set(`${prefix}/${name}`, numbers);
    };
    const { judge, trial, trainer, state } = this;
    if (state.phase === "warmup" || state.phase === "supernet" || state.phase === "search") {
      put("judge/pretrained", judge?.pretrained);
      put("judge/fitted", judge?.fitted);
    }
    if (state.trialStep > 0) put("trial", await trial?.trainer.snapshot());
    put("retrained", state.settled ? await this.retrained.weights?.snapshot() : await trainer?.snapshot());
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

  evaluate(): Promise<never> {
    return Promise.reject(new AppError("config.invalid", "A joint search trains every pair from scratch; it has no supernet to score others with.", { recoverable: true }));
  }

  weights(kind: "inherited" | "retrained"): Promise<Weights | null> {
    if (kind === "inherited" || this.state.retrainStep === 0) return Promise.resolve(null);
    const { choices } = this.winner();
    return Promise.resolve({ graph: this.retrained.graph(choices), store: this.retrained.store(choices), stats: "running" });
  }

  dispose(): void {
    this.trial?.dispose();
    this.trial = null;
    this.retrained.dispose();
  }

  private get step(): number {
    return this.state.supernetStep + this.state.retrainStep;
  }

  private tell(): void {
    this.env.emit({ kind: "report", report: reportOf(this.joint, this.state, this.env.data.architecture.length, this.limit) });
  }

  private winner(): Pair {
    if (this.state.winner === null) throw new AppError("bug", "retraining without a winner");
    return this.state.winner.pair;
  }

  private trainerOf(): RecipeTrainer {
    const { choices, recipe } = this.winner();
    return (this.trainer ??= new RecipeTrainer(this.env.executor, this.retrained.store(choices), this.retrained.graph(choices), recipe, this.env.key.fold("recipe")));
  }
}

/** Throws `config.invalid` when no member is as cheap as the limit. */
function refuseUnreachable({ space }: MethodEnv, limit: number): void {
  const cheapest = space.cost(space.extremes("macs").min.choices).macs;
  if (limit >= cheapest) return;
  throw new AppError("config.invalid", `fbnet3.limit of ${plainMega(limit)} MACs cannot be kept: the cheapest network of this space has ${plainMega(cheapest)}.`, {
    recoverable: true,
    hint: `Take ${plainMega(cheapest)} or more, or none.`,
  });
}

export const fbnetV3: Method = { id: "fbnet-v3", start: (env, saved) => new JointRun(env, saved) };
