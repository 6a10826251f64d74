/** Gradients of whole networks: the tfjs-cpu executor against central differences of a float64 forward pass, along random directions. */
import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "@/kernels/backends";
import { relativeError } from "@/kernels/testing/support";
import { rootKey } from "@/lib/rng";
import { sizeOf, type Graph } from "@/nas/graph";
import type { Batch, Executor, TrainOptions } from "../executor";
import { createTfjsExecutor } from "../tfjsExecutor/executor";
import { compareRecordings, fullOptions, gradientsOf, record, worstOf, type Recording } from "./compareExecutors";
import { dartsEdges, dartsLike, dartsOps } from "./dartsLike";
import { logits64, loss64, slopes64, type Params64 } from "./forward64";
import { batchFor, randomGraph } from "./randomGraphs";
import { sposLike } from "./sposLike";

interface Slopes {
  readonly name: string;
  readonly got: number;
  readonly want: number;
  /** Size of the numbers that were added up to `got`. */
  readonly scale: number;
}

async function slopesOf(executor: Executor, graph: Graph, batch: Batch, options: TrainOptions): Promise<{ slopes: Slopes[]; loss: number; want: number; logits: number }> {
  const store = executor.createStore(graph.params, graph.norms, rootKey(3));
  const params: Params64 = new Map([...(await store.snapshot())].map(([name, values]) => [name, Float64Array.from(values)]));
  const { loss, gradients } = await gradientsOf(executor, store, graph, batch, options);
  const slope = slopes64(graph, params, batch, options);
  const slopes = graph.params.map(({ name }): Slopes => {
    const g = gradients.get(name) as Float32Array;
    const rng = rootKey(5).fold(name).stream();
    const direction = Float64Array.from(g, () => rng.normal());
    const [got, scale] = [g.reduce((sum, v, i) => sum + v * (direction[i] as number), 0), Math.sqrt(g.reduce((sum, v) => sum + v * v, 0))];
    return { name, got, scale, want: slope(name, direction) };
  });
  // Float32 and float64 agree on the forward pass too.
  const logits = relativeError(await executor.logits(store, graph, "batch", { ...batch, masks: new Map() }), logits64(graph, params, { images: batch.images, labels: batch.labels, size: batch.size }));
  store.dispose();
  return { slopes, loss: loss[0] as number, want: loss64(graph, params, batch, options), logits };
}

async function check(executor: Executor, graph: Graph, batch: Batch, options = fullOptions): Promise<void> {
  const { slopes, loss, want, logits } = await slopesOf(executor, graph, batch, options);
  expect(Math.abs(loss - want) / want).toBeLessThan(2e-6);
  expect(logits).toBeLessThan(1e-4);
  // Where a gradient is nought in theory, rounding of the larger ones is all there is.
  const floor = 1e-3 * Math.max(...slopes.map((s) => s.scale));
  const bad = slopes.filter((s) => !(Math.abs(s.got - s.want) < 1e-3 * Math.max(s.scale, floor)));
  expect(bad).toEqual([]);
}

const isSmall = ({ error }: { readonly error: number }): boolean => error < 1e-3;

let executor: Executor;
beforeAll(async () => {
  await initBackend("tfjs-cpu");
  executor = createTfjsExecutor("tfjs-cpu");
});

describe("gradients of whole networks agree with central differences", () => {
  it("DARTS-like, normal and reduction cells", async () => {
    const graph = dartsLike({ channels: 2, cells: 3, nodes: 1, side: 6, classes: 4, alpha: { kind: "normal", std: 0.5 } });
    expect(graph.params.map((p) => p.name).slice(0, 2)).toEqual(["alpha.normal", "alpha.reduce"]);
    await check(executor, graph, batchFor(graph, 3, 1));
  });

  it("DARTS-like, one cell, two nodes, odd channels", async () => {
    const graph = dartsLike({ channels: 3, cells: 1, nodes: 2, side: 5, classes: 3, alpha: { kind: "normal", std: 1 } });
    await check(executor, graph, batchFor(graph, 2, 2));
  });

  it("SPOS-like", async () => {
    const graph = sposLike({ stem: 5, widths: [8, 12], kernels: [3, 5], side: 8, classes: 5 });
    await check(executor, graph, batchFor(graph, 3, 3));
  });

  it.each(Array.from({ length: 16 }, (_, seed) => seed))("random network %i", async (seed) => {
    const graph = randomGraph(seed);
    await check(executor, graph, batchFor(graph, 2 + (seed % 3), seed));
  });

  it("with a teacher, and without smoothing", async () => {
    const graph = randomGraph(1);
    const batch = batchFor(graph, 3, 7);
    const rng = rootKey(8).stream();
    const teacher = Float32Array.from({ length: 3 * sizeOf(graph.nodes[graph.output]?.shape ?? []) }, () => 2 * rng.normal());
    await check(executor, graph, batch, { ...fullOptions, teacher });
    await check(executor, graph, batch, { ...fullOptions, labelSmoothing: 0 });
  });
});

describe("the networks", () => {
  it("sixteen random ones cover every primitive", () => {
    const seen = new Set(Array.from({ length: 16 }, (_, seed) => randomGraph(seed)).flatMap((graph) => graph.nodes.map((node) => node.attrs.op)));
    const all = [
      "input", "conv", "depthwise", "batchNorm", "relu", "relu6", "hswish", "hsigmoid", "sigmoid", "swish", "maxPool", "avgPool", "globalAvgPool", "linear", "add",
      "scale", "mask", "mix", "subsample", "scatter", "resize", "shift", "dropPath", "concat", "slice", "stridedSlice", "shuffle",
    ]; // prettier-ignore
    expect([...seen].sort()).toEqual([...all].sort());
  });

  it("a DARTS-like network has the published number of weights", () => {
    const graph = dartsLike({ channels: 16, cells: 8, nodes: 4 });
    const weights = graph.params.filter((p) => p.role !== "architecture").reduce((sum, p) => sum + sizeOf(p.shape), 0);
    expect(weights).toBe(1_930_618);
    expect(graph.params.filter((p) => p.role === "architecture").map((p) => p.shape)).toEqual([[112], [112]]);
    expect(dartsEdges(4) * dartsOps.length).toBe(112);
  });
});

describe("tfjs-wasm agrees with tfjs-cpu", () => {
  it("on sixteen random networks and a DARTS-like one, gradients and two steps", async () => {
    const graphs = [...Array.from({ length: 16 }, (_, seed) => randomGraph(seed)), dartsLike({ channels: 4, cells: 3, nodes: 2, side: 8 })];
    const batches = graphs.map((graph, i) => batchFor(graph, 3, i));
    const want = [];
    for (const [i, graph] of graphs.entries()) want.push(await record(executor, graph, batches[i] as Batch, null));
    const tensors = executor.memory().tensors;
    await initBackend("tfjs-wasm");
    const other = createTfjsExecutor("tfjs-wasm");
    try {
      for (const [i, graph] of graphs.entries()) {
        const reference = want[i] as Recording;
        const c = compareRecordings(await record(other, graph, batches[i] as Batch, reference.start), reference);
        expect([i, c.loss < 1e-5, c.losses < 1e-4, worstOf(c.gradients), worstOf(c.after)]).toEqual([i, true, true, expect.toSatisfy(isSmall), expect.toSatisfy(isSmall)]);
      }
      other.dispose();
      expect(other.memory().tensors).toBe(tensors);
    } finally {
      await initBackend("tfjs-cpu");
    }
  });
});

describe("comparison of executors", () => {
  it("finds nothing between equals, and what differs between unequals", async () => {
    const graph = randomGraph(2);
    const batch = batchFor(graph, 3, 1);
    const [one, same] = [await record(executor, graph, batch, null), await record(executor, graph, batch, null)];
    const equal = compareRecordings(same, one);
    expect([equal.loss, equal.logits, equal.runningLogits, equal.losses, worstOf(equal.gradients).error, worstOf(equal.after).error]).toEqual([0, 0, 0, 0, 0, 0]);
    const other = compareRecordings(await record(executor, graph, batchFor(graph, 3, 2), one.start), one);
    expect(other.loss).toBeGreaterThan(1e-3);
    expect(worstOf(other.gradients).error).toBeGreaterThan(1e-2);
    expect([...other.after].filter(([name]) => name.endsWith(".var")).every(([, error]) => error > 1e-4)).toBe(true);
  });
});
