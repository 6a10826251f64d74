/**
 * What the study computes, one supernet at a time: the project's own training and its own scoring, on the networks that the
 * benchmark knows. Nothing here is a second implementation; only the order of the questions is the study's.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import { defaultsFor } from "@/algorithms/defaults";
import type { MethodEnv, RunData } from "@/algorithms/method";
import { drain, Evaluator } from "@/algorithms/shared/evaluator";
import { GraphCache } from "@/algorithms/shared/graphs";
import { lengthsOf } from "@/algorithms/spos/lengths";
import { initialState } from "@/algorithms/spos/state";
import { trainSupernet } from "@/algorithms/spos/supernet";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { AppError } from "@/lib/appError";
import { rootKey } from "@/lib/rng";
import { mean } from "@/lib/stats";
import { macro8 } from "@/nas/space/macro8";
import type { ArchId, SizeId } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";

export interface StudySettings {
  readonly size: SizeId;
  /** Null: the size's default. */
  readonly steps: number | null;
}

/** The default experiment of the size on CIFAR-10, with a seed. */
export function studyConfig({ size, steps }: StudySettings, seed: number): RunConfig {
  const config: RunConfig = { ...defaultsFor("macro8", size), seed, dataset: "cifar10", backend: "wasm" };
  return steps === null ? config : { ...config, "train.steps": steps };
}

/** Validation accuracies (0–1) of one network under one supernet: with its running statistics, and recalibrated. */
export interface NetworkScore {
  readonly running: number;
  readonly recalibrated: number;
}

export interface SupernetScores {
  readonly seed: number;
  readonly steps: number;
  /** Mean training loss (smoothed labels) of the last hundred steps. */
  readonly finalLoss: number;
  readonly calibrationImages: number;
  readonly validationImages: number;
  readonly trainMs: number;
  readonly scoreMs: number;
  readonly scores: Readonly<Record<ArchId, NetworkScore>>;
}

export interface StudyEnv {
  readonly executor: Executor;
  readonly data: RunData;
  now(): number;
  /** Work done of a part; `loss` while training. */
  report(part: "train" | "score", done: number, total: number, loss: number | null): void;
}

/**
 * Train the supernet of `config` and score `networks` with it, each twice on the same validation images. With equal configuration
 * and data the weights equal those of the app's run after its supernet phase.
 */
export async function scoreNetworks(config: RunConfig, networks: readonly ArchId[], env: StudyEnv): Promise<SupernetScores> {
  const space = macro8(config.size);
  const losses: number[] = [];
  const methodEnv: MethodEnv = {
    config,
    space,
    executor: env.executor,
    latency: memoryTables(),
    data: env.data,
    key: rootKey(config.seed),
    now: () => env.now(),
    emit: (event) => {
      if (event.kind === "loss") losses.push(event.loss);
    },
    spend: () => undefined,
  };
  const lengths = lengthsOf(config, env.data);
  const graphs = new GraphCache(space);
  const state = initialState(space);
  const store = env.executor.createStore(space.supernetParams(), space.supernetNorms(), methodEnv.key.fold("init"));
  try {
    const started = env.now();
    const controls = { skipped: () => false, lr: () => config["train.lr"], takeForced: () => new Map<number, number>() };
    for await (const tick of trainSupernet(methodEnv, state, store, graphs, lengths.supernet, controls))
      if (tick.boundary === "step") env.report("train", state.supernetStep, lengths.supernet, losses.at(-1) ?? null);
    const trained = env.now();

    const evaluator = new Evaluator(methodEnv, store, lengths.recalibrationImages, lengths.evaluationImages);
    const scores: Record<ArchId, NetworkScore> = {};
    for (const [i, id] of networks.entries()) {
      const choices = space.decode(id);
      if (choices === null) throw new AppError("bug", `The table has no network ${id} of this space.`);
      const graph = graphs.of(choices);
      const running = await drain(evaluator.score(graph, false));
      const recalibrated = await drain(evaluator.score(graph, true));
      scores[id] = { running: running.value, recalibrated: recalibrated.value };
      env.report("score", i + 1, networks.length, null);
    }
    return {
      seed: config.seed,
      steps: state.supernetStep,
      finalLoss: mean(losses.slice(-100)),
      calibrationImages: lengths.recalibrationImages,
      validationImages: lengths.evaluationImages,
      trainMs: trained - started,
      scoreMs: env.now() - trained,
      scores,
    };
  } finally {
    store.dispose();
  }
}
