/** Batch blocks: the words that the jobs of one dispatch read, and the grid of the dispatch. */
import type { Call } from "../../isa/isa";
import { AppError } from "@/lib/appError";
import type { Pass } from "./kernelDef";
import { HEAD_WORDS, type Shader, type Word } from "./wgsl";

/** Most workgroups of a dispatch in one dimension, by WebGPU's default limits. */
const MAX_GRID = 65_535;

/** A grid of at least `groups` workgroups. */
export interface Grid {
  readonly x: number;
  readonly y: number;
}

export function gridOf(groups: number): Grid {
  const y = Math.ceil(groups / MAX_GRID);
  return { x: Math.ceil(groups / y), y };
}

function valueOf(word: Word, call: Call, pass: Pass): number {
  const own = pass.ints?.[word.name] ?? pass.floats?.[word.name];
  const value = own ?? (call.args as Readonly<Record<string, number>>)[word.name];
  if (value === undefined) throw new AppError("bug", `A call of ${call.op} lacks ${word.name}.`);
  if (word.divisor === 1 || value < 0) return value;
  if (value % word.divisor !== 0) throw new AppError("bug", `${word.name} = ${value} of ${call.op} must be a multiple of 4.`);
  return value / word.divisor;
}

/** Bytes of a block, before its alignment. */
export const blockBytes = (shader: Shader, jobs: number): number => (HEAD_WORDS + jobs * shader.stride) * 4;

/** Writes the block of one dispatch at byte `at` and returns its grid. `passes[j]` is the pass of `calls[j]`. */
export function writeBlock(view: DataView, at: number, shader: Shader, calls: readonly Call[], passes: readonly Pass[]): Grid {
  let groups = 0;
  for (let j = 0; j < calls.length; j++) {
    const call = calls[j];
    const pass = passes[j];
    if (call === undefined || pass === undefined) continue;
    view.setUint32(at + 16 + 4 * j, groups, true);
    groups += pass.groups;
    const job = at + 4 * (HEAD_WORDS + j * shader.stride);
    shader.words.forEach((word, index) => {
      const value = valueOf(word, call, pass);
      if (word.float) view.setFloat32(job + 4 * index, value, true);
      else view.setInt32(job + 4 * index, value, true);
    });
  }
  const grid = gridOf(groups);
  view.setUint32(at, calls.length, true);
  view.setUint32(at + 4, groups, true);
  view.setUint32(at + 8, grid.x, true);
  return grid;
}
