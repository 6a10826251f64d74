/**
 * The plan executor on WebGPU against its definition (the plan on the reference machine, which is itself held against tfjs-cpu): random networks over
 * all primitives, mixed ops, and every op of the spaces. Also that steps make no buffers and new paths no memory.
 *
 *   npx tsx e2e/harness/run.ts /e2e/harness/executors.ts --software-gpu
 */
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { rootKey } from "@/lib/rng";
import { macro8 } from "@/nas/space/macro8";
import type { Graph } from "@/nas/graph";
import { createPlanExecutor } from "@/nn/plan/executor";
import { compareExecutors, fullOptions, worstOf } from "@/nn/testing/compareExecutors";
import { dartsLike } from "@/nn/testing/dartsLike";
import { everyOp } from "@/nn/testing/everyOp";
import { batchFor, randomGraph } from "@/nn/testing/randomGraphs";
import { sposLike } from "@/nn/testing/sposLike";
import type { Args, Log } from "./types";

/** Largest errors that pass: loss, logits, gradients, parameters after a step. */
const limits = { loss: 1e-4, logits: 1e-4, gradients: 1e-3, after: 1e-3 } as const;

async function openDevice(log: Log): Promise<GPUDevice> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("There is no WebGPU adapter; add --software-gpu.");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  device.addEventListener("uncapturederror", (event) => {
    log(`DEVICE ${event.error.message}`);
    throw event.error;
  });
  return device;
}

function networks(seeds: number): [string, Graph, number][] {
  const random = Array.from({ length: seeds }, (_, i): [string, Graph, number] => [`random ${i}`, randomGraph(i), (i % 3) + 2]);
  return [...random, ["darts-like", dartsLike({ channels: 4, cells: 3, nodes: 2, side: 8 }), 4], ["spos-like", sposLike({ side: 16 }), 4], ["macro8 nano", everyOp("macro8", "nano"), 3], ["spos nano", everyOp("spos", "nano"), 3]];
}

export default async function executors({ seeds = "12" }: Args, log: Log): Promise<unknown> {
  const device = await openDevice(log);
  const [gpu, reference] = [createPlanExecutor("webgpu", createWebgpuMachine(device)), createPlanExecutor("wasm", referenceMachine())];
  const failed: string[] = [];
  const worst = { loss: 0, logits: 0, gradients: 0, after: 0 };
  for (const [name, graph, size] of networks(Number(seeds))) {
    // The SPOS-like network has norms over few rows: its last digits are rounding.
    const slack = name === "spos-like" || name.endsWith("nano") ? 5 : 1;
    const got = await compareExecutors(gpu, reference, graph, batchFor(graph, size, 7), { steps: 1 });
    const moved = new Map([...got.after].filter(([key]) => !key.includes("#")));
    const found = { loss: got.loss, logits: got.logits, gradients: worstOf(got.gradients).error, after: worstOf(moved).error };
    const bad = (Object.keys(limits) as (keyof typeof limits)[]).filter((kind) => !(found[kind] < limits[kind] * slack));
    for (const kind of Object.keys(worst) as (keyof typeof worst)[]) worst[kind] = Math.max(worst[kind], found[kind] / slack);
    if (bad.length > 0) failed.push(`${name}: ${bad.map((kind) => `${kind} ${found[kind].toExponential(1)}`).join(", ")}`);
  }
  const flat = await memory(device);
  [gpu, reference].forEach((executor) => executor.dispose());
  if (failed.length > 0) throw new Error(failed.join("\n"));
  return { worst, ...flat };
}

/** GPU objects made and bytes grown by steps on prepared paths. */
async function memory(device: GPUDevice): Promise<{ objects: number; grown: number }> {
  const space = macro8("nano");
  const executor = createPlanExecutor("webgpu", createWebgpuMachine(device));
  const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
  const pathOf = (i: number): Graph => space.graph(Object.fromEntries(space.mutables.map((m, slot) => [m.id, m.choices[1 + (Math.floor(i / 2 ** slot) % 2)] as string])));
  const batch = batchFor(pathOf(0), 2, 1);
  for (let i = 0; i < 256; i += 15) executor.trainStep(store, [pathOf(i)], batch, fullOptions, true);
  for (const i of [0, 255]) executor.trainStep(store, [pathOf(i)], batch, fullOptions, true);
  await executor.takeLosses();
  let objects = 0;
  const counting = ["createBuffer", "createBindGroup", "createComputePipeline", "createShaderModule"] as const;
  const kept = counting.map((name) => device[name].bind(device));
  counting.forEach((name, i) => {
    (device as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
      objects++;
      return (kept[i] as (...given: unknown[]) => unknown)(...args);
    };
  });
  const before = executor.memory().bytes;
  for (let i = 0; i < 200; i++) {
    executor.trainStep(store, [pathOf((i * 15) % 256)], batch, fullOptions, true);
    if (i % 20 === 19) await executor.idle();
  }
  await executor.idle();
  const result = { objects, grown: executor.memory().bytes - before };
  executor.dispose();
  if (result.grown !== 0 || result.objects !== 0) throw new Error(`200 steps made ${result.objects} GPU objects and ${result.grown} bytes`);
  return result;
}
