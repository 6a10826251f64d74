/** `batch_norm.json`: consecutive training steps of one norm with scale and offset, each with its gradients and statistics, then scoring. */
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Handler } from "../types";
import { imagesOnly, mapOf } from "./block";
import { type Fields, fileOf, runCase } from "./fields";
import { withStore } from "./values";

const TOLERANCE = 1e-5;

function normNetwork(file: Fields, shape: readonly number[]): Graph {
  const b = graphBuilder(shape, torchDefaultInit);
  const graph = b.finish(b.batchNorm("bn", b.input));
  const [eps, momentum] = [file.numberOr("eps", 1e-5), file.numberOr("torch_momentum", 0.1)];
  return { ...graph, nodes: graph.nodes.map((node) => (node.attrs.op === "batchNorm" ? { ...node, attrs: { ...node.attrs, eps, momentum } } : node)) };
}

export const batchNorm: Handler = async (value, context) => {
  const file = fileOf(value);
  const executor = await context.executor();
  const steps = file.records("steps");
  const name = `${steps.length} steps${file.has("eval") ? ", then scoring" : ""}`;
  const one = await runCase(name, async (compare) => {
    const first = steps[0] ?? file.fail("steps", "is empty");
    const graph = normNetwork(file, mapOf(first.tensor("x")));
    const values = new Map([["bn.weight", file.floats("gamma")], ["bn.bias", file.floats("beta")]]); // prettier-ignore
    await withStore(executor, graph, values, async (store) => {
      for (const [i, step] of steps.entries()) {
        const { output, inputGradient, gradients } = await executor.probe(store, graph, imagesOnly(step.tensor("x")), step.floats("dy"), true);
        const found = { y: output, dx: inputGradient, dgamma: gradients.get("bn.weight"), dbeta: gradients.get("bn.bias"), running_mean: await store.read("bn.mean"), running_var: await store.read("bn.var") };
        for (const [key, got] of Object.entries(found)) compare.tensor(`step ${i} ${key}`, got ?? [], step.tensor(key).data, TOLERANCE);
      }
      if (!file.has("eval")) return;
      const scored = file.fields("eval");
      compare.tensor("eval y", await executor.logits(store, graph, "running", imagesOnly(scored.tensor("x"))), scored.tensor("y").data, TOLERANCE);
    });
  });
  return [one];
};
