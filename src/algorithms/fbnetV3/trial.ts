/** The training of one pair from scratch: its network, its recipe, its own weights, gone when its accuracy is known. */
import { trainBatcher } from "@/data/batcher";
import type { Accuracy } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import type { Pair } from "@/nas/joint/encode";
import { settingsOf } from "@/nas/joint/recipe";
import type { ParamStore, PrepareWork } from "@/nn/executor";
import { cosine } from "@/nn/schedule";
import type { MethodEnv, Tick } from "../method";
import { Evaluator, evaluationChunk } from "../shared/evaluator";
import { batchSizes } from "../shared/preparation";
import { augmentation } from "../shared/retrain";
import { RecipeTrainer } from "../shared/recipe";
import { recipeGraph } from "../shared/recipeGraph";
import { calibrationImages } from "./lengths";

export class TrialNetwork {
  readonly pair: Pair;
  readonly trainer: RecipeTrainer;
  readonly store: ParamStore;
  private readonly env: MethodEnv;
  private readonly graph: Graph;
  private readonly batcher;
  private readonly evaluator: Evaluator;

  /** `env.data` has the search's own records. `index`: which pair of the run, for its initial weights and batches. */
  constructor(env: MethodEnv, pair: Pair, index: number) {
    const { config, data, executor, space } = env;
    const key = env.key.fold("trial").fold(index);
    this.env = env;
    this.pair = pair;
    this.graph = recipeGraph(space.graph(pair.choices), settingsOf(pair.recipe));
    this.batcher = trainBatcher({ set: data.train, indices: data.weights, batch: config["train.batch"], table: data.table, key: key.fold("batches"), augment: augmentation(space, 0) });
    this.store = executor.createStore(this.graph.params, this.graph.norms, key.fold("init"));
    this.trainer = new RecipeTrainer(executor, this.store, this.graph, pair.recipe, key.fold("recipe"));
    this.evaluator = new Evaluator(env, this.store, calibrationImages(config, data), data.architecture.length);
  }

  work(): PrepareWork[] {
    const { config, data } = this.env;
    const batch = Math.min(config["train.batch"], data.weights.length);
    const { optimizer, ema } = this.trainer.settings;
    return [
      { graph: this.graph, batch, mode: "train", optimizer },
      ...batchSizes(data.architecture.length, evaluationChunk).map((size): PrepareWork => ({ graph: this.graph, batch: size, mode: "evaluate" })),
      ...(ema ? batchSizes(calibrationImages(config, data), batch).map((size): PrepareWork => ({ graph: this.graph, batch: size, mode: "recalibrate" })) : []),
    ];
  }

  /** One update of so many that there would be without an early stop. Returns the rate. */
  step(step: number, total: number): number {
    const { env } = this;
    const started = env.now();
    const { batch, options } = this.trainer.stepOf(this.batcher.fill(step), step);
    const filled = env.now();
    env.spend("data", filled - started);
    const lr = cosine(this.trainer.settings.lr, step, total);
    const clip = env.config["train.clip"];
    env.executor.trainStep(this.store, [this.graph], batch, { ...options, lr, clip: clip > 0 ? clip : null }, true);
    this.trainer.after(step);
    env.spend("submit", env.now() - filled);
    return lr;
  }

  /** Accuracy on the validation images: by the running statistics, or of the averaged weights with recalibrated ones. */
  async *score(): AsyncGenerator<Tick, Accuracy, void> {
    const { ema } = this.trainer.settings;
    this.trainer.swap(true);
    try {
      return yield* this.evaluator.score(this.graph, ema);
    } finally {
      this.trainer.swap(false);
    }
  }

  dispose(): void {
    this.store.dispose();
  }
}
