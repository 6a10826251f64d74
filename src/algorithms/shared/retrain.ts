/** Retraining: one network from fresh weights (never inherited), on all training records; then the test split, once. */
import { plainBatches, trainBatcher } from "@/data/batcher";
import { recordRange } from "@/data/split";
import type { RngKey } from "@/lib/rng";
import type { Accuracy } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import type { NetworkOptions, Space } from "@/nas/space/types";
import type { ParamStore, PrepareWork, TrainOptions } from "@/nn/executor";
import { cosine, dropPathRamp } from "@/nn/schedule";
import { sizeOptionsOf } from "../config";
import type { RunConfig } from "../configKeys";
import { epochsBySize } from "../defaults";
import type { MethodEnv, RunData, Tick } from "../method";
import { countRight, evaluationChunk } from "./evaluator";
import type { LossReader } from "./losses";
import { batchSizes } from "./preparation";
import type { RecipeTrainer } from "./recipe";

/** What of a run belongs to retraining and test. */
export interface RetrainState {
  retrainStep: number;
  testDone: number;
  testCorrect: number;
  test: Accuracy | null;
}

export interface RetrainControls {
  readonly losses: LossReader;
  readonly skipped: () => boolean;
  readonly lr: () => number;
  /** Trains as a searched recipe says, not as the configuration does; the rate is still `lr`'s, whoever makes it. */
  readonly recipe?: RecipeTrainer;
}

/** An epoch is ⌊records / batch⌋ steps, at least one. */
export function stepsPerEpoch(records: number, batch: number): number {
  return Math.max(1, Math.floor(records / batch));
}

/** Updates of a retraining: as asked, or by the size's epochs. */
export function retrainLength(config: RunConfig, data: RunData): number {
  return config["retrain.steps"] ?? epochsBySize[config.algorithm][config.size].retrain * stepsPerEpoch(data.train.count, config["retrain.batch"]);
}

export function networkOptionsOf(config: RunConfig): NetworkOptions {
  return { ...sizeOptionsOf(config), dropPath: config["retrain.dropPath"], auxiliary: config["retrain.aux"] };
}

/** The member as it is trained from scratch. */
export function retrainGraph(space: Space, choices: Choices, config: RunConfig): Graph {
  return space.network?.(choices, networkOptionsOf(config)) ?? space.graph(choices);
}

/** Crop and flip as the images' side asks: offsets of whole pixels of the averaged image. */
export function augmentation(space: Space, cutout: number) {
  return { crop: 4, grain: 32 / (space.side ?? 32), flip: true, cutout };
}

/** `firstStep`: the run's step at which retraining begins, for the shared time axis. */
export async function* retrain(env: MethodEnv, state: RetrainState, store: ParamStore, graph: Graph, total: number, firstStep: number, controls: RetrainControls): AsyncGenerator<Tick, void, void> {
  const { config, data, executor, space } = env;
  const batcher = trainBatcher({
    set: data.train,
    indices: recordRange(0, data.train.count),
    batch: config["retrain.batch"],
    table: data.table,
    key: env.key.fold("retrain"),
    augment: augmentation(space, config["retrain.cutout"]),
  });
  const epoch = stepsPerEpoch(data.train.count, config["retrain.batch"]);
  const drops = new DropMasks(graph, env.key.fold("drop-path"));
  const { losses } = controls;
  while (state.retrainStep < total && !controls.skipped()) {
    const started = env.now();
    const step = state.retrainStep;
    const view = batcher.fill(step);
    const rate = dropPathRamp(config["retrain.dropPath"], Math.floor(step / epoch), Math.max(1, Math.ceil(total / epoch)));
    const masks = drops.draw(step, rate, view.size);
    const { batch, options } = controls.recipe?.stepOf(view, step, masks) ?? { batch: { ...view, masks }, options: plainOptions(config) };
    const filled = env.now();
    env.spend("data", filled - started);
    const lr = cosine(controls.lr(), scheduleStep(config, step, epoch), total);
    executor.trainStep(store, [graph], batch, { ...options, lr, clip: config["retrain.clip"] > 0 ? config["retrain.clip"] : null }, true);
    controls.recipe?.after(step);
    env.spend("submit", env.now() - filled);
    state.retrainStep++;
    losses.add("retrain", firstStep + state.retrainStep, lr);
    if (losses.due() || state.retrainStep === total) await losses.read();
    yield { boundary: "step" };
  }
  await losses.read();
}

function plainOptions(config: RunConfig): Pick<TrainOptions, "optimizer" | "labelSmoothing"> {
  return { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: config["retrain.wd"], decayNorms: true }, labelSmoothing: 0 };
}

/** The paper's cosine is constant inside an epoch; a few short epochs fall step by step. */
function scheduleStep(config: RunConfig, step: number, epoch: number): number {
  return config.size === "full" && config.algorithm !== "spos" ? Math.floor(step / epoch) * epoch : step;
}

/**
 * Multipliers of drop path (spec darts 6): per sample and op 0 with probability p, else 1/(1 − p). Equal steps draw equal masks; the arrays are
 * overwritten by the next draw.
 */
export class DropMasks {
  private readonly key: RngKey;
  private readonly masks = new Map<string, Float32Array>();
  private readonly scopes: readonly string[];

  constructor(graph: Graph, key: RngKey) {
    this.key = key;
    this.scopes = graph.nodes.flatMap(({ attrs }) => (attrs.op === "dropPath" ? [attrs.scope] : []));
  }

  draw(step: number, rate: number, size: number): ReadonlyMap<string, Float32Array> {
    const rng = this.key.fold(step).stream();
    for (const scope of this.scopes) {
      let mask = this.masks.get(scope);
      if (mask === undefined || mask.length < size) this.masks.set(scope, (mask = new Float32Array(size)));
      for (let i = 0; i < size; i++) mask[i] = rate > 0 && rng.next() < rate ? 0 : 1 / (1 - rate);
    }
    return this.masks;
  }
}

/** Training and the test of one network. */
export function retrainWork({ config, data }: MethodEnv, graph: Graph, optimizer: "sgd" | "adam" = "sgd"): PrepareWork[] {
  return [
    { graph, batch: Math.min(config["retrain.batch"], data.train.count), mode: "train", optimizer },
    ...batchSizes(data.test.count, evaluationChunk).map((size): PrepareWork => ({ graph, batch: size, mode: "evaluate" })),
  ];
}

/** Accuracy of the retrained network on every test image, by its running statistics. */
export async function* testOnce(env: MethodEnv, state: RetrainState, store: ParamStore, graph: Graph): AsyncGenerator<Tick, void, void> {
  const { data, executor } = env;
  const batches = plainBatches({ set: data.test, indices: recordRange(0, data.test.count), batch: evaluationChunk, table: data.table });
  const evaluation = executor.evaluate(store, graph, "running");
  const { correct, n } = yield* countRight(env, evaluation, batches, (done) => {
    state.testDone = Math.min(data.test.count, done * evaluationChunk);
  });
  state.testCorrect = correct;
  state.test = { value: correct / n, n };
}
