/** FBNetV2's search network against the members that it stands for: one-hot weights, inherited corners, and its gradients on every executor. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "@/kernels/backends";
import { relativeError } from "@/kernels/testing/support";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import { rootKey } from "@/lib/rng";
import type { Graph } from "@/nas/graph";
import { maskGradient, maskOf } from "@/nas/relaxation/masks";
import { fbnetV2, fbnetV2Space } from "@/nas/space/fbnetV2";
import { stageOf } from "@/nas/space/fbnetV2Layout";
import type { MaskedRow, MaskShare } from "@/nas/space/types";
import type { Executor, ParamStore } from "@/nn/executor";
import { createPlanExecutor } from "@/nn/plan/executor";
import { compareRecordings, fullOptions, record, worstOf } from "@/nn/testing/compareExecutors";
import { slopes64, type Params64 } from "@/nn/testing/forward64";
import { batchFor } from "@/nn/testing/randomGraphs";
import { createTfjsExecutor } from "@/nn/tfjsExecutor/executor";
import { inheritMasked } from "./inherit";

/** The nano space narrowed, so that a file of many runs stays quick: every kind of layer, odd sides, a residual. */
const small = fbnetV2Space(
  {
    image: 16,
    classes: 4,
    resolutions: [8, 13, 16],
    stem: [4, 6],
    stemStride: 2,
    stages: [stageOf([1, 1, [4, 6], [1, 2], [3]]), stageOf([2, 2, [4, 8, 12], [2, 3], [3, 5]])],
    last: 8,
    divisor: 2,
  },
  "nano",
);

let plan: Executor;
let tfjs: Executor;
beforeAll(async () => {
  await initBackend("tfjs-cpu");
  tfjs = createTfjsExecutor("tfjs-cpu");
  plan = createPlanExecutor("wasm", await createWasmMachine({ threads: 1 }));
});
afterAll(() => [tfjs, plan].forEach((executor) => executor.dispose()));

/** Puts a distribution a row into what the search network reads. */
function put(store: ParamStore, rows: readonly MaskedRow[], weights: (row: MaskedRow, index: number) => readonly number[]): void {
  rows.forEach((row, i) => {
    const g = weights(row, i);
    if (row.widths) store.write(`mask.${row.id}`, Float32Array.from(maskOf(g, row.widths, Math.max(...row.widths))));
    else store.write(`weights.${row.id}`, Float32Array.from(g));
  });
}

const oneHot = (length: number, at: number): number[] => Array.from({ length }, (_, i) => (i === at ? 1 : 0));

/** Every parameter of a store random, γ and β too. */
async function shake(store: ParamStore, graph: Graph): Promise<void> {
  const rng = rootKey(5).fold("shake").stream();
  for (const { name, role } of graph.params)
    if (role === "gamma" || role === "beta") store.write(name, Float32Array.from(await store.read(name), (v) => v + 0.4 * rng.normal()));
}

describe.each(["stage", "block"] as const)("one-hot weights, shared by %s", (share: MaskShare) => {
  const { masked } = small;
  const rows = masked.rows(share);
  const rng = rootKey(1).fold(share).stream();
  // Blocks of a stage with widths of their own have no residual in a member.
  const member = Array.from({ length: 6 }, () => rows.map(({ options }) => rng.int(options.length))).map((picks) =>
    share === "stage" ? picks : picks.map((pick, i) => (rows[i]?.id === "stage.1.block.1.channels" ? (picks[rows.findIndex(({ id }) => id === "stage.1.block.0.channels")] ?? 0) : pick)),
  );

  it.each(member)("give the logits of the member %i %i %i %i %i %i %i", async (...picks) => {
    const choices = masked.choicesOf(share, picks);
    const graph = small.graph(choices);
    const every = [masked.searchGraph(share, null), masked.searchGraph(share, picks[0] ?? 0)];
    const shapes = new Map(every.flatMap(({ params }) => params.map(({ name, shape }) => [name, shape] as const)));
    const norms = new Map(every.flatMap((g) => g.norms.map((norm) => [norm.stats, norm] as const)));
    const batch = batchFor(graph, 5, 3);
    for (const executor of [plan, tfjs]) {
      const store = executor.createStore(every[0]?.params ?? [], [...norms.values()], rootKey(2));
      await shake(store, graph);
      put(store, rows, ({ options }, i) => oneHot(options.length, picks[i] ?? 0));
      const inherited = await inheritMasked(executor, store, shapes, graph, rootKey(9));
      const want = await executor.logits(inherited.store, graph, "batch", batch);
      for (const search of every) expect(relativeError(await executor.logits(store, search, "batch", batch), want)).toBeLessThan(2e-5);
      inherited.dispose();
      store.dispose();
    }
  });
});

describe("gradients", () => {
  const nano = fbnetV2("nano").masked;
  const graphs: readonly (readonly [string, Graph])[] = [
    ...[0, 1, 2].map((r) => [`nano at resolution ${r}`, nano.searchGraph("stage", r)] as const),
    ["nano at every resolution", nano.searchGraph("stage", null)],
    ["nano, channels by block", nano.searchGraph("block", 1)],
    ["small at every resolution, channels by block", small.masked.searchGraph("block", null)],
  ];

  it.each(graphs)("of %s are the same on tfjs and on the plan", async (_, graph) => {
    const batch = batchFor(graph, 4, 7);
    const want = await record(tfjs, graph, batch, null, { steps: 1 });
    const got = compareRecordings(await record(plan, graph, batch, want.start, { steps: 1 }), want);
    expect(got.loss).toBeLessThan(1e-4);
    expect(worstOf(got.gradients).error, worstOf(got.gradients).name).toBeLessThan(2e-3);
    expect(got.gradients.has("mask.stem") && got.gradients.has("weights.resolution")).toBe(true);
  }, 30_000);

  it.each([null, 1])("of g are the slopes of the loss in float64, resolution %s", async (resolution) => {
    const graph = small.masked.searchGraph("stage", resolution);
    const rows = small.masked.rows("stage");
    const store = plan.createStore(graph.params, graph.norms, rootKey(3));
    await shake(store, graph);
    put(store, rows, ({ options }, row) => options.map((_, i) => (1 + ((row + i) % 3)) / (options.length + 1)));
    const batch = batchFor(graph, 6, 2);
    const params: Params64 = new Map([...(await store.snapshot())].map(([name, values]) => [name, Float64Array.from(values)]));
    plan.accumulate(store, [graph], batch, { labelSmoothing: 0 }, false);
    const gradients = await plan.vectors(store).read("gradients");
    const slope = slopes64(graph, params, batch, { ...fullOptions, labelSmoothing: 0 });
    for (const row of rows) {
      const name = `${row.widths ? "mask" : "weights"}.${row.id}`;
      const of = gradients.get(name) ?? new Float32Array();
      const got = row.widths ? maskGradient(of, row.widths) : Float64Array.from(of);
      const want = row.options.map((_, i) => slope(name, Float64Array.from(of, (__, c) => Number(row.widths ? c < (row.widths[i] ?? 0) : c === i))));
      expect(relativeError(got, want), row.id).toBeLessThan(1e-3);
      // With one resolution the others' weights are not read.
      if (row.id === "resolution" && resolution !== null) expect([...got].map((g) => g !== 0)).toEqual([false, true, false]);
    }
    store.dispose();
  }, 30_000);
});
