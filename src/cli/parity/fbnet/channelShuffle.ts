/** `channel_shuffle.json`: the shuffle of grouped blocks, values and source channels. It moves numbers and must not change one. */
import { graphBuilder } from "@/nas/graphBuilder";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import { imagesOnly, mapOf } from "../darts/block";
import { type Fields, fileOf, runCases, type Tensor } from "../darts/fields";
import { withStore } from "../darts/values";
import type { Handler } from "../types";

async function shuffled(executor: Executor, x: Tensor, groups: number): Promise<Float32Array> {
  const b = graphBuilder(mapOf(x), torchDefaultInit);
  const graph = b.finish(b.node("shuffle", { op: "shuffle", groups }, [b.input]));
  return withStore(executor, graph, new Map(), (store) => executor.logits(store, graph, "running", imagesOnly(x)));
}

async function compareShuffle(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const [x, groups] = [golden.tensor("x"), golden.number("groups")];
  const channels = mapOf(x)[2];
  compare.absolute("y", await shuffled(executor, x, groups), golden.floats("y"), 0);
  if (!golden.has("sourceChannel")) return;
  const numbered = { shape: [1, 1, 1, channels], data: Float32Array.from({ length: channels }, (_, c) => c) };
  compare.absolute("source channels", await shuffled(executor, numbered, groups), golden.tensor("sourceChannel").data, 0);
}

export const channelShuffle: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden) => `${golden.number("groups")} groups`, (golden, compare) => compareShuffle(executor, golden, compare));
};
