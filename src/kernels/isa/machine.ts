/**
 * What executes the calls of a plan. The compiler knows this interface only; `reference`, WASM and WebGPU implement it. Everything is ordered:
 * a write, a run and a read take effect in the order in which they were called. Nothing but `read`, `prepare` and `idle` waits.
 */
import { AppError } from "@/lib/appError";
import type { Arena, Call } from "./isa";

/** Float32 memory of one arena, zero at first. */
export interface ArenaMemory {
  readonly arena: Arena;
  readonly floats: number;
}

/**
 * The memory that the addresses of a program refer to: four different ones, for WebGPU cannot bind one twice where it is written. Any memory may stand for
 * any arena, whatever it was created as.
 */
export type Arenas = Readonly<Record<Arena, ArenaMemory>>;

/** Throws `bug` when two arenas are one memory; `identity` is what a machine holds of each. Elsewhere than on WebGPU it would go well, and be found late. */
export function assertDistinct(arenas: Arenas, identity: (memory: ArenaMemory) => unknown = (memory) => memory): void {
  const held = [arenas.A, arenas.W, arenas.G, arenas.S].map(identity);
  if (new Set(held).size < held.length) {
    throw new AppError("bug", "A program's arenas are four different memories; one was given twice.");
  }
}

/** Calls encoded for a set of arenas, to be replayed. Nothing is allocated when it runs. */
export interface Program {
  /** Dispatches (WebGPU) or kernel calls (WASM, reference) of one run. */
  readonly dispatches: number;
}

export interface MachineMemory {
  /** Live buffers or blocks, and their bytes. */
  readonly buffers: number;
  readonly bytes: number;
}

/** Time that runs take on the device itself, waits for the host left out. */
export interface MachineTimer {
  /** Runs the programs one after the other; resolves at their end with microseconds. Devices may round them (browsers: to 100). */
  time(programs: readonly Program[]): Promise<number>;
  dispose(): void;
}

export interface Machine {
  readonly kind: "reference" | "wasm" | "webgpu";
  /** Threads or adapter, for the status bar and the bench. */
  readonly label: string;
  /** Largest arena, in floats. */
  readonly maxFloats: number;
  /** Most calls that share one dispatch; 1 where batching gains nothing. */
  readonly maxBatch: number;
  /** Calls of equal variant may share a dispatch. */
  variant(call: Call): string;
  /** Floats of `tmp` that the call needs; 0 for instructions without one. */
  scratchFloats(call: Call): number;
  /** Throws `gpu.oom` when it cannot be had. */
  createArena(arena: Arena, floats: number): ArenaMemory;
  releaseArena(memory: ArenaMemory): void;
  /** `values[start … start + length)` to address `to`; the values are taken over before the call returns. Any address. */
  write(memory: ArenaMemory, to: number, values: Float32Array, start?: number, length?: number): void;
  /** A fresh copy. */
  read(memory: ArenaMemory, from: number, length: number): Promise<Float32Array>;
  clear(memory: ArenaMemory, from: number, length: number): void;
  /** Copy inside an arena (the ranges may overlap) or between any two, whatever they were created as. Any addresses. */
  copy(source: ArenaMemory, from: number, target: ArenaMemory, to: number, length: number): void;
  /**
   * Encodes groups of calls in order. The calls of one group have equal variants and neither read nor write what another of them writes
   * (but may add to different weights' gradients). Throws `bug` when two of the arenas are one memory.
   */
  compile(groups: readonly (readonly Call[])[], arenas: Arenas): Program;
  releaseProgram(program: Program): void;
  /** Everything that the programs need to run at once without stalls (pipelines), with progress; already prepared ones cost nothing. */
  prepare(programs: readonly Program[], report?: (done: number, total: number) => void): Promise<void>;
  /** Runs programs one after the other. */
  run(programs: readonly Program[]): void;
  /** Null where the device keeps no time of its own. */
  createTimer(): MachineTimer | null;
  idle(): Promise<void>;
  memory(): MachineMemory;
  dispose(): void;
}
