/** Only for tests: what stochastic search asks of every executor: its supernets, gradients times a number, and timed passes. */
import { describe, expect, it } from "vitest";
import { relativeError } from "@/kernels/testing/support";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import type { Executor, LossOptions, ParamStore, Part, Stopwatch } from "../executor";
import { maskedGraph, stochasticGraph } from "./fbnetGraphs";
import { logits64, loss64, slopes64 } from "./forward64";
import { freshExecutor } from "./freshExecutor";
import { plain, weightUpdate } from "./partsContract";
import { batchFor } from "./randomGraphs";
import { auxiliaryGraph, mapGraph } from "./searchGraphs";
import { as64, distance, only, readPlace, wrongSlopes, zeroOf, type Tensors } from "./tensors";

const supernets: readonly (readonly [string, Graph])[] = [["V1", stochasticGraph()], ["V2", maskedGraph()]];

/** Whether twice the passes take about twice the time, in one of several tries: the machine has other things to do too. */
async function doublesIn(stopwatch: Stopwatch): Promise<boolean> {
  const least = async (times: number): Promise<number> => {
    const all: number[] = [];
    for (let i = 0; i < 4; i++) all.push(await stopwatch.run(times));
    return Math.min(...all);
  };
  let times = 8;
  while ((await stopwatch.run(times)) < 2000) times *= 2;
  for (let i = 0; i < 8; i++) {
    const ratio = (await least(2 * times)) / (await least(times));
    if (ratio > 1.3 && ratio < 3) return true;
  }
  return false;
}

/** The suite, for executors that `make` gives afresh. */
export function stochasticContract(name: string, make: () => Promise<Executor>): void {
  describe(`${name}: stochastic search`, () => {
    let executor: Executor;
    freshExecutor(make, (fresh) => (executor = fresh));
    const storeOf = (graph: Graph, seed = 1): ParamStore => executor.createStore(graph.params, graph.norms, rootKey(seed));

    /** Gradients that one accumulation leaves, and its loss; the store is as before. */
    async function gradientsOf(store: ParamStore, graph: Graph, options: LossOptions & { readonly part?: Part }): Promise<{ readonly gradients: Tensors; readonly loss: number }> {
      executor.accumulate(store, [graph], batchFor(graph, 3, 2), options, false);
      const gradients = await readPlace(executor, store, "gradients");
      executor.vectors(store).clear("gradients", "all");
      const [loss = NaN] = await executor.takeLosses();
      return { gradients, loss };
    }

    describe.each(supernets)("the supernet of %s", (_, graph) => {
      it("agrees with central differences in every parameter, read by many nodes or one", async () => {
        const store = storeOf(graph);
        const batch = batchFor(graph, 3, 2);
        const params = as64(await readPlace(executor, store));
        const { gradients, loss } = await gradientsOf(store, graph, { labelSmoothing: 0.1 });
        expect(Math.abs(loss - loss64(graph, params, batch, { ...weightUpdate, labelSmoothing: 0.1 }))).toBeLessThan(1e-5 * loss);
        expect(relativeError(await executor.logits(store, graph, "batch", batch), logits64(graph, params, batch))).toBeLessThan(1e-4);
        expect(wrongSlopes(gradients, slopes64(graph, params, batch, { ...weightUpdate, labelSmoothing: 0.1 }))).toEqual([]);
        // None of them is nought for want of a path.
        expect([...gradients].filter(([, g]) => g.every((v) => v === 0)).map(([key]) => key)).toEqual([]);
      });

      it("a part of the gradients equals the same part of all", async () => {
        const store = storeOf(graph);
        const roles = new Map(graph.params.map((spec) => [spec.name, spec.role]));
        const { gradients: all } = await gradientsOf(store, graph, plain);
        for (const part of ["architecture", "weights"] as const) {
          const own = (key: string): boolean => (roles.get(key) === "architecture") === (part === "architecture");
          const { gradients } = await gradientsOf(store, graph, { ...plain, part });
          expect(only(gradients, own)).toEqual(only(all, own));
          expect(zeroOf(only(gradients, (key) => !own(key)))).toBe(true);
        }
      });

      it("trains, and its running statistics move apart", async () => {
        const store = storeOf(graph);
        const batch = batchFor(graph, 3, 2);
        for (let i = 0; i < 6; i++) executor.trainStep(store, [graph], batch, { ...plain, ...weightUpdate, lr: 0.02 }, true);
        const losses = await executor.takeLosses();
        expect(losses[5]).toBeLessThan((losses[0] ?? 0) - 0.05);
        const means = await Promise.all(graph.norms.map(({ stats }) => store.read(`${stats}.mean`)));
        expect(new Set(means.map(String)).size).toBe(graph.norms.length);
      });
    });

    describe("gradients times a number", () => {
      const cases: readonly (readonly [string, Graph, LossOptions])[] = [
        ["labels", stochasticGraph(), { labelSmoothing: 0.1 }],
        ["two classifiers", auxiliaryGraph(1), plain],
        ["a teacher", stochasticGraph(), { ...plain, teacher: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)) }],
      ];
      it.each(cases)("%s: the loss stays what it is", async (_, graph, options) => {
        const store = storeOf(graph);
        const one = await gradientsOf(store, graph, options);
        for (const scale of [0.37, -2.5, 1, -0.5]) {
          const scaled = await gradientsOf(store, graph, { ...options, scale });
          expect(scaled.loss).toBe(one.loss);
          const want = new Map([...one.gradients].map(([key, g]) => [key, g.map((v) => scale * v)]));
          // A power of two changes no digit.
          if (Number.isInteger(Math.log2(Math.abs(scale)))) expect(distance(scaled.gradients, want)).toBe(0);
          else expect(distance(scaled.gradients, want)).toBeLessThan(1e-6);
        }
        expect(zeroOf((await gradientsOf(store, graph, { ...options, scale: 0 })).gradients)).toBe(true);
        expect((await gradientsOf(store, graph, options)).gradients).toEqual(one.gradients);
      });

      it("in steps as in halves of steps, before the clipping", async () => {
        const graph = stochasticGraph();
        const batch = batchFor(graph, 3, 2);
        const update = { ...weightUpdate, clip: 0.25 };
        const [scaled, halves, whole] = [storeOf(graph), storeOf(graph), storeOf(graph)];
        executor.trainStep(scaled, [graph], batch, { ...plain, ...update, scale: 0.5 }, true);
        executor.accumulate(halves, [graph], batch, { ...plain, part: "weights", scale: 0.5 }, true);
        executor.update(halves, [graph], update);
        expect(await scaled.snapshot()).toEqual(await halves.snapshot());
        executor.trainStep(whole, [graph], batch, { ...plain, ...update }, true);
        const [a, , c] = await executor.takeLosses();
        expect(a).toBe(c);
        // Both are clipped to one norm: without decay, the same step.
        for (const [key, values] of await whole.snapshot()) expect(relativeError((await scaled.snapshot()).get(key) ?? [], values), key).toBeLessThan(1e-4);
      });
    });

    describe("a stopwatch", () => {
      const graph = mapGraph(2);

      it("takes time, more for more passes, and leaves the store and the memory as they were", async () => {
        const store = storeOf(graph);
        const batch = batchFor(graph, 2, 1);
        const [want, saved] = [await executor.logits(store, graph, "running", batch), await store.snapshot()];
        const before = executor.memory();
        const stopwatch = await executor.stopwatch(store, graph, 2, "wall");
        if (!stopwatch) throw new Error("there is no wall clock");
        expect(stopwatch.timer).toBe("wall");
        expect(await stopwatch.run(1)).toBeGreaterThan(0);
        expect(await doublesIn(stopwatch)).toBe(true);
        expect(await executor.logits(store, graph, "running", batch)).toEqual(want);
        stopwatch.dispose();
        stopwatch.dispose();
        await expect(stopwatch.run(1)).rejects.toThrow(/disposed/);
        expect(executor.memory()).toEqual(before);
        expect(await store.snapshot()).toEqual(saved);
        expect((await executor.takeLosses()).length).toBe(0);
      });

      it("stands beside others of other sizes, and beside training", async () => {
        const big = stochasticGraph();
        const round = async (): Promise<number> => {
          const [a, b] = [storeOf(graph), storeOf(big, 2)];
          const small = await executor.stopwatch(a, graph, 1, "wall");
          const large = await executor.stopwatch(b, big, 5, "wall");
          for (const stopwatch of [small, large, small]) expect(await stopwatch?.run(2)).toBeGreaterThan(0);
          const { gradients } = await gradientsOf(b, big, plain);
          small?.dispose();
          expect(await large?.run(1)).toBeGreaterThan(0);
          expect((await gradientsOf(b, big, plain)).gradients).toEqual(gradients);
          large?.dispose();
          for (const store of [a, b]) store.dispose();
          return executor.memory().tensors;
        };
        // What an executor keeps for good is there after the first.
        expect([await round(), await round()]).toEqual(Array(2).fill(await round()));
      });

      it("of nothing but its input takes no time; without timestamps there is none; no passes are a mistake", async () => {
        const identity = { ...graph, output: 0 };
        const store = storeOf(graph);
        const idle = await executor.stopwatch(store, identity, 1, "wall");
        expect(await idle?.run(7)).toBe(0);
        idle?.dispose();
        // No machine in Node has them.
        expect(await executor.stopwatch(store, graph, 1, "timestamp")).toBeNull();
        const stopwatch = await executor.stopwatch(store, graph, 1, "wall");
        await expect(stopwatch?.run(0)).rejects.toThrow(/0 times/);
        stopwatch?.dispose();
      });
    });
  });
}
