/**
 * Stopwatches on WebGPU, of the plan and of tfjs: passes take time, more for more of them, by the wall clock and (where the adapter offers
 * them) by timestamps; the store, its outputs and the memory stay as they were. Returns what was measured.
 */
import { initBackend } from "@/kernels/backends";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { openGpu } from "@/engine/gpu";
import { rootKey } from "@/lib/rng";
import { createPlanExecutor } from "@/nn/plan/executor";
import { createTfjsExecutor } from "@/nn/tfjsExecutor/executor";
import { stochasticGraph } from "@/nn/testing/fbnetGraphs";
import { batchFor } from "@/nn/testing/randomGraphs";
import type { Executor, Stopwatch } from "@/nn/executor";
import type { Args, Log } from "./types";

/** Greatest number of which all readings are multiples within 1 ns, in µs: how coarsely a browser rounds them. */
function quantumOf(readings: readonly number[]): number {
  const ns = readings.map((us) => Math.round(1000 * us)).filter((n) => n > 0);
  return ns.reduce((a, b) => {
    while (b !== 0) [a, b] = [b, a % b];
    return a;
  }, 0) / 1000;
}

async function least(stopwatch: Stopwatch, times: number): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < 5; i++) all.push(await stopwatch.run(times));
  return Math.min(...all);
}

async function check(executor: Executor, log: Log): Promise<Record<string, unknown>> {
  const graph = stochasticGraph();
  const store = executor.createStore(graph.params, graph.norms, rootKey(1));
  const batch = batchFor(graph, 4, 1);
  executor.trainStep(store, [graph], batch, { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0, decayNorms: false }, lr: 0.1, clip: null, labelSmoothing: 0 }, true);
  const [want, saved] = [await executor.logits(store, graph, "running", batch), await store.snapshot()];
  // Twice, for what an executor keeps for good is there after the first.
  const found: Record<string, unknown> = {};
  const memories: string[] = [];
  for (let round = 0; round < 2; round++) {
    for (const timer of ["wall", "timestamp"] as const) {
      const stopwatch = await executor.stopwatch(store, graph, 4, timer);
      found[timer] = null;
      if (stopwatch === null) continue;
      const readings: number[] = [];
      for (let i = 1; i <= 8; i++) readings.push(await stopwatch.run(i));
      const [few, many] = [await least(stopwatch, 4), await least(stopwatch, 16)];
      stopwatch.dispose();
      found[timer] = { few, many, quantum: quantumOf(readings), readings: readings.map((v) => Math.round(v)) };
      log(`${executor.backend} ${timer}: ${JSON.stringify(found[timer])}`);
      if (!(few > 0 && many > 1.5 * few && many < 12 * few)) throw new Error(`${executor.backend}, ${timer}: 4 passes ${few} µs, 16 passes ${many} µs`);
    }
    memories.push(JSON.stringify(executor.memory()));
  }
  if (memories[0] !== memories[1]) throw new Error(`memory ${memories.join(" then ")}`);
  const after = await executor.logits(store, graph, "running", batch);
  if (String(after) !== String(want)) throw new Error("a stopwatch changed the outputs");
  const snapshot = await store.snapshot();
  for (const [name, values] of saved) if (String(values) !== String(snapshot.get(name))) throw new Error(`a stopwatch changed ${name}`);
  executor.dispose();
  return found;
}

export default async function stopwatches(_args: Args, log: Log): Promise<unknown> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("There is no WebGPU adapter; add --software-gpu.");
  const device = await openGpu(adapter, (error) => log(`DEVICE ${error.message}`));
  const offered = adapter.features.has("timestamp-query");
  if (device.features.has("timestamp-query") !== offered) throw new Error("the device was not asked for timestamps");
  const plan = await check(createPlanExecutor("webgpu", createWebgpuMachine(device)), log);
  await initBackend("tfjs-webgpu", { webgpu: { device, adapterInfo: adapter.info } });
  const tfjs = await check(createTfjsExecutor("tfjs-webgpu"), log);
  for (const found of [plan, tfjs]) if ((found["timestamp"] !== null) !== offered) throw new Error("timestamps are there exactly where the adapter offers them");
  return { offered, plan, tfjs };
}
