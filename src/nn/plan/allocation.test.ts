/** A step allocates nothing: no typed array, no memory of the machine; over 1,000 steps and over 200 paths. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import { macro8 } from "@/nas/space/macro8";
import { checkBatch, checkNetwork } from "../backendCheckNetwork";
import type { Executor, TrainOptions, UpdateOptions } from "../executor";
import { dartsLike } from "../testing/dartsLike";
import { batchFor } from "../testing/randomGraphs";
import { createPlanExecutor } from "./executor";

const options: TrainOptions = { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 4e-5, decayNorms: false }, lr: 0.01, clip: 5, labelSmoothing: 0.1 };

/** Typed arrays and views made while `work` runs, however they are made. */
function counted(work: () => void): number {
  let made = 0;
  const scope = globalThis as unknown as Record<string, unknown>;
  const kinds = ["Float32Array", "Int32Array", "Uint32Array", "Uint8Array", "Float64Array", "DataView", "ArrayBuffer"] as const;
  const kept = kinds.map((name) => scope[name]);
  const typed = Object.getPrototypeOf(Float32Array.prototype) as Record<string, (...args: unknown[]) => unknown>;
  const methods = ["subarray", "slice", "map", "filter"] as const;
  const originals = methods.map((name) => typed[name] as (...args: unknown[]) => unknown);
  kinds.forEach((name, i) => {
    scope[name] = new Proxy(kept[i] as new (...args: unknown[]) => object, {
      construct(target, args) {
        made++;
        return new target(...args);
      },
    });
  });
  methods.forEach((name, i) => {
    typed[name] = function (this: unknown, ...args: unknown[]) {
      made++;
      return (originals[i] as (...given: unknown[]) => unknown).apply(this, args);
    };
  });
  try {
    work();
  } finally {
    kinds.forEach((name, i) => (scope[name] = kept[i]));
    methods.forEach((name, i) => (typed[name] = originals[i] as (...args: unknown[]) => unknown));
  }
  return made;
}

let executor: Executor;
beforeAll(async () => {
  executor = createPlanExecutor("wasm", await createWasmMachine({ threads: 1 }));
});
afterAll(() => executor.dispose());

describe("a plan's step", () => {
  it("makes no typed array", () => {
    const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
    const batches = [0, 1].map((i) => checkBatch(4, i));
    for (const batch of batches) executor.trainStep(store, [checkNetwork], batch, options, true);
    expect(counted(() => void new Float32Array(3).subarray(1))).toBe(2);
    expect(counted(() => batches.forEach((batch) => executor.trainStep(store, [checkNetwork], batch, options, true)))).toBe(0);
  });

  it("makes none either when it moves one part, accumulates, or adds up whole sets of parameters", () => {
    const graph = dartsLike({ channels: 2, cells: 2, nodes: 1, side: 6, classes: 3 });
    const store = executor.createStore(graph.params, graph.norms, rootKey(1));
    const batch = batchFor(graph, 2, 1);
    const v = executor.vectors(store);
    const [a, b] = [v.create(), v.create()];
    const weights: UpdateOptions = { ...options, part: "weights" };
    const architecture: UpdateOptions = { optimizer: { kind: "adam", beta1: 0.5, beta2: 0.999, eps: 1e-8, weightDecay: 1e-3, decayNorms: true }, lr: 3e-4, clip: null, part: "architecture" };
    const loss = { labelSmoothing: 0 };
    const round = (): void => {
      executor.trainStep(store, [graph], batch, { ...loss, ...architecture }, true);
      executor.trainStep(store, [graph], batch, { ...loss, ...weights }, true);
      v.copy("values", a, "weights");
      v.copy("momenta", b, "all");
      executor.accumulate(store, [graph], batch, { ...loss, part: "weights" }, true);
      executor.update(store, [graph], weights);
      executor.accumulate(store, [graph], batch, loss, false);
      v.add("values", a, { times: 0.01, of: "gradients", over: "weights", power: -1 }, "weights");
      v.add("gradients", "momenta", 0.5, "architecture");
      v.clear("gradients", "all");
      v.copy(a, "values", "weights");
    };
    round();
    round();
    const before = executor.memory();
    expect(counted(round)).toBe(0);
    expect(executor.memory()).toEqual(before);
    store.dispose();
  });

  it("keeps memory flat over 1,000 steps", async () => {
    const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
    const batch = checkBatch(4, 1);
    executor.trainStep(store, [checkNetwork], batch, options, true);
    const before = executor.memory();
    for (let i = 0; i < 1000; i++) executor.trainStep(store, [checkNetwork], batch, options, true);
    expect(executor.memory()).toEqual(before);
    expect((await executor.takeLosses()).length).toBeGreaterThanOrEqual(1001);
  });

  it("keeps memory flat over 200 different paths once every segment was seen", () => {
    const space = macro8("nano");
    const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
    const pathOf = (i: number): Graph => space.graph(Object.fromEntries(space.mutables.map((m, slot) => [m.id, m.choices[1 + (Math.floor(i / 2 ** slot) % 2)] as string])));
    const batch = batchFor(pathOf(0), 2, 1);
    for (const i of [0, 255, 0b10101010, 0b01010101, 0b11001100, 0b00110011]) executor.trainStep(store, [pathOf(i)], batch, options, true);
    const before = executor.memory();
    for (let i = 0; i < 200; i++) executor.trainStep(store, [pathOf(i)], batch, options, true);
    expect(executor.memory()).toEqual(before);
  });
});
