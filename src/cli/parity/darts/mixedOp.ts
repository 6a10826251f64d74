/** `mixed_op.json`: one edge of the search, Σ softmax(α)_k·op_k(x); the gradients of the weights themselves come from the edge with raw weights. */
import { mixedEdgeGraph } from "@/nas/cell/networks";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { compareBlock, imagesOnly, mapOf, probeBlock, sideOf } from "./block";
import { type Fields, fileOf, runCases } from "./fields";
import { checkPrimitives } from "./primitives";
import { renamed, weightsFor } from "./values";

const TOLERANCE = 1e-4;

async function compareEdge(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  checkPrimitives(golden);
  const x = golden.tensor("x");
  const shape = { channels: mapOf(x)[2], side: sideOf(x), stride: golden.number("stride") };
  const [batch, alpha] = [imagesOnly(x), golden.floats("alpha")];
  const graph = mixedEdgeGraph({ ...shape, soft: true });
  await compareBlock(executor, golden, compare, { graph, batch, architecture: new Map([["alpha", alpha]]) }, { values: TOLERANCE, gradients: TOLERANCE }, (dx, probe) => {
    compare.tensor("dx", dx, golden.tensor("dx").data, TOLERANCE);
    compare.tensor("dalpha", probe.gradients.get("alpha") ?? [], golden.tensor("dalpha").data, TOLERANCE);
  });
  if (!golden.has("softmax")) return;
  const raw = mixedEdgeGraph({ ...shape, soft: false });
  const values = new Map([["alpha", golden.floats("softmax")], ...weightsFor(raw, renamed(golden.fields("weights").tensors()))]);
  await probeBlock(executor, { graph: raw, values, batch, upstream: golden.floats("dy") }, (probe) => {
    // What the softmax gives is seen in y: the same edge with its numbers put in by hand.
    compare.tensor("softmax (y with raw weights)", probe.output, golden.tensor("y").data, TOLERANCE);
    if (golden.has("dsoftmax")) compare.tensor("dsoftmax", probe.gradients.get("alpha") ?? [], golden.tensor("dsoftmax").data, TOLERANCE);
    return Promise.resolve();
  });
}

export const mixedOp: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden) => golden.text("name"), (golden, compare) => compareEdge(executor, golden, compare));
};
