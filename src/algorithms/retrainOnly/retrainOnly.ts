/**
 * Training of one given architecture from scratch: a published cell, an imported file, another run's winner. Nothing is searched; the run goes
 * straight to retrain and test.
 */
import { AppError } from "@/lib/appError";
import type { Candidate } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import { networkCost } from "@/nas/space/networkCost";
import { findPublished, publishedIn } from "@/nas/space/published";
import type { Space } from "@/nas/space/types";
import type { ParamStore } from "@/nn/executor";
import { sizeOptionsOf } from "../config";
import type { RunConfig } from "../configKeys";
import { type Method, type MethodEnv, type MethodMetrics, type MethodRun, type MethodStatus, noPaths, type SavedState, type Tick, type Weights } from "../method";
import type { Phase } from "../phases";
import { LossReader } from "../shared/losses";
import { prepareTicks } from "../shared/preparation";
import { retrain, retrainGraph, retrainLength, type RetrainState, retrainWork, testOnce } from "../shared/retrain";
import { withLive } from "../shared/retrained";

interface State extends RetrainState {
  phase: Phase;
}

/** The member that the key names: an id of the space, or a published architecture. Throws `config.invalid` with one sentence. */
export function givenChoices(space: Space, text: string): Choices {
  const published = findPublished(space, text);
  if (published?.ok) return published.value;
  if (published) {
    const { message, hint = `Give one of ${publishedIn(space).join(", ")}.` } = published.problem;
    throw new AppError("config.invalid", `retrain.arch: ${message}`, { recoverable: true, hint });
  }
  const choices = space.decode(text);
  if (choices) return choices;
  const names = publishedIn(space);
  const id = space.id === "darts-cell" ? "a cell's id" : "an architecture's id, as exported files have it";
  throw new AppError("config.invalid", `retrain.arch names no architecture of ${space.id}: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}.`, {
    recoverable: true,
    hint: names.length > 0 ? `Give ${id}, or one of ${names.join(", ")}.` : `Give ${id}.`,
  });
}

class RetrainRun implements MethodRun {
  readonly totals;
  readonly unitImages;
  private readonly env: MethodEnv;
  private readonly winner: Candidate;
  private readonly graph: Graph;
  private readonly store: ParamStore;
  private readonly losses: LossReader;
  private readonly state: State;
  private live: RunConfig;
  private skip: Phase | null = null;
  private warm = { done: 0, total: 1 };
  private lastLoss: number | null = null;
  private lastLr: number | null = null;

  constructor(env: MethodEnv, saved: SavedState | null) {
    const { config, space, data, executor } = env;
    this.env = {
      ...env,
      emit: (event) => {
        if (event.kind === "loss") [this.lastLoss, this.lastLr] = [event.loss, event.lr];
        env.emit(event);
      },
    };
    this.live = config;
    const choices = givenChoices(space, config["retrain.arch"] ?? "");
    this.graph = retrainGraph(space, choices, config);
    const { macs, params } = networkCost(space, choices, sizeOptionsOf(config));
    this.winner = { index: 0, id: space.encode(choices), choices, origin: { kind: "manual" }, generation: 0, arm: "evolution", macs, params, accuracy: null };
    const batch = config["retrain.batch"];
    this.totals = { warmup: 1, supernet: 0, recalibrate: 0, search: 0, retrain: retrainLength(config, data), test: data.test.count };
    this.unitImages = { warmup: 0, supernet: 0, recalibrate: 0, search: 0, retrain: 3 * batch, test: 1 };
    const fresh: State = { phase: "warmup", retrainStep: 0, testDone: 0, testCorrect: 0, test: null };
    this.state = saved ? { ...fresh, ...(structuredClone(saved.json) as Partial<State>) } : fresh;
    this.losses = new LossReader(this.env, () => undefined);
    this.store = executor.createStore(this.graph.params, this.graph.norms, env.key.fold("retrain-init"));
    if (!saved) return;
    try {
      this.store.restore(saved.tensors);
    } catch (cause) {
      this.store.dispose();
      throw cause;
    }
  }

  async *ticks(): AsyncGenerator<Tick, void, void> {
    const { env, state, store, graph } = this;
    try {
      yield* prepareTicks(env.executor, store, retrainWork(env, graph), (done, total) => (this.warm = { done, total }));
      this.warm = { done: 1, total: 1 };
      for (const phase of (["retrain", "test"] as const).slice(state.phase === "test" ? 1 : 0)) {
        state.phase = phase;
        this.skip = null;
        env.emit({ kind: "phase", phase, total: this.totals[phase] });
        yield { boundary: "phase" };
        if (phase === "retrain") yield* retrain(env, state, store, graph, this.totals.retrain, 0, { losses: this.losses, skipped: () => this.skip === phase, lr: () => this.live["retrain.lr"] });
        else yield* testOnce(env, state, store, graph);
      }
      if (state.test) env.emit({ kind: "accuracy", step: state.retrainStep, phase: "test", split: "test", accuracy: state.test });
    } finally {
      await this.losses.discard();
    }
  }

  status(): MethodStatus {
    const { state, warm } = this;
    const warming = warm.done < warm.total;
    const phase = warming ? "warmup" : state.phase === "warmup" ? "retrain" : state.phase;
    return {
      phase,
      step: state.retrainStep,
      done: warming ? warm.done : phase === "test" ? state.testDone : state.retrainStep,
      total: warming ? warm.total : this.totals[phase],
      generation: 0,
      message: warming ? `Preparing kernels (${warm.done} of ${warm.total})` : "",
      lastLoss: this.lastLoss,
      lastLr: this.lastLr,
    };
  }

  paths = () => noPaths;
  rejected = () => ({ infeasible: 0, duplicate: 0 });
  candidates = (): readonly Candidate[] => [];

  metrics(): MethodMetrics {
    const { id, choices, macs, params, index } = this.winner;
    return { best: null, recalibration: null, winner: { id, choices, macs, params, supernet: null, index }, test: this.state.test, randomBest: null, gap: null, derived: null };
  }

  settle(): Promise<void> {
    return this.losses.read();
  }

  async save(): Promise<SavedState> {
    await this.settle();
    return { json: structuredClone(this.state), tensors: await this.store.snapshot() };
  }

  skipPhase(): void {
    this.skip = this.state.phase;
  }

  setLive(values: Partial<RunConfig>): void {
    this.live = withLive(this.live, values);
  }

  force(): void {
    return;
  }

  evaluate(): Promise<never> {
    return Promise.reject(new AppError("config.invalid", "This run trains one architecture; it has no supernet to score others with.", { recoverable: true }));
  }

  weights(kind: "inherited" | "retrained"): Promise<Weights | null> {
    return Promise.resolve(kind === "retrained" && this.state.retrainStep > 0 ? { graph: this.graph, store: this.store, stats: "running" } : null);
  }

  dispose(): void {
    this.store.dispose();
  }
}

export const retrainOnly: Method = { id: "retrain", start: (env, saved) => new RetrainRun(env, saved) };
