/** Members of FBNetV3's space, which begin with an area average, on the plan and on tfjs; and that average against pixels counted by hand. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "@/kernels/backends";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import { rootKey } from "@/lib/rng";
import { graphBuilder } from "@/nas/graphBuilder";
import { fbnetV3 } from "@/nas/space/fbnetV3";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "./executor";
import { createPlanExecutor } from "./plan/executor";
import { compareRecordings, record, worstOf } from "./testing/compareExecutors";
import { batchFor } from "./testing/randomGraphs";
import { createTfjsExecutor } from "./tfjsExecutor/executor";

let plan: Executor;
let tfjs: Executor;
beforeAll(async () => {
  await initBackend("tfjs-cpu");
  tfjs = createTfjsExecutor("tfjs-cpu");
  plan = createPlanExecutor("wasm", await createWasmMachine({ threads: 1 }));
});
afterAll(() => [tfjs, plan].forEach((executor) => executor.dispose()));

describe("members of fbnet-v3", () => {
  const space = fbnetV3("nano");
  it.each([16, 24, 32])("at resolution %i have the same loss and gradients on both executors", async (resolution) => {
    const choices = { ...space.mutator.sample(rootKey(resolution).stream()), resolution };
    const graph = space.graph(choices);
    const batch = batchFor(graph, 4, 7);
    const want = await record(tfjs, graph, batch, null, { steps: 1 });
    const got = compareRecordings(await record(plan, graph, batch, want.start, { steps: 1 }), want);
    expect(got.loss).toBeLessThan(1e-4);
    expect(worstOf(got.gradients).error, worstOf(got.gradients).name).toBeLessThan(2e-3);
  });
});

describe("area averages", () => {
  it.each([16, 20, 24, 28])("of 32 pixels to %i are means of the pixels many times over", async (side) => {
    const b = graphBuilder([32, 32, 3], torchDefaultInit);
    const graph = b.finish(b.node("resize", { op: "resize", side }, [b.input]));
    const rng = rootKey(side).stream();
    const images = Float32Array.from({ length: 2 * 32 * 32 * 3 }, () => rng.normal());
    // Every pixel side × side times, then blocks of 32 × 32: an average without fractions.
    const want = Array.from({ length: 2 * side * side * 3 }, (_, n) => {
      const [c, q, p, image] = [n % 3, Math.floor(n / 3) % side, Math.floor(n / 3 / side) % side, Math.floor(n / 3 / side / side)];
      let sum = 0;
      for (let y = p * 32; y < (p + 1) * 32; y++) for (let x = q * 32; x < (q + 1) * 32; x++) sum += images[((image * 32 + Math.floor(y / side)) * 32 + Math.floor(x / side)) * 3 + c] ?? NaN;
      return sum / 1024;
    });
    for (const executor of [plan, tfjs]) {
      const store = executor.createStore([], [], rootKey(1));
      const got = await executor.logits(store, graph, "running", { images, labels: new Uint8Array(2), size: 2 });
      got.forEach((value, i) => expect(Math.abs(value - (want[i] ?? NaN))).toBeLessThan(1e-5));
      store.dispose();
    }
  });
});
