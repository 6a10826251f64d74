/** Optimizer programs by set of parameters: clipping and update run over the blocks of the parameters that took part, nothing else. */
import { call, padTo4, type Call } from "@/kernels/isa/isa";
import type { ArenaMemory, Machine, Program } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import type { Part } from "../executor";
import { covers } from "../parts";
import { joined, type Range } from "./paramLayout";
import { knownSegmentsOf } from "./segments";
import type { PlanStore } from "./store";

export interface UpdateSet {
  readonly params: readonly string[];
  /** Σ g² of the set into its own slot. */
  readonly norm: Program;
  readonly update: Program;
}

export class Updates {
  private readonly machine: Machine;
  private readonly store: PlanStore;
  private readonly sets = new Map<string, UpdateSet>();
  private finishProgram: Program | null = null;
  private nextSlot = 0;
  private madeFor = -1;
  private generations = 0;
  private readonly scratch: ArenaMemory[] = [];

  constructor(machine: Machine, store: PlanStore) {
    this.machine = machine;
    this.store = store;
  }

  /** Raised whenever earlier sets became void. */
  generation(): number {
    if (this.madeFor !== this.store.version) this.clear();
    return this.generations;
  }

  /** Disjoint sets that cover the graphs' parameters of a part: one a segment where segments share nothing, one for all otherwise. */
  cover(graphs: readonly Graph[], kind: "sgd" | "adam", part: Part): UpdateSet[] {
    if (this.madeFor !== this.store.version) this.clear();
    const { layout } = this.store;
    const belongs = (name: string): boolean => covers(part, layout.param(name).spec.role);
    const lists = graphs.flatMap((graph) => knownSegmentsOf(graph).map((segment) => segment.params.filter(belongs)));
    const distinct = new Map(lists.filter((list) => list.length > 0).map((list) => [list.join("\n"), list] as const));
    const all = [...distinct.values()].flat();
    const union = [...new Set(all)];
    const parts = union.length === all.length ? [...distinct.values()] : [union];
    const before = this.generations;
    const sets = parts.map((params) => this.setOf(params, kind));
    // Running out of norm slots on the way voids the first ones.
    return this.generations === before ? sets : parts.map((params) => this.setOf(params, kind));
  }

  /** Clip factor, and clearing of what the next step adds to. */
  finish(): Program {
    const { layout } = this.store;
    return (this.finishProgram ??= this.compile([
      [call("stepFinish", { hyper: layout.hyper, norms: layout.gradNorms.at, count: layout.gradNorms.slots, metrics: layout.losses.at, ring: layout.losses.slots })],
    ], this.scratchOf(0)));
  }

  dispose(): void {
    this.clear();
    for (const memory of this.scratch.splice(0)) this.machine.releaseArena(memory);
  }

  private clear(): void {
    for (const set of this.sets.values()) [set.norm, set.update].forEach((p) => this.machine.releaseProgram(p));
    if (this.finishProgram) this.machine.releaseProgram(this.finishProgram);
    this.sets.clear();
    this.finishProgram = null;
    this.nextSlot = 0;
    this.madeFor = this.store.version;
    this.generations++;
  }

  private setOf(params: readonly string[], kind: "sgd" | "adam"): UpdateSet {
    const key = `${kind}\n${params.join("\n")}`;
    const known = this.sets.get(key);
    if (known) return known;
    const { layout } = this.store;
    const ranges = joined(params.map((name) => layout.param(name)));
    if (this.nextSlot + ranges.length > layout.gradNorms.slots) {
      // So many different sets only come from networks that share little; the old ones are not needed.
      this.clear();
      if (ranges.length > layout.gradNorms.slots) throw new AppError("bug", "more parameter ranges than norm slots");
    }
    let scratch = 0;
    const norms = ranges.map(({ at, floats }, i) => {
      const probe = call("gradNorm", { g: at, n: floats, out: layout.gradNorms.at + this.nextSlot + i, tmp: scratch });
      scratch += padTo4(this.machine.scratchFloats(probe));
      return probe;
    });
    this.nextSlot += ranges.length;
    const A = this.scratchOf(scratch);
    const set = { params, norm: this.compile(this.batched(norms), A), update: this.compile(this.batched(ranges.map((range) => this.update(range, kind))), A) };
    this.sets.set(key, set);
    return set;
  }

  private update({ at, floats }: Range, kind: "sgd" | "adam"): Call {
    const { layout } = this.store;
    const common = { w: at, g: at, m: layout.momentum + at, n: floats, hyper: layout.hyper, decay: layout.decay + at / 64 };
    if (kind === "sgd") return call("sgd", common);
    return call("adam", { ...common, v: this.store.secondAt + at, steps: layout.steps + at / 64 });
  }

  private batched(calls: readonly Call[]): Call[][] {
    const size = Math.max(1, this.machine.maxBatch);
    return Array.from({ length: Math.ceil(calls.length / size) }, (_, i) => calls.slice(i * size, (i + 1) * size));
  }

  private compile(groups: readonly (readonly Call[])[], A: ArenaMemory): Program {
    const { W, G, S } = this.store;
    return this.machine.compile(groups, { A, W, G, S });
  }

  /** Scratch for partial sums; sets run one after the other, so they share it. */
  private scratchOf(floats: number): ArenaMemory {
    const last = this.scratch.at(-1);
    if (last && last.floats >= floats) return last;
    const made = this.machine.createArena("A", Math.max(1024, 2 * floats));
    this.scratch.push(made);
    return made;
  }
}
