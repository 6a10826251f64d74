import { describe, expect, it } from "vitest";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import type { Machine } from "@/kernels/isa/machine";
import { rootKey } from "@/lib/rng";
import { macro8 } from "@/nas/space/macro8";
import { checkBatch, checkNetwork } from "../backendCheckNetwork";
import type { Batch, TrainOptions } from "../executor";
import { dartsLike } from "../testing/dartsLike";
import { executorContract } from "../testing/executorContract";
import { batchFor } from "../testing/randomGraphs";
import { createPlanExecutor } from "./executor";

const plain: TrainOptions = { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 4e-5, decayNorms: false }, lr: 0.05, clip: 5, labelSmoothing: 0.1 };

executorContract("plan on the reference machine", () => Promise.resolve(createPlanExecutor("wasm", referenceMachine())), true);

/** The WASM machine with the order of horizontal fusion, and with an eye on what is made. */
async function watched(batch: number, maxFloats = Infinity) {
  const machine = await createWasmMachine({ threads: 1 });
  const made = { arenas: 0, programs: 0 };
  const watchedMachine: Machine = {
    kind: machine.kind,
    label: machine.label,
    maxFloats: Math.min(maxFloats, machine.maxFloats),
    maxBatch: batch,
    variant: (call) => call.op,
    scratchFloats: (call) => machine.scratchFloats(call),
    createArena: (arena, floats) => {
      made.arenas++;
      return machine.createArena(arena, floats);
    },
    releaseArena: (memory) => machine.releaseArena(memory),
    write: (...args) => machine.write(...args),
    read: (...args) => machine.read(...args),
    clear: (...args) => machine.clear(...args),
    copy: (...args) => machine.copy(...args),
    compile: (groups, arenas) => {
      made.programs++;
      return machine.compile(groups, arenas);
    },
    releaseProgram: (program) => machine.releaseProgram(program),
    prepare: (...args) => machine.prepare(...args),
    run: (programs) => machine.run(programs),
    createTimer: () => machine.createTimer(),
    idle: () => machine.idle(),
    memory: () => machine.memory(),
    dispose: () => machine.dispose(),
  };
  return { machine: watchedMachine, made };
}

function images(size: number, seed: number): Batch {
  const rng = rootKey(seed).stream();
  return { images: Float32Array.from({ length: size * 3072 }, () => rng.normal()), labels: Uint8Array.from({ length: size }, () => rng.int(10)), size };
}

const space = macro8("nano");
const pathOf = (i: number) => space.graph(Object.fromEntries(space.mutables.map((m, slot) => [m.id, m.choices[Math.floor(i / 3 ** slot) % 3] as string])));

describe("segments", () => {
  it("a new path of known choices makes no memory and at most the programs of layers entered in a new way", async () => {
    const { machine, made } = await watched(1);
    const executor = createPlanExecutor("wasm", machine);
    const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
    const batch = images(1, 1);
    for (let i = 0; i < 81; i++) executor.trainStep(store, [pathOf(i * 81 + ((i * 7) % 81))], batch, plain, true);
    const before = { ...made, ...executor.memory() };
    for (let i = 0; i < 20; i++) executor.trainStep(store, [pathOf((i * 1237) % 6561)], batch, plain, true);
    expect(made.arenas).toBe(before.arenas);
    expect(executor.memory().bytes).toBe(before.bytes);
    expect(made.programs - before.programs).toBeLessThan(60);
    const settled = made.programs;
    for (let i = 0; i < 20; i++) executor.trainStep(store, [pathOf((i * 1237) % 6561)], batch, plain, true);
    expect(made.programs).toBe(settled);
    expect((await executor.takeLosses()).length).toBe(121);
    executor.dispose();
  });

  it("grouped calls compute the same, bit by bit", async () => {
    const run = async (batch: number) => {
      const executor = createPlanExecutor("wasm", (await watched(batch)).machine);
      const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
      for (let i = 0; i < 2; i++) executor.trainStep(store, [pathOf(4000 + i), pathOf(81 * i)], images(2, i), plain, true);
      const values = await store.snapshot();
      executor.dispose();
      return values;
    };
    expect(await run(16)).toEqual(await run(1));
  });

  it("a prepared path compiles nothing more", async () => {
    const { machine, made } = await watched(1);
    const executor = createPlanExecutor("wasm", machine);
    const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
    await executor.prepare(store, [0, 1, 2].map((c) => ({ graph: pathOf((c * 6560) / 2), batch: 2, mode: "train", optimizer: "sgd" })));
    const { programs, arenas } = made;
    executor.trainStep(store, [pathOf(3280)], images(2, 1), plain, true);
    expect(made).toEqual({ programs, arenas });
    executor.dispose();
  });

  it("nor do steps of prepared parts, each with its optimizer", async () => {
    const graph = dartsLike({ channels: 2, cells: 2, nodes: 1, side: 6, classes: 3 });
    const { machine, made } = await watched(1);
    const executor = createPlanExecutor("wasm", machine);
    const store = executor.createStore(graph.params, graph.norms, rootKey(1));
    const batch = batchFor(graph, 2, 1);
    await executor.prepare(store, [{ graph, batch: 2, mode: "train", optimizer: "sgd", part: "weights" }, { graph, batch: 2, mode: "train", optimizer: "adam", part: "architecture" }]);
    await executor.prepare(store, [{ graph, batch: 2, mode: "logits" }]);
    const { programs, arenas } = made;
    executor.trainStep(store, [graph], batch, { ...plain, part: "weights" }, true);
    executor.trainStep(store, [graph], batch, { labelSmoothing: 0, optimizer: { kind: "adam", beta1: 0.5, beta2: 0.999, eps: 1e-8, weightDecay: 1e-3, decayNorms: true }, lr: 3e-4, clip: null, part: "architecture" }, true);
    executor.accumulate(store, [graph], batch, { labelSmoothing: 0, part: "architecture" }, true);
    executor.update(store, [graph], { ...plain, part: "weights" });
    expect(made).toEqual({ programs, arenas });
    expect(executor.maxBytes).toBe(4 * machine.maxFloats);
    executor.dispose();
  });
});

describe("losses", () => {
  it("come back in order however many steps lie between two reads, across stores", async () => {
    const executor = createPlanExecutor("wasm", await createWasmMachine({ threads: 1 }));
    const make = () => executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
    const [a, b] = [make(), make()];
    const still = { ...plain, lr: 0, optimizer: { ...plain.optimizer, weightDecay: 0 } } as TrainOptions;
    executor.trainStep(a, [checkNetwork], checkBatch(1, 0), still, false);
    executor.trainStep(a, [checkNetwork], checkBatch(1, 1), still, false);
    const [even = 0, odd = 0] = await executor.takeLosses();
    for (let i = 0; i < 1100; i++) {
      const store = i % 5 === 0 ? b : a;
      if (i % 3 > 0) executor.trainStep(store, [checkNetwork], checkBatch(1, i % 2), still, false);
      else executor.accumulate(store, [checkNetwork], checkBatch(1, i % 2), still, false);
      if (i % 3 === 0) executor.update(store, [checkNetwork], still);
    }
    const losses = await executor.takeLosses();
    expect(Array.from(losses)).toEqual(Array.from({ length: 1100 }, (_, i) => (i % 2 === 0 ? even : odd)));
    executor.dispose();
  });

  it("against a teacher: cross entropy with its softmax", async () => {
    const executor = createPlanExecutor("wasm", referenceMachine());
    const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
    const batch = checkBatch(2, 3);
    const z = await executor.logits(store, checkNetwork, "batch", batch);
    const teacher = Float32Array.of(1, -1, 0.5, 2, 0, 0, 3, -2);
    executor.trainStep(store, [checkNetwork], batch, { ...plain, teacher }, false);
    const softmax = (row: Float32Array): number[] => {
      const e = Array.from(row, (v) => Math.exp(v));
      return e.map((v) => v / e.reduce((x, y) => x + y, 0));
    };
    const rows = [0, 1].map((i) => softmax(teacher.subarray(4 * i, 4 * i + 4)).reduce((sum, q, c) => sum - q * Math.log(softmax(z.subarray(4 * i, 4 * i + 4))[c] as number), 0));
    expect((await executor.takeLosses())[0]).toBeCloseTo(((rows[0] as number) + (rows[1] as number)) / 2, 5);
    executor.dispose();
  });
});

describe("limits", () => {
  it("a plan that does not fit says how much it needs and what would fit", async () => {
    const executor = createPlanExecutor("wasm", (await watched(1, 200_000)).machine);
    const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
    expect(() => executor.trainStep(store, [pathOf(3280)], images(16, 1), plain, true)).toThrow(/needs \d+ MB .* at most 1 MB/);
    expect(() => executor.trainStep(store, [pathOf(3280)], images(16, 1), plain, true)).toThrow(expect.objectContaining({ code: "gpu.oom", hint: expect.stringMatching(/batch \d/) as string }));
    executor.dispose();
  });
});
