/** Only for tests: arithmetic with whole sets of parameters, of every executor. */
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import type { Batch, Executor, ParamStore, UpdateOptions, VectorPlace } from "../executor";
import { freshExecutor } from "./freshExecutor";
import { darts, isAlpha, plain, weightUpdate } from "./partsContract";
import { batchFor } from "./randomGraphs";
import { distance, normOf, only, plainStep, readPlace, zeroOf, type Tensors } from "./tensors";

/** The suite, for executors that `make` gives afresh. */
export function vectorsContract(name: string, make: () => Promise<Executor>): void {
  describe(`${name}: vectors`, () => {
    let executor: Executor;
    freshExecutor(make, (fresh) => (executor = fresh));
    const storeOf = (graph: Graph, seed = 1): ParamStore => executor.createStore(graph.params, graph.norms, rootKey(seed));
    const read = (store: ParamStore, place: "values" | "gradients" | "momenta" = "values"): Promise<Tensors> => readPlace(executor, store, place);

    const filled = (store: ParamStore, place: VectorPlace, seed: number): Tensors => {
      const made = new Map(darts.params.map(({ name: key, shape }) => {
        const rng = rootKey(seed).fold(key).stream();
        return [key, Float32Array.from({ length: shape.reduce((x, n) => x * n, 1) }, () => rng.normal())];
      }));
      for (const [key, values] of made) executor.vectors(store).write(place, key, values);
      return made;
    };

    it("copies, clears and reads parts of every place", async () => {
      const store = storeOf(darts);
      const v = executor.vectors(store);
      const [a, b] = [v.create(), v.create()];
      expect(zeroOf(await v.read(a))).toBe(true);
      const want = filled(store, a, 1);
      const before = filled(store, b, 2);
      v.copy(a, b, "architecture");
      expect(await v.read(b)).toEqual(new Map([...before].map(([key, t]) => [key, isAlpha(key) ? want.get(key) : t])));
      for (const place of ["values", "gradients", "momenta"] as const) {
        v.copy(a, place, "all");
        expect(await v.read(place)).toEqual(want);
        v.clear(place, "weights");
        v.copy(place, b, "all");
        const kept = await v.read(b);
        expect(only(kept, isAlpha)).toEqual(only(want, isAlpha));
        expect(zeroOf(only(kept, (n) => !isAlpha(n)))).toBe(true);
      }
      expect(await v.read(a, ["alpha.reduce"])).toEqual(only(want, (n) => n === "alpha.reduce"));
      expect(() => v.write(a, "alpha.reduce", new Float32Array(3))).toThrow(/holds/);
      const saved = await store.snapshot();
      expect(only(saved, (key) => key.endsWith("#momentum")).size).toBe(darts.params.length);
      expect(saved.get("alpha.reduce#momentum")).toEqual(want.get("alpha.reduce"));
    });

    it("adds by a number and by a norm, to itself too, and refuses momenta and strange vectors", async () => {
      const store = storeOf(darts);
      const v = executor.vectors(store);
      const a = v.create();
      const x = filled(store, a, 1);
      const sum = (y: Tensors, factor: number, z: Tensors, filter = (_: string): boolean => true): Tensors =>
        new Map([...y].map(([key, t]) => [key, filter(key) ? t.map((value, i) => value + factor * (z.get(key)?.[i] as number)) : t]));
      let want: Tensors = await read(store);
      const check = async (next: Tensors): Promise<void> => {
        const got = await read(store);
        expect(distance(got, next)).toBeLessThan(1e-6);
        want = got;
      };
      v.add("values", a, -0.25, "all");
      await check(sum(want, -0.25, x));
      v.add("values", a, { times: 0.01, of: a, over: "weights", power: -1 }, "weights");
      await check(sum(want, 0.01 / normOf(x, (n) => !isAlpha(n)), x, (n) => !isAlpha(n)));
      v.add("values", a, { times: -0.03, of: a, over: "architecture", power: 1 }, "architecture");
      await check(sum(want, -0.03 * normOf(x, isAlpha), x, isAlpha));
      v.add("values", a, { times: 0.1, of: "values", over: "all", power: -1 }, "all");
      await check(sum(want, 0.1 / normOf(want, () => true), x));
      v.add("values", "values", 0.5, "weights");
      await check(sum(want, 0.5, want, (n) => !isAlpha(n)));
      const m = filled(store, "momenta", 3);
      v.add("values", "momenta", { times: 2, of: "momenta", over: "all", power: -1 }, "all");
      await check(sum(want, 2 / normOf(m, () => true), m));
      v.add("gradients", "values", 1, "architecture");
      const g = await read(store, "gradients");
      expect(only(g, isAlpha)).toEqual(only(want, isAlpha));
      expect(zeroOf(only(g, (n) => !isAlpha(n)))).toBe(true);
      expect(() => v.add("momenta", a, 1, "all")).toThrow(/momenta/);
      expect(() => executor.vectors(storeOf(darts)).copy(a, "values", "all")).toThrow(/another store/);
    });

    it("composes the gradient of an unrolled step, as plain arrays do", async () => {
      const store = storeOf(darts);
      const v = executor.vectors(store);
      const [train, validation] = [0, 1].map((i) => batchFor(darts, 4, i)) as [Batch, Batch];
      const unclipped: UpdateOptions = { ...weightUpdate, clip: null };
      executor.trainStep(store, [darts], train, { ...plain, ...unclipped }, false);
      const weights = (n: string): boolean => !isAlpha(n);
      const gradientsAt = async (values: Tensors, batch: Batch): Promise<Tensors> => {
        const other = storeOf(darts);
        for (const [key, t] of values) other.write(key, t);
        executor.accumulate(other, [darts], batch, plain, false);
        const made = await read(other, "gradients");
        other.dispose();
        return made;
      };
      const before = await store.snapshot();
      const w0 = only(before, (n) => !n.includes("#"));
      const moments = new Map([...w0.keys()].filter(weights).map((key) => [key, [Array.from(before.get(`${key}#momentum`) as Float32Array)]]));
      const w1 = plainStep(w0, await gradientsAt(w0, train), moments, unclipped, 2, weights);
      const slope = await gradientsAt(w1, validation);
      const epsilon = 0.01 / normOf(slope, weights);
      const moved = (t: number): Tensors => new Map([...w0].map(([key, p]) => [key, weights(key) ? p.map((value, i) => value + t * (slope.get(key)?.[i] as number)) : p]));
      const [plus, minus] = [await gradientsAt(moved(epsilon), train), await gradientsAt(moved(-epsilon), train)];
      const eta = unclipped.lr;
      const want = new Map([...slope].filter(([key]) => isAlpha(key)).map(([key, d]) => [key, d.map((value, i) => value - (eta * ((plus.get(key)?.[i] as number) - (minus.get(key)?.[i] as number))) / (2 * epsilon))]));
      await executor.takeLosses();

      const [w, m, dv, up] = [v.create(), v.create(), v.create(), v.create()];
      v.copy("values", w, "weights");
      v.copy("momenta", m, "weights");
      executor.accumulate(store, [darts], train, { ...plain, part: "weights" }, false);
      executor.update(store, [darts], unclipped);
      expect(distance(await read(store), w1)).toBeLessThan(1e-5);
      executor.accumulate(store, [darts], validation, plain, false);
      v.copy("gradients", dv, "all");
      v.clear("gradients", "all");
      v.copy(w, "values", "weights");
      v.copy(m, "momenta", "weights");
      expect(await store.snapshot()).toEqual(before);
      const difference = { of: dv, over: "weights" } as const;
      v.add("values", dv, { ...difference, times: 0.01, power: -1 }, "weights");
      executor.accumulate(store, [darts], train, { ...plain, part: "architecture" }, false);
      v.copy("gradients", up, "architecture");
      v.clear("gradients", "all");
      v.copy(w, "values", "weights");
      v.add("values", dv, { ...difference, times: -0.01, power: -1 }, "weights");
      executor.accumulate(store, [darts], train, { ...plain, part: "architecture" }, false);
      v.copy("gradients", w, "architecture");
      v.copy(dv, "gradients", "architecture");
      v.add("gradients", up, { ...difference, times: -eta / 0.02, power: 1 }, "architecture");
      v.add("gradients", w, { ...difference, times: eta / 0.02, power: 1 }, "architecture");
      // A difference of two gradients loses digits.
      expect(distance(only(await read(store, "gradients"), isAlpha), want)).toBeLessThan(2e-3);
      expect((await executor.takeLosses()).length).toBe(4);
    });
  });
}
