/**
 * Only for tests: what the search relies on, of every executor: shared weights by name, untouched inactive ones, exact recalibration,
 * exact snapshots, no leaks.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { relativeError } from "@/kernels/testing/support";
import { rootKey } from "@/lib/rng";
import { makeSpace } from "@/nas/space/registry";
import type { Graph } from "@/nas/graph";
import { checkBatch, checkNetwork } from "../backendCheckNetwork";
import type { Batch, Executor, ParamStore, TrainOptions } from "../executor";

const sgd: TrainOptions = { optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 4e-5, decayNorms: false }, lr: 0.05, clip: 5, labelSmoothing: 0.1 };
const adam: TrainOptions = { ...sgd, lr: 1e-3, optimizer: { kind: "adam", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, decayNorms: false } };

function images32(size: number, seed: number): Batch {
  const rng = rootKey(seed).stream();
  return { images: Float32Array.from({ length: size * 3072 }, () => rng.normal()), labels: Uint8Array.from({ length: size }, () => rng.int(10)), size };
}

function part(batch: Batch, from: number, size: number, pixels: number): Batch {
  return { images: batch.images.subarray(from * pixels, (from + size) * pixels), labels: batch.labels.subarray(from, from + size), size };
}

const paths: Readonly<Record<"macro8" | "spos", readonly [string, string]>> = { macro8: ["21012120", "02210012"], spos: ["013213", "320130"] };

function pathOf(id: keyof typeof paths, which: 0 | 1): Graph {
  const space = makeSpace(id, "nano");
  const choices = space.decode(paths[id][which]);
  if (choices === null) throw new Error(`no path ${paths[id][which]}`);
  return space.graph(choices);
}

async function valuesOf(store: ParamStore): Promise<ReadonlyMap<string, Float32Array>> {
  return store.snapshot();
}

/** The suite, for executors that `make` gives afresh. `wholePaths`: fast enough for whole nano networks. */
export function executorContract(name: string, make: () => Promise<Executor>, wholePaths: boolean): void {
  describe(name, () => {
    let executor: Executor;
    beforeEach(async () => {
      executor = await make();
    });
    afterEach(() => {
      executor.dispose();
      expect(executor.memory().tensors).toBe(0);
    });

    // The reference is slow on whole paths; wasm runs them.
    describe.runIf(wholePaths).each(["macro8", "spos"] as const)("%s nano", (id) => {
      const space = makeSpace(id, "nano");

      it("a sampled path equals a standalone network with the copied weights", async () => {
        const graph = pathOf(id, 0);
        const supernet = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
        const alone = executor.createStore(graph.params, graph.norms, rootKey(2));
        for (const { name } of graph.params) alone.write(name, await supernet.read(name));
        for (let i = 0; i < 2; i++) for (const store of [supernet, alone]) executor.trainStep(store, [graph], images32(4, i), sgd, true);
        const losses = await executor.takeLosses();
        expect([losses[0], losses[2]]).toEqual([losses[1], losses[3]]);
        for (const name of alone.names) expect(await alone.read(name)).toEqual(await supernet.read(name));
        const probe = images32(3, 7);
        for (const stats of ["running", "batch"] as const)
          expect(await executor.logits(alone, graph, stats, probe)).toEqual(await executor.logits(supernet, graph, stats, probe));
      });

      it("a step moves the sampled path's weights and momenta and nothing else", async () => {
        const [first, second] = [pathOf(id, 0), pathOf(id, 1)];
        const store = executor.createStore(space.supernetParams(), space.supernetNorms(), rootKey(1));
        executor.trainStep(store, [first], images32(4, 0), sgd, false);
        const before = await valuesOf(store);
        executor.trainStep(store, [second], images32(4, 1), sgd, false);
        const after = await valuesOf(store);
        const active = new Set(second.params.map((spec) => spec.name));
        for (const [key, values] of after) {
          const name = key.split("#")[0] as string;
          if (!active.has(name)) expect(values).toEqual(before.get(key));
        }
        // A γ whose channel is normalised again behind ReLU and a depthwise conv has gradient zero in theory: it may stay.
        const pushed = [...active].filter((name) => (after.get(`${name}#momentum`) as Float32Array).some((v) => Math.abs(v) > 1e-5));
        expect(pushed.length).toBeGreaterThan(0.7 * active.size);
        for (const name of pushed) expect(after.get(name)).not.toEqual(before.get(name));
        const touched = new Set([...first.params, ...second.params].map((spec) => spec.name));
        expect([...after.keys()].filter((key) => key.endsWith("#momentum")).length).toBe(touched.size);
        expect([...after.keys()].some((key) => key.endsWith(".mean"))).toBe(false);
      });
    });

    it("keeps the number of tensors over 20 steps, and every loss", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const counts: number[] = [];
      for (let i = 0; i < 20; i++) {
        executor.trainStep(store, [checkNetwork], checkBatch(4, i), sgd, true);
        expect((await executor.takeLosses()).length).toBe(1);
        counts.push(executor.memory().tensors);
      }
      expect(new Set(counts.slice(1)).size).toBe(1);
      expect((await executor.takeLosses()).length).toBe(0);
    });

    it("learns", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      for (let i = 0; i < 40; i++) executor.trainStep(store, [checkNetwork], checkBatch(16, i), { ...sgd, clip: 1 }, true);
      const losses = await executor.takeLosses();
      const mean = (list: Float32Array): number => list.reduce((a, v) => a + v, 0) / list.length;
      expect(mean(losses.slice(-8))).toBeLessThan(0.6 * mean(losses.slice(0, 4)));
    });

    it("several graphs: gradients are summed, the loss is their mean", async () => {
      const make = (): ParamStore => executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const [once, twice] = [make(), make()];
      const plain: TrainOptions = { ...sgd, clip: null, optimizer: { kind: "sgd", momentum: 0, weightDecay: 0, decayNorms: false } };
      executor.trainStep(once, [checkNetwork], checkBatch(4, 1), { ...plain, lr: 0.02 }, false);
      executor.trainStep(twice, [checkNetwork, { ...checkNetwork }], checkBatch(4, 1), { ...plain, lr: 0.01 }, false);
      const [a, b] = await executor.takeLosses();
      expect(b).toBeCloseTo(a as number, 6);
      for (const name of once.names) expect(relativeError(await twice.read(name), await once.read(name))).toBeLessThan(1e-6);
      expect((await once.snapshot()).size).toBe(once.names.length);
    });

    it.each([["sgd", sgd], ["adam", adam]] as const)("restore(snapshot()) continues bit-equally with %s", async (_name, options) => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const step = (i: number): void => executor.trainStep(store, [checkNetwork], checkBatch(4, i), options, true);
      step(0);
      step(1);
      const saved = await store.snapshot();
      step(2);
      step(3);
      const after = await store.snapshot();
      const other = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(99));
      executor.trainStep(other, [checkNetwork], checkBatch(4, 9), sgd, true);
      other.restore(saved);
      expect(await other.snapshot()).toEqual(saved);
      for (const i of [2, 3]) executor.trainStep(other, [checkNetwork], checkBatch(4, i), options, true);
      expect(await other.snapshot()).toEqual(after);
      const losses = await executor.takeLosses();
      expect(losses.slice(-2)).toEqual(losses.slice(2, 4));
    });

    it("refuses weights of another network whole", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const before = await store.snapshot();
      const broken = new Map(before);
      broken.delete("fc.weight");
      expect(() => store.restore(broken)).toThrow(/fc\.weight/);
      expect(() => store.restore(new Map([...before, ["alien", new Float32Array(1)]]))).toThrow(/alien/);
      expect(() => store.restore(new Map([...before, ["fc.bias", new Float32Array(3)]]))).toThrow(/fc\.bias/);
      expect(await store.snapshot()).toEqual(before);
    });

    it("running statistics move as in PyTorch", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const batch = checkBatch(6, 1);
      const recalibration = executor.recalibrate(store, checkNetwork);
      recalibration.add(batch);
      const stats = recalibration.finish();
      const exact = await stats.read();
      stats.dispose();
      executor.trainStep(store, [checkNetwork], batch, sgd, true);
      for (const [name, values] of exact) {
        const start = name.endsWith(".var") ? 1 : 0;
        expect(relativeError(await store.read(name), values.map((v) => 0.9 * start + 0.1 * v))).toBeLessThan(1e-5);
      }
    });

    it("recalibrates to the exact statistics of all images", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const all = checkBatch(9, 3);
      // At the first norm the input does not depend on how images are batched, so its statistics have a closed form.
      const sizes = [4, 3, 2];
      const recalibrate = async (pieces: readonly Batch[]): Promise<ReadonlyMap<string, Float32Array>> => {
        const run = executor.recalibrate(store, checkNetwork);
        pieces.forEach((piece) => run.add(piece));
        const stats = run.finish();
        const values = await stats.read();
        stats.dispose();
        return values;
      };
      let from = 0;
      const pieces = sizes.map((size) => part(all, (from += size) - size, size, 192));
      const [together, apart] = [await recalibrate([all]), await recalibrate(pieces)];
      expect(relativeError(apart.get("stem.bn.mean") ?? [], together.get("stem.bn.mean") ?? [])).toBeLessThan(1e-5);
      const each = await Promise.all(pieces.map((piece) => recalibrate([piece])));
      for (const [name, values] of apart) {
        const wanted = values.map((_, i) => each.reduce((sum, stats, k) => sum + ((sizes[k] as number) * ((stats.get(name) as Float32Array)[i] as number)) / 9, 0));
        expect(relativeError(values, wanted)).toBeLessThan(1e-5);
      }
    });

    it("one calibration batch and that batch's own statistics give the same logits, up to n/(n − 1)", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const batch = checkBatch(40, 3);
      const run = executor.recalibrate(store, checkNetwork);
      run.add(batch);
      const stats = run.finish();
      const [given, own] = [await executor.logits(store, checkNetwork, stats, batch), await executor.logits(store, checkNetwork, "batch", batch)];
      expect(relativeError(given, own)).toBeLessThan(2e-3);
      stats.dispose();
    });

    it("evaluates in pieces as in one", async () => {
      const store = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const all = checkBatch(10, 3);
      const whole = executor.evaluate(store, checkNetwork, "running");
      whole.add(all);
      const pieces = executor.evaluate(store, checkNetwork, "running");
      pieces.add(part(all, 0, 6, 192));
      pieces.add(part(all, 6, 4, 192));
      const [a, b] = [await whole.result(), await pieces.result()];
      expect(b).toEqual({ ...a, loss: b.loss });
      expect(b.loss).toBeCloseTo(a.loss, 5);
      const logits = await executor.logits(store, checkNetwork, "running", all);
      const right = Array.from({ length: 10 }, (_, i) => logits.subarray(4 * i, 4 * i + 4)).filter((row, i) => row.indexOf(Math.max(...row)) === all.labels[i]);
      expect(a.correct).toBe(right.length);
    });

    it("a parameter starts the same whatever else there is", async () => {
      const full = executor.createStore(checkNetwork.params, checkNetwork.norms, rootKey(1));
      const few = executor.createStore(checkNetwork.params.slice(5, 9), [], rootKey(1));
      for (const name of few.names) expect(await few.read(name)).toEqual(await full.read(name));
    });
  });
}
