/** What a stopwatch really runs: one network's forward pass and nothing else, coefficients of norms made beforehand. */
import { describe, expect, it } from "vitest";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import type { Call } from "@/kernels/isa/isa";
import type { ArenaMemory, Machine, MachineTimer, Program } from "@/kernels/isa/machine";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import { maskedGraph, stochasticGraph } from "../testing/fbnetGraphs";
import { mapGraph } from "../testing/searchGraphs";
import { createPlanExecutor } from "./executor";

/** The reference machine, with an ear on what runs and what is read; its timer answers how many programs it was given. */
function watched(maxBatch: number) {
  const reference = referenceMachine();
  const callsOf = new Map<Program, readonly Call[]>();
  const runs: (readonly Call[])[] = [];
  const reads: Float32Array[] = [];
  let timers = 0;
  const machine: Machine = {
    ...reference,
    maxBatch,
    compile: (groups, arenas) => {
      const program = reference.compile(groups, arenas);
      callsOf.set(program, groups.flat());
      return program;
    },
    run: (programs) => {
      runs.push(programs.flatMap((program) => callsOf.get(program) ?? []));
      reference.run(programs);
    },
    read: async (memory: ArenaMemory, from: number, length: number) => {
      const values = await reference.read(memory, from, length);
      reads.push(values);
      return values;
    },
    createTimer: (): MachineTimer => {
      timers++;
      return { time: (programs) => Promise.resolve(programs.length), dispose: () => void timers-- };
    },
  };
  return { machine, runs, reads, timers: () => timers };
}

const noise = (length: number): Float32Array => {
  const rng = rootKey(1).stream();
  return Float32Array.from({ length }, () => rng.normal());
};

const graphs: readonly (readonly [string, Graph])[] = [["segments with mixtures", stochasticGraph()], ["shared weights and masks", maskedGraph()], ["a map", mapGraph(2)]];

describe.each([1, 64])("with batches of %i calls", (maxBatch) => {
  it.each(graphs)("%s: every pass computes what `logits` does, without the coefficients of norms", async (_, graph) => {
    const { machine, runs, reads } = watched(maxBatch);
    const executor = createPlanExecutor("wasm", machine);
    const store = executor.createStore(graph.params, graph.norms, rootKey(3));
    const size = 2;
    const images = noise(size * (graph.nodes[0]?.shape ?? []).reduce((a, n) => a * n, 1));
    const batch = { images, labels: new Uint8Array(size), size };
    executor.trainStep(store, [graph], { ...batch, masks: new Map() }, { optimizer: { kind: "sgd", momentum: 0, weightDecay: 0, decayNorms: false }, lr: 0.1, clip: null, labelSmoothing: 0 }, true);
    runs.length = 0;
    const want = await executor.logits(store, graph, "running", batch);
    const [evaluated = []] = runs;
    const stopwatch = await executor.stopwatch(store, graph, size, "wall");
    runs.length = 0;
    await stopwatch?.run(3);
    const [setup = [], timed = [], ...others] = runs;
    expect(others).toEqual([]);
    expect(new Set(setup.map(({ op }) => op)).has("normFixed")).toBe(true);
    expect(timed.some(({ op }) => op === "normFixed" || op === "plainCoef")).toBe(false);
    expect(timed.length).toBe(3 * (evaluated.length - setup.length));
    // The last pass read coefficients that no earlier one has overwritten.
    expect(reads.at(-1)?.[0]).toBe(want[0]);
    stopwatch?.dispose();
    executor.dispose();
  });
});

it("by timestamps: the device's time of all passes, and a timer no longer than its stopwatch", async () => {
  const { machine, timers } = watched(1);
  const executor = createPlanExecutor("wasm", machine);
  const graph = stochasticGraph();
  const store = executor.createStore(graph.params, graph.norms, rootKey(3));
  const stopwatch = await executor.stopwatch(store, graph, 1, "timestamp");
  expect(stopwatch?.timer).toBe("timestamp");
  const one = (await stopwatch?.run(1)) ?? NaN;
  expect(one).toBeGreaterThan(0);
  expect(await stopwatch?.run(5)).toBe(5 * one);
  expect(timers()).toBe(1);
  stopwatch?.dispose();
  expect(timers()).toBe(0);
  executor.dispose();
});
