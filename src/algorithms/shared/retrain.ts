/** Retraining: the winner alone, from fresh weights (never inherited), on all training records; then the test split, once. */
import { plainBatches, trainBatcher } from "@/data/batcher";
import { recordRange } from "@/data/split";
import type { Graph } from "@/nas/graph";
import type { ParamStore } from "@/nn/executor";
import { cosine } from "@/nn/schedule";
import type { MethodEnv, Tick } from "../method";
import { countRight, evaluationChunk } from "./evaluator";
import type { LossReader } from "./losses";
import type { SposState } from "./state";

export interface RetrainControls {
  readonly losses: LossReader;
  readonly skipped: () => boolean;
  readonly lr: () => number;
}

/** `firstStep`: the run's step at which retraining begins, for the shared time axis. */
export async function* retrain(env: MethodEnv, state: SposState, store: ParamStore, graph: Graph, total: number, firstStep: number, controls: RetrainControls): AsyncGenerator<Tick, void, void> {
  const { config, data, executor } = env;
  const batcher = trainBatcher({
    set: data.train,
    indices: recordRange(0, data.train.count),
    batch: config["retrain.batch"],
    table: data.table,
    key: env.key.fold("retrain"),
    augment: { crop: 4, flip: true, cutout: config["retrain.cutout"] },
  });
  const { losses } = controls;
  while (state.retrainStep < total && !controls.skipped()) {
    const started = env.now();
    const batch = batcher.fill(state.retrainStep);
    const filled = env.now();
    env.spend("data", filled - started);
    const lr = cosine(controls.lr(), state.retrainStep, total);
    executor.trainStep(store, [graph], batch, {
      optimizer: { kind: "sgd", momentum: 0.9, weightDecay: config["retrain.wd"], decayNorms: true },
      lr,
      clip: config["train.clip"] > 0 ? config["train.clip"] : null,
      labelSmoothing: 0,
    }, true);
    env.spend("submit", env.now() - filled);
    state.retrainStep++;
    losses.add("retrain", firstStep + state.retrainStep, lr);
    if (losses.due() || state.retrainStep === total) await losses.read();
    yield { boundary: "step" };
  }
  await losses.read();
}

/** Accuracy of the retrained network on every test image, by its running statistics. */
export async function* testOnce(env: MethodEnv, state: SposState, store: ParamStore, graph: Graph): AsyncGenerator<Tick, void, void> {
  const { data, executor } = env;
  const batches = plainBatches({ set: data.test, indices: recordRange(0, data.test.count), batch: evaluationChunk, table: data.table });
  const evaluation = executor.evaluate(store, graph, "running");
  const { correct, n } = yield* countRight(env, evaluation, batches, (done) => {
    state.testDone = Math.min(data.test.count, done * evaluationChunk);
  });
  state.testCorrect = correct;
  state.test = { value: correct / n, n };
}
