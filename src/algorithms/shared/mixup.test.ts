import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "@/nn/executor";
import { tinyExecutor } from "../testing/tinyRun";
import { mixBatch, symmetricBeta } from "./mixup";

const classes = 4;

/** Softmax of every row, in double precision. */
function softmax(logits: Float32Array, size: number): number[][] {
  return Array.from({ length: size }, (_, i) => {
    const row = [...logits.subarray(i * classes, (i + 1) * classes)].map(Math.exp);
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((v) => v / sum);
  });
}

const oneHot = (label: number): number[] => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0));
const blended = (labels: Uint8Array, i: number, lambda: number): number[] =>
  oneHot(labels[i] as number).map((v, k) => lambda * v + (1 - lambda) * (oneHot(labels[labels.length - 1 - i] as number)[k] as number));

describe("symmetricBeta", () => {
  it.each([0.05, 0.2, 0.4, 1])("at α = %f has mean ½ and variance 1/(4(2α + 1))", (alpha) => {
    const rng = rootKey(1).stream();
    const n = 20_000;
    const draws = Array.from({ length: n }, () => symmetricBeta(alpha, rng));
    const mean = draws.reduce((a, b) => a + b, 0) / n;
    const variance = draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
    const want = 1 / (4 * (2 * alpha + 1));
    expect(draws.every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(want / n));
    expect(Math.abs(variance / want - 1)).toBeLessThan(0.02);
  });

  it("is one end or the other when α is nearly nought", () => {
    const rng = rootKey(2).stream();
    const draws = Array.from({ length: 500 }, () => symmetricBeta(1e-6, rng));
    expect(draws.every((v) => v < 1e-6 || v > 1 - 1e-6)).toBe(true);
    expect(draws.filter((v) => v > 0.5).length).toBeGreaterThan(200);
    expect(draws.filter((v) => v < 0.5).length).toBeGreaterThan(200);
  });
});

describe("mixBatch", () => {
  const labels = Uint8Array.from([0, 1, 2, 3, 0]);
  const images = () => Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const mix = (lambda: number) => {
    const [mixed, logits] = [images(), new Float32Array(labels.length * classes + 3).fill(7)];
    mixBatch(mixed, labels, labels.length, lambda, classes, logits);
    return { mixed, logits };
  };

  it.each([0, 0.3, 0.5, 1])("at λ = %f blends every image with its mirror, the middle one with itself", (lambda) => {
    const plain = images();
    [...mix(lambda).mixed].forEach((value, at) => {
      const [i, k] = [Math.floor(at / 2), at % 2];
      expect(value).toBeCloseTo(lambda * (plain[at] as number) + (1 - lambda) * (plain[2 * (4 - i) + k] as number), 5);
    });
  });

  it.each([0, 1e-30, 0.3, 0.5, 1])("at λ = %f has labels that sum to one and are the blended one-hots", (lambda) => {
    softmax(mix(lambda).logits, labels.length).forEach((row, i) => {
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      blended(labels, i, lambda).forEach((want, k) => expect(row[k]).toBeCloseTo(want, 6));
    });
  });

  it("writes no further than the batch", () => {
    expect([...mix(0.3).logits.slice(-3)]).toEqual([7, 7, 7]);
  });
});

describe("a mixed batch as the executor's teacher", () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await tinyExecutor();
  });
  afterAll(() => executor.dispose());

  it.each([0.3, 1])("at λ = %f has the cross entropy against the blended one-hots", async (lambda) => {
    const b = graphBuilder([2, 2, 3], torchDefaultInit);
    const graph = b.finish(b.linear("fc", b.node("pool", { op: "globalAvgPool" }, [b.conv("conv", b.input, { cout: 6 })]), classes));
    const rng = rootKey(3).stream();
    const labels = Uint8Array.from([0, 1, 2, 3, 1, 0]);
    const size = labels.length;
    const images = Float32Array.from({ length: size * 12 }, () => 3 * rng.normal());
    const teacher = new Float32Array(size * classes);
    mixBatch(images, labels, size, lambda, classes, teacher);
    const store = executor.createStore(graph.params, graph.norms, rootKey(4));
    const batch = { images, labels, size };
    const q = softmax(await executor.logits(store, graph, "batch", batch), size);
    const want = q.reduce((sum, row, i) => sum - blended(labels, i, lambda).reduce((s, p, k) => s + p * Math.log(row[k] as number), 0), 0) / size;
    executor.accumulate(store, [graph], batch, { labelSmoothing: 0, teacher }, false);
    expect(Math.abs(((await executor.takeLosses())[0] as number) - want)).toBeLessThan(1e-5);
    store.dispose();
  });
});
