/**
 * Scoring of one member with the supernet's weights: batch-norm statistics recomputed on a fixed training subset, then accuracy on
 * fixed validation images, the same for every candidate.
 */
import { plainBatches, type PlainBatches } from "@/data/batcher";
import { evenSubset } from "@/data/split";
import type { Accuracy } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import type { Evaluation, NormStats, ParamStore } from "@/nn/executor";
import type { MethodEnv, Tick } from "../method";

/** Images a chunk of scoring or testing: short enough that a pause waits for at most one. */
export const evaluationChunk = 100;

export class Evaluator {
  private readonly env: MethodEnv;
  private readonly store: ParamStore;
  /** Null: no recalibration, the supernet's running statistics are used. */
  private readonly calibration: PlainBatches | null;
  private readonly validation;

  constructor(env: MethodEnv, store: ParamStore, calibrationImages: number, validationImages: number) {
    const { config, data } = env;
    this.env = env;
    this.store = store;
    this.calibration = calibrationImages === 0 ? null : plainBatches({
      set: data.train,
      indices: evenSubset(data.train, data.weights, calibrationImages),
      batch: config["train.batch"],
      table: data.table,
    });
    this.validation = plainBatches({
      set: data.train,
      indices: evenSubset(data.train, data.architecture, validationImages),
      batch: evaluationChunk,
      table: data.table,
    });
  }

  /** Recalibrated statistics of a path: cumulative over the calibration batches. Dispose them after use. */
  async *recalibrate(graph: Graph): AsyncGenerator<Tick, NormStats, void> {
    const recalibration = this.env.executor.recalibrate(this.store, graph);
    let done = false;
    try {
      for (let i = 0; i < (this.calibration?.count ?? 0); i++) {
        const started = this.env.now();
        const batch = (this.calibration as PlainBatches).fill(i);
        this.env.spend("data", this.env.now() - started);
        recalibration.add(batch);
        yield { boundary: "chunk" };
      }
      done = true;
    } finally {
      // Abandoned half-way (abort, skip): release what was accumulated.
      if (!done) recalibration.finish().dispose();
    }
    return recalibration.finish();
  }

  /** Accuracy on the validation images. `calibrate` false: the supernet's own running statistics. */
  async *score(graph: Graph, calibrate: boolean): AsyncGenerator<Tick, Accuracy, void> {
    const stats = calibrate && this.calibration ? yield* this.recalibrate(graph) : null;
    try {
      const evaluation = this.env.executor.evaluate(this.store, graph, stats ?? "running");
      const { correct, n } = yield* countRight(this.env, evaluation, this.validation);
      return { value: correct / n, n };
    } finally {
      stats?.dispose();
    }
  }
}

/** Add every batch and read once. Abandoned half-way (abort, skip), what was counted is read all the same: that frees it. */
export async function* countRight(env: MethodEnv, evaluation: Evaluation, batches: PlainBatches, onBatch: (done: number) => void = () => undefined): AsyncGenerator<Tick, { readonly correct: number; readonly n: number }, void> {
  let finished = false;
  try {
    for (let i = 0; i < batches.count; i++) {
      evaluation.add(batches.fill(i));
      onBatch(i + 1);
      yield { boundary: "chunk" };
    }
    finished = true;
  } finally {
    if (!finished) await evaluation.result().catch(() => undefined);
  }
  const started = env.now();
  const result = await evaluation.result();
  env.spend("read", env.now() - started);
  return result;
}

/** Run a generator of chunks to its end at once, for single questions outside the run. */
export async function drain<T>(work: AsyncGenerator<Tick, T, void>): Promise<T> {
  for (;;) {
    const next = await work.next();
    if (next.done) return next.value;
  }
}
