/**
 * `latency_loss.json`: cross entropy and an expected latency joined in four ways, with all derivatives. The cross entropy and the gradients of its
 * logits are the backend's, scaled as a training step scales them; θ's are the host's.
 */
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import { type Fields, fileOf, runCases } from "../darts/fields";
import { rowBatch, withLogits } from "../darts/loss";
import type { Handler } from "../types";
import { near } from "./near";
import { drawOf, eachLoss } from "./theta";

async function compareLosses(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const { m, lat, gradient } = drawOf(golden);
  near(compare, "m", m, golden.tensor("m").data);
  near(compare, "lat", [lat], [golden.number("lat")]);
  const logits = golden.tensor("logits");
  const batch = rowBatch(logits.shape[0] ?? 0, golden.numbers("labels"));
  await withLogits(executor, logits, async (store, graph) => {
    const vectors = executor.vectors(store);
    const [ce = Number.NaN] = await scored(executor, () => executor.accumulate(store, [graph], batch, { labelSmoothing: 0 }, false));
    vectors.clear("gradients", "all");
    near(compare, "ce", [ce], [golden.number("ce")]);
    await eachLoss(golden, compare, ce, lat, async (kind, want, { dCe, dCost }) => {
      await scored(executor, () => executor.accumulate(store, [graph], batch, { labelSmoothing: 0, scale: dCe }, false));
      const got = (await vectors.read("gradients")).get("logits.weight") ?? [];
      vectors.clear("gradients", "all");
      near(compare, `${kind} gradLogits`, got, want.tensor("gradLogits").data);
      near(compare, `${kind} gradTheta`, gradient(null, dCost), want.tensor("gradTheta").data);
    });
  });
}

/** Losses of what `body` submits. */
function scored(executor: Executor, body: () => void): Promise<Float32Array> {
  body();
  return executor.takeLosses();
}

export const latencyLoss: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden, i) => `case ${i}, τ ${golden.number("tau")}`, (golden, compare) => compareLosses(executor, golden, compare));
};
