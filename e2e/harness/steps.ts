/** Whole training steps of the plan executor on WebGPU: milliseconds, dispatches, pipelines, JavaScript time, memory. */
import { call, isa, type Call } from "@/kernels/isa/isa";
import type { Arenas, Machine, Program } from "@/kernels/isa/machine";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { rootKey } from "@/lib/rng";
import { fbnetV1 } from "@/nas/space/fbnetV1";
import { macro8 } from "@/nas/space/macro8";
import { checkNetwork } from "@/nn/backendCheckNetwork";
import type { TrainOptions } from "@/nn/executor";
import { createPlanExecutor } from "@/nn/plan/executor";
import { dartsLike } from "@/nn/testing/dartsLike";
import { batchFor } from "@/nn/testing/randomGraphs";
import { sposLike } from "@/nn/testing/sposLike";
import type { HarnessModule } from "./types";

const options: TrainOptions = { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 1e-4, decayNorms: false }, lr: 0.01, clip: null, labelSmoothing: 0 };

const networks = {
  darts: () => [dartsLike({ channels: 8, cells: 3, nodes: 2 }), 4] as const,
  spos: () => [sposLike(), 8] as const,
  fbnet: () => [fbnetV1("tiny").mixed?.searchGraph ?? checkNetwork, 32] as const,
  macro8: () => [macro8("tiny").graph(macro8("tiny").decode("11111111") ?? {}), 32] as const,
};

const run: HarnessModule["default"] = async (args, log) => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter?.requestDevice({ requiredLimits: { maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize, maxBufferSize: adapter.limits.maxBufferSize } });
  if (!device) throw new Error("no adapter");
  device.addEventListener("uncapturederror", (event) => log(`ERROR ${event.error.message}`));
  for (const [name, make] of Object.entries(networks)) {
    if (args["only"] && args["only"] !== name) continue;
    const inner = createWebgpuMachine(device);
    const compiled: { groups: readonly (readonly Call[])[]; arenas: Arenas; program: Program }[] = [];
    const { compile } = inner;
    const machine: Machine = inner;
    machine.compile = (groups, arenas) => {
      const program = compile(groups, arenas);
      compiled.push({ groups, arenas, program });
      return program;
    };
    const executor = createPlanExecutor("webgpu", machine);
    const [graph, size] = make();
    const store = executor.createStore(graph.params, graph.norms, rootKey(1));
    const batch = batchFor(graph, size, 1);
    const started = performance.now();
    await executor.prepare(store, [{ graph, batch: size, mode: "train", optimizer: "sgd" }]);
    const compileMs = performance.now() - started;
    const times: number[] = [];
    let jsMs = Infinity;
    for (let i = 0; i < Number(args["steps"] ?? 7); i++) {
      const from = performance.now();
      executor.trainStep(store, [graph], batch, options, true);
      jsMs = Math.min(jsMs, performance.now() - from);
      await executor.idle();
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    const live = compiled.filter(({ groups }) => !groups.some((group) => group.some((c) => c.op === "gradNorm")));
    const dispatches = live.reduce((sum, { program }) => sum + program.dispatches, 0);
    log(`${name}: ${(times[times.length >> 1] ?? 0).toFixed(0)} ms (least ${(times[0] ?? 0).toFixed(0)}), ${dispatches} dispatches, ${inner.pipelineCount} pipelines, compile ${compileMs.toFixed(0)} ms, JS ${jsMs.toFixed(2)} ms, ${JSON.stringify(executor.memory())}, losses ${Array.from(await executor.takeLosses()).map((v) => v.toFixed(3)).join(" ")}`);
    if (args["profile"]) await profile(inner, live, compile, log);
    executor.dispose();
  }
  return Object.keys(isa).length + Number(call !== undefined);
};

/** Each group alone, repeated: where the time goes. */
async function profile(machine: Machine, live: readonly { groups: readonly (readonly Call[])[]; arenas: Arenas }[], compile: Machine["compile"], log: (line: string) => void): Promise<void> {
  const totals = new Map<string, { ms: number; groups: number; calls: number }>();
  for (const { groups, arenas } of live)
    for (const group of groups) {
      const program = compile([group], arenas);
      machine.run([program]);
      await machine.idle();
      const from = performance.now();
      for (let i = 0; i < 3; i++) machine.run([program]);
      await machine.idle();
      const ms = (performance.now() - from) / 3;
      machine.releaseProgram(program);
      const key = machine.variant(group[0] as Call);
      const total = totals.get(key) ?? { ms: 0, groups: 0, calls: 0 };
      totals.set(key, { ms: total.ms + ms, groups: total.groups + 1, calls: total.calls + group.length });
    }
  for (const [key, { ms, groups, calls }] of [...totals].sort((a, b) => b[1].ms - a[1].ms).slice(0, 24)) log(`${ms.toFixed(1).padStart(8)} ms  ${groups} groups, ${calls} calls  ${key.slice(0, 120)}`);
}

export default run;
