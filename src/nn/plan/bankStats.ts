/** Batch-norm statistics of evaluations: which bank of the store a source means, and recalibrated ones as callers hold them. */
import { padTo4 } from "@/kernels/isa/isa";
import type { Machine } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import type { NormStats, PrepareWork, StatsSource } from "../executor";
import type { NormMode } from "./lower/lowering";
import type { PlanStore } from "./store";

/** Recalibrated statistics in a bank of the store. */
export class BankStats implements NormStats {
  readonly store: PlanStore;
  readonly bank: number;
  private readonly machine: Machine;
  private readonly graph: Graph;
  private readonly images: number;
  private live = true;

  constructor(machine: Machine, store: PlanStore, bank: number, graph: Graph, images: number) {
    this.machine = machine;
    this.store = store;
    this.bank = bank;
    this.graph = graph;
    this.images = images;
  }

  /** Address of the bank. Throws `bug` where there is nothing to use. */
  address(store: PlanStore): number {
    if (!this.live || store !== this.store) throw new AppError("bug", "these statistics belong to another store, or were disposed");
    if (this.images === 0) throw new AppError("bug", "recalibration saw no images");
    return store.bankAt(this.bank);
  }

  async read(): Promise<ReadonlyMap<string, Float32Array>> {
    const { layout } = this.store;
    const all = await this.machine.read(this.store.S, this.address(this.store), layout.bankFloats);
    const out = new Map<string, Float32Array>();
    for (const { stats } of this.graph.norms) {
      const { at, channels } = layout.norm(stats);
      out.set(`${stats}.mean`, all.slice(at, at + channels));
      out.set(`${stats}.var`, all.slice(at + padTo4(channels), at + padTo4(channels) + channels));
    }
    return out;
  }

  dispose(): void {
    if (this.live) this.store.releaseBank(this.bank);
    this.live = false;
  }
}

/** What an evaluation normalises by. Throws `bug` for statistics of another executor. */
export function normMode(store: PlanStore, stats: StatsSource): NormMode {
  if (stats === "batch") return { kind: "batch" };
  if (stats === "running") return { kind: "fixed", bank: store.bankAt(0) };
  if (!(stats instanceof BankStats)) throw new AppError("bug", "these statistics belong to another executor");
  return { kind: "fixed", bank: stats.address(store) };
}

/** Statistics that the modes of `prepare` stand for: the banks that the first recalibration uses. */
export function prepareMode(store: PlanStore, mode: PrepareWork["mode"]): NormMode {
  if (mode === "train") return { kind: "running", bank: store.bankAt(0) };
  return { kind: mode === "recalibrate" ? "recalibrate" : "fixed", bank: store.bankAt(1) };
}

/** Batch statistics of a training pass, and whether the running ones follow. */
export function trainMode(store: PlanStore, updateStats: boolean): NormMode {
  return updateStats ? { kind: "running", bank: store.bankAt(0) } : { kind: "batch" };
}
