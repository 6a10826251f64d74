/**
 * What a kernel of the WebGPU machine is: for each instruction the passes (dispatches) that execute a call, and the scratch they need. Kernels
 * know neither buffers nor pipelines; `wgsl.ts` turns their text into shaders, `machine.ts` encodes and runs them.
 */
import type { Arena, Call, Instruction } from "../../isa/isa";

/** Threads of every workgroup. */
export const WORKGROUP = 64;

/** Most calls that share one dispatch. */
export const MAX_BATCH = 16;

/** Choices that depend on the adapter, not on the work. Part of every key that they change the text of. */
export interface Tuning {
  /** Rows of a pointwise register tile, and its vec4 of columns where they divide the map. */
  readonly tileRows: 4 | 8;
  readonly tileColumns: 2 | 4;
  /** Output pixels of a row that one thread of a convolution computes. */
  readonly pixels: 4 | 8;
  /** Rows that one thread of a depthwise convolution computes, at most. */
  readonly lines: 1 | 2 | 4;
  /** Kernel rows that one thread of a depthwise weight gradient sums. */
  readonly kernelRows: number;
  /** A dispatch with fewer threads than this takes smaller tiles, where there are any. */
  readonly threads: number;
  /** Threads that the partial sums of a reduction (weight gradients, statistics) are spread over. */
  readonly splitThreads: number;
  /** Long sums of partials are shared by the threads of a workgroup (a barrier); else one thread sums them. */
  readonly wideSums: boolean;
  /** Products with K and N ≥ 64 go through workgroup memory. */
  readonly sharedProduct: boolean;
  /** Dispatches of one submit. */
  readonly submit: number;
}

/**
 * WGSL of a pass. `helpers` are declarations of the module (functions, workgroup variables); `body` is the inside of the kernel function. The body may use
 * - `J.name` (only in the body; hand it to helpers as an argument): a field of the instruction or one of the pass's `ints` and `floats`;
 * - `lid` (i32, thread of the workgroup), `group` (i32, workgroup of this job), `i` (i32, group · 64 + lid);
 * - the arenas `A`, `W`, `G`, `S` that the pass declares;
 * - the prelude: `bounded(v, lo, hi)` and `inside(v, lo, hi)` on vec4f, `bounded1`, `inside1` on f32 (wgsl.ts).
 * `group` and `J` are uniform control flow, so barriers may depend on them; `return` is allowed where no barrier follows.
 */
export interface Source {
  readonly helpers?: string;
  readonly body: string;
}

/**
 * One dispatch of a call.
 *
 * Integers are i32 in the shader. With an arena as `vec4f` its addresses (fields of that arena's kind) arrive divided by 4, and with A as
 * `vec4f` so do the fields whose names end in `ld` or `cs`; −1 stays −1. Anything else arrives as it is: where a body needs the
 * undivided address, hand it over again in `ints`.
 */
export interface Pass {
  /** Names the text: equal keys mean equal `arenas`, `source` and names of `ints` and `floats`. */
  readonly key: string;
  /** The arenas that the text uses, and as what. */
  readonly arenas: { readonly [K in Arena]?: "vec4f" | "f32" };
  /** The pass writes W (optimizers); elsewhere W is read only. */
  readonly writesW?: boolean;
  /** Called once for a key. */
  readonly source: () => Source;
  /** Workgroups of 64 threads. */
  readonly groups: number;
  /** Further words of the job by name; they come before the instruction's fields of the same name. */
  readonly ints?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
}

/** How one instruction is executed. */
export interface KernelDef<I extends Instruction = Instruction> {
  /** The passes in order; they communicate through the call's `tmp`. Calls whose passes have equal keys may share dispatches. */
  passes(args: Call<I>["args"], tuning: Tuning): readonly Pass[];
  /** Floats of `tmp`. Must not depend on the addresses of `args`. */
  scratchFloats?(args: Call<I>["args"], tuning: Tuning): number;
}

/** Kernels by instruction. */
export type KernelTable = { readonly [I in Instruction]?: KernelDef<I> };

/** Workgroups for `threads` threads. */
export const groupsFor = (threads: number): number => Math.max(1, Math.ceil(threads / WORKGROUP));

/** `count` copies of a text, one a line. */
export const repeat = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join("\n");

/**
 * The sum of `count` terms as one expression. Adding to a variable term by term is as fast on hardware, but a software adapter stores the variable
 * each time, lane by lane.
 */
export const sumOf = (count: number, term: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => term(index)).join(" + ");

/** Component of a vec4f. */
export const laneOf = (index: number): string => "xyzw".charAt(index & 3);
