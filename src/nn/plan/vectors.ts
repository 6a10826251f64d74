/**
 * Arithmetic with whole sets of parameters in the machine's memory: vectors are arenas of the parameters' layout, sums are programs of `axpy` with the
 * memories bound as they are needed, and factors stay on the device. Nothing is made after an operation's first use.
 */
import { call, hyperAt, hyperFields, padTo4, type Call } from "@/kernels/isa/isa";
import type { ArenaMemory, Machine, Program } from "@/kernels/isa/machine";
import { AppError } from "@/lib/appError";
import type { NormFactor, ParamVectors, Part, ScratchVector, VectorPlace } from "../executor";
import { covers, partOf } from "../parts";
import { pack, unpack } from "./paramLayout";
import type { PlanStore } from "./store";

class PlanVector implements ScratchVector {
  readonly kind = "scratch";
  readonly id: number;
  readonly memory: ArenaMemory;

  constructor(id: number, memory: ArenaMemory) {
    this.id = id;
    this.memory = memory;
  }
}

export class PlanVectors implements ParamVectors {
  private readonly machine: Machine;
  private readonly store: PlanStore;
  private readonly made: PlanVector[] = [];
  /** Programs by operation and places, for the state's present memory. */
  private readonly programs = new Map<string, Program>();
  private madeFor = -1;
  private readonly hyper = new Float32Array(hyperFields.length);
  private readonly number = new Float32Array(1);
  /** The program that runs. */
  private readonly queue: Program[] = [];
  private partials: ArenaMemory | null = null;
  /** Momenta, or the other operand of a sum with itself, where a program needs them in a memory of their own. */
  private aside: PlanVector | null = null;

  constructor(machine: Machine, store: PlanStore) {
    this.machine = machine;
    this.store = store;
  }

  create(): ScratchVector {
    const vector = new PlanVector(this.made.length, this.machine.createArena("G", this.store.layout.weightFloats));
    this.made.push(vector);
    return vector;
  }

  copy(from: VectorPlace, to: VectorPlace, part: Part): void {
    const [source, target] = [this.memoryOf(from), this.memoryOf(to)];
    if (from === to) return;
    if (from === "momenta") this.store.tidyMomenta(part);
    this.writes(to, part);
    const [a, b] = [this.baseOf(from), this.baseOf(to)];
    for (const { at, floats } of this.store.ranges[part]) this.machine.copy(source, a + at, target, b + at, floats);
  }

  clear(at: VectorPlace, part: Part): void {
    this.writes(at, part);
    const [memory, base] = [this.memoryOf(at), this.baseOf(at)];
    for (const range of this.store.ranges[part]) this.machine.clear(memory, base + range.at, range.floats);
  }

  add(to: VectorPlace, from: VectorPlace, factor: number | NormFactor, part: Part): void {
    if (to === "momenta") throw new AppError("bug", "nothing is added to the momenta");
    this.writes(to, part);
    if (this.madeFor !== this.store.version) this.dropPrograms();
    // The factor first: its norm may need the memory aside that the operand then takes.
    if (typeof factor === "number") {
      this.number[0] = factor;
      this.machine.write(this.store.S, this.store.layout.factor, this.number);
    } else this.run(this.normOf(factor));
    this.run(this.sumOf(to, from === to ? this.setAside(from, part) : this.operandOf(from, part), part));
  }

  async read(at: VectorPlace, names: readonly string[] = this.store.names): Promise<ReadonlyMap<string, Float32Array>> {
    const { layout } = this.store;
    if (at === "momenta") this.store.tidyMomenta("all");
    const [memory, base] = [this.memoryOf(at), this.baseOf(at)];
    if (names !== this.store.names) {
      const read = async (name: string): Promise<readonly [string, Float32Array]> => {
        const place = layout.param(name);
        return [name, unpack(place, await this.machine.read(memory, base + place.at, place.floats))];
      };
      return new Map(await Promise.all(names.map(read)));
    }
    const all = await this.machine.read(memory, base, layout.weightFloats);
    return new Map([...layout.params].map(([name, place]) => [name, unpack(place, all.subarray(place.at, place.at + place.floats))]));
  }

  write(at: VectorPlace, name: string, values: Float32Array): void {
    const place = this.store.layout.param(name);
    const size = place.rows * place.columns;
    if (values.length !== size) throw new AppError("bug", `"${name}" holds ${size} numbers, not ${values.length}`);
    const memory = this.memoryOf(at);
    if (at === "momenta") {
      this.store.tidyMomenta(partOf(place.spec.role));
      this.store.ownMomentum(name);
    }
    if (at === "gradients") this.store.hasGradients = true;
    this.machine.write(memory, this.baseOf(at) + place.at, pack(place, values));
  }

  dispose(): void {
    this.dropPrograms();
    for (const { memory } of this.made.splice(0)) this.machine.releaseArena(memory);
    if (this.partials) this.machine.releaseArena(this.partials);
    this.partials = null;
    this.aside = null;
  }

  private run(program: Program): void {
    this.queue[0] = program;
    this.machine.run(this.queue);
  }

  /** What a place is about to be written means to the store. */
  private writes(to: VectorPlace, part: Part): void {
    if (to === "momenta") {
      this.store.tidyMomenta(part);
      for (const { spec } of this.store.layout.params.values()) if (covers(part, spec.role)) this.store.ownMomentum(spec.name);
    }
    if (to === "gradients") this.store.hasGradients = true;
  }

  private memoryOf(place: VectorPlace): ArenaMemory {
    if (place === "values") return this.store.W;
    if (place === "gradients") return this.store.G;
    if (place === "momenta") return this.store.S;
    if (!(place instanceof PlanVector) || this.made[place.id] !== place) throw new AppError("bug", "this vector belongs to another store, or was disposed");
    return place.memory;
  }

  private baseOf(place: VectorPlace): number {
    return place === "momenta" ? this.store.layout.momentum : 0;
  }

  /** The place itself, or a copy of it where a program could not bind it beside the state. */
  private operandOf(place: VectorPlace, part: Part): Exclude<VectorPlace, "momenta"> {
    return place === "momenta" ? this.setAside(place, part) : place;
  }

  private setAside(place: VectorPlace, part: Part): PlanVector {
    this.aside ??= this.create() as PlanVector;
    this.copy(place, this.aside, part);
    return this.aside;
  }

  /** times·‖of‖^power into the factor. */
  private normOf({ times, of, over, power }: NormFactor): Program {
    const { hyper, machine, store } = this;
    const operand = this.operandOf(of, over);
    hyper.fill(0);
    hyper[hyperAt.lr] = times;
    hyper[hyperAt.power] = power;
    machine.write(store.S, store.layout.hyper, hyper);
    const memory = this.memoryOf(operand);
    return this.program(`norm ${keyOf(operand)} ${over}`, memory === store.W ? store.G : store.W, memory, () => {
      const { hyper: at, gradNorms, factor } = store.layout;
      const ranges = store.ranges[over];
      if (ranges.length > gradNorms.slots) throw new AppError("bug", "more parameter ranges than norm slots");
      let scratch = 0;
      const norms = ranges.map((range, i) => {
        const made = call("gradNorm", { g: range.at, n: range.floats, out: gradNorms.at + i, tmp: scratch });
        scratch += padTo4(machine.scratchFloats(made));
        return [made];
      });
      return { groups: [...norms, [call("vectorScale", { hyper: at, norms: gradNorms.at, count: ranges.length, out: factor })]], scratch };
    });
  }

  private sumOf(to: Exclude<VectorPlace, "momenta">, from: Exclude<VectorPlace, "momenta">, part: Part): Program {
    return this.program(`sum ${keyOf(to)} ${keyOf(from)} ${part}`, this.memoryOf(to), this.memoryOf(from), () => {
      const groups = this.store.ranges[part].map(({ at, floats }) => [call("axpy", { y: at, x: at, n: floats, scale: this.store.layout.factor })]);
      return { groups, scratch: 0 };
    });
  }

  private program(key: string, W: ArenaMemory, G: ArenaMemory, make: () => { readonly groups: readonly (readonly Call[])[]; readonly scratch: number }): Program {
    const known = this.programs.get(key);
    if (known) return known;
    const { groups, scratch } = make();
    const A = this.partialsOf(scratch);
    const made = this.machine.compile(groups, { A, W, G, S: this.store.S });
    this.programs.set(key, made);
    return made;
  }

  private partialsOf(floats: number): ArenaMemory {
    if (this.partials && this.partials.floats >= floats) return this.partials;
    this.dropPrograms();
    if (this.partials) this.machine.releaseArena(this.partials);
    this.partials = this.machine.createArena("A", Math.max(1024, floats));
    return this.partials;
  }

  private dropPrograms(): void {
    for (const program of this.programs.values()) this.machine.releaseProgram(program);
    this.programs.clear();
    this.madeFor = this.store.version;
  }
}

function keyOf(place: Exclude<VectorPlace, "momenta">): string {
  return place instanceof PlanVector ? String(place.id) : (place as string);
}
