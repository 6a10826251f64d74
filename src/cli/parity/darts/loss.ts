/**
 * `loss.json`: cross entropy, plain and smoothed, with the gradients of its logits. The logits are the weights of a dense layer that reads
 * one-hot rows, so loss and gradient are those that training computes.
 */
import { graphBuilder } from "@/nas/graphBuilder";
import type { Graph } from "@/nas/graph";
import { torchDefaultInit } from "@/nas/space/init";
import type { Batch, Executor, ParamStore } from "@/nn/executor";
import type { Handler } from "../types";
import { fileOf, runCases, type Tensor } from "./fields";
import { withStore } from "./values";

const TOLERANCE = 1e-5;

/** A network whose logits for example i of `rows` are row i of the parameter `logits.weight` [rows, classes]. */
export function logitsNetwork(rows: number, classes: number): Graph {
  const b = graphBuilder([1, 1, rows], torchDefaultInit);
  return b.finish(b.linear("logits", b.node("row", { op: "globalAvgPool" }, [b.input]), classes, false));
}

/** One-hot images that select the rows in order. */
export function rowBatch(rows: number, labels: ArrayLike<number>): Batch {
  const images = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++) images[i * rows + i] = 1;
  return { images, labels: Uint8Array.from(labels), size: rows };
}

/** Runs `body` with a store whose network gives these logits. */
export async function withLogits<T>(executor: Executor, logits: Tensor, body: (store: ParamStore, graph: Graph) => Promise<T>): Promise<T> {
  const [rows = 0, classes = 0] = logits.shape;
  const graph = logitsNetwork(rows, classes);
  return withStore(executor, graph, new Map([["logits.weight", Float32Array.from(logits.data)]]), (store) => body(store, graph));
}

export const loss: Handler = async (value, context) => {
  const file = fileOf(value);
  const executor = await context.executor();
  const cases = [
    { name: "cross_entropy", smoothing: () => 0 },
    { name: "label_smooth", smoothing: () => file.number("epsilon_ls") },
  ].filter(({ name }) => file.has(name));
  return runCases(cases, ({ name }) => name, async ({ name, smoothing }, compare) => {
    const [logits, labels, want] = [file.tensor("logits"), file.tensor("labels"), file.fields(name)];
    const batch = rowBatch(logits.shape[0] ?? 0, labels.data);
    await withLogits(executor, logits, async (store, graph) => {
      executor.accumulate(store, [graph], batch, { labelSmoothing: smoothing() }, false);
      const [got = Number.NaN] = await executor.takeLosses();
      compare.number("loss", got, want.number("loss"), TOLERANCE);
      const vectors = executor.vectors(store);
      const gradient = (await vectors.read("gradients")).get("logits.weight") ?? [];
      vectors.clear("gradients", "all");
      compare.tensor("dlogits", gradient, want.tensor("dlogits").data, TOLERANCE);
    });
  });
};
