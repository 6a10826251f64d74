/** Only for tests: parts with optimizers of their own, and steps in two halves, of every executor. */
import { describe, expect, it } from "vitest";
import { relativeError } from "@/kernels/testing/support";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import { checkBatch, checkNetwork } from "../backendCheckNetwork";
import type { AdamOptions, Batch, Executor, LossOptions, ParamStore, Part, SgdOptions, UpdateOptions } from "../executor";
import { dartsLike } from "./dartsLike";
import { freshExecutor } from "./freshExecutor";
import { batchFor, randomGraph } from "./randomGraphs";
import { distance, normOf, only, plainStep, readPlace, zeroOf, type Tensors } from "./tensors";

export const plain: LossOptions = { labelSmoothing: 0 };
export const sgd: SgdOptions = { kind: "sgd", momentum: 0.9, weightDecay: 3e-3, decayNorms: true };
const adam: AdamOptions = { kind: "adam", beta1: 0.5, beta2: 0.999, eps: 1e-8, weightDecay: 1e-2, decayNorms: true };
export const weightUpdate: UpdateOptions = { optimizer: sgd, lr: 0.05, clip: 0.5, part: "weights" };
export const alphaUpdate: UpdateOptions = { optimizer: adam, lr: 0.01, clip: null, part: "architecture" };

export const darts = dartsLike({ channels: 3, cells: 2, nodes: 1, side: 6, classes: 4, alpha: { kind: "normal", std: 0.5 } });
export const isAlpha = (name: string): boolean => name.startsWith("alpha");

/** The suite, for executors that `make` gives afresh. */
export function partsContract(name: string, make: () => Promise<Executor>): void {
  describe(`${name}: parts`, () => {
    let executor: Executor;
    freshExecutor(make, (fresh) => (executor = fresh));
    const storeOf = (graph: Graph, seed = 1): ParamStore => executor.createStore(graph.params, graph.norms, rootKey(seed));
    const read = (store: ParamStore, place: "values" | "gradients" | "momenta" = "values"): Promise<Tensors> => readPlace(executor, store, place);

    describe("parts", () => {
      const batches = [0, 1, 2].map((i) => batchFor(darts, 3, i));

      it("SGD of the weights and Adam of α side by side, each by its own gradients, norm and state", async () => {
        const store = storeOf(darts);
        const moments = new Map<string, number[][]>();
        let want = await read(store);
        for (const [i, batch] of batches.entries())
          for (const [update, filter] of [[alphaUpdate, isAlpha], [weightUpdate, (n: string) => !isAlpha(n)]] as const) {
            executor.accumulate(store, [darts], batch, plain, false);
            const gradients = await read(store, "gradients");
            executor.vectors(store).clear("gradients", "all");
            expect(normOf(gradients, (n) => !isAlpha(n))).toBeGreaterThan(weightUpdate.clip as number);
            executor.trainStep(store, [darts], batch, { ...plain, ...update }, false);
            want = plainStep(want, gradients, moments, update, i + 1, filter);
            const got = await read(store);
            expect(distance(only(got, filter), only(want, filter))).toBeLessThan(1e-5);
            expect(only(got, (n) => !filter(n))).toEqual(only(want, (n) => !filter(n)));
            expect(zeroOf(await read(store, "gradients"))).toBe(true);
            want = got;
          }
        const saved = await store.snapshot();
        for (const spec of darts.params) expect([...saved.keys()].filter((key) => key.startsWith(`${spec.name}#`)).map((key) => key.split("#")[1])).toEqual(isAlpha(spec.name) ? ["m", "v", "step"] : ["momentum"]);
      });

      it("restore(snapshot()) keeps both optimizers, bit by bit", async () => {
        const store = storeOf(darts);
        const step = (target: ParamStore, i: number): void => {
          executor.trainStep(target, [darts], batches[i] as Batch, { ...plain, ...alphaUpdate }, true);
          executor.trainStep(target, [darts], batches[i] as Batch, { ...plain, ...weightUpdate }, true);
        };
        step(store, 0);
        const saved = await store.snapshot();
        step(store, 1);
        const after = await store.snapshot();
        const other = storeOf(darts, 99);
        step(other, 2);
        other.restore(saved);
        expect(await other.snapshot()).toEqual(saved);
        step(other, 1);
        expect(await other.snapshot()).toEqual(after);
      });

      it("another kind of optimizer forgets the state of its part alone", async () => {
        const store = storeOf(darts);
        const batch = batches[0] as Batch;
        for (const update of [alphaUpdate, weightUpdate]) executor.trainStep(store, [darts], batch, { ...plain, ...update }, false);
        const before = await store.snapshot();
        executor.trainStep(store, [darts], batch, { ...plain, ...alphaUpdate, optimizer: sgd }, false);
        const after = await store.snapshot();
        const states = (all: Tensors, what: string): string[] => [...all.keys()].filter((key) => key.includes(what));
        expect(states(after, "#m").every((key) => key.endsWith("#momentum"))).toBe(true);
        expect(states(after, "#v")).toEqual([]);
        for (const key of states(before, "#momentum")) expect(after.get(key)).toEqual(before.get(key));
      });

      it("decay spares α unless norms decay too", async () => {
        for (const decayNorms of [false, true]) {
          const store = storeOf(darts);
          const before = await read(store);
          executor.update(store, [darts], { optimizer: { ...sgd, weightDecay: 0.5, decayNorms }, lr: 1, clip: null, part: "architecture" });
          const after = await read(store);
          for (const spec of darts.params) expect(relativeError(after.get(spec.name) ?? [], (before.get(spec.name) as Float32Array).map((v) => (isAlpha(spec.name) && decayNorms ? 0.5 * v : v)))).toBeLessThan(1e-6);
        }
      });

      it("an optimizer without momentum leaves no state, and a later one starts afresh", async () => {
        const store = storeOf(checkNetwork);
        const still = { ...sgd, momentum: 0 };
        for (const optimizer of [sgd, still]) executor.trainStep(store, [checkNetwork], checkBatch(3, 1), { ...plain, optimizer, lr: 0.1, clip: null }, false);
        expect([...(await store.snapshot()).keys()].filter((key) => key.includes("#"))).toEqual([]);
        expect(zeroOf(await read(store, "momenta"))).toBe(true);
        const fresh = storeOf(checkNetwork, 2);
        fresh.restore(await store.snapshot());
        for (const target of [store, fresh]) executor.trainStep(target, [checkNetwork], checkBatch(3, 2), { ...plain, optimizer: sgd, lr: 0.1, clip: null }, false);
        expect(await fresh.snapshot()).toEqual(await store.snapshot());
      });
    });

    describe("two halves", () => {
      it("accumulate and update are a step", async () => {
        for (const [graph, batch] of [[checkNetwork, checkBatch(4, 1)], [darts, batchFor(darts, 3, 1)]] as const) {
          const [whole, halves] = [storeOf(graph), storeOf(graph)];
          const loss = { labelSmoothing: 0.1 };
          for (const update of [{ ...weightUpdate, part: "all" as Part }, weightUpdate, alphaUpdate]) {
            executor.trainStep(whole, [graph], batch, { ...loss, ...update }, true);
            executor.accumulate(halves, [graph], batch, { ...loss, ...(update.part && { part: update.part }) }, true);
            executor.update(halves, [graph], update);
          }
          expect(await halves.snapshot()).toEqual(await whole.snapshot());
          const losses = await executor.takeLosses();
          expect(losses.filter((_, i) => i % 2 === 0)).toEqual(losses.filter((_, i) => i % 2 === 1));
        }
      });

      it("accumulates the wanted part of several batches, each with a loss; an update takes all of it", async () => {
        const store = storeOf(darts);
        const batches = [0, 1].map((i) => batchFor(darts, 3, i));
        const each: Tensors[] = [];
        for (const batch of batches) {
          executor.accumulate(store, [darts], batch, plain, false);
          each.push(await read(store, "gradients"));
          executor.vectors(store).clear("gradients", "all");
        }
        for (const batch of batches) executor.accumulate(store, [darts], batch, { ...plain, part: "architecture" }, false);
        executor.accumulate(store, [darts], batches[0] as Batch, { ...plain, part: "weights" }, false);
        const sum = await read(store, "gradients");
        const want = new Map([...(each[0] as Tensors)].map(([key, g]) => [key, isAlpha(key) ? g.map((v, i) => v + (each[1]?.get(key)?.[i] as number)) : g]));
        expect(distance(only(sum, isAlpha), only(want, isAlpha))).toBeLessThan(1e-5);
        expect(distance(sum, want)).toBeLessThan(1e-5);
        const before = await read(store);
        executor.update(store, [darts], { optimizer: { ...sgd, momentum: 0, weightDecay: 0 }, lr: 0.5, clip: null, part: "architecture" });
        const after = await read(store);
        for (const [key, p] of before) expect(relativeError(after.get(key) ?? [], isAlpha(key) ? p.map((v, i) => v - 0.5 * (want.get(key)?.[i] as number)) : p)).toBeLessThan(1e-5);
        expect(zeroOf(await read(store, "gradients"))).toBe(true);
        const losses = await executor.takeLosses();
        expect(losses.length).toBe(5);
        expect(losses.subarray(2, 4)).toEqual(losses.subarray(0, 2));
      });

      it("several graphs in one step, the later larger than the first", async () => {
        const [small, large] = [dartsLike({ channels: 2, cells: 1, nodes: 1, side: 6, classes: 4 }), dartsLike({ channels: 5, cells: 3, nodes: 2, side: 6, classes: 4 })];
        const params = [...large.params, ...small.params.map((spec) => ({ ...spec, name: `small.${spec.name}` }))];
        const renamed = JSON.parse(JSON.stringify(small).replace(/"(weight|weights|bias|stats|gamma|beta|name)":"/g, '"$1":"small.')) as Graph;
        const store = executor.createStore(params, [...large.norms, ...renamed.norms], rootKey(1));
        const batch = batchFor(large, 2, 1);
        executor.trainStep(store, [renamed, large], batch, { ...plain, ...weightUpdate }, false);
        const [loss = NaN] = await executor.takeLosses();
        const alone = executor.createStore(params, [...large.norms, ...renamed.norms], rootKey(1));
        for (const graph of [renamed, large]) executor.accumulate(alone, [graph], batch, plain, false);
        const [a = NaN, b = NaN] = await executor.takeLosses();
        expect(loss).toBeCloseTo((a + b) / 2, 5);
      });
    });

    it.each([7, 12])("parts of random network %i: half the work gives half the gradients", async (seed) => {
      const graph = randomGraph(seed);
      const batch = batchFor(graph, 2, 1);
      const store = storeOf(graph);
      const architecture = new Set(graph.params.flatMap((spec) => (spec.role === "architecture" ? [spec.name] : [])));
      const gradientsOf = async (part: Part): Promise<Tensors> => {
        executor.accumulate(store, [graph], batch, { ...plain, part }, false);
        const made = await read(store, "gradients");
        executor.vectors(store).clear("gradients", "all");
        return made;
      };
      const all = await gradientsOf("all");
      for (const part of ["weights", "architecture"] as const) {
        const half = await gradientsOf(part);
        const own = (key: string): boolean => architecture.has(key) === (part === "architecture");
        expect(only(half, own)).toEqual(only(all, own));
        expect(zeroOf(only(half, (key) => !own(key)))).toBe(true);
      }
    });
  });
}
