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
import type { Executor, LossOptions, UpdateOptions } from "@/nn/executor";
import { dartsLike } from "@/nn/testing/dartsLike";
import { everyOp } from "@/nn/testing/everyOp";
import { maskedGraph, stochasticGraph } from "@/nn/testing/fbnetGraphs";
import { batchFor, randomGraph } from "@/nn/testing/randomGraphs";
import { auxiliaryGraph, mapGraph, rectangularGraph } from "@/nn/testing/searchGraphs";
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
  return [...random, ["darts-like", dartsLike({ channels: 4, cells: 3, nodes: 2, side: 8 }), 4], ["spos-like", sposLike({ side: 16 }), 4], ["macro8 nano", everyOp("macro8", "nano"), 3], ["spos nano", everyOp("spos", "nano"), 3],
    ...[0, 1, 2].map((i): [string, Graph, number] => [`rectangular ${i}`, rectangularGraph(i), 3]), ["auxiliary", auxiliaryGraph(3), 3],
    ["mixtures by the host", stochasticGraph(), 3], ["masks and resolutions", maskedGraph(), 3]]; // prettier-ignore
}

/** Largest difference of two sets of tensors, against the largest number. */
function distance(got: ReadonlyMap<string, Float32Array>, want: ReadonlyMap<string, Float32Array>): number {
  let [worst, scale] = [0, 1e-30];
  for (const [name, values] of want)
    values.forEach((v, i) => {
      const error = Math.abs(v - (got.get(name)?.[i] ?? NaN));
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
      scale = Math.max(scale, Math.abs(v));
    });
  return worst / scale;
}

const plain: LossOptions = { labelSmoothing: 0 };
const weights: UpdateOptions = { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 3e-4, decayNorms: true }, lr: 0.025, clip: 5, part: "weights" };
// A large eps: where a gradient is nearly nought, Adam would turn its sign into a full step.
const architecture: UpdateOptions = { optimizer: { kind: "adam", beta1: 0.5, beta2: 0.999, eps: 1e-2, weightDecay: 1e-3, decayNorms: true }, lr: 3e-3, clip: null, part: "architecture" };

/** Steps of one part, halves of steps, vectors and a probe, as differentiable search composes them; everything that comes out by name. */
async function searchSteps(executor: Executor): Promise<ReadonlyMap<string, Float32Array>> {
  const graph = dartsLike({ channels: 4, cells: 3, nodes: 2, side: 8, alpha: { kind: "normal", std: 0.5 } });
  const store = executor.createStore(graph.params, graph.norms, rootKey(1));
  const [train, validation] = [0, 1].map((i) => batchFor(graph, 4, i));
  const v = executor.vectors(store);
  const [w, m, slope] = [v.create(), v.create(), v.create()];
  if (!train || !validation) throw new Error("no batches");
  executor.trainStep(store, [graph], validation, { ...plain, ...architecture }, true);
  executor.trainStep(store, [graph], train, { ...plain, ...weights }, true);
  v.copy("values", w, "weights");
  v.copy("momenta", m, "weights");
  executor.accumulate(store, [graph], train, { ...plain, part: "weights" }, true);
  executor.update(store, [graph], { ...weights, clip: null });
  const unrolled = await v.read("values");
  executor.accumulate(store, [graph], validation, plain, false);
  v.copy("gradients", slope, "all");
  v.clear("gradients", "all");
  v.copy(w, "values", "weights");
  v.copy(m, "momenta", "weights");
  v.add("values", slope, { times: 0.01, of: slope, over: "weights", power: -1 }, "weights");
  v.add("gradients", "momenta", { times: 2, of: "momenta", over: "all", power: 1 }, "all");
  v.add("gradients", "gradients", 0.5, "architecture");
  executor.accumulate(store, [graph], train, { ...plain, scale: -1.5 }, false);
  const sums = await v.read("gradients");
  v.clear("gradients", "all");
  const map = mapGraph(3);
  const cell = executor.createStore(map.params, map.norms, rootKey(2));
  const upstream = new Float32Array(2 * (map.nodes[map.output]?.shape ?? []).reduce((a, n) => a * n, 1)).map((_, i) => Math.sin(i));
  const probe = await executor.probe(cell, map, batchFor(map, 2, 1), upstream, true);
  const named = (prefix: string, all: ReadonlyMap<string, Float32Array>): [string, Float32Array][] => [...all].map(([name, values]) => [`${prefix} ${name}`, values]);
  const made = new Map([
    ...named("unrolled", unrolled), ...named("sum", sums), ...named("after", await store.snapshot()), ...named("probe", probe.gradients),
    ["output", probe.output] as const, ["images", probe.inputGradient] as const, ["losses", await executor.takeLosses()] as const,
  ]); // prettier-ignore
  [store, cell].forEach((s) => s.dispose());
  return made;
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
  const search = distance(await searchSteps(gpu), await searchSteps(reference));
  if (!(search < limits.after)) failed.push(`parts, halves, vectors and probe: ${search.toExponential(1)}`);
  const flat = await memory(device);
  [gpu, reference].forEach((executor) => executor.dispose());
  if (failed.length > 0) throw new Error(failed.join("\n"));
  return { worst, search, ...flat };
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
  const search = dartsLike({ channels: 2, cells: 2, nodes: 1, side: 6 });
  const searchStore = executor.createStore(search.params, search.norms, rootKey(1));
  const searchBatch = batchFor(search, 2, 1);
  const v = executor.vectors(searchStore);
  const scratch = v.create();
  /** A step of α, one of the weights, halves and sums. */
  const searchRound = (): void => {
    executor.trainStep(searchStore, [search], searchBatch, { ...plain, ...architecture }, true);
    executor.trainStep(searchStore, [search], searchBatch, { ...plain, ...weights }, true);
    executor.accumulate(searchStore, [search], searchBatch, plain, false);
    v.copy("momenta", scratch, "weights");
    v.add("values", scratch, { times: 1e-3, of: "gradients", over: "all", power: -1 }, "weights");
    executor.update(searchStore, [search], weights);
  };
  searchRound();
  searchRound();
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
    if (i % 20 === 0) searchRound();
    if (i % 20 === 19) await executor.idle();
  }
  await executor.idle();
  const result = { objects, grown: executor.memory().bytes - before };
  executor.dispose();
  if (result.grown !== 0 || result.objects !== 0) throw new Error(`200 steps made ${result.objects} GPU objects and ${result.grown} bytes`);
  return result;
}
