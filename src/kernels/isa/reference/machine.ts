/** The machine of the executable definitions: slow, exact, runs anywhere. For tests, and for plans of a few thousand multiplications. */
import { AppError } from "@/lib/appError";
import { type Arena, type Call, type Fields, isa } from "../isa";
import { type ArenaMemory, type Arenas, assertDistinct, type Machine, type Program } from "../machine";
import { execute } from "./table";

interface Block extends ArenaMemory {
  readonly values: Float32Array;
}

interface Compiled extends Program {
  readonly calls: readonly Call[];
  readonly memory: Readonly<Record<Arena, Float32Array>>;
}

const MAX_FLOATS = 2 ** 28;

/** The call as other machines hold it: integers as integers, floats as float32. Throws where a field cannot be held so. */
function asWords({ op, args }: Call): Call {
  const fields: Fields = isa[op];
  const given = args as Readonly<Record<string, number>>;
  const words = Object.entries(fields).map(([name, kind]) => {
    const value = given[name];
    if (value === undefined || (kind === "f" ? Number.isNaN(value) : !Number.isInteger(value))) {
      throw new AppError("bug", `Field ${name} of ${op} is ${value}, which no machine can hold.`);
    }
    return [name, kind === "f" ? Math.fround(value) : value] as const;
  });
  return { op, args: Object.fromEntries(words) } as unknown as Call;
}

/** A machine of plain TypeScript: float32 memory, float64 sums, one call after the other. */
export function referenceMachine(): Machine {
  const blocks = new Set<Block>();
  const valuesOf = (memory: ArenaMemory): Float32Array => {
    if (!blocks.has(memory as Block))
      throw new AppError("bug", "This memory was released or belongs to another machine.");
    return (memory as Block).values;
  };
  const rangeOf = (memory: ArenaMemory, from: number, length: number): Float32Array => {
    if (from < 0 || length < 0 || from + length > memory.floats) {
      throw new AppError("bug", `Floats ${from} to ${from + length} are not inside an arena of ${memory.floats}.`);
    }
    return valuesOf(memory).subarray(from, from + length);
  };
  const compile = (groups: readonly (readonly Call[])[], arenas: Arenas): Compiled => {
    assertDistinct(arenas);
    const calls = groups.flat().map(asWords);
    const memory = { A: valuesOf(arenas.A), W: valuesOf(arenas.W), G: valuesOf(arenas.G), S: valuesOf(arenas.S) };
    return { dispatches: calls.length, calls, memory };
  };

  return {
    kind: "reference",
    label: "reference",
    maxFloats: MAX_FLOATS,
    maxBatch: 1,
    variant: ({ op }) => op,
    scratchFloats: () => 0,
    createArena: (arena, floats) => {
      const block: Block = { arena, floats, values: new Float32Array(floats) };
      blocks.add(block);
      return block;
    },
    releaseArena: (memory) => void blocks.delete(memory as Block),
    write: (memory, to, values, start = 0, length = values.length - start) =>
      rangeOf(memory, to, length).set(values.subarray(start, start + length)),
    read: (memory, from, length) => Promise.resolve(rangeOf(memory, from, length).slice()),
    clear: (memory, from, length) => void rangeOf(memory, from, length).fill(0),
    copy: (source, from, target, to, length) => rangeOf(target, to, length).set(rangeOf(source, from, length)),
    compile,
    releaseProgram: () => undefined,
    prepare: (programs, report) => {
      report?.(programs.length, programs.length);
      return Promise.resolve();
    },
    run: (programs) =>
      programs.forEach((program) =>
        (program as Compiled).calls.forEach((call) => execute(call, (program as Compiled).memory)),
      ),
    createTimer: () => null,
    idle: () => Promise.resolve(),
    memory: () => ({ buffers: blocks.size, bytes: [...blocks].reduce((total, { floats }) => total + 4 * floats, 0) }),
    dispose: () => blocks.clear(),
  };
}
