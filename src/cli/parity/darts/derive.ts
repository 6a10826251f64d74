/** `derive.json`: what α means, by the paper's rule, NNI's, AutoDL's and with a limit on skips; and the metrics of the collapse panel. */
import { dartsPrimitives, type Genotype } from "@/nas/cell/genotype";
import { alphaFacts, cellFacts, deriveCell, deriveTopPairs, type CellRule } from "@/nas/cell/derive";
import { nniDictOf } from "@/nas/formats/nniDict";
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { type Fields, fileOf, runCases } from "./fields";
import { listOf, pairsOf } from "./genotypeTable";
import { checkPrimitives } from "./primitives";

/** Of entropies and mean weights; everything else is exact. */
const TOLERANCE = 1e-5;

const LIMITED = /^normal_skip_limited_(\d+)$/;
const column = (op: (typeof dartsPrimitives)[number]): number => dartsPrimitives.indexOf(op);

function compareMetrics(golden: Fields, compare: Comparison, alphas: Readonly<Record<string, Float64Array>>, official: Genotype): void {
  for (const key of golden.keys()) {
    const [, what = key, kind = "", normalised] = /^(entropy|skip_count|mean_skip_weight|mean_none_weight)_(normal|reduce)(_normalised)?$/.exec(key) ?? [];
    const facts = alphaFacts(alphas[kind] ?? []);
    const derived = kind === "reduce" ? official.reduce : official.normal;
    if (what === "entropy") compare.number(key, normalised === undefined ? facts.entropy : facts.normalisedEntropy, golden.number(key), TOLERANCE);
    else if (what === "skip_count") compare.exact(key, cellFacts(derived).skips, golden.number(key));
    else if (what === "mean_skip_weight") compare.number(key, facts.means[column("skip_connect")] ?? Number.NaN, golden.number(key), TOLERANCE);
    else if (what === "mean_none_weight") compare.number(key, facts.means[column("none")] ?? Number.NaN, golden.number(key), TOLERANCE);
    else compare.problem(`the metric "${key}" is not known`);
  }
}

function compareCase(golden: Fields, compare: Comparison): void {
  const alphas = Object.fromEntries((["normal", "reduce"] as const).map((kind) => [kind, Float64Array.from(golden.tensor(`alphas_${kind}`).data)]));
  const { normal = new Float64Array(), reduce = new Float64Array() } = alphas;
  const by = (rule: CellRule): Genotype => ({ normal: deriveCell(normal, rule).cell, reduce: deriveCell(reduce, rule).cell });
  const official = by("official");
  const ours: Readonly<Record<string, () => Record<string, unknown>>> = {
    official: () => listOf(official),
    nni_export: () => nniDictOf(by("nni")),
    top2_pairs_variant: () => ({ normal: pairsOf(deriveTopPairs(normal)), reduce: pairsOf(deriveTopPairs(reduce)) }),
  };
  for (const [what, make] of Object.entries(ours)) {
    if (!golden.has(what)) continue;
    const [want, got] = [golden.fields(what), make()];
    for (const key of want.keys()) compare.exact(`${what} ${key}`, got[key], want.raw(key));
  }
  for (const key of golden.keys()) {
    const limit = LIMITED.exec(key)?.[1];
    if (limit === undefined) continue;
    const { cell, removed } = deriveCell(normal, "official", Number(limit));
    compare.exact(key, pairsOf(cell), golden.raw(key));
    if (golden.has(`${key}_removed_edges`)) compare.exact(`${key}_removed_edges`, removed, golden.raw(`${key}_removed_edges`));
  }
  if (golden.has("metrics")) compareMetrics(golden.fields("metrics"), compare, alphas, official);
}

export const derive: Handler = async (value) => {
  const file = fileOf(value);
  checkPrimitives(file);
  return runCases(file.records("cases"), (golden) => golden.text("name"), compareCase);
};
