/** Paper-sized paths: plan on WASM against tfjs on WASM, which the other suites compare with the plain cpu. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "@/kernels/backends";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import type { Executor } from "./executor";
import { createPlanExecutor } from "./plan/executor";
import { compareExecutors, worstOf } from "./testing/compareExecutors";
import { everyOp } from "./testing/everyOp";
import { batchFor } from "./testing/randomGraphs";
import { createTfjsExecutor } from "./tfjsExecutor/executor";

let [reference, plan]: Executor[] = [];
beforeAll(async () => {
  await initBackend("tfjs-wasm");
  reference = createTfjsExecutor("tfjs-wasm");
  plan = createPlanExecutor("wasm", await createWasmMachine({ threads: 1 }));
});
afterAll(() => [reference, plan].forEach((executor) => executor?.dispose()));

describe("small and full size", () => {
  it.each([["macro8", "small"], ["macro8", "full"], ["spos", "small"], ["spos", "full"]] as const)("%s %s, every op of the space", async (id, size) => {
    const graph = everyOp(id, size);
    const got = await compareExecutors(plan as Executor, reference as Executor, graph, batchFor(graph, 3, 7), { steps: 1 });
    expect([got.loss, got.logits].every((error) => error < 1e-4)).toBe(true);
    // Batch norms over 48 rows and a few activations so near a ReLU's kink that rounding decides: against sums in float64 either is 1.6e-2 off in
    // a tenth of the tensors, the two differ by less.
    const errors = [...got.gradients.values()].sort((a, b) => a - b);
    expect(errors[errors.length >> 1]).toBeLessThan(2e-3);
    expect(errors[Math.floor(0.9 * errors.length)]).toBeLessThan(3e-2);
    expect(worstOf(got.gradients).error, worstOf(got.gradients).name).toBeLessThan(0.1);
  }, 120_000);
});
