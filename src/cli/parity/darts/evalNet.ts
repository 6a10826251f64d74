/** `eval_net.json`: a derived network with its auxiliary classifier, one training-mode pass: both logits, losses, gradients, statistics. */
import { derivedNetwork } from "@/nas/cell/networks";
import type { Graph } from "@/nas/graph";
import type { Batch, Executor, ParamStore } from "@/nn/executor";
import { plainLoss } from "@/algorithms/darts/steps";
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { type Fields, fileOf } from "./fields";
import { formulaImages, formulaLabels } from "./formula";
import { genotypeNamed } from "./genotypeTable";
import { compareGroup, comparePerTensor, networkWeights, only, statisticsOf, weightNames } from "./manifest";
import { runNetworkCase, type Start } from "./rounding";
import { withStore } from "./values";

const FORWARD = 1e-4;
const DIGEST = 1e-3;

function batchOf(file: Fields, config: Fields, classes: number): Batch {
  const size = config.number("batch");
  const length = size * config.number("height") * config.number("width") * 3;
  const formula = file.has("images_formula") ? file.fields("images_formula") : file;
  const images = file.has("x") ? file.floats("x") : formulaImages(formula.number("x_seed"), length);
  const labels = file.has("y_labels") ? Uint8Array.from(file.tensor("y_labels").data) : formulaLabels(formula.number("y_seed"), size, classes);
  return { images, labels, size };
}

/** Mean cross entropy of one classifier, each batch normalised by itself. */
async function lossOf(executor: Executor, store: ParamStore, graph: Graph, batch: Batch): Promise<number> {
  const evaluation = executor.evaluate(store, graph, "batch");
  evaluation.add(batch);
  return (await evaluation.result()).loss;
}

async function compareNetwork(executor: Executor, file: Fields, compare: Comparison, start: Start): Promise<void> {
  const config = file.fields("config");
  const [side, width, classes] = [config.number("height"), config.number("width"), config.numberOr("num_classes", 10)];
  if (side !== width) throw new Error(`Networks of ours are square; the images are ${side}×${width}.`);
  if (config.numberOr("drop_path_prob", 0) > 0) throw new Error("Drop path needs masks, which the file does not have.");
  const auxiliary = config.has("auxiliary") && config.flag("auxiliary") ? config.numberOr("auxiliary_weight", 0.4) : 0;
  const graph = derivedNetwork(genotypeNamed(config.text("genotype")), {
    channels: config.number("C"), cells: config.number("layers"), side, classes, auxiliary, stemMultiplier: config.numberOr("stem_multiplier", 3),
  }); // prettier-ignore
  const { auxiliary: second, ...main } = graph;
  const batch = batchOf(file, config, classes);
  await withStore(executor, graph, start(networkWeights(file, graph)), async (store) => {
    compare.tensor("logits", await executor.logits(store, main, "batch", batch), file.tensor("logits").data, FORWARD);
    if (file.has("loss_main")) compare.number("loss_main", await lossOf(executor, store, main, batch), file.number("loss_main"), FORWARD);
    if (second !== undefined) {
      const other = { ...main, output: second.output };
      compare.tensor("logits_aux", await executor.logits(store, other, "batch", batch), file.tensor("logits_aux").data, FORWARD);
      if (file.has("loss_aux")) compare.number("loss_aux", await lossOf(executor, store, other, batch), file.number("loss_aux"), FORWARD);
    }
    executor.accumulate(store, [graph], batch, plainLoss, true);
    const [total = Number.NaN] = await executor.takeLosses();
    compare.number("loss_total", total, file.number(file.has("loss_total") ? "loss_total" : "loss_main"), FORWARD);
    const vectors = executor.vectors(store);
    const gradients = only(await vectors.read("gradients"), weightNames(graph));
    vectors.clear("gradients", "all");
    compareGroup(compare, "d", gradients, file, "dweights", [file, "weights_manifest"], { tensor: DIGEST, digest: DIGEST });
    if (file.has("dweights_per_tensor")) comparePerTensor(compare, "d", gradients, file.fields("dweights_per_tensor"), DIGEST);
    if (file.has("bn_after")) compareGroup(compare, "", await statisticsOf(store, graph), file, "bn_after", [file, "bn_manifest"], { tensor: FORWARD, digest: DIGEST });
    if (file.has("eval_logits")) compare.tensor("eval_logits", await executor.logits(store, graph, "running", batch), file.tensor("eval_logits").data, FORWARD);
  });
}

export const evalNet: Handler = async (value, context) => {
  const file = fileOf(value);
  const config = file.fields("config");
  const executor = await context.executor();
  return [await runNetworkCase(`${config.text("genotype")} C ${config.number("C")}, ${config.number("layers")} cells`, (compare, start) => compareNetwork(executor, file, compare, start))];
};
