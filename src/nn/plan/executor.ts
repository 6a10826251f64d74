/**
 * The plan executor: graphs compiled once into flat lists of kernel calls on static buffers, replayed every step. The default for
 * training and evaluation; the tfjs executor is its reference. A step allocates nothing and waits for nothing: losses and counts
 * are added up on the device and read when somebody asks.
 */
import { hyperAt, hyperFields, padTo4 } from "@/kernels/isa/isa";
import type { Machine, Program } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamSpec, Shape } from "@/nas/graph";
import type {
  BackendName, Batch, Evaluation, Executor, LossOptions, ParamStore, ParamVectors, Part, PrepareWork, Probe, Recalibration, StatsSource, Stopwatch, TrainOptions,
  UpdateOptions,
} from "../executor"; // prettier-ignore
import { identityOutput, identityProbe, isIdentity } from "../identity";
import { scoringGraph, trainingGraph } from "../liveGraph";
import { BankStats, normMode, prepareMode, trainMode } from "./bankStats";
import { BatchWriter } from "./batchWriter";
import { inputNames } from "./compile";
import { ActivationArena, Frame } from "./frame";
import type { LowerOptions, NormMode } from "./lower/lowering";
import { LossRing } from "./losses";
import { Stopwatches } from "./stopwatch";
import { PlanStore } from "./store";
import { Updates, type UpdateSet } from "./updates";
import { PlanVectors } from "./vectors";

/** The update sets of one graph, by optimizer and part. */
type Covers = Map<string, { readonly version: number; readonly sets: readonly UpdateSet[] }>;

/** What an executor keeps beside a store. */
interface Held {
  readonly frames: Map<string, Frame>;
  readonly updates: Updates;
  readonly vectors: PlanVectors;
  readonly covers: WeakMap<Graph, Covers>;
  readonly evaluationSlots: number[];
  readonly stopwatches: Set<Stopwatch>;
}

class PlanExecutor implements Executor {
  readonly backend: BackendName;
  readonly kind = "plan";
  readonly maxBytes: number;
  private readonly machine: Machine;
  private readonly activations: ActivationArena;
  private readonly stores = new Map<PlanStore, Held>();
  private readonly hyper = new Float32Array(hyperFields.length);
  private readonly ring: LossRing;
  private readonly writer: BatchWriter;
  private readonly stopwatches: Stopwatches;
  /** Reused list of programs of a step. */
  private readonly queue: Program[] = [];

  constructor(backend: BackendName, machine: Machine) {
    this.backend = backend;
    this.machine = machine;
    this.maxBytes = 4 * machine.maxFloats;
    this.activations = new ActivationArena(machine);
    this.ring = new LossRing(machine);
    this.writer = new BatchWriter(machine);
    this.stopwatches = new Stopwatches(machine);
  }

  createStore(params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey): ParamStore {
    const store = new PlanStore(this.machine, params, norms, key, (gone) => this.forget(gone));
    const evaluationSlots = Array.from({ length: store.layout.evaluations.slots }, (_, i) => i);
    const [updates, vectors] = [new Updates(this.machine, store), new PlanVectors(this.machine, store)];
    this.stores.set(store, { frames: new Map(), updates, vectors, covers: new WeakMap(), evaluationSlots, stopwatches: new Set() });
    return store;
  }

  trainStep(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: TrainOptions, updateStats: boolean): void {
    const own = this.own(store);
    const held = this.heldOf(own);
    const live = graphs.map(trainingGraph);
    const stateless = useOptimizer(own, options);
    this.queuePass(own, held, live, batch, options, updateStats);
    const sets = this.cover(held, live, options.optimizer.kind, options.part ?? "all");
    this.writeHyper(own, this.ring.next(own), live.length, options, options);
    this.queueUpdate(held, sets, options);
    this.machine.run(this.queue);
    if (own.hasGradients) own.clearGradients();
    if (!stateless) for (const set of sets) own.touch(set.params);
    if (updateStats) for (const graph of live) own.touchStats(graph.norms);
  }

  accumulate(store: ParamStore, graphs: readonly Graph[], batch: Batch, options: LossOptions & { readonly part?: Part }, updateStats: boolean): void {
    const own = this.own(store);
    const held = this.heldOf(own);
    const live = graphs.map(trainingGraph);
    this.queuePass(own, held, live, batch, options, updateStats);
    this.writeHyper(own, this.ring.next(own), live.length, options, null);
    // Makes room for the next step's loss.
    this.queue.push(held.updates.finish());
    own.hasGradients = true;
    this.machine.run(this.queue);
    if (updateStats) for (const graph of live) own.touchStats(graph.norms);
  }

  update(store: ParamStore, graphs: readonly Graph[], options: UpdateOptions): void {
    const own = this.own(store);
    const held = this.heldOf(own);
    const stateless = useOptimizer(own, options);
    const sets = this.cover(held, graphs.map(trainingGraph), options.optimizer.kind, options.part ?? "all");
    this.writeHyper(own, this.ring.last(own), 1, null, options);
    this.queue.length = 0;
    this.queueUpdate(held, sets, options);
    this.machine.run(this.queue);
    if (own.hasGradients) own.clearGradients();
    if (!stateless) for (const set of sets) own.touch(set.params);
  }

  vectors(store: ParamStore): ParamVectors {
    return this.heldOf(this.own(store)).vectors;
  }

  async probe(store: ParamStore, graph: Graph, batch: Batch, upstream: Float32Array, updateStats: boolean): Promise<Probe> {
    if (isIdentity(graph)) return identityProbe(graph, batch, upstream);
    const own = this.own(store);
    const held = this.heldOf(own);
    const live = scoringGraph(graph);
    const { machine, writer } = this;
    const frame = this.frame(own, held, "probe", batch.size, trainMode(own, updateStats), "given", "all");
    const { forward, backward } = frame.path(live, own, own.version);
    const activations = this.activations.memory;
    writer.write(frame, activations, live, batch, null);
    writer.writeUpstream(frame, activations, live, batch.size, upstream);
    machine.run([...forward, ...backward]);
    if (updateStats) own.touchStats(live.norms);
    const reads = Promise.all([this.readOutput(frame, live, batch.size), this.readImageGradient(frame, live, batch.size), held.vectors.read("gradients")]);
    // The reads are on their way and see what was there.
    own.clearGradients();
    const [output, inputGradient, all] = await reads;
    return { output, inputGradient, gradients: new Map(graph.params.map(({ name }) => [name, all.get(name) ?? new Float32Array()])) };
  }

  takeLosses(): Promise<Float32Array> {
    return this.ring.take();
  }

  recalibrate(store: ParamStore, graph: Graph): Recalibration {
    const own = this.own(store);
    const live = scoringGraph(graph);
    const bank = own.takeBank();
    let images = 0;
    return {
      add: (batch) => {
        const frame = this.frame(own, this.heldOf(own), "recalibrate", batch.size, { kind: "recalibrate", bank: own.bankAt(bank) }, null, "all");
        const path = frame.path(live, own, own.version);
        const total = images + batch.size;
        this.hyper.fill(0);
        this.hyper[hyperAt.keep] = images / total;
        this.hyper[hyperAt.gain] = batch.size / total;
        images = total;
        this.machine.write(own.S, own.layout.hyper, this.hyper);
        this.writer.write(frame, this.activations.memory, live, batch, null);
        this.machine.run(path.forward);
      },
      finish: () => {
        // An abandoned recalibration is finished only to be disposed of; nobody may read what it never saw.
        return new BankStats(this.machine, own, bank, live, images);
      },
    };
  }

  evaluate(store: ParamStore, graph: Graph, stats: StatsSource): Evaluation {
    const own = this.own(store);
    const held = this.heldOf(own);
    const live = scoringGraph(graph);
    const slot = held.evaluationSlots.pop();
    if (slot === undefined) throw new AppError("bug", "too many evaluations at once");
    const at = own.layout.evaluations.at + 4 * slot;
    this.machine.clear(own.S, at, 4);
    let n = 0;
    return {
      add: (batch) => {
        const frame = this.frame(own, held, "evaluate", batch.size, normMode(own, stats), "labels", "all");
        const path = frame.path(live, own, own.version);
        this.hyper.fill(0);
        this.hyper[hyperAt.slot] = slot;
        this.hyper[hyperAt.lossWeight] = 1;
        this.machine.write(own.S, own.layout.hyper, this.hyper);
        this.writer.write(frame, this.activations.memory, live, batch, null);
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
    if (isIdentity(graph)) return identityOutput(graph, batch);
    const own = this.own(store);
    const live = scoringGraph(graph);
    const frame = this.frame(own, this.heldOf(own), "logits", batch.size, normMode(own, stats), null, "all");
    const path = frame.path(live, own, own.version);
    this.writer.write(frame, this.activations.memory, live, batch, null);
    this.machine.run(path.forward);
    return this.readOutput(frame, live, batch.size);
  }

  async prepare(store: ParamStore, work: readonly PrepareWork[], report?: (done: number, total: number) => void): Promise<void> {
    const own = this.own(store);
    const held = this.heldOf(own);
    const programs: Program[] = [];
    // Twice: the first round finds how large the regions must be, the second makes the programs that stay.
    for (let round = 0; round < 2; round++) {
      programs.length = 0;
      for (const { graph, batch, mode, optimizer, part = "all" } of work) {
        const isTraining = mode === "train";
        if (isTraining && optimizer) own.useOptimizer(optimizer, false, false, part);
        const live = isTraining ? trainingGraph(graph) : scoringGraph(graph);
        const frame = this.frame(own, held, mode, batch, prepareMode(own, mode), isTraining || mode === "evaluate" ? "labels" : null, isTraining ? part : "all");
        const { forward, backward } = frame.path(live, own, own.version);
        programs.push(...forward);
        if (!isTraining) continue;
        programs.push(...backward);
        if (optimizer) for (const set of this.cover(held, [live], optimizer, part)) programs.push(set.norm, set.update);
        programs.push(held.updates.finish());
      }
    }
    await this.machine.prepare(programs, report);
  }

  async stopwatch(store: ParamStore, graph: Graph, size: number, timer: Stopwatch["timer"]): Promise<Stopwatch | null> {
    const own = this.own(store);
    const { stopwatches } = this.heldOf(own);
    const made = await this.stopwatches.start(own, scoringGraph(graph), size, timer, (gone) => stopwatches.delete(gone));
    if (made) stopwatches.add(made);
    return made;
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
    for (const stopwatch of [...held.stopwatches]) stopwatch.dispose();
    held.updates.dispose();
    held.vectors.dispose();
    this.stores.delete(store);
  }

  private frame(store: PlanStore, held: Held, mode: PrepareWork["mode"] | "probe", batch: number, norms: NormMode, loss: LowerOptions["loss"], part: Part): Frame {
    const key = `${mode}:${batch}:${norms.kind}:${"bank" in norms ? norms.bank : ""}:${loss ?? ""}:${part}`;
    const known = held.frames.get(key);
    if (known) return known;
    const made = new Frame(this.machine, store.layout, this.activations, { batch, norms, train: mode === "train" || mode === "probe", loss, part });
    held.frames.set(key, made);
    return made;
  }

  /** Brings the batch and puts both passes of every graph into an empty queue. */
  private queuePass(store: PlanStore, held: Held, graphs: readonly Graph[], batch: Batch, { teacher, part = "all" }: LossOptions & { readonly part?: Part }, updateStats: boolean): void {
    const [first] = graphs;
    if (first === undefined) throw new AppError("bug", "a training step needs at least one graph");
    const frame = this.frame(store, held, "train", batch.size, trainMode(store, updateStats), teacher ? "teacher" : "labels", part);
    // A graph may need more room and void the programs of those before it: only then are they all there.
    for (const graph of graphs) frame.path(graph, store, store.version);
    const paths = graphs.map((graph) => frame.path(graph, store, store.version));
    this.writer.write(frame, this.activations.memory, first, batch, teacher ?? null);
    const { queue } = this;
    queue.length = 0;
    for (const { forward, backward } of paths) queue.push(...forward, ...backward);
  }

  private queueUpdate(held: Held, sets: readonly UpdateSet[], { clip }: UpdateOptions): void {
    const { queue } = this;
    if (clip !== null) for (const set of sets) queue.push(set.norm);
    queue.push(held.updates.finish());
    for (const set of sets) queue.push(set.update);
  }

  private async readOutput(frame: Frame, graph: Graph, size: number): Promise<Float32Array> {
    const { at, ld } = frame.output(graph);
    return this.readRows(at, size, graph.nodes[graph.output]?.shape ?? [], ld);
  }

  private async readImageGradient(frame: Frame, graph: Graph, size: number): Promise<Float32Array> {
    const shape = graph.nodes.find((node) => node.attrs.op === "input")?.shape ?? [];
    return this.readRows(frame.addressOf(inputNames.imageGradient) ?? 0, size, shape, padTo4(shape.at(-1) ?? 0));
  }

  /** A map of the activations without the pads behind its rows. */
  private async readRows(at: number, size: number, shape: Shape, ld: number): Promise<Float32Array> {
    const channels = shape.at(-1) ?? 0;
    const rows = size * shape.slice(0, -1).reduce((a, n) => a * n, 1);
    const all = await this.machine.read(this.activations.memory, at, (rows - 1) * ld + channels);
    const out = new Float32Array(rows * channels);
    for (let row = 0; row < rows; row++) out.set(all.subarray(row * ld, row * ld + channels), row * channels);
    return out;
  }

  /** The update sets of a step; of a single graph they are remembered. */
  private cover(held: Held, graphs: readonly Graph[], kind: "sgd" | "adam", part: Part): readonly UpdateSet[] {
    const [first] = graphs;
    const single = graphs.length === 1 && first !== undefined ? first : null;
    const key = `${kind} ${part}`;
    const covers: Covers = (single && held.covers.get(single)) ?? new Map<string, never>();
    const known = covers.get(key);
    if (known && known.version === held.updates.generation()) return known.sets;
    const sets = held.updates.cover(graphs, kind, part);
    covers.set(key, { version: held.updates.generation(), sets });
    if (single) held.covers.set(single, covers);
    return sets;
  }

  /** The words that a loss and an update read; what is absent stays 0. */
  private writeHyper(store: PlanStore, slot: number, graphs: number, loss: LossOptions | null, update: UpdateOptions | null): void {
    const { hyper } = this;
    hyper.fill(0);
    hyper[hyperAt.slot] = slot;
    hyper[hyperAt.factor] = 1;
    if (loss) {
      hyper[hyperAt.smoothing] = loss.labelSmoothing;
      hyper[hyperAt.lossWeight] = 1 / graphs;
      hyper[hyperAt.gradWeight] = loss.scale ?? 1;
    }
    if (update) this.fillUpdate(update);
    this.machine.write(store.S, store.layout.hyper, hyper);
  }

  private fillUpdate({ optimizer, lr, clip }: UpdateOptions): void {
    const { hyper } = this;
    hyper[hyperAt.lr] = lr;
    hyper[hyperAt.weightDecay] = optimizer.weightDecay;
    hyper[hyperAt.clip] = clip ?? 0;
    if (optimizer.kind === "sgd") {
      hyper[hyperAt.momentum] = optimizer.momentum;
      hyper[hyperAt.nesterov] = optimizer.nesterov === true ? 1 : 0;
    } else {
      hyper[hyperAt.beta1] = optimizer.beta1;
      hyper[hyperAt.beta2] = optimizer.beta2;
      hyper[hyperAt.eps] = optimizer.eps;
    }
  }
}

/** Makes the store's state fit; whether the optimizer leaves none behind. */
function useOptimizer(store: PlanStore, { optimizer, part = "all" }: UpdateOptions): boolean {
  const stateless = optimizer.kind === "sgd" && optimizer.momentum === 0;
  store.useOptimizer(optimizer.kind, optimizer.decayNorms, stateless, part);
  return stateless;
}

/** An executor on a machine, which it owns from then on. */
export function createPlanExecutor(backend: BackendName, machine: Machine): Executor {
  return new PlanExecutor(backend, machine);
}
