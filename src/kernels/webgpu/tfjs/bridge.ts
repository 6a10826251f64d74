/**
 * The plan's instructions as tfjs kernels: `Plan/<instruction>` on the webgpu backend, for plain tfjs code on the same device. Operands are
 * copied on the GPU into arenas of the bridge and results out of them; nothing comes back to JavaScript. Also tensors that share a buffer with an
 * arena, both ways, without a copy.
 */
import { engine, registerKernel, tensor, type NamedTensorMap, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { AppError } from "@/lib/appError";
import { call, instructions, isa, padToBlock, type Arena, type Call, type FieldKind, type Instruction } from "../../isa/isa";
import type { ArenaMemory, Program } from "../../isa/machine";
import type { WebgpuMachine } from "../plan/machine";

/** Numbers of a call, and the shapes of the fields that it writes, in the order in which the kernel returns them. */
export interface InstructionAttrs {
  readonly numbers: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

const arenas: readonly Arena[] = ["A", "W", "G", "S"];
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, n) => a * n, 1);

/** Kernel name of an instruction. */
export const kernelNameOf = (op: Instruction): string => `Plan/${op}`;

class Bridge {
  private readonly machine: WebgpuMachine;
  private readonly held = new Map<Arena, ArenaMemory>();
  private readonly programs = new Map<string, Program>();

  constructor(machine: WebgpuMachine) {
    this.machine = machine;
  }

  run(op: Instruction, inputs: Readonly<Record<string, TensorInfo>>, { numbers, outputs }: InstructionAttrs, backend: WebGPUBackend): TensorInfo[] {
    const kinds: Readonly<Record<string, FieldKind>> = isa[op];
    const places = new Map<string, { readonly arena: Arena; readonly at: number; readonly floats: number }>();
    const ends: Record<Arena, number> = { A: 0, W: 0, G: 0, S: 0 };
    const take = (name: string, floats: number): void => {
      const arena = kinds[name];
      if (arena === undefined || arena === "i" || arena === "f") throw new AppError("bug", `${op} has no operand "${name}"`);
      places.set(name, { arena, at: ends[arena], floats });
      ends[arena] += padToBlock(floats);
    };
    for (const [name, info] of Object.entries(inputs)) take(name, sizeOf(info.shape));
    for (const [name, shape] of Object.entries(outputs)) if (!places.has(name)) take(name, sizeOf(shape));
    const args: Record<string, number> = {};
    for (const name of Object.keys(kinds)) args[name] = places.get(name)?.at ?? numbers[name] ?? (kinds[name] === "i" || kinds[name] === "f" ? 0 : -1);
    const made = call(op, args as Call["args"]);
    const scratch = "tmp" in kinds ? this.machine.scratchFloats(made) : 0;
    if (scratch > 0) args["tmp"] = ends.A;
    ends.A += scratch;
    this.reserve(ends);
    // tfjs brings values to the GPU through commands that it still holds: they must be on their way before ours.
    const results = Object.values(outputs).map((shape) => backend.makeTensorInfo([...shape], "float32", new Float32Array(sizeOf(shape))));
    for (const info of [...Object.values(inputs), ...results]) backend.uploadToGPU(info.dataId);
    flush(backend);
    for (const [name, info] of Object.entries(inputs)) this.copyIn(backend, info, places.get(name) ?? missing(name));
    for (const [name] of Object.entries(outputs)) {
      const place = places.get(name) ?? missing(name);
      if (place.arena === "G" && !(name in inputs)) this.machine.clear(this.memory("G"), place.at, place.floats);
    }
    this.machine.run([this.program(op, args)]);
    Object.keys(outputs).forEach((name, i) => this.copyOut(backend, results[i] ?? missing(name), places.get(name) ?? missing(name)));
    return results;
  }

  dispose(): void {
    for (const program of this.programs.values()) this.machine.releaseProgram(program);
    for (const memory of this.held.values()) this.machine.releaseArena(memory);
    this.programs.clear();
    this.held.clear();
  }

  private memory(arena: Arena): ArenaMemory {
    return this.held.get(arena) ?? missing(arena);
  }

  private reserve(ends: Readonly<Record<Arena, number>>): void {
    for (const arena of arenas) {
      const held = this.held.get(arena);
      if (held && held.floats >= ends[arena]) continue;
      for (const program of this.programs.values()) this.machine.releaseProgram(program);
      this.programs.clear();
      if (held) this.machine.releaseArena(held);
      this.held.set(arena, this.machine.createArena(arena, Math.max(1024, 2 ** Math.ceil(Math.log2(ends[arena] + 1)))));
    }
  }

  private program(op: Instruction, args: Readonly<Record<string, number>>): Program {
    const key = `${op} ${Object.values(args).join(" ")}`;
    const known = this.programs.get(key);
    if (known) return known;
    const made = this.machine.compile([[{ op, args } as unknown as Call]], { A: this.memory("A"), W: this.memory("W"), G: this.memory("G"), S: this.memory("S") });
    this.programs.set(key, made);
    return made;
  }

  private copyIn(backend: WebGPUBackend, info: TensorInfo, { arena, at, floats }: { readonly arena: Arena; readonly at: number; readonly floats: number }): void {
    copy(this.machine.device, bufferOf(backend, info), 0, this.machine.bufferOf(this.memory(arena)), at, floats);
  }

  private copyOut(backend: WebGPUBackend, info: TensorInfo, { arena, at, floats }: { readonly arena: Arena; readonly at: number; readonly floats: number }): void {
    copy(this.machine.device, this.machine.bufferOf(this.memory(arena)), at, bufferOf(backend, info), 0, floats);
  }
}

/** Sends what tfjs has recorded so far. */
function flush(backend: WebGPUBackend): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
}

function missing(what: string): never {
  throw new AppError("bug", `"${what}" has no place`);
}

function copy(device: GPUDevice, from: GPUBuffer, fromFloat: number, to: GPUBuffer, toFloat: number, floats: number): void {
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(from, fromFloat * 4, to, toFloat * 4, floats * 4);
  device.queue.submit([encoder.finish()]);
}

/** The buffer behind a tensor that is on the GPU. */
function bufferOf(backend: WebGPUBackend, info: TensorInfo): GPUBuffer {
  const { resource } = backend.tensorMap.get(info.dataId);
  if (!(resource instanceof GPUBuffer)) throw new AppError("bug", "this tensor is no buffer");
  return resource;
}

let bridge: Bridge | null = null;

/**
 * Registers every instruction with tfjs's webgpu backend, which must be running on the machine's device. Call it again with the machine of a new device.
 */
export function registerInstructions(machine: WebgpuMachine): void {
  const first = bridge === null;
  bridge = new Bridge(machine);
  if (!first) return;
  for (const op of instructions)
    registerKernel({
      kernelName: kernelNameOf(op),
      backendName: "webgpu",
      kernelFunc: ({ inputs, attrs, backend }) => {
        if (bridge === null) throw new AppError("bug", "no machine runs the plan's kernels");
        return bridge.run(op, inputs as Readonly<Record<string, TensorInfo>>, attrs as unknown as InstructionAttrs, backend as WebGPUBackend);
      },
    });
}

/** Frees the bridge's memory; its kernels refuse from then on. */
export function releaseInstructions(): void {
  bridge?.dispose();
  bridge = null;
}

/** Runs an instruction on tensors: inputs by operand name, results in the order of `outputs`. */
export function runInstruction(op: Instruction, inputs: NamedTensorMap, attrs: InstructionAttrs): Tensor[] {
  return engine().runKernel<Tensor[]>(kernelNameOf(op), inputs, attrs as never);
}

/** A tensor [length] that is the arena itself: no copy, valid while the arena lives. Writes of either side are seen by the other. */
export function tensorOfArena(machine: WebgpuMachine, memory: ArenaMemory): Tensor {
  const buffer = machine.bufferOf(memory);
  return tensor({ buffer, zeroCopy: true }, [buffer.size / 4], "float32");
}

/** The other way: a tensor as an arena of a machine on the same device, valid while the tensor lives. */
export function arenaOfTensor(machine: WebgpuMachine, backend: WebGPUBackend, arena: Arena, info: TensorInfo): ArenaMemory {
  backend.uploadToGPU(info.dataId);
  flush(backend);
  return machine.adoptBuffer(arena, bufferOf(backend, info));
}
