/** Ours: the plan executor for networks, the machine's calls for blocks. */
import { referenceMachine } from "@/kernels/isa/reference/machine";
import type { Machine } from "@/kernels/isa/machine";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { rootKey } from "@/lib/rng";
import type { TrainOptions } from "@/nn/executor";
import { initialValues } from "@/nn/initialValues";
import { createPlanExecutor } from "@/nn/plan/executor";
import { evaluationBatches, stepBatch, type BenchCase } from "../cases";
import { type Peer, type PeerOptions, type Results, Unsupported } from "../peer";
import { blockRun } from "./oursBlocks";

export async function gpuDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null || adapter === undefined) throw new Unsupported("there is no WebGPU adapter");
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = adapter.limits;
  return adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } });
}

export type MachineName = "webgpu" | "wasm" | "reference";

export async function machineOf(name: MachineName, threads: number): Promise<Machine> {
  if (name === "reference") return referenceMachine();
  return name === "wasm" ? createWasmMachine({ threads }) : createWebgpuMachine(await gpuDevice());
}

/** What runs of a machine add up to. */
interface Tally {
  dispatches: number;
  kernelMs: number;
}

/** Makes the machine count its runs. Only machines that block spend kernel time in `run`. */
function tallied(machine: Machine): Tally {
  const tally: Tally = { dispatches: 0, kernelMs: 0 };
  const run = machine.run.bind(machine);
  const counts = machine.kind !== "webgpu";
  machine.run = (programs) => {
    if (!counts) return run(programs);
    const began = performance.now();
    run(programs);
    tally.kernelMs += performance.now() - began;
    for (const { dispatches } of programs) tally.dispatches += dispatches;
  };
  return tally;
}

async function blockPeer(benchCase: BenchCase, machine: Machine): Promise<Peer> {
  const { block } = benchCase;
  if (block === null) throw new Error("not a block");
  const tally = tallied(machine);
  const { program, results } = await blockRun(benchCase, block, machine);
  const programs = [program];
  return {
    label: machine.label,
    check: results,
    run: () => machine.run(programs),
    idle: () => machine.idle(),
    progress: () => tally,
    bytes: () => machine.memory().bytes,
    dispose: () => machine.dispose(),
  };
}

const options: TrainOptions = {
  optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0, decayNorms: false },
  lr: 0.01,
  clip: null,
  labelSmoothing: 0,
};

function stepPeer(benchCase: BenchCase, machine: Machine): Peer {
  const { graph } = benchCase;
  const tally = tallied(machine);
  const executor = createPlanExecutor(machine.kind === "webgpu" ? "webgpu" : "wasm", machine);
  const key = rootKey(7);
  const store = executor.createStore(graph.params, graph.norms, key);
  const batch = stepBatch(benchCase);
  const graphs = [graph];
  return {
    label: machine.label,
    prepare: () => executor.prepare(store, [{ graph, batch: batch.size, mode: "train", optimizer: "sgd" }]),
    async check() {
      // With rate 1 and no momentum yet, a parameter moves by its gradient.
      executor.trainStep(store, graphs, batch, { ...options, lr: 1 }, false);
      const results = new Map<string, Float32Array>([["loss", await executor.takeLosses()]]);
      for (const spec of graph.params) {
        const before = initialValues(spec, key);
        const after = await store.read(spec.name);
        results.set(`d ${spec.name}`, before.map((value, i) => value - (after[i] ?? NaN)));
        store.write(spec.name, before);
      }
      return results satisfies Results;
    },
    run: () => executor.trainStep(store, graphs, batch, options, false),
    idle: async () => {
      await executor.idle();
    },
    progress: () => tally,
    bytes: () => executor.memory().bytes,
    dispose: () => executor.dispose(),
  };
}

function evaluationPeer(benchCase: BenchCase, machine: Machine): Peer {
  const { graph, batch } = benchCase;
  const tally = tallied(machine);
  const executor = createPlanExecutor(machine.kind === "webgpu" ? "webgpu" : "wasm", machine);
  const store = executor.createStore(graph.params, graph.norms, rootKey(7));
  const { recalibrate, test } = evaluationBatches(benchCase);
  const once = async (readsStats: boolean): Promise<Results> => {
    const recalibration = executor.recalibrate(store, graph);
    for (const part of recalibrate) recalibration.add(part);
    const stats = recalibration.finish();
    const evaluation = executor.evaluate(store, graph, stats);
    for (const part of test) evaluation.add(part);
    const { correct, loss } = await evaluation.result();
    const results = new Map(readsStats ? await stats.read() : []);
    stats.dispose();
    return results.set("correct", Float32Array.of(correct)).set("loss", Float32Array.of(loss));
  };
  return {
    label: machine.label,
    prepare: () =>
      executor.prepare(store, [
        { graph, batch, mode: "recalibrate" },
        { graph, batch, mode: "evaluate" },
      ]),
    check: () => once(true),
    run: async () => {
      await once(false);
    },
    idle: () => executor.idle(),
    progress: () => tally,
    bytes: () => executor.memory().bytes,
    dispose: () => executor.dispose(),
  };
}

export async function createOurs(benchCase: BenchCase, machine: Machine): Promise<Peer> {
  if (benchCase.kind === "block") return blockPeer(benchCase, machine);
  return benchCase.kind === "step" ? stepPeer(benchCase, machine) : evaluationPeer(benchCase, machine);
}

export const createPeer = async (benchCase: BenchCase, { backend, threads }: PeerOptions): Promise<Peer> =>
  createOurs(benchCase, await machineOf(backend, threads));

/** The other machine, for correctness: WASM for WebGPU, the TypeScript reference for WASM. */
export const createCheck = async (benchCase: BenchCase, { backend }: PeerOptions): Promise<Peer> =>
  createOurs(benchCase, await machineOf(backend === "webgpu" ? "wasm" : "reference", 1));
