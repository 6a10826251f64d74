/**
 * The WebGPU machine: arenas are buffers, calls are words in uniform buffers, a run encodes a flat list of dispatches. No read-back,
 * no bind group and no buffer is made while it runs.
 */
import type { Arena } from "../../isa/isa";
import type { ArenaMemory, Machine, Program } from "../../isa/machine";
import { AppError } from "@/lib/appError";
import { createBuffers, deviceLost, type Buffers } from "./buffers";
import { MAX_BATCH, type Tuning } from "./kernelDef";
import { pipelinesOf } from "./pipelines";
import { compileProgram, resolvePipelines, type GpuProgram, type Place } from "./program";
import { passesOf, scratchOf } from "./table";
import { createTimer, type TimedPasses } from "./timer";
import { defaultTuning } from "./tuning";
import type { Shader } from "./wgsl";

export interface WebgpuMachineOptions {
  /** Variants for this adapter, as `probeTuning` finds them. Without it a fixed choice, so that runs repeat. */
  readonly tuning?: Tuning;
  /** Name of the adapter, for people. */
  readonly label?: string;
}

export interface WebgpuMachine extends Machine {
  readonly device: GPUDevice;
  readonly tuning: Tuning;
  /** Distinct pipelines of the device so far. */
  readonly pipelineCount: number;
  /** The buffer behind an arena: it may be shared with tfjs. */
  bufferOf(memory: ArenaMemory): GPUBuffer;
  /** A buffer of somebody else's (with storage and copy usage) as an arena; the machine neither counts nor destroys it. */
  adoptBuffer(arena: Arena, buffer: GPUBuffer): ArenaMemory;
}

interface GpuArena extends ArenaMemory {
  readonly buffer: GPUBuffer;
}

const arenaNames: Readonly<Record<Arena, string>> = {
  A: "activations",
  W: "parameters",
  G: "gradients",
  S: "optimizer state",
};

function labelOf(device: GPUDevice): string {
  const info = (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  return [info?.vendor, info?.architecture || info?.description].filter(Boolean).join(" ") || "WebGPU";
}

function bufferOf(memory: ArenaMemory): GPUBuffer {
  const { buffer } = memory as Partial<GpuArena>;
  if (buffer === undefined) throw new AppError("bug", "An arena of another machine was given to the WebGPU machine.");
  return buffer;
}

async function readBack(device: GPUDevice, buffers: Buffers, source: GPUBuffer, from: number, length: number): Promise<Float32Array> {
  if (length === 0) return new Float32Array(0);
  const staging = buffers.borrow("staging", length * 4);
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, from * 4, staging, 0, length * 4);
  device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(GPUMapMode.READ, 0, length * 4);
  } catch (cause) {
    buffers.destroy(staging);
    throw deviceLost(cause);
  }
  const values = new Float32Array(staging.getMappedRange(0, length * 4)).slice();
  staging.unmap();
  buffers.recycle("staging", staging);
  return values;
}

/** A machine on a device of the caller's, who listens for its loss and its errors. After a loss `run` does nothing and `read` rejects with `gpu.lost`. */
export function createWebgpuMachine(device: GPUDevice, options: WebgpuMachineOptions = {}): WebgpuMachine {
  const tuning = options.tuning ?? defaultTuning(device);
  const buffers = createBuffers(device);
  const pipelines = pipelinesOf(device);
  const place: Place = { device, buffers, pipelines, tuning, shaders: new Map<string, Shader>(), bufferOf };
  const label = options.label ?? labelOf(device);
  let isLost = false;
  void device.lost.then(() => {
    isLost = true;
  });

  const submit = (encode: (encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder();
    encode(encoder);
    device.queue.submit([encoder.finish()]);
  };

  function run(programs: readonly Program[], timed?: TimedPasses): void {
    buffers.check();
    if (isLost) return;
    let encoder: GPUCommandEncoder | null = null;
    let pass: GPUComputePassEncoder | null = null;
    let left = 0;
    let current: GPUComputePipeline | undefined;
    for (const program of programs as readonly GpuProgram[]) {
      resolvePipelines(program, pipelines);
      const { dispatches, bindGroups, offsets, x, y } = program;
      for (let d = 0; d < dispatches; d++) {
        if (pass === null || encoder === null) {
          encoder = device.createCommandEncoder();
          pass = encoder.beginComputePass(timed?.next());
          left = timed?.dispatches ?? tuning.submit;
          current = undefined;
        }
        const pipeline = program.pipelines[d];
        const bindGroup = bindGroups[d];
        if (pipeline === undefined || bindGroup === undefined) continue;
        if (pipeline !== current) pass.setPipeline(pipeline);
        current = pipeline;
        pass.setBindGroup(0, bindGroup, offsets, d, 1);
        pass.dispatchWorkgroups(x[d] ?? 0, y[d] ?? 1);
        if (--left === 0) {
          pass.end();
          device.queue.submit([encoder.finish()]);
          pass = encoder = null;
        }
      }
    }
    if (pass === null || encoder === null) return;
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  return {
    kind: "webgpu",
    device,
    tuning,
    label,
    maxFloats: Math.floor(buffers.maxBytes / 4),
    maxBatch: MAX_BATCH,
    get pipelineCount() {
      return pipelines.count;
    },
    bufferOf,
    adoptBuffer(arena, buffer) {
      const memory: GpuArena = { arena, floats: Math.floor(buffer.size / 4), buffer };
      return memory;
    },
    variant: (call) => `${call.op}: ${passesOf(call, tuning).map(({ key }) => key).join(", ")}`, // prettier-ignore
    scratchFloats: (call) => scratchOf(call, tuning),
    createArena(arena, floats) {
      const bytes = Math.max(256, Math.ceil(floats / 64) * 256);
      const buffer = buffers.create(arenaNames[arena], bytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
      const memory: GpuArena = { arena, floats, buffer };
      return memory;
    },
    releaseArena: (memory) => buffers.destroy(bufferOf(memory)),
    write(memory, to, values, start = 0, length = values.length - start) {
      if (length === 0) return;
      device.queue.writeBuffer(bufferOf(memory), to * 4, values as Float32Array<ArrayBuffer>, start, length);
    },
    async read(memory, from, length) {
      buffers.check();
      return readBack(device, buffers, bufferOf(memory), from, length);
    },
    clear(memory, from, length) {
      if (length > 0) submit((encoder) => encoder.clearBuffer(bufferOf(memory), from * 4, length * 4));
    },
    copy(source, from, target, to, length) {
      if (length === 0) return;
      const [a, b] = [bufferOf(source), bufferOf(target)];
      if (a !== b) {
        submit((encoder) => encoder.copyBufferToBuffer(a, from * 4, b, to * 4, length * 4));
        return;
      }
      // WebGPU copies between different buffers only.
      const between = buffers.borrow("temporary", length * 4);
      submit((encoder) => {
        encoder.copyBufferToBuffer(a, from * 4, between, 0, length * 4);
        encoder.copyBufferToBuffer(between, 0, b, to * 4, length * 4);
      });
      buffers.recycle("temporary", between);
    },
    compile: (groups, arenas) => compileProgram(place, groups, arenas),
    releaseProgram: (program) => buffers.destroy((program as GpuProgram).uniforms),
    async prepare(programs, report) {
      const wanted = new Map<string, Shader>();
      for (const program of programs as readonly GpuProgram[]) {
        for (const shader of program.shaders) if (!pipelines.ready(shader)) wanted.set(shader.key, shader);
      }
      let done = 0;
      report?.(0, wanted.size);
      await Promise.all(
        [...wanted.values()].map(async (shader) => {
          await pipelines.compile(shader);
          report?.(++done, wanted.size);
        }),
      );
      for (const program of programs as readonly GpuProgram[]) resolvePipelines(program, pipelines);
      buffers.check();
    },
    run: (programs) => run(programs),
    createTimer: () => createTimer(device, buffers, tuning.submit, run),
    async idle() {
      await device.queue.onSubmittedWorkDone();
      buffers.check();
    },
    memory: () => ({ buffers: buffers.live, bytes: buffers.bytes }),
    dispose: () => buffers.dispose(),
  };
}
