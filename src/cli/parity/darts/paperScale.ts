/** `paper_scale.json`: networks of the paper's size with formula weights: logits as scored at the start, then as training normalises them. */
import { nodesOfAlpha } from "@/nas/cell/derive";
import { cellKinds } from "@/nas/cell/genotype";
import { alphaName, derivedNetwork, searchNetwork } from "@/nas/cell/networks";
import type { Graph } from "@/nas/graph";
import type { Executor, ParamStore } from "@/nn/executor";
import { digest, type Comparison } from "../compare";
import type { Handler } from "../types";
import { type Fields, fileOf, runCases } from "./fields";
import { formulaImages } from "./formula";
import { genotypeNamed } from "./genotypeTable";
import { weightsByFormula } from "./manifest";
import { alphasOf } from "./searchSetup";
import { withStore } from "./values";

const TOLERANCE = { eval: 1e-4, training: 1e-2 } as const;

/** What networks start from, and how far one batch moves them. */
const MOVED = 0.1;

function graphOf(golden: Fields): Graph {
  const shape = { channels: golden.number("C"), cells: golden.number("layers"), side: golden.numberOr("height", 32), classes: golden.numberOr("num_classes", 10) };
  if (golden.text("kind") === "search") return searchNetwork({ ...shape, nodes: nodesOfAlpha(golden.tensor("alphas_normal").data.length) });
  return derivedNetwork(genotypeNamed(golden.text("genotype")), shape);
}

/**
 * Running statistics after one training batch, from the batch's own: 0.9·start + 0.1·batch. The forward pass alone gives them; a backward pass of
 * networks of this size would only cost time.
 */
async function statisticsAfter(executor: Executor, store: ParamStore, graph: Graph, batch: { readonly images: Float32Array; readonly size: number }): Promise<Float64Array[]> {
  const recalibration = executor.recalibrate(store, graph);
  recalibration.add({ ...batch, labels: new Uint8Array(batch.size) });
  const stats = recalibration.finish();
  const found = await stats.read();
  stats.dispose();
  return [...found].map(([name, values]) => Float64Array.from(values, (v) => MOVED * v + (name.endsWith(".var") ? 1 - MOVED : 0)));
}

async function compareNetwork(executor: Executor, golden: Fields, compare: Comparison): Promise<void> {
  const graph = graphOf(golden);
  const [size, side] = [golden.number("batch"), golden.numberOr("height", 32)];
  const batch = { images: formulaImages(golden.number("images_seed"), size * side * side * 3), labels: new Uint8Array(size), size };
  const alphas = cellKinds.map(alphaName).filter((name) => graph.params.some((spec) => spec.name === name));
  const values = new Map([...alphasOf(golden, alphas), ...weightsByFormula(golden, graph, golden.number("weights_seed"), golden.number("values_used"))]);
  await withStore(executor, graph, values, async (store) => {
    const scored = await executor.logits(store, graph, "running", batch);
    compare.tensor("eval_logits_initial_stats", scored, golden.tensor("eval_logits_initial_stats").data, TOLERANCE.eval);
    const trained = await executor.logits(store, graph, "batch", batch);
    compare.tensor("train_logits", trained, golden.tensor("train_logits").data, TOLERANCE.training);
    if (golden.has("bn_after")) compare.tensor("digest of bn_after", digest(await statisticsAfter(executor, store, graph, batch)), golden.numbers("bn_after"), TOLERANCE.training);
  });
}

function nameOf(golden: Fields): string {
  const what = golden.has("genotype") ? golden.text("genotype") : golden.text("kind");
  return `${what} C ${golden.number("C")}, ${golden.number("layers")} cells`;
}

export const paperScale: Handler = async (value, context) => {
  const executor = await context.executor();
  return runCases(fileOf(value).records("cases"), nameOf, (golden, compare) => compareNetwork(executor, golden, compare));
};
