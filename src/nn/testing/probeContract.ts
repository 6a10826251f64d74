/** Only for tests: probes of any graph, auxiliary classifiers and convolutions whose axes differ, of every executor. */
import { describe, expect, it } from "vitest";
import { relativeError } from "@/kernels/testing/support";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import { checkBatch, checkNetwork } from "../backendCheckNetwork";
import type { Executor, ParamStore, Part } from "../executor";
import { logits64, loss64, slopes64, upstreamSlopes64 } from "./forward64";
import { freshExecutor } from "./freshExecutor";
import { plain, weightUpdate } from "./partsContract";
import { batchFor } from "./randomGraphs";
import { auxiliaryGraph, mapGraph, rectangularGraph } from "./searchGraphs";
import { as64, distance, readPlace, upstreamFor, wrongSlopes, zeroOf, type Tensors } from "./tensors";

/** The suite, for executors that `make` gives afresh. */
export function probeContract(name: string, make: () => Promise<Executor>): void {
  describe(`${name}: probes`, () => {
    let executor: Executor;
    freshExecutor(make, (fresh) => (executor = fresh));
    const storeOf = (graph: Graph, seed = 1): ParamStore => executor.createStore(graph.params, graph.norms, rootKey(seed));
    const read = (store: ParamStore, place: "values" | "gradients" | "momenta" = "values"): Promise<Tensors> => readPlace(executor, store, place);

    describe("probes", () => {
      it("of a classifier with the gradient of its loss give a step's gradients, and statistics", async () => {
        const graph = auxiliaryGraph(1, 0);
        const batch = batchFor(graph, 3, 2);
        const [a, b] = [storeOf(graph), storeOf(graph)];
        executor.accumulate(a, [graph], batch, plain, true);
        const want = await read(a, "gradients");
        const { output: logits } = await executor.probe(b, graph, batch, upstreamFor(graph, 3), false);
        expect((await read(b, "gradients")).size).toBe(graph.params.length);
        const upstream = logits.map((_, i) => {
          const [row, c] = [Math.floor(i / 5), i % 5];
          const e = Array.from(logits.subarray(5 * row, 5 * row + 5), (v) => Math.exp(v));
          return ((e[c] as number) / e.reduce((x, y) => x + y, 0) - (batch.labels[row] === c ? 1 : 0)) / 3;
        });
        const probe = await executor.probe(b, graph, batch, upstream, true);
        expect(probe.output).toEqual(logits);
        expect(distance(probe.gradients, want)).toBeLessThan(1e-5);
        expect(zeroOf(await read(b, "gradients"))).toBe(true);
        expect((await executor.takeLosses()).length).toBe(1);
        const main = graph.norms.filter(({ stats }) => !stats.startsWith("aux"));
        for (const { stats } of main) for (const what of ["mean", "var"]) expect(await b.read(`${stats}.${what}`)).toEqual(await a.read(`${stats}.${what}`));
        expect([...(await b.snapshot()).keys()].some((key) => key.startsWith("aux.bn.mean"))).toBe(false);
      });

      it.each([0, 1, 2, 3, 4, 5])("of a map %i agree with central differences, for images and every parameter", async (seed) => {
        const graph = mapGraph(seed);
        const batch = batchFor(graph, 2, seed);
        const store = storeOf(graph);
        const params = as64(await read(store));
        const upstream = upstreamFor(graph, 2);
        const probe = await executor.probe(store, graph, batch, upstream, false);
        expect(relativeError(probe.output, logits64(graph, params, batch))).toBeLessThan(1e-5);
        expect(wrongSlopes(new Map([["images", probe.inputGradient], ...probe.gradients]), upstreamSlopes64(graph, params, batch, upstream), 2e-3)).toEqual([]);
        const undropped = { images: batch.images, labels: batch.labels, size: batch.size };
        expect(relativeError(await executor.logits(store, graph, "batch", batch), logits64(graph, params, undropped))).toBeLessThan(1e-5);
      });

      it("of a graph that is its input", async () => {
        const { nodes } = checkNetwork;
        const graph: Graph = { nodes: nodes.slice(0, 1), output: 0, params: [], norms: [] };
        const [store, batch, upstream] = [storeOf(graph), checkBatch(2, 1), upstreamFor(graph, 2)];
        expect(await executor.probe(store, graph, batch, upstream, true)).toEqual({ output: batch.images, inputGradient: upstream, gradients: new Map() });
        expect(await executor.logits(store, graph, "running", batch)).toEqual(batch.images);
      });
    });

    describe("an auxiliary classifier", () => {
      const graph = auxiliaryGraph(3);
      const batch = batchFor(graph, 3, 4);

      it("adds its weighted loss and gradients", async () => {
        const store = storeOf(graph);
        const params = as64(await read(store));
        for (const options of [plain, { labelSmoothing: 0.1 }]) {
          executor.accumulate(store, [graph], batch, options, false);
          const [loss = NaN] = await executor.takeLosses();
          expect(Math.abs(loss / loss64(graph, params, batch, options) - 1)).toBeLessThan(1e-5);
          expect(wrongSlopes(await read(store, "gradients"), slopes64(graph, params, batch, options), 2e-3)).toEqual([]);
          executor.vectors(store).clear("gradients", "all");
        }
        const without = { ...graph, auxiliary: { output: graph.output, weight: 0 } };
        expect(loss64(without, params, batch, plain)).not.toBeCloseTo(loss64(graph, params, batch, plain), 2);
        expect(() => executor.accumulate(store, [graph], batch, { ...plain, teacher: new Float32Array(15) }, false)).toThrow(/auxiliary/);
      });

      it("is not there outside training", async () => {
        const [store, bare] = [storeOf(graph), storeOf(graph)];
        const main: Graph = { nodes: graph.nodes, output: graph.output, params: graph.params, norms: graph.norms };
        const options = { ...plain, ...weightUpdate, part: "all" as Part };
        executor.trainStep(store, [graph], batch, options, true);
        bare.restore(await store.snapshot());
        expect(await store.read("aux.bn.mean")).not.toEqual(new Float32Array(7));
        for (const stats of ["running", "batch"] as const) expect(await executor.logits(store, graph, stats, batch)).toEqual(await executor.logits(bare, main, stats, batch));
        const results = [];
        for (const [target, which] of [[store, graph], [bare, main]] as const) {
          const evaluation = executor.evaluate(target, which, "running");
          evaluation.add(batch);
          results.push(await evaluation.result());
        }
        expect(results[0]).toEqual(results[1]);
        const run = executor.recalibrate(store, graph);
        run.add(batch);
        const stats = run.finish();
        expect([...(await stats.read()).keys()].filter((key) => key.startsWith("aux"))).toEqual([]);
        stats.dispose();
        await executor.takeLosses();
      });
    });

    it.each([0, 1, 2, 3, 4, 5, 6, 7])("convolutions whose axes differ agree with central differences: network %i", async (seed) => {
      const graph = rectangularGraph(seed);
      const batch = batchFor(graph, 3, seed);
      const store = storeOf(graph);
      const params = as64(await read(store));
      expect(relativeError(await executor.logits(store, graph, "batch", batch), logits64(graph, params, batch))).toBeLessThan(1e-4);
      executor.accumulate(store, [graph], batch, plain, false);
      expect(wrongSlopes(await read(store, "gradients"), slopes64(graph, params, batch, plain), 2e-3)).toEqual([]);
    });
  });
}
