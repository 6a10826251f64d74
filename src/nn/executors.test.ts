/** Every executor against the reference: random networks over all primitives, every space and size, the bench's networks, finite differences. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "@/kernels/backends";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import type { SpaceId } from "@/nas/space/registry";
import { sizes } from "@/nas/space/types";
import type { Graph } from "@/nas/graph";
import { rootKey } from "@/lib/rng";
import type { Executor } from "./executor";
import { createPlanExecutor } from "./plan/executor";
import { compareRecordings, fullOptions, gradientsOf, record, worstOf } from "./testing/compareExecutors";
import { dartsLike } from "./testing/dartsLike";
import { everyOp } from "./testing/everyOp";
import { executorContract } from "./testing/executorContract";
import { slopes64, type Params64 } from "./testing/forward64";
import { batchFor, randomGraph } from "./testing/randomGraphs";
import { sposLike } from "./testing/sposLike";
import { createTfjsExecutor } from "./tfjsExecutor/executor";

const wasm = async (threads: number): Promise<Executor> => createPlanExecutor("wasm", await createWasmMachine({ threads }));

for (const threads of [1, 2]) executorContract(`plan on WASM, ${threads} threads`, () => wasm(threads), true);

let reference: Executor;
const plans: Executor[] = [];
beforeAll(async () => {
  await initBackend("tfjs-cpu");
  reference = createTfjsExecutor("tfjs-cpu");
  for (const threads of [1, 2]) plans.push(await wasm(threads));
});
afterAll(() => {
  for (const executor of [reference, ...plans]) executor.dispose();
});

/** Loss and logits within 1e-4 of the reference, gradients of whole networks within 1e-3 of each tensor's maximum, updated parameters within 1e-4. */
async function expectEqual(graph: Graph, batch: number, gradients = 1e-3, after = 1e-3): Promise<void> {
  const want = await record(reference, graph, batchFor(graph, batch, 7), null, { steps: 1 });
  for (const plan of plans) {
    const got = compareRecordings(await record(plan, graph, batchFor(graph, batch, 7), want.start, { steps: 1 }), want);
    expect(got.loss).toBeLessThan(1e-4);
    expect(got.logits).toBeLessThan(1e-4);
    expect(worstOf(got.gradients).error, worstOf(got.gradients).name).toBeLessThan(gradients);
    const moved = new Map([...got.after].filter(([name]) => !name.includes("#")));
    expect(worstOf(moved).error, worstOf(moved).name).toBeLessThan(after);
  }
}

describe("plan against tfjs-cpu", () => {
  it.each(Array.from({ length: 24 }, (_, i) => i))("random network %i", (seed) => expectEqual(randomGraph(seed), (seed % 3) + 2));

  it("any random network", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 100, max: 100_000 }), async (seed) => expectEqual(randomGraph(seed), 3)), { numRuns: 12, seed: 11 });
  }, 120_000);

  it("mixed ops: a DARTS-like network", () => expectEqual(dartsLike({ channels: 4, cells: 3, nodes: 2, side: 8 }), 4));

  it("the bench's SPOS network", () => expectEqual(sposLike({ side: 16 }), 4, 2e-3, 2e-3), 60_000);

  // With few images a handful of activations lie so near a ReLU's kink that rounding decides; small and full sizes are compared as a whole elsewhere.
  const every = (["macro8", "spos"] as SpaceId[]).flatMap((id) => sizes.filter((size) => size === "nano" || size === "tiny").map((size) => [id, size] as const));
  it.each(every)("%s %s, every op of the space", (id, size) => expectEqual(everyOp(id, size), 3, 5e-3, 5e-3), 120_000);
});

describe("finite differences", () => {
  it.each([3, 8, 14, 21])("of the whole random network %i, in float64, along a random direction of each parameter", async (seed) => {
    const graph = randomGraph(seed);
    const batch = batchFor(graph, 3, 7);
    for (const plan of plans) {
      const store = plan.createStore(graph.params, graph.norms, rootKey(3));
      const params: Params64 = new Map([...(await store.snapshot())].map(([name, values]) => [name, Float64Array.from(values)]));
      const { gradients } = await gradientsOf(plan, store, graph, batch, fullOptions);
      store.dispose();
      const slope = slopes64(graph, params, batch, fullOptions);
      const rows = graph.params.map(({ name }) => {
        const g = gradients.get(name) as Float32Array;
        const rng = rootKey(5).fold(name).stream();
        const direction = Float64Array.from(g, () => rng.normal());
        return { name, got: g.reduce((sum, v, i) => sum + v * (direction[i] as number), 0), want: slope(name, direction), size: Math.hypot(...g) };
      });
      // Where a gradient is nought in theory, rounding of the larger ones is all there is.
      const floor = 1e-2 * Math.max(...rows.map((row) => row.size));
      expect(rows.filter((row) => !(Math.abs(row.got - row.want) < 1e-3 * Math.max(row.size, floor)))).toEqual([]);
    }
  });
});
