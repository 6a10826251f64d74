/**
 * The plan executor: graphs compiled once into flat lists of kernel calls on static buffers, replayed every step. The default for
 * training and evaluation; the tfjs executor is its reference. A step allocates nothing and waits for nothing: losses and counts
 * are added up on the device and read when somebody asks.
 */
import { hyperAt, hyperFields, padTo4 } from "@/kernels/isa/isa";
import type { Machine, Program } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamSpec } from "@/nas/graph";
import type {
  BackendName, Batch, Evaluation, Executor, NormStats, ParamStore, PrepareWork, Recalibration, StatsSource, TrainOptions,
} from "../executor"; // prettier-ignore
import { BatchWriter } from "./batchWriter";
import { ActivationArena, Frame } from "./frame";
import type { LowerOptions, NormMode } from "./lower/lowering";
import { LossRing } from "./losses";
import { PlanStore } from "./store";
import { Updates, type UpdateSet } from "./updates";

/** What an executor keeps beside a store. */
interface Held {
  readonly frames: Map<string, Frame>;
  readonly updates: Updates;
  readonly covers: WeakMap<Graph, { readonly kind: string; readonly version: number; readonly sets: readonly UpdateSet[] }>;
  readonly evaluationSlots: number[];
}

class PlanExecutor implements Executor {
  readonly backend: BackendName;
  readonly kind = "plan";
  private readonly machine: Machine;
  private readonly activations: ActivationArena;
  private readonly stores = new Map<PlanStore, Held>();
  private readonly hyper = new Float32Array(hyperFields.length);
  private readonly ring: LossRing;
  private readonly writer: BatchWriter;
  /** Reused list of programs of a step. */
  private readonly queue: Program[] = [];

  constructor(backend: BackendName, machine: Machine) {
    this.backend = backend;
    this.machine = machine;
    this.activations = new ActivationArena(machine);
    this.ring = new LossRing(machine);
    this.writer = new BatchWriter(machine);
  }

  createStore(params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey): ParamStore {
    const store = new PlanStore(this.machine, params, norms, key, (gone) => this.forget(gone));
    const evaluationSlots = Array.from({ length: store.layout.evaluations.slots }, (_, i) => i);
    this.stores.set(store, { frames: new Map(), updates: new Updates(this.machine, store), covers: new WeakMap(), evaluationSlots });
    return store;
  }

  trainStep(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: TrainOptions, updateStats: boolean): void {
    const own = this.own(store);
    const held = this.heldOf(own);
    const [first] = graphs;
    if (first === undefined) throw new AppError("bug", "a training step needs at least one graph");
    const { optimizer } = options;
    const stateless = optimizer.kind === "sgd" && optimizer.momentum === 0;
    own.useOptimizer(optimizer.kind, optimizer.decayNorms, stateless);
    const frame = this.frame(own, held, "train", batch.size, updateStats ? { kind: "running", bank: own.bankAt(0) } : { kind: "batch" }, options.teacher ? "teacher" : "labels");
    const paths = graphs.map((graph) => frame.path(graph, own, own.version));
    const sets = this.cover(held, graphs, optimizer.kind);
    this.writeHyper(own, options, this.ring.next(own), graphs.length);
    this.writer.write(frame, this.activations.memory, first, batch, options.teacher ?? null);
    const { queue } = this;
    queue.length = 0;
    for (const { forward, backward } of paths) queue.push(...forward, ...backward);
    if (options.clip !== null) for (const set of sets) queue.push(set.norm);
    queue.push(held.updates.finish());
    for (const set of sets) queue.push(set.update);
    this.machine.run(queue);
    if (!stateless) for (const set of sets) own.touch(set.params);
    if (updateStats) for (const graph of graphs) own.touchStats(graph.norms);
  }

  takeLosses(): Promise<Float32Array> {
    return this.ring.take();
  }

  recalibrate(store: ParamStore, graph: Graph): Recalibration {
    const own = this.own(store);
    const bank = own.takeBank();
    let images = 0;
    return {
      add: (batch) => {
        const frame = this.frame(own, this.heldOf(own), "recalibrate", batch.size, { kind: "recalibrate", bank: own.bankAt(bank) }, null);
        const path = frame.path(graph, own, own.version);
        const total = images + batch.size;
        this.hyper.fill(0);
        this.hyper[hyperAt.keep] = images / total;
        this.hyper[hyperAt.gain] = batch.size / total;
        images = total;
        this.machine.write(own.S, own.layout.hyper, this.hyper);
        this.writer.write(frame, this.activations.memory, graph, batch, null);
        this.machine.run(path.forward);
      },
      finish: () => {
        // An abandoned recalibration is finished only to be disposed of; nobody may read what it never saw.
        return new BankStats(this.machine, own, bank, graph, images);
      },
    };
  }

  evaluate(store: ParamStore, graph: Graph, stats: StatsSource): Evaluation {
    const own = this.own(store);
    const held = this.heldOf(own);
    const slot = held.evaluationSlots.pop();
    if (slot === undefined) throw new AppError("bug", "too many evaluations at once");
    const at = own.layout.evaluations.at + 4 * slot;
    this.machine.clear(own.S, at, 4);
    let n = 0;
    return {
      add: (batch) => {
        const frame = this.frame(own, held, "evaluate", batch.size, normMode(own, stats), "labels");
        const path = frame.path(graph, own, own.version);
        this.hyper.fill(0);
        this.hyper[hyperAt.slot] = slot;
        this.hyper[hyperAt.lossWeight] = 1;
        this.machine.write(own.S, own.layout.hyper, this.hyper);
        this.writer.write(frame, this.activations.memory, graph, batch, null);
        this.machine.run(path.forward);
        n += batch.size;
      },
      result: async () => {
        const [loss = 0, correct = 0] = await this.machine.read(own.S, at, 4);
        held.evaluationSlots.push(slot);
        return { correct: Math.round(correct), loss: n === 0 ? 0 : loss / n, n };
      },
    };
  }

  async logits(store: ParamStore, graph: Graph, stats: StatsSource, batch: Batch): Promise<Float32Array> {
    const own = this.own(store);
    const frame = this.frame(own, this.heldOf(own), "logits", batch.size, normMode(own, stats), null);
    const path = frame.path(graph, own, own.version);
    this.writer.write(frame, this.activations.memory, graph, batch, null);
    this.machine.run(path.forward);
    const { at, ld } = frame.logits(graph);
    const classes = graph.nodes[graph.output]?.shape[0] ?? 0;
    const all = await this.machine.read(this.activations.memory, at, batch.size * ld);
    const out = new Float32Array(batch.size * classes);
    for (let row = 0; row < batch.size; row++) out.set(all.subarray(row * ld, row * ld + classes), row * classes);
    return out;
  }

  async prepare(store: ParamStore, work: readonly PrepareWork[], report?: (done: number, total: number) => void): Promise<void> {
    const own = this.own(store);
    const held = this.heldOf(own);
    const programs: Program[] = [];
    // Twice: the first round finds how large the regions must be, the second makes the programs that stay.
    for (let round = 0; round < 2; round++) {
      programs.length = 0;
      for (const { graph, batch, mode, optimizer } of work) {
        if (mode === "train" && optimizer) own.useOptimizer(optimizer, false, false);
        const frame = this.frame(own, held, mode, batch, prepareMode(own, mode), mode === "recalibrate" ? null : "labels");
        const { forward, backward } = frame.path(graph, own, own.version);
        programs.push(...forward);
        if (mode !== "train") continue;
        programs.push(...backward);
        if (optimizer) for (const set of this.cover(held, [graph], optimizer)) programs.push(set.norm, set.update);
        programs.push(held.updates.finish());
      }
    }
    await this.machine.prepare(programs, report);
  }

  memory(): { readonly tensors: number; readonly bytes: number } {
    const { buffers, bytes } = this.machine.memory();
    return { tensors: buffers, bytes };
  }

  idle(): Promise<void> {
    return this.machine.idle();
  }

  dispose(): void {
    for (const store of [...this.stores.keys()]) store.dispose();
    this.activations.dispose();
    this.machine.dispose();
  }

  private own(store: ParamStore): PlanStore {
    if (!(store instanceof PlanStore) || !this.stores.has(store)) throw new AppError("bug", "this parameter store belongs to another executor, or was disposed");
    return store;
  }

  private heldOf(store: PlanStore): Held {
    const held = this.stores.get(store);
    if (held === undefined) throw new AppError("bug", "this parameter store was disposed");
    return held;
  }

  private forget(store: PlanStore): void {
    const held = this.stores.get(store);
    if (held === undefined) return;
    this.ring.flush(store);
    for (const frame of held.frames.values()) frame.dispose();
    held.updates.dispose();
    this.stores.delete(store);
  }

  private frame(store: PlanStore, held: Held, mode: PrepareWork["mode"], batch: number, norms: NormMode, loss: LowerOptions["loss"]): Frame {
    const key = `${mode}:${batch}:${norms.kind}:${"bank" in norms ? norms.bank : ""}:${loss ?? ""}`;
    const known = held.frames.get(key);
    if (known) return known;
    const made = new Frame(this.machine, store.layout, this.activations, { batch, norms, train: mode === "train", loss });
    held.frames.set(key, made);
    return made;
  }

  /** The update sets of a step; of a single graph they are remembered. */
  private cover(held: Held, graphs: readonly Graph[], kind: "sgd" | "adam"): readonly UpdateSet[] {
    const [first] = graphs;
    const single = graphs.length === 1 && first !== undefined ? first : null;
    const known = single && held.covers.get(single);
    if (known && known.kind === kind && known.version === held.updates.generation()) return known.sets;
    const sets = held.updates.cover(graphs, kind);
    if (single) held.covers.set(single, { kind, version: held.updates.generation(), sets });
    return sets;
  }

  private writeHyper(store: PlanStore, { optimizer, lr, clip, labelSmoothing }: TrainOptions, slot: number, graphs: number): void {
    const { hyper } = this;
    hyper.fill(0);
    hyper[hyperAt.lr] = lr;
    hyper[hyperAt.weightDecay] = optimizer.weightDecay;
    hyper[hyperAt.clip] = clip ?? 0;
    hyper[hyperAt.smoothing] = labelSmoothing;
    hyper[hyperAt.slot] = slot;
    hyper[hyperAt.lossWeight] = 1 / graphs;
    hyper[hyperAt.factor] = 1;
    if (optimizer.kind === "sgd") {
      hyper[hyperAt.momentum] = optimizer.momentum;
      hyper[hyperAt.nesterov] = optimizer.nesterov === true ? 1 : 0;
    } else {
      hyper[hyperAt.beta1] = optimizer.beta1;
      hyper[hyperAt.beta2] = optimizer.beta2;
      hyper[hyperAt.eps] = optimizer.eps;
    }
    this.machine.write(store.S, store.layout.hyper, hyper);
  }
}

/** Recalibrated statistics in a bank of the store. */
class BankStats implements NormStats {
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

function normMode(store: PlanStore, stats: StatsSource): NormMode {
  if (stats === "batch") return { kind: "batch" };
  if (stats === "running") return { kind: "fixed", bank: store.bankAt(0) };
  if (!(stats instanceof BankStats)) throw new AppError("bug", "these statistics belong to another executor");
  return { kind: "fixed", bank: stats.address(store) };
}

/** Statistics that the modes of `prepare` stand for: the banks that the first recalibration uses. */
function prepareMode(store: PlanStore, mode: PrepareWork["mode"]): NormMode {
  if (mode === "train") return { kind: "running", bank: store.bankAt(0) };
  return { kind: mode === "recalibrate" ? "recalibrate" : "fixed", bank: store.bankAt(1) };
}

/** An executor on a machine, which it owns from then on. */
export function createPlanExecutor(backend: BackendName, machine: Machine): Executor {
  return new PlanExecutor(backend, machine);
}
