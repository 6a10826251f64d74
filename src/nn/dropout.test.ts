/** Dropout of the units of a vector, in every executor: the multipliers decide what is kept, in the value and in what flows back; scoring keeps all. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseDevice } from "@/engine/device";
import { rootKey } from "@/lib/rng";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Batch, Executor } from "./executor";

const [size, units, rate] = [3, 5, 0.4];

function network() {
  const b = graphBuilder([2, 2, 3], torchDefaultInit);
  const pooled = b.node("pool", { op: "globalAvgPool" }, [b.conv("conv", b.input, { cout: units })]);
  const graph = b.finish(b.node("drop", { op: "dropPath", rate, scope: "units", units: true }, [pooled]));
  const plain = graphBuilder([2, 2, 3], torchDefaultInit);
  return { graph, plain: plain.finish(plain.node("pool", { op: "globalAvgPool" }, [plain.conv("conv", plain.input, { cout: units })])) };
}

const rng = rootKey(1).stream();
const masks = Float32Array.from({ length: size * units + 2 }, () => (rng.next() < rate ? 0 : 1 / (1 - rate)));
const images = Float32Array.from({ length: size * 12 }, () => rng.normal());
const upstream = Float32Array.from({ length: size * units }, () => rng.normal());
const batch = (given: boolean): Batch => ({ images, labels: new Uint8Array(size), size, ...(given ? { masks: new Map([["units", masks]]) } : {}) });

describe.each(["tfjs-cpu", "wasm"] as const)("dropout of units on %s", (backend) => {
  let executor: Executor;
  beforeAll(async () => {
    ({ executor } = await chooseDevice(backend, { gpu: null, onFatal: () => undefined }));
  });
  afterAll(() => executor.dispose());

  const close = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
    expect(a.length).toBe(b.length);
    for (let i = 0; i < a.length; i++) expect(Math.abs((a[i] as number) - (b[i] as number))).toBeLessThan(1e-5);
  };

  it("multiplies every unit of every example by its own number, forwards and backwards", async () => {
    const { graph, plain } = network();
    const store = executor.createStore(graph.params, graph.norms, rootKey(2));
    const dropped = await executor.probe(store, graph, batch(true), upstream, false);
    const kept = await executor.probe(store, plain, batch(false), upstream.map((v, i) => v * (masks[i] as number)), false);
    expect(new Set(masks).size).toBe(2);
    close(dropped.output, kept.output.map((v, i) => v * (masks[i] as number)));
    close(dropped.inputGradient, kept.inputGradient);
    for (const [name, values] of kept.gradients) close(dropped.gradients.get(name) ?? [], values);
    store.dispose();
  });

  it("keeps everything when no multipliers are given, and when a network is scored", async () => {
    const { graph, plain } = network();
    const store = executor.createStore(graph.params, graph.norms, rootKey(2));
    const { output } = await executor.probe(store, plain, batch(false), upstream, false);
    close((await executor.probe(store, graph, batch(false), upstream, false)).output, output);
    close(await executor.logits(store, graph, "running", batch(true)), output);
    store.dispose();
  });
});

it("is refused for a map", () => {
  const b = graphBuilder([2, 2, 3], torchDefaultInit);
  expect(() => b.node("drop", { op: "dropPath", rate, scope: "units", units: true }, [b.input])).toThrow(/does not fit/);
});
