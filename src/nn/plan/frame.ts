/**
 * One way of running a store's graphs (training or scoring, one batch size, one source of statistics): the layout of its activations and
 * the programs of the segments seen so far. Segments of all frames share one activation arena, since no activation outlives a call.
 */
import type { Arenas, ArenaMemory, Machine, Program } from "@/kernels/isa/machine";
import type { Call } from "@/kernels/isa/isa";
import { AppError } from "@/lib/appError";
import type { Graph } from "@/nas/graph";
import { compileSegment, type PlacedSegment } from "./compile";
import { gradientNeeds } from "./lower/groups";
import { isWanted, type LowerOptions } from "./lower/lowering";
import type { ParamLayout } from "./paramLayout";
import { knownSegmentsOf, wholeOf, type Segment } from "./segments";
import { kindsOf, type SymbolCall } from "./symbols";

/** The programs of one segment, made for the present layout. */
export interface SegmentPrograms {
  readonly params: readonly string[];
  /** Null unless the frame hoists. */
  readonly setup: Program | null;
  readonly forward: Program;
  readonly backward: Program;
}

/** The activation arena: grows to the largest frame, and then every program has to be made again. */
export class ActivationArena {
  private readonly machine: Machine;
  private held: ArenaMemory | null = null;
  /** Raised whenever the memory moved. */
  version = 0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** At least that many floats. Throws `gpu.oom` with the bytes needed. */
  reserve(floats: number, batch: number): ArenaMemory {
    if (this.held && this.held.floats >= floats) return this.held;
    if (floats > this.machine.maxFloats) throw tooLarge(floats, this.machine.maxFloats, batch);
    if (this.held) this.machine.releaseArena(this.held);
    this.held = null;
    this.held = this.machine.createArena("A", floats);
    this.version++;
    return this.held;
  }

  get memory(): ArenaMemory {
    if (this.held === null) throw new AppError("bug", "no activations were reserved");
    return this.held;
  }

  dispose(): void {
    if (this.held) this.machine.releaseArena(this.held);
    this.held = null;
  }
}

function tooLarge(floats: number, limit: number, batch: number): AppError {
  const mega = (n: number): string => `${Math.ceil((n * 4) / 2 ** 20)} MB`;
  const fits = Math.max(1, 2 ** Math.floor(Math.log2((batch * limit) / floats)));
  return new AppError("gpu.oom", `This plan needs ${mega(floats)} for its activations, but this device gives at most ${mega(limit)} in one piece.`, {
    recoverable: true,
    hint: fits < batch ? `Take batch ${fits} instead of ${batch}, or a smaller size.` : "Take a smaller size.",
  });
}

interface Entry {
  readonly segment: Segment;
  readonly placed: PlacedSegment;
  programs: SegmentPrograms | null;
}

/** A graph as this frame cuts it. */
interface Cut {
  readonly segments: readonly Segment[];
  readonly needs: ReadonlySet<number>;
}

interface Path {
  readonly segments: readonly SegmentPrograms[];
  /** To run once before any number of forward passes; empty unless the frame hoists. */
  readonly setup: readonly Program[];
  readonly forward: readonly Program[];
  /** In the order in which they run: last segment first. */
  readonly backward: readonly Program[];
}

/** Compiled segments that a frame keeps; beyond it starts afresh (networks that share nothing). */
const capacity = 1024;

export class Frame {
  readonly options: LowerOptions;
  private readonly machine: Machine;
  private readonly layout: ParamLayout;
  private readonly activations: ActivationArena;
  private readonly entries = new Map<string, Entry>();
  private readonly cuts = new WeakMap<Graph, Cut>();
  private paths = new WeakMap<Graph, Path>();
  private readonly fixed = new Map<string, { at: number; floats: number }>();
  private readonly saved = new Map<string, { at: number; floats: number }>();
  private temporary = { at: 0, floats: 0 };
  /** Floats of the whole layout. */
  private floats = 0;
  private madeFor = { arena: -1, state: -1 };

  constructor(machine: Machine, layout: ParamLayout, activations: ActivationArena, options: LowerOptions) {
    this.machine = machine;
    this.layout = layout;
    this.activations = activations;
    this.options = options;
  }

  /** The programs of a graph. `arenas` are the store's; `state` changes when they moved. */
  path(graph: Graph, store: { readonly W: ArenaMemory; readonly G: ArenaMemory; readonly S: ArenaMemory }, state: number): Path {
    if (this.madeFor.arena === this.activations.version && this.madeFor.state === state) {
      const known = this.paths.get(graph);
      if (known) return known;
    }
    const cut = this.cutOf(graph);
    if (this.entries.size + cut.segments.length > capacity) this.clear();
    const entries = cut.segments.map((segment) => this.entryOf(segment, graph, cut));
    if (entries.map((entry) => this.fit(entry)).some(Boolean)) this.place();
    this.activations.reserve(this.floats, this.options.batch);
    if (this.madeFor.arena !== this.activations.version || this.madeFor.state !== state) {
      this.dropPrograms();
      this.madeFor = { arena: this.activations.version, state };
    }
    const arenas: Arenas = { ...store, A: this.activations.memory };
    const made = entries.map((entry) => (entry.programs ??= this.programsOf(entry, arenas)));
    const setup = made.flatMap((s) => (s.setup ? [s.setup] : []));
    const path: Path = { segments: made, setup, forward: made.map((s) => s.forward), backward: made.map((s) => s.backward).reverse() };
    this.paths.set(graph, path);
    return path;
  }

  /** Address of a place that the host fills or reads, or null when no segment uses it. */
  addressOf(name: string): number | null {
    return this.fixed.get(name)?.at ?? null;
  }

  /** Address and row stride of the value of a graph's output after a run. */
  output(graph: Graph): { readonly at: number; readonly ld: number } {
    const cut = this.cutOf(graph);
    for (const segment of cut.segments) {
      const entry = this.entries.get(this.keyOf(segment, cut));
      const output = entry?.placed.output;
      if (entry && output) return { at: this.baseOf(entry, output.buf.id, output.buf.fixed) + output.at, ld: output.buf.ld };
    }
    throw new AppError("bug", "this output was not computed");
  }

  /** Names of drop-path scopes whose multipliers the batch has to bring. */
  get maskNames(): string[] {
    return [...this.fixed.keys()].filter((name) => name.startsWith("mask:")).map((name) => name.slice("mask:".length));
  }

  dispose(): void {
    this.clear();
  }

  private cutOf(graph: Graph): Cut {
    const known = this.cuts.get(graph);
    if (known) return known;
    const { train, loss, part } = this.options;
    const given = loss === "given";
    // The images' gradient has one place, so one segment must make it.
    const segments = given ? wholeOf(graph) : knownSegmentsOf(graph);
    const needs = train ? gradientNeeds(graph, (name) => isWanted(this.layout, part, name), given) : new Set<number>();
    const made = { segments, needs };
    this.cuts.set(graph, made);
    return made;
  }

  /** Equal keys: equal programs in this frame. Which inputs need a gradient is a matter of the segments before. */
  private keyOf(segment: Segment, { segments, needs }: Cut): string {
    const flow = segment.inputs.map(({ node }) => (needs.has(node) ? 1 : 0)).join("");
    return `${segment.key}\n${flow}${segments.length === 1 ? " alone" : ""}`;
  }

  private entryOf(segment: Segment, graph: Graph, cut: Cut): Entry {
    const key = this.keyOf(segment, cut);
    const known = this.entries.get(key);
    if (known) return known;
    const alone = cut.segments.length === 1;
    const placed = compileSegment(segment, { graph, needs: cut.needs, layout: this.layout, machine: this.machine, options: this.options, alone });
    const entry: Entry = { segment, placed, programs: null };
    this.entries.set(key, entry);
    return entry;
  }

  /** Enlarges the regions that a segment needs; whether anything grew. */
  private fit({ segment, placed }: Entry): boolean {
    let grew = false;
    const grow = (map: Map<string, { at: number; floats: number }>, name: string, floats: number): void => {
      if ((map.get(name)?.floats ?? 0) >= floats) return;
      map.set(name, { at: 0, floats });
      grew = true;
    };
    for (const [name, floats] of placed.fixed) grow(this.fixed, name, floats);
    if (placed.savedFloats > 0) grow(this.saved, segment.label, placed.savedFloats);
    if (placed.temporaryFloats > this.temporary.floats) {
      this.temporary = { at: 0, floats: placed.temporaryFloats };
      grew = true;
    }
    return grew;
  }

  /** New addresses for every region: the old programs are void. */
  private place(): void {
    this.dropPrograms();
    let at = 0;
    const take = (floats: number): number => {
      const from = at;
      at += Math.ceil(floats / 64) * 64;
      return from;
    };
    for (const region of [...this.fixed.values(), ...this.saved.values(), this.temporary]) region.at = take(region.floats);
    this.floats = Math.max(64, at);
  }

  private dropPrograms(): void {
    for (const entry of this.entries.values()) {
      const { setup, forward, backward } = entry.programs ?? {};
      for (const program of [setup, forward, backward]) if (program) this.machine.releaseProgram(program);
      entry.programs = null;
    }
    this.paths = new WeakMap();
  }

  private clear(): void {
    this.dropPrograms();
    this.entries.clear();
  }

  private baseOf(entry: Entry, id: number, fixed: string | null): number {
    if (fixed !== null) return this.fixed.get(fixed)?.at ?? missing(fixed);
    const saved = entry.placed.saved.get(id);
    if (saved !== undefined) return (this.saved.get(entry.segment.label)?.at ?? missing(entry.segment.label)) + saved;
    return this.temporary.at + (entry.placed.temporary.get(id) ?? missing(`buffer ${id}`));
  }

  private programsOf(entry: Entry, arenas: Arenas): SegmentPrograms {
    const resolve = (call: SymbolCall): Call => {
      const args: Record<string, number> = {};
      for (const name of Object.keys(kindsOf(call.op))) {
        const value = call.args[name] ?? -1;
        args[name] = typeof value === "number" ? value : this.baseOf(entry, value.buf.id, value.buf.fixed) + value.at;
      }
      return { op: call.op, args } as unknown as Call;
    };
    const encode = (groups: readonly (readonly SymbolCall[])[]): Program => this.machine.compile(groups.map((group) => group.map(resolve)), arenas);
    const { setup, forward, backward } = entry.placed;
    return { params: entry.segment.params, setup: setup.length === 0 ? null : encode(setup), forward: encode(forward), backward: encode(backward) };
  }
}

function missing(what: string): never {
  throw new AppError("bug", `${what} has no place in the frame`);
}

