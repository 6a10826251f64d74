/** Losses of past steps: added up on the device in a ring of the store, read many at a time, handed out in the order of the steps. */
import type { Machine } from "@/kernels/isa/machine";
import type { PlanStore } from "./store";

/** Steps of one store in a row. */
interface Stretch {
  readonly store: PlanStore;
  readonly first: number;
  count: number;
}

export class LossRing {
  private readonly machine: Machine;
  private readonly used = new WeakMap<PlanStore, number>();
  private stretches: Stretch[] = [];
  /** What was read already, in order. */
  private reads: Promise<Float32Array>[] = [];
  private pending = 0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** The ring slot of the next step. A ring that is about to wrap is read first; nobody waits for that. */
  next(store: PlanStore): number {
    const { slots } = store.layout.losses;
    // One slot is always being cleared for the step after.
    if (this.pending >= slots - 2) this.drain();
    const slot = this.used.get(store) ?? 0;
    this.used.set(store, (slot + 1) % slots);
    const last = this.stretches.at(-1);
    if (last?.store === store && last.first + last.count === slot) last.count++;
    else this.stretches.push({ store, first: slot, count: 1 });
    this.pending++;
    return slot;
  }

  /** The slot of the last step; before the first, the one before slot 0. */
  last(store: PlanStore): number {
    const { slots } = store.layout.losses;
    return ((this.used.get(store) ?? 0) + slots - 1) % slots;
  }

  /** Mean losses since the last call. */
  async take(): Promise<Float32Array> {
    this.drain();
    const { reads } = this;
    this.reads = [];
    const parts = await Promise.all(reads);
    const all = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Reads what a store still holds, before it goes. */
  flush(store: PlanStore): void {
    if (this.stretches.some((s) => s.store === store)) this.drain();
  }

  private drain(): void {
    for (const { store, first, count } of this.stretches) {
      const read = this.machine.read(store.S, store.layout.losses.at + 4 * first, 4 * count).then((words) => words.filter((_, i) => i % 4 === 0));
      // A lost device rejects it; whoever takes the losses is told then.
      read.catch(() => undefined);
      this.reads.push(read);
    }
    this.stretches = [];
    this.pending = 0;
  }
}
