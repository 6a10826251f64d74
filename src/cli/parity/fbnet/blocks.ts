/** `blocks.json`: candidate blocks and the projecting skip, scored and trained one step: outputs, running statistics after, all gradients. */
import type { Graph } from "@/nas/graph";
import { graphBuilder } from "@/nas/graphBuilder";
import { addFbnetBlock, blockName, keepsShape } from "@/nas/space/fbnetV1";
import { torchDefaultInit } from "@/nas/space/init";
import type { Executor } from "@/nn/executor";
import type { Comparison } from "../compare";
import { imagesOnly, mapOf } from "../darts/block";
import { type Fields, fileOf, runCases, type Tensor } from "../darts/fields";
import { weightsFor, withStore } from "../darts/values";
import type { Handler } from "../types";
import { near } from "./near";

const convolutions: Readonly<Record<string, string>> = { pw: "expand", dw: "dw", pwl: "project", conv: "conv" };
/** Names of norms in the files are those of ours; of their fields only the statistics of norms are none of ours. */
const fields: Readonly<Record<string, string>> = { gamma: "weight", beta: "bias", runningMean: "mean", runningVar: "var" };
export const normNames = ["bn1", "bn2", "bn3", "bn"] as const;
export const kernelNames = Object.keys(convolutions);

/** Our name of `pw`, `bn1.gamma` or `bn1.runningMean`; a name that is none of the files' stays as it is, and is missed. */
export function ourNames(prefix: string): (theirs: string) => string {
  return (theirs) => {
    const [owner = "", field] = theirs.split(".");
    if (field === undefined) return Object.hasOwn(convolutions, owner) ? `${prefix}.${convolutions[owner]}.weight` : theirs;
    return `${prefix}.${owner}.${Object.hasOwn(fields, field) ? fields[field] : field}`;
  };
}

interface Block {
  readonly graph: Graph;
  /** Path of its nodes. */
  readonly prefix: string;
}

/** A case without kernel, expansion and groups is a skip. */
function blockOf(config: Fields, x: Tensor, compare: Comparison): Block {
  const [h, w, channels] = mapOf(x);
  const slot = { mutable: "block", cin: config.numberOr("cin", channels), cout: config.number("cout"), stride: config.numberOr("stride", 1) };
  if (slot.cin !== channels) throw new Error(`The block reads ${slot.cin} channels, its input has ${channels}.`);
  const shape = config.has("k") ? { k: config.number("k"), e: config.number("e"), g: config.numberOr("g", 1) } : null;
  const choice = shape === null ? "skip" : blockName(shape);
  const b = graphBuilder([h, w, channels], torchDefaultInit);
  const output = addFbnetBlock(b, b.input, slot, choice, config.has("keepPw") ? config.flag("keepPw") : true);
  const graph = b.finish(output === b.input ? b.node("identity", { op: "slice", begin: 0, size: channels }, [output]) : output);
  if (shape !== null && config.has("mid")) compare.exact("mid", slot.cin * shape.e, config.number("mid"));
  if (shape !== null && config.has("residual")) compare.exact("residual", keepsShape(slot), config.flag("residual"));
  if (shape !== null && config.has("hasPw")) compare.exact("hasPw", graph.nodes.some(({ name }) => name.endsWith(".expand")), config.flag("hasPw"));
  return { graph, prefix: `block.${choice}` };
}

/** Tensors of a record of records, `bn1.gamma`, by our names. */
export function nested(holder: Fields, owners: readonly string[], ours: (theirs: string) => string): ReadonlyMap<string, Tensor> {
  return new Map(owners.filter((owner) => holder.has(owner)).flatMap((owner) => [...holder.fields(owner).tensors()].map(([field, tensor]) => [ours(`${owner}.${field}`), tensor] as const)));
}

async function compareBlock(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const x = golden.tensor("x");
  const { graph, prefix } = blockOf(golden.fields("config"), x, compare);
  const ours = ourNames(prefix);
  const given = nested(golden, normNames, ours);
  const isStatistic = (name: string): boolean => /\.(?:mean|var)$/.test(name);
  const kernels = kernelNames.filter((key) => golden.has(key)).map((key) => [ours(key), golden.tensor(key)] as const);
  const weights = weightsFor(graph, new Map([...kernels, ...[...given].filter(([name]) => !isStatistic(name))]));
  const statistics = new Map([...given].filter(([name]) => isStatistic(name)).map(([name, { data }]) => [name, Float32Array.from(data)]));
  const batch = imagesOnly(x);
  await withStore(executor, graph, weights, async (store) => {
    store.restore(new Map([...weights, ...statistics]));
    if (golden.has("yEval")) near(compare, "yEval", await executor.logits(store, graph, "running", batch), golden.tensor("yEval").data);
    if (!golden.has("yTrain")) return;
    const { output, inputGradient, gradients } = await executor.probe(store, graph, batch, golden.floats("dy"), true);
    near(compare, "yTrain", output, golden.tensor("yTrain").data);
    for (const [name, { data }] of golden.has("runningAfter") ? nested(golden.fields("runningAfter"), normNames, ours) : []) near(compare, `${name} after`, await store.read(name), data);
    for (const [theirs, { data }] of golden.has("grad") ? golden.fields("grad").tensors() : []) {
      const gradient = theirs === "x" ? inputGradient : gradients.get(ours(theirs));
      if (gradient === undefined) compare.problem(`our block has no weight ${theirs}`);
      else near(compare, `d ${theirs}`, gradient, data);
    }
  });
}

export const blocks: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), (golden) => golden.text("name"), (golden, compare) => compareBlock(executor, golden, compare));
};
