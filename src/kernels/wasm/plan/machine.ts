/**
 * The plan's machine on WASM SIMD: own module, own shared memory, one interpreter loop in C over encoded calls, run by one or more
 * threads. Runs are synchronous: when `run` returns the results are there, so every order of writes, runs and reads is kept by itself.
 * Results do not depend on the number of threads.
 */
import { AppError } from "@/lib/appError";
import type { Arena, Call } from "../../isa/isa";
import { type ArenaMemory, type Arenas, assertDistinct, type Machine, type MachineMemory, type Program } from "../../isa/machine";
import { encode, opcodeOf, wordsOf } from "./encode";
import { type Compiled, compileModule, instantiate, type Module } from "./load";
import { LinearMemory } from "./memory";
import { scratchOf } from "./scratch";
import { scratchOfProducts, workOf } from "./scratchProducts";
import { MEETING_WORDS, meetingAt, startThreads, type Thread } from "./threads";

/** Of each thread; kernels keep a few kilobytes of sums and spills there. */
const STACK_BYTES = 131072;
/** Words of `team` in team.h. */
const TEAM_WORDS = 16;
/** Scratch of each thread to begin with; grows with the calls that are compiled. */
const WORK_FLOATS = 32768;

export interface WasmMachineOptions {
  /** Threads that take part, this one included; fewer where they cannot be had. Default 1. */
  readonly threads?: number;
  /** Fused multiply-add where the engine has it: faster, but the last bit may differ between processors. Never for parity. Default false. */
  readonly relaxed?: boolean;
}

interface WasmArena extends ArenaMemory {
  readonly address: number;
}

interface WasmProgram extends Program {
  /** Block with the list and the descriptors; 0 when released. */
  address: number;
}

class WasmMachine implements Machine {
  readonly kind = "wasm";
  readonly label: string;
  readonly maxFloats: number;
  readonly maxBatch = 1;
  private readonly arenas = new Set<WasmArena>();
  private readonly programs = new Set<WasmProgram>();
  private readonly meeting: number;
  private readonly teams: number[] = [];
  private works: number[] = [];
  private workFloats = 0;
  private jobs = 0;
  private jobCapacity = 0;
  private state: "live" | "failed" | "disposed" = "live";
  private readonly memory_: LinearMemory;
  private readonly module: Module;
  private readonly threads: readonly Thread[];

  constructor(memory: LinearMemory, module: Module, threads: readonly Thread[], relaxed: boolean) {
    this.memory_ = memory;
    this.module = module;
    this.threads = threads;
    const n = threads.length + 1;
    this.label = `${n} ${n === 1 ? "thread" : "threads"}${relaxed ? ", relaxed SIMD" : ""}`;
    this.maxFloats = Math.floor(memory.maxBytes / 4) - (1 << 20);
    this.meeting = memory.allocate(MEETING_WORDS * 4);
    const mayWait = typeof window === "undefined" ? 1 : 0;
    for (let id = 0; id < n; id++) {
      const team = memory.allocate(TEAM_WORDS * 4);
      memory.i32.set([id, n, this.meeting, 0, 0, id === 0 ? mayWait : 1], team / 4);
      this.teams.push(team);
    }
    this.reserveWork(WORK_FLOATS);
  }

  /** Hands the workers over to the interpreter. */
  async begin(): Promise<boolean> {
    const { fault, epoch } = meetingAt;
    const at = this.meeting / 4;
    this.threads.forEach((thread, i) => thread.post({ team: this.teams[i + 1], go: 0, fault: at + fault, epoch: at + epoch }));
    const serving = await Promise.all(this.threads.map((thread) => thread.expect("serving")));
    return serving.every((ok) => ok);
  }

  variant(call: Call): string {
    return call.op;
  }

  scratchFloats(call: Call): number {
    return scratchOfProducts(call) ?? scratchOf(call);
  }

  createArena(arena: Arena, floats: number): ArenaMemory {
    const made: WasmArena = { arena, floats, address: this.memory_.allocate(floats * 4) };
    this.arenas.add(made);
    return made;
  }

  releaseArena(memory: ArenaMemory): void {
    const arena = this.own(memory);
    this.arenas.delete(arena);
    this.memory_.release(arena.address);
  }

  write(memory: ArenaMemory, to: number, values: Float32Array, start = 0, length = values.length - start): void {
    const at = this.addressOf(memory, to, length);
    const { f32 } = this.memory_;
    if (start === 0 && length === values.length) f32.set(values, at);
    // A part goes float by float: a view of it would be garbage every step.
    else for (let i = 0; i < length; i++) f32[at + i] = values[start + i] as number;
  }

  read(memory: ArenaMemory, from: number, length: number): Promise<Float32Array> {
    const at = this.addressOf(memory, from, length);
    const copy = new Float32Array(length);
    copy.set(this.memory_.f32.subarray(at, at + length));
    return Promise.resolve(copy);
  }

  clear(memory: ArenaMemory, from: number, length: number): void {
    const at = this.addressOf(memory, from, length);
    this.memory_.f32.fill(0, at, at + length);
  }

  copy(source: ArenaMemory, from: number, target: ArenaMemory, to: number, length: number): void {
    const at = this.addressOf(source, from, length);
    this.memory_.f32.copyWithin(this.addressOf(target, to, length), at, at + length);
  }

  compile(groups: readonly (readonly Call[])[], arenas: Arenas): Program {
    assertDistinct(arenas);
    const calls = groups.flat();
    let words = 2 * calls.length;
    let work = 0;
    for (const call of calls) {
      words += wordsOf(call);
      work = Math.max(work, workOf(call));
    }
    this.reserveWork(work);
    const address = this.memory_.allocate(words * 4);
    let next = address / 4 + 2 * calls.length;
    calls.forEach((call, i) => {
      this.memory_.i32[address / 4 + 2 * i] = opcodeOf(call);
      this.memory_.i32[address / 4 + 2 * i + 1] = next * 4;
      next = encode(call, this.memory_.i32, next, (kind, name, value) => this.locate(`${call.op}.${name}`, arenas[kind as Arena], value));
    });
    const program: WasmProgram = { dispatches: calls.length, address };
    this.programs.add(program);
    return program;
  }

  releaseProgram(program: Program): void {
    const own = program as WasmProgram;
    if (!this.programs.delete(own)) return;
    this.memory_.release(own.address);
    own.address = 0;
  }

  prepare(programs: readonly Program[], report?: (done: number, total: number) => void): Promise<void> {
    report?.(programs.length, programs.length);
    return Promise.resolve();
  }

  run(programs: readonly Program[]): void {
    if (this.state !== "live") throw new AppError("worker.dead", "The WASM machine has ended; reload to go on.");
    if (programs.length > this.jobCapacity) this.reserveJobs(programs.length);
    const words = this.memory_.i32;
    let at = this.jobs / 4;
    for (const program of programs) {
      const { address, dispatches } = program as WasmProgram;
      if (address === 0) throw new AppError("bug", "a released program was run");
      words[at++] = address;
      words[at++] = dispatches;
    }
    try {
      this.module.run(this.jobs, programs.length, this.teams[0] as number);
    } catch (cause) {
      this.fail();
      throw new AppError("bug", "A WASM kernel stopped.", { cause, hint: "Reload, and report the configuration of the run." });
    }
  }

  createTimer(): null {
    return null;
  }

  idle(): Promise<void> {
    return Promise.resolve();
  }

  memory(): MachineMemory {
    let bytes = 0;
    for (const arena of this.arenas) bytes += arena.floats * 4;
    return { buffers: this.arenas.size, bytes };
  }

  dispose(): void {
    if (this.state === "disposed") return;
    this.state = "disposed";
    const at = this.meeting / 4;
    const words = this.memory_.i32;
    Atomics.store(words, at + meetingAt.stop, 1);
    Atomics.add(words, at + meetingAt.go, 1);
    Atomics.notify(words, at + meetingAt.go);
    for (const thread of this.threads) thread.terminate();
    this.arenas.clear();
    this.programs.clear();
  }

  /** After a trap the threads no longer agree on where they are: release those that wait, and end. */
  private fail(): void {
    this.state = "failed";
    const at = this.meeting / 4;
    Atomics.store(this.memory_.i32, at + meetingAt.fault, 1);
    Atomics.notify(this.memory_.i32, at + meetingAt.epoch);
    for (const thread of this.threads) thread.terminate();
  }

  private own(memory: ArenaMemory): WasmArena {
    const arena = memory as WasmArena;
    if (!this.arenas.has(arena)) throw new AppError("bug", "an arena of another machine, or one that was released");
    return arena;
  }

  /** Index in the float view; checked, for a mistake here would overwrite others' memory. */
  private addressOf(memory: ArenaMemory, from: number, length: number): number {
    const arena = this.own(memory);
    if (!(from >= 0 && length >= 0 && from + length <= arena.floats)) {
      throw new AppError("bug", `floats ${from} … ${from + length} of an arena ${arena.arena} of ${arena.floats}`);
    }
    return arena.address / 4 + from;
  }

  private locate(name: string, memory: ArenaMemory, value: number): number {
    if (value < 0) return 0;
    const arena = this.own(memory);
    if (value > 0 && value >= arena.floats) throw new AppError("bug", `${name} = ${value} lies outside an arena ${arena.arena} of ${arena.floats}`);
    return (arena.address + value * 4) | 0;
  }

  private reserveWork(floats: number): void {
    if (floats <= this.workFloats) return;
    for (const work of this.works) this.memory_.release(work);
    this.works = this.teams.map((team) => {
      const work = this.memory_.allocate(floats * 4);
      this.memory_.i32[team / 4 + 3] = work;
      this.memory_.i32[team / 4 + 4] = floats;
      return work;
    });
    this.workFloats = floats;
  }

  private reserveJobs(count: number): void {
    if (this.jobs !== 0) this.memory_.release(this.jobs);
    this.jobCapacity = Math.max(64, 2 * count);
    this.jobs = this.memory_.allocate(this.jobCapacity * 8);
  }
}

/**
 * A machine on WASM SIMD. Needs an engine with SIMD and shared memories (`backend.unavailable` otherwise); more than one thread
 * needs cross-origin isolation in browsers, and falls back to fewer without an error: see `label`.
 */
export async function createWasmMachine(options: WasmMachineOptions = {}): Promise<Machine> {
  let compiled: Compiled;
  try {
    compiled = await compileModule(options.relaxed ?? false);
  } catch (cause) {
    throw new AppError("backend.unavailable", "This browser has no WebAssembly SIMD.", { cause, hint: "Use a browser of 2023 or later." });
  }
  const memory = new LinearMemory();
  const module = await instantiate(compiled.module, memory.memory);
  memory.start(module.heapBase);
  const stackTop = (): number => memory.allocate(STACK_BYTES) + STACK_BYTES;
  module.setStack(stackTop());
  const threads = await startThreads((options.threads ?? 1) - 1, compiled.module, memory.memory, stackTop);
  const machine = new WasmMachine(memory, module, threads, compiled.relaxed);
  if (await machine.begin()) return machine;
  machine.dispose();
  return createWasmMachine({ ...options, threads: 1 });
}
