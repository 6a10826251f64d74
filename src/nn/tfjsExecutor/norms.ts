/** Batch-norm statistics: where they come from in a forward pass, how running ones move, how a path's are recalibrated. */
import { fill, keep, type Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import { batchNormEval, batchNormTrain } from "@/kernels/ops/batchNorm";
import { blend } from "@/kernels/ops/update";
import type { NormStats, StatsSource } from "../executor";
import type { NormOp, PlanContext } from "./plan";
import { copyOf, type TfjsStore } from "./store";

/** Constant vectors [c] by value, for norms without γ or β and for statistics that were never updated. */
export class Constants {
  private readonly cache = new Map<string, Tensor>();

  vector(value: number, channels: number): Tensor {
    const key = `${value}:${channels}`;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    const made = keep(fill([channels], value));
    this.cache.set(key, made);
    return made;
  }

  dispose(): void {
    for (const t of this.cache.values()) t.dispose();
    this.cache.clear();
  }
}

/** Statistics of one batch norm over one batch, kept alive for whoever collects them. */
export interface BatchStats {
  readonly op: NormOp;
  readonly mean: Tensor;
  /** Biased. */
  readonly variance: Tensor;
  /** n/(n − 1) over the pixels of the batch: makes the variance unbiased. */
  readonly unbias: number;
}

const channelsOf = (x: Tensor): number => x.shape[x.shape.length - 1] ?? 0;

const keepAll = (): null => null;

/** Context of a pass that normalises by each batch's own statistics; `collect` then owns what it is given. */
export function batchContext(store: TfjsStore, constants: Constants, collect: ((stats: BatchStats) => void) | null, multipliers: PlanContext["multipliers"] = keepAll): PlanContext {
  return {
    param: (name) => store.value(name),
    multipliers,
    norm: (x, op, activation) => {
      const c = channelsOf(x);
      const gamma = op.gamma === undefined ? constants.vector(1, c) : store.value(op.gamma);
      const beta = op.beta === undefined ? constants.vector(0, c) : store.value(op.beta);
      const { y, mean, variance } = batchNormTrain(x, gamma, beta, op.eps, activation);
      const rows = x.size / c;
      // A single pixel has no variance; PyTorch refuses, we keep zero.
      if (collect !== null) collect({ op, mean: keep(mean), variance: keep(variance), unbias: rows > 1 ? rows / (rows - 1) : 1 });
      else [mean, variance].forEach((t) => t.dispose());
      return y;
    },
  };
}

/** Context of an evaluation. */
export function evalContext(store: TfjsStore, constants: Constants, source: StatsSource): PlanContext {
  if (source === "batch") return batchContext(store, constants, null);
  if (source !== "running" && !(source instanceof TfjsNormStats)) throw new AppError("bug", "these statistics belong to another executor");
  return {
    param: (name) => store.value(name),
    multipliers: keepAll,
    norm: (x, op, activation) => {
      const c = channelsOf(x);
      const pick = (what: "mean" | "var"): Tensor => {
        const name = `${op.stats}.${what}`;
        return source === "running" ? (store.stat(name) ?? constants.vector(what === "var" ? 1 : 0, c)) : source.tensor(name);
      };
      const gamma = op.gamma === undefined ? constants.vector(1, c) : store.value(op.gamma);
      const beta = op.beta === undefined ? constants.vector(0, c) : store.value(op.beta);
      return batchNormEval(x, { mean: pick("mean"), variance: pick("var") }, gamma, beta, op.eps, activation);
    },
  };
}

/** running = (1 − momentum)·running + momentum·batch, the variance unbiased; frees the batch's. */
export function updateRunning(store: TfjsStore, constants: Constants, stats: readonly BatchStats[]): void {
  for (const { op, mean, variance, unbias } of stats) {
    const { momentum } = op;
    const move = (name: string, start: number, batch: Tensor, scale: number): void => {
      const old = store.stat(name) ?? constants.vector(start, batch.size);
      store.setStat(name, blend(old, 1 - momentum, batch, momentum * scale));
      batch.dispose();
    };
    move(`${op.stats}.mean`, 0, mean, 1);
    move(`${op.stats}.var`, 1, variance, unbias);
  }
}

export class TfjsNormStats implements NormStats {
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly onDispose: (stats: TfjsNormStats) => void;

  constructor(tensors: ReadonlyMap<string, Tensor>, onDispose: (stats: TfjsNormStats) => void) {
    this.tensors = tensors;
    this.onDispose = onDispose;
  }

  tensor(name: string): Tensor {
    const found = this.tensors.get(name);
    if (found === undefined) throw new AppError("bug", `statistics "${name}" belong to no norm of the recalibrated path`);
    return found;
  }

  async read(): Promise<ReadonlyMap<string, Float32Array>> {
    return new Map(await Promise.all([...this.tensors].map(async ([name, t]) => [name, await copyOf(t)] as const)));
  }

  dispose(): void {
    for (const t of this.tensors.values()) t.dispose();
    this.onDispose(this);
  }
}

/** Sums Σ n·mean and Σ n·variance (unbiased) over batches of n images. */
export class StatsSum {
  private readonly sums = new Map<string, Tensor>();
  private images = 0;

  /** Takes over the statistics of one batch. */
  add(stats: readonly BatchStats[], images: number): void {
    this.images += images;
    for (const { op, mean, variance, unbias } of stats) {
      this.accumulate(`${op.stats}.mean`, mean, images);
      this.accumulate(`${op.stats}.var`, variance, images * unbias);
    }
  }

  /** The weighted averages; the sums are gone afterwards. */
  finish(): Map<string, Tensor> {
    if (this.images === 0) throw new AppError("bug", "recalibration saw no images");
    const averages = new Map([...this.sums].map(([name, t]) => [name, keep(blend(t, 1 / this.images, t, 0))] as const));
    this.dispose();
    return averages;
  }

  dispose(): void {
    for (const t of this.sums.values()) t.dispose();
    this.sums.clear();
  }

  private accumulate(name: string, batch: Tensor, weight: number): void {
    const old = this.sums.get(name);
    this.sums.set(name, keep(old === undefined ? blend(batch, weight, batch, 0) : blend(old, 1, batch, weight)));
    old?.dispose();
    batch.dispose();
  }
}
