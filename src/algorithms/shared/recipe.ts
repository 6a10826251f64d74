/**
 * Training by a recipe (FBNetV3; spec fbnet 3.6): optimizer, weight decay, what is dropped, mixup, and a moving average of the weights. It holds what
 * a recipe remembers between steps; who trains decides about batches and schedule.
 */
import type { BatchView } from "@/data/batcher";
import type { RngKey } from "@/lib/rng";
import type { Recipe } from "@/nas/candidate";
import type { Graph } from "@/nas/graph";
import { type RecipeSettings, settingsOf } from "@/nas/joint/recipe";
import { sizeOf } from "@/nas/graph";
import type { Batch, Executor, NormStats, ParamStore, ParamVectors, ScratchVector, TrainOptions } from "@/nn/executor";
import { mixBatch, symmetricBeta } from "./mixup";
import { recipeDrops } from "./recipeGraph";

/** Weight of the old average; in the first steps (1 + t)/(10 + t), so that the initial weights are soon forgotten. */
const emaDecay = 0.99;

export function decayAt(step: number): number {
  return Math.min(emaDecay, (1 + step) / (10 + step));
}

/** Where the average is in a checkpoint. */
const emaName = (name: string): string => `${name}#ema`;

export class RecipeTrainer {
  readonly settings: RecipeSettings;
  private readonly store: ParamStore;
  private readonly key: RngKey;
  private readonly drops;
  private readonly masks = new Map<string, Float32Array>();
  private readonly classes: number;
  private logits = new Float32Array(0);
  private readonly average: { readonly vectors: ParamVectors; readonly ema: ScratchVector; readonly aside: ScratchVector } | null;
  /** Whether the store holds the average, and `aside` the weights. */
  private isSwapped = false;

  /** `graph`: as {@link recipeGraph} made it. The store is the caller's, and frees what is made in it here. */
  constructor(executor: Pick<Executor, "vectors">, store: ParamStore, graph: Graph, recipe: Recipe, key: RngKey) {
    this.store = store;
    this.key = key;
    this.settings = settingsOf(recipe);
    this.drops = recipeDrops(graph);
    this.classes = sizeOf(graph.nodes[graph.output]?.shape ?? []);
    if (!this.settings.ema) this.average = null;
    else {
      const vectors = executor.vectors(store);
      this.average = { vectors, ema: vectors.create(), aside: vectors.create() };
      vectors.copy("values", this.average.ema, "all");
    }
  }

  /**
   * What a step trains on, and how: the batch with what is dropped and, where the recipe mixes, blended in place; equal steps give equal batches.
   * `masks`: multipliers of drop paths that are not the recipe's.
   */
  stepOf(view: BatchView, step: number, masks: ReadonlyMap<string, Float32Array> | null = null): { readonly batch: Batch; readonly options: Pick<TrainOptions, "optimizer" | "teacher" | "labelSmoothing"> } {
    const { optimizer, weightDecay, mixup } = this.settings;
    const drawn = this.drawMasks(step, view.size);
    const batch: Batch = { ...view, masks: masks === null ? drawn : new Map([...masks, ...drawn]) };
    const moved = optimizer === "sgd" ? ({ kind: "sgd", momentum: 0.9 } as const) : ({ kind: "adam", beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const);
    const options = { optimizer: { ...moved, weightDecay, decayNorms: true }, labelSmoothing: 0 } as const;
    if (mixup <= 0) return { batch, options };
    const numbers = view.size * this.classes;
    if (this.logits.length < numbers) this.logits = new Float32Array(numbers);
    mixBatch(view.images, view.labels, view.size, symmetricBeta(mixup, this.key.fold("mixup").fold(step).stream()), this.classes, this.logits);
    return { batch, options: { ...options, teacher: this.logits.subarray(0, numbers) } };
  }

  /** The step has been taken: the average follows. `step` counts from 0. */
  after(step: number): void {
    if (this.average === null) return;
    const { vectors, ema } = this.average;
    const rest = 1 - decayAt(step);
    vectors.add(ema, ema, -rest, "all");
    vectors.add(ema, "values", rest, "all");
  }

  /**
   * The average takes the weights' place, or gives it back: what is scored is the average. Its batch-norm statistics are to be recalibrated, since
   * the running ones are those of the weights.
   */
  swap(isAverage: boolean): void {
    if (this.average === null || this.isSwapped === isAverage) return;
    const { vectors, ema, aside } = this.average;
    if (isAverage) vectors.copy("values", aside, "all");
    vectors.copy(isAverage ? ema : aside, "values", "all");
    this.isSwapped = isAverage;
  }

  /** The end of training: the average, with these statistics, is what the store holds from now on. */
  async settle(stats: NormStats): Promise<void> {
    if (this.average === null) return;
    const values = await stats.read();
    this.average.vectors.copy(this.average.ema, "values", "all");
    for (const [name, numbers] of values) this.store.write(name, numbers);
    this.isSwapped = false;
  }

  /** The store as training left it, whatever it holds now, and the average. */
  async snapshot(): Promise<ReadonlyMap<string, Float32Array>> {
    const all = new Map(await this.store.snapshot());
    if (this.average === null) return all;
    const { vectors, ema, aside } = this.average;
    if (this.isSwapped) for (const [name, values] of await vectors.read(aside)) all.set(name, values);
    for (const [name, values] of await vectors.read(ema)) all.set(emaName(name), values);
    return all;
  }

  /** Inverse of {@link snapshot}. */
  restore(saved: ReadonlyMap<string, Float32Array>): void {
    const averages = new Map(this.store.names.map((name) => [name, saved.get(emaName(name))] as const));
    this.store.restore(new Map([...saved].filter(([name]) => !name.endsWith(emaName("")))));
    if (this.average === null) return;
    for (const [name, values] of averages) if (values) this.average.vectors.write(this.average.ema, name, values);
  }

  private drawMasks(step: number, size: number): ReadonlyMap<string, Float32Array> {
    const rng = this.key.fold("drop").fold(step).stream();
    for (const { scope, rate, width } of this.drops) {
      let mask = this.masks.get(scope);
      if (mask === undefined || mask.length < size * width) this.masks.set(scope, (mask = new Float32Array(size * width)));
      for (let i = 0; i < size * width; i++) mask[i] = rng.next() < rate ? 0 : 1 / (1 - rate);
    }
    return this.masks;
  }
}
