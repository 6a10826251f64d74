/** Programs of the WebGPU machine: a flat list of dispatches with their words in one uniform buffer, encoded anew at each run and nothing else. */
import type { Call } from "../../isa/isa";
import { type Arenas, assertDistinct, type Program } from "../../isa/machine";
import { AppError } from "@/lib/appError";
import type { Buffers } from "./buffers";
import { blockBytes, writeBlock } from "./jobs";
import { MAX_BATCH, type Pass, type Tuning } from "./kernelDef";
import type { LayoutKind, Pipelines } from "./pipelines";
import { passesOf } from "./table";
import { assemble, WINDOW_BYTES, type Shader } from "./wgsl";

/** Dynamic offsets of uniform windows are multiples of this. */
const ALIGNMENT = 256;

export interface GpuProgram extends Program {
  readonly shaders: readonly Shader[];
  /** Filled by `prepare`, or at the first run. */
  readonly pipelines: (GPUComputePipeline | undefined)[];
  /** Byte offset of each dispatch's block. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  readonly x: Uint32Array;
  readonly y: Uint32Array;
  readonly bindGroups: readonly GPUBindGroup[];
  readonly uniforms: GPUBuffer;
}

/** Texts of one machine, each assembled once. */
export type Shaders = Map<string, Shader>;

function shaderOf(shaders: Shaders, call: Call, pass: Pass): Shader {
  let shader = shaders.get(pass.key);
  if (shader === undefined) {
    shader = assemble(call.op, pass);
    shaders.set(pass.key, shader);
  }
  return shader;
}

interface Dispatch {
  readonly shader: Shader;
  readonly calls: readonly Call[];
  readonly passes: readonly Pass[];
}

/** The dispatches of a group: pass by pass, all of its calls in each. */
function dispatchesOf(group: readonly Call[], shaders: Shaders, tuning: Tuning): Dispatch[] {
  if (group.length > MAX_BATCH) throw new AppError("bug", `A group of ${group.length} calls exceeds ${MAX_BATCH}.`);
  const byCall = group.map((call) => passesOf(call, tuning));
  const [first] = group;
  const [lead] = byCall;
  if (first === undefined || lead === undefined) return [];
  return lead.map((pass, index) => {
    const passes = byCall.map((list) => {
      const own = list[index];
      if (list.length !== lead.length || own?.key !== pass.key) {
        throw new AppError("bug", `Calls of ${first.op} with different variants share a group.`);
      }
      return own;
    });
    return { shader: shaderOf(shaders, first, pass), calls: group, passes };
  });
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** What a program's bind groups refer to. */
export interface Place {
  readonly device: GPUDevice;
  readonly buffers: Buffers;
  readonly pipelines: Pipelines;
  readonly tuning: Tuning;
  readonly shaders: Shaders;
  bufferOf(memory: Arenas["A"]): GPUBuffer;
}

function bindGroupOf(place: Place, kind: LayoutKind, arenas: Arenas, uniforms: GPUBuffer): GPUBindGroup {
  const storage = (["A", "W", "G", "S"] as const).map((arena, binding) => ({ binding, resource: { buffer: place.bufferOf(arenas[arena]) } }));
  return place.device.createBindGroup({
    layout: place.pipelines.layouts[kind],
    entries: [...storage, { binding: 4, resource: { buffer: uniforms, size: WINDOW_BYTES } }],
  });
}

/** Encodes groups of calls. Throws `bug` for calls that cannot share a group and arenas that share a buffer, `gpu.oom` when the words find no place. */
export function compileProgram(place: Place, groups: readonly (readonly Call[])[], arenas: Arenas): GpuProgram {
  assertDistinct(arenas, place.bufferOf);
  const dispatches = groups.flatMap((group) => dispatchesOf(group, place.shaders, place.tuning));
  const offsets = new Uint32Array(dispatches.length);
  let end = 0;
  dispatches.forEach(({ shader, calls }, index) => {
    offsets[index] = end;
    end += align(blockBytes(shader, calls.length));
  });
  // The last window may reach beyond the last block.
  const size = end + WINDOW_BYTES;
  const words = new DataView(new ArrayBuffer(size));
  const x = new Uint32Array(dispatches.length);
  const y = new Uint32Array(dispatches.length);
  dispatches.forEach(({ shader, calls, passes }, index) => {
    const grid = writeBlock(words, offsets[index] ?? 0, shader, calls, passes);
    x[index] = grid.x;
    y[index] = grid.y;
  });
  const uniforms = place.buffers.create("the words of a program", size, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  place.device.queue.writeBuffer(uniforms, 0, words);
  const train = bindGroupOf(place, "train", arenas, uniforms);
  const update = dispatches.some(({ shader }) => shader.writesW) ? bindGroupOf(place, "update", arenas, uniforms) : train;
  return {
    dispatches: dispatches.length,
    shaders: dispatches.map(({ shader }) => shader),
    pipelines: dispatches.map(() => undefined),
    offsets,
    x,
    y,
    bindGroups: dispatches.map(({ shader }) => (shader.writesW ? update : train)),
    uniforms,
  };
}

/** Looks up the pipelines of a program that are still missing, compiling on the spot what `prepare` has not. */
export function resolvePipelines(program: GpuProgram, pipelines: Pipelines): void {
  for (let d = 0; d < program.dispatches; d++) {
    const shader = program.shaders[d];
    if (shader !== undefined) program.pipelines[d] ??= pipelines.get(shader);
  }
}
