/** Parameters, optimizer state and batch-norm banks of one network in the arenas of a machine. */
import { padTo4 } from "@/kernels/isa/isa";
import type { ArenaMemory, Machine } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { RngKey } from "@/lib/rng";
import type { Graph, ParamSpec } from "@/nas/graph";
import type { ParamStore, Part } from "../executor";
import { initialValues } from "../initialValues";
import { onePartsOf, partOf, type OnePart } from "../parts";
import { pack, ParamLayout, unpack, type NormPlace, type ParamPlace, type Range } from "./paramLayout";

type OptimizerKind = "sgd" | "adam";

/** What the state region holds of one part. */
interface PartState {
  optimizer: OptimizerKind | null;
  /** An optimizer without momentum left numbers in the momenta that nobody may read. */
  scraps: boolean;
  decayNorms: boolean;
}

const untouched = (): PartState => ({ optimizer: null, scraps: false, decayNorms: false });

/** Banks at first: the running statistics, and those of paths under recalibration. */
const firstBanks = 4;

export class PlanStore implements ParamStore {
  readonly names: readonly string[];
  readonly layout: ParamLayout;
  /** Where the parameters of each part are. */
  readonly ranges: Readonly<Record<Part, readonly Range[]>>;
  readonly W: ArenaMemory;
  readonly G: ArenaMemory;
  S: ArenaMemory;
  /** Raised whenever S moved: programs that name it are void. */
  version = 0;
  private readonly machine: Machine;
  private readonly onDispose: (store: PlanStore) => void;
  /** Names of parameters whose state was touched. */
  private readonly touched = new Set<string>();
  private readonly states: Readonly<Record<OnePart, PartState>> = { weights: untouched(), architecture: untouched() };
  private readonly movedStats = new Set<string>();
  private readonly freeBanks: number[] = [];
  private banks = firstBanks;
  private withSecond = false;
  private decayWritten = false;
  /** Whether G may hold something between two calls of the executor. */
  hasGradients = false;
  disposed = false;

  constructor(machine: Machine, params: readonly ParamSpec[], norms: Graph["norms"], key: RngKey, onDispose: (store: PlanStore) => void) {
    this.machine = machine;
    this.onDispose = onDispose;
    this.layout = new ParamLayout(params, norms);
    const { layout } = this;
    this.ranges = { weights: layout.rangesOf("weights"), architecture: layout.rangesOf("architecture"), all: layout.rangesOf("all") };
    this.names = params.map((spec) => spec.name);
    const { weightFloats } = this.layout;
    this.W = machine.createArena("W", weightFloats);
    this.G = machine.createArena("G", weightFloats);
    this.S = machine.createArena("S", this.stateFloats());
    for (let bank = firstBanks - 1; bank > 0; bank--) this.freeBanks.push(bank);
    const all = new Float32Array(weightFloats);
    for (const place of this.layout.params.values()) all.set(pack(place, initialValues(place.spec, key)), place.at);
    machine.write(this.W, 0, all);
    this.resetBank(0);
  }

  bankAt(bank: number): number {
    return this.layout.second + bank * this.layout.bankFloats;
  }

  /** Address of Adam's second moments. */
  get secondAt(): number {
    return this.bankAt(this.banks);
  }

  /** A free bank; S may move. */
  takeBank(): number {
    const free = this.freeBanks.pop();
    if (free !== undefined) return free;
    const first = this.banks;
    this.growState(() => (this.banks *= 2));
    for (let bank = this.banks - 1; bank > first; bank--) this.freeBanks.push(bank);
    return first;
  }

  releaseBank(bank: number): void {
    this.freeBanks.push(bank);
  }

  /**
   * Makes the state of a part fit an optimizer. Another kind than before starts from nothing, the other part keeps its own; S may move.
   * `stateless` (no momentum) leaves scraps in the momenta that nobody may read.
   */
  useOptimizer(kind: OptimizerKind, decayNorms: boolean, stateless: boolean, part: Part): void {
    if (kind === "adam" && !this.withSecond) this.growState(() => (this.withSecond = true));
    let isNew = !this.decayWritten;
    for (const one of onePartsOf(part)) {
      const state = this.states[one];
      if (state.optimizer !== null && state.optimizer !== kind) this.forgetState(one);
      if (state.scraps !== stateless) this.forgetState(one);
      state.optimizer = kind;
      state.scraps = stateless;
      isNew ||= state.decayNorms !== decayNorms;
      state.decayNorms = decayNorms;
    }
    if (!isNew) return;
    this.decayWritten = true;
    const { weights, architecture } = this.states;
    this.machine.write(this.S, this.layout.decay, this.layout.decayFlags({ weights: weights.decayNorms, architecture: architecture.decayNorms }));
  }

  /** Makes the first moments of a part fit to be read, or written to. */
  tidyMomenta(part: Part): void {
    for (const one of onePartsOf(part)) if (this.states[one].scraps) this.forgetState(one);
  }

  /** Notes that somebody else than an update wrote a parameter's first moment, which is from now on its optimizer's. */
  ownMomentum(name: string): void {
    this.stateOf(name).optimizer ??= "sgd";
    this.touched.add(name);
  }

  /** Zero gradients everywhere. */
  clearGradients(): void {
    this.machine.clear(this.G, 0, this.layout.weightFloats);
    this.hasGradients = false;
  }

  /** Notes that an update moved these parameters, or these statistics. */
  touch(params: readonly string[]): void {
    for (const name of params) this.touched.add(name);
  }

  touchStats(norms: Graph["norms"]): void {
    for (const { stats } of norms) this.movedStats.add(stats);
  }

  async read(name: string): Promise<Float32Array> {
    this.check();
    const norm = this.statOf(name);
    if (norm) return this.machine.read(this.S, this.bankAt(0) + norm.at, norm.place.channels);
    const place = this.layout.param(name);
    return unpack(place, await this.machine.read(this.W, place.at, place.floats));
  }

  write(name: string, values: Float32Array): void {
    this.check();
    const norm = this.statOf(name);
    const size = norm ? norm.place.channels : sizeOf(this.layout.param(name));
    if (values.length !== size) throw new AppError("bug", `"${name}" holds ${size} numbers, not ${values.length}`);
    if (norm) {
      this.movedStats.add(name.slice(0, name.lastIndexOf(".")));
      this.machine.write(this.S, this.bankAt(0) + norm.at, values);
      return;
    }
    const place = this.layout.param(name);
    this.machine.write(this.W, place.at, pack(place, values));
  }

  async snapshot(): Promise<ReadonlyMap<string, Float32Array>> {
    this.check();
    const { weightFloats, momentum, steps } = this.layout;
    const touched = [...this.touched].map((name) => ({ name, kind: this.stateOf(name).optimizer }));
    const hasAdam = touched.some(({ kind }) => kind === "adam");
    const moved = [...this.movedStats];
    const [weights, bank, first, second, counts] = await Promise.all([
      this.machine.read(this.W, 0, weightFloats),
      this.machine.read(this.S, this.bankAt(0), this.layout.bankFloats),
      touched.length === 0 ? null : this.machine.read(this.S, momentum, weightFloats),
      hasAdam ? this.machine.read(this.S, this.secondAt, weightFloats) : null,
      hasAdam ? this.machine.read(this.S, steps, Math.ceil(weightFloats / 64)) : null,
    ]);
    const part = (all: Float32Array, { at, floats }: ParamPlace): Float32Array => all.subarray(at, at + floats);
    const out = new Map<string, Float32Array>();
    for (const [name, place] of this.layout.params) out.set(name, unpack(place, part(weights, place)));
    for (const { name, kind } of touched) {
      const place = this.layout.param(name);
      if (first) out.set(kind === "adam" ? `${name}#m` : `${name}#momentum`, unpack(place, part(first, place)));
      if (kind !== "adam") continue;
      if (second) out.set(`${name}#v`, unpack(place, part(second, place)));
      if (counts) out.set(`${name}#step`, Float32Array.of(counts[place.at / 64] ?? 0));
    }
    for (const stats of moved) {
      const { at, channels } = this.layout.norm(stats);
      out.set(`${stats}.mean`, bank.slice(at, at + channels));
      out.set(`${stats}.var`, bank.slice(at + padTo4(channels), at + padTo4(channels) + channels));
    }
    return out;
  }

  /** Makes the store exactly what the snapshot was; state that it lacks becomes untouched again, gradients are cleared. */
  restore(values: ReadonlyMap<string, Float32Array>): void {
    this.check();
    this.checkRestorable(values);
    for (const one of onePartsOf("all")) this.forgetState(one);
    for (const key of values.keys()) if (/#(?:momentum|v)$/.test(key)) this.restoreKind(key);
    const hasAdam = onePartsOf("all").some((one) => this.states[one].optimizer === "adam");
    if (hasAdam && !this.withSecond) this.growState(() => (this.withSecond = true));
    const { layout } = this;
    const first = new Float32Array(layout.weightFloats);
    const second = hasAdam ? new Float32Array(layout.weightFloats) : null;
    const counts = new Float32Array(Math.ceil(layout.weightFloats / 64));
    for (const [name, place] of layout.params) {
      this.write(name, values.get(name) as Float32Array);
      const adam = this.stateOf(name).optimizer === "adam";
      const moment = values.get(`${name}#${adam ? "m" : "momentum"}`);
      if (moment === undefined) continue;
      this.touched.add(name);
      first.set(pack(place, moment), place.at);
      if (!adam) continue;
      const [v, step] = [values.get(`${name}#v`), values.get(`${name}#step`)?.[0]];
      if (second && v) second.set(pack(place, v), place.at);
      if (step !== undefined) counts.fill(step, place.at / 64, (place.at + place.blocked) / 64);
    }
    if (this.touched.size > 0) this.machine.write(this.S, layout.momentum, first);
    if (second) {
      this.machine.write(this.S, this.secondAt, second);
      this.machine.write(this.S, layout.steps, counts);
    }
    if (this.hasGradients) this.clearGradients();
    this.movedStats.clear();
    this.resetBank(0);
    for (const stats of layout.norms.keys())
      for (const what of ["mean", "var"]) {
        const kept = values.get(`${stats}.${what}`);
        if (kept !== undefined) this.write(`${stats}.${what}`, kept);
      }
  }

  dispose(): void {
    if (this.disposed) return;
    this.onDispose(this);
    this.disposed = true;
    for (const memory of [this.W, this.G, this.S]) this.machine.releaseArena(memory);
  }

  private stateFloats(): number {
    return this.secondAt + (this.withSecond ? this.layout.weightFloats : 0);
  }

  private growState(change: () => void): void {
    const [old, secondAt, hadSecond] = [this.S, this.secondAt, this.withSecond];
    change();
    const next = this.machine.createArena("S", this.stateFloats());
    this.machine.copy(old, 0, next, 0, secondAt);
    if (hadSecond) this.machine.copy(old, secondAt, next, this.secondAt, this.layout.weightFloats);
    this.machine.releaseArena(old);
    this.S = next;
    this.version++;
  }

  /** Mean 0 and variance 1, as statistics are before anything was seen. */
  private resetBank(bank: number): void {
    const values = new Float32Array(this.layout.bankFloats);
    for (const { at, channels } of this.layout.norms.values()) values.fill(1, at + padTo4(channels), at + padTo4(channels) + channels);
    this.machine.write(this.S, this.bankAt(bank), values);
  }

  private stateOf(name: string): PartState {
    return this.states[partOf(this.layout.param(name).spec.role)];
  }

  /** A snapshot's key says by which optimizer its part was moved. */
  private restoreKind(key: string): void {
    const state = this.stateOf(key.slice(0, key.lastIndexOf("#")));
    state.optimizer = state.optimizer === "adam" || key.endsWith("#v") ? "adam" : "sgd";
  }

  private forgetState(one: OnePart): void {
    const { momentum, steps } = this.layout;
    for (const { at, floats } of this.ranges[one]) {
      this.machine.clear(this.S, momentum + at, floats);
      this.machine.clear(this.S, steps + at / 64, floats / 64);
      if (this.withSecond) this.machine.clear(this.S, this.secondAt + at, floats);
    }
    for (const name of this.touched) if (partOf(this.layout.param(name).spec.role) === one) this.touched.delete(name);
    const state = this.states[one];
    state.optimizer = null;
    state.scraps = false;
  }

  /** Place of `<stats>.mean` or `<stats>.var` in a bank, or null when the name is no statistic. */
  private statOf(name: string): { readonly place: NormPlace; readonly at: number } | null {
    const dot = name.lastIndexOf(".");
    const place = this.layout.norms.get(name.slice(0, dot));
    const what = name.slice(dot + 1);
    if (place === undefined || (what !== "mean" && what !== "var")) return null;
    return { place, at: place.at + (what === "var" ? padTo4(place.channels) : 0) };
  }

  private check(): void {
    if (this.disposed) throw new AppError("bug", "the parameters were already disposed");
  }

  /** A snapshot of another network must not be half applied. */
  private checkRestorable(values: ReadonlyMap<string, Float32Array>): void {
    const refuse = (what: string): never => {
      throw new AppError("checkpoint.missing", `These weights do not fit this network: ${what}.`, { hint: "Load weights that were saved from the same configuration." });
    };
    for (const name of this.names) if (!values.has(name)) refuse(`"${name}" is missing`);
    for (const [key, list] of values) {
      const norm = this.statOf(key);
      const place = this.layout.params.get(key.split("#")[0] ?? key);
      const size = norm ? norm.place.channels : place ? sizeOf(place) : null;
      if (size === null) refuse(`"${key}" is unknown`);
      else if (list.length !== size && !key.endsWith("#step")) refuse(`"${key}" has ${list.length} numbers instead of ${size}`);
    }
  }
}

const sizeOf = (place: ParamPlace): number => place.rows * place.columns;
