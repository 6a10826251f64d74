/** `fbnet/jointnas.json`: the predictor with its gradients, quasi-random points, rank statistics, early stop, and the rates of the adaptive evolution. */
import { crossoverRate, fitnessStats, mutationRate } from "@/nas/joint/adaptive";
import { earlyStop } from "@/nas/joint/earlyStop";
import { sobolDirections, sobolPoints } from "@/nas/joint/sobol";
import { kendallTauB, spearmanRho } from "@/nas/ranking";
import { rootKey } from "@/lib/rng";
import { huber, huberGradient, openPredictor } from "@/nn/predictor";
import type { Comparison } from "../compare";
import { type Fields, fileOf, runCase, runCases, type Tensor } from "../darts/fields";
import type { CaseResult, Handler } from "../types";

const TOLERANCE = 1e-5;
/** Of a count of digits, not of arithmetic: the file has nine. */
const DIGITS = 1e-8;

/** The predictor always computes on tfjs-cpu, whichever backend the rest is on. */
const NOTE = "tfjs-cpu on every backend";

function rowsOf({ shape, data }: Tensor): Float32Array[] {
  const [n = 0, width = 0] = shape;
  return Array.from({ length: n }, (_, i) => Float32Array.from(data.subarray(i * width, (i + 1) * width)));
}

/** Gradients of what a head does not reach are nought, and may be left out of either side. */
function compareGradients(name: string, got: ReadonlyMap<string, Float32Array>, want: ReadonlyMap<string, Tensor>, compare: Comparison): void {
  const missing = [...got.keys()].find((key) => !want.has(key));
  if (missing !== undefined) compare.problem(`${name} has no ${missing}`);
  for (const [key, { data }] of want) {
    const ours = got.get(key) ?? new Float32Array(data.length);
    compare.tensor(`${name}.${key}`, ours, data, TOLERANCE);
  }
}

async function comparePredictor(golden: Fields, compare: Comparison): Promise<void> {
  const values = new Map([...golden.fields("params").tensors()].map(([name, { data }]) => [name, Float32Array.from(data)]));
  const [arch, recipe] = [golden.tensor("arch"), golden.tensor("recipe")];
  const lengthOf = (name: string): number => values.get(name)?.length ?? 0;
  const shape = { arch: arch.shape[1] ?? 0, recipe: recipe.shape[1] ?? 0, hidden: lengthOf("enc1.b"), embedding: lengthOf("enc2.b"), head: lengthOf("acc1.b") };
  const predictor = await openPredictor(shape);
  const rows = { arch: rowsOf(arch), recipe: rowsOf(recipe) };
  compare.tensor("embedding", predictor.embed(values, rows.arch), golden.tensor("embedding").data, TOLERANCE);
  compare.tensor("proxy", predictor.predict(values, "costs", rows), golden.tensor("proxy").data, TOLERANCE);
  compare.tensor("acc", predictor.predict(values, "accuracy", rows), golden.tensor("acc").data, TOLERANCE);
  const heads = [["costs", "stats", "Proxy"], ["accuracy", "accTarget", "Acc"]] as const; // prettier-ignore
  for (const [head, targets, name] of heads) {
    const { loss, gradients } = predictor.gradients(values, head, rows, rowsOf(golden.tensor(targets)).map((row) => [...row]));
    compare.number(`loss${name}`, loss, golden.number(`loss${name}`), TOLERANCE);
    compareGradients(`grad${name}`, gradients, golden.fields(`grad${name}`).tensors(), compare);
  }
}

function triples(file: Fields, key: string): number[][] {
  return file.list(key).map((row) => (Array.isArray(row) && row.every((v): v is number => typeof v === "number") ? row : file.fail(key, "must be lists of numbers")));
}

function compareHuber(file: Fields, compare: Comparison): void {
  for (const [d = Number.NaN, loss = Number.NaN, gradient = Number.NaN] of triples(file, "huber")) {
    compare.number(`loss at ${d}`, huber(d), loss, DIGITS);
    compare.number(`gradient at ${d}`, huberGradient(d), gradient, DIGITS);
  }
}

function compareSobol(golden: Fields, compare: Comparison): void {
  triples(golden, "directions").forEach((want, d) => compare.exact(`directions of dimension ${d}`, sobolDirections(d), want));
  const [zero = new Float32Array(0), ...points] = rowsOf(golden.tensor("points"));
  compare.exact("point 0", [...zero], [...new Float32Array(golden.number("dimension"))]);
  const stream = sobolPoints(golden.number("dimension"), rootKey(0).stream());
  points.forEach((want, i) => compare.tensor(`point ${i + 1}`, stream.next(), want, DIGITS));
}

function compareEarlyStop(golden: Fields, compare: Comparison): void {
  const found = earlyStop(rowsOf(golden.tensor("curves")).map((row) => [...row]), golden.number("threshold"));
  compare.tensor("spearmanToFinal", found.spearman, golden.numbers("spearmanToFinal"), DIGITS);
  compare.exact("epoch", found.epoch, golden.number("epoch"));
}

function compareAdaptive(golden: Fields, compare: Comparison): void {
  const fitness = golden.numbers("fitness");
  const stats = fitnessStats(fitness);
  compare.tensor("pc", fitness.map((f) => crossoverRate(f, stats)), golden.numbers("pc"), DIGITS);
  compare.tensor("pm", fitness.map((f) => mutationRate(f, stats)), golden.numbers("pm"), DIGITS);
}

export const jointnas: Handler = async (value): Promise<readonly CaseResult[]> => {
  const file = fileOf(value);
  const results: CaseResult[] = [];
  if (file.has("predictor")) {
    const result = await runCase("predictor", (compare) => comparePredictor(file.fields("predictor"), compare));
    results.push({ ...result, note: result.note === undefined ? NOTE : `${result.note}; ${NOTE}` });
  }
  if (file.has("huber")) results.push(await runCase("huber", (compare) => compareHuber(file, compare)));
  if (file.has("sobol")) results.push(await runCase("sobol", (compare) => compareSobol(file.fields("sobol"), compare)));
  if (file.has("rank"))
    results.push(
      ...(await runCases(file.records("rank"), (_, i) => `rank ${i}`, (golden, compare) => {
        const [a, b] = [golden.numbers("a"), golden.numbers("b")];
        compare.number("spearman", spearmanRho(a, b), golden.number("spearman"), DIGITS);
        compare.number("kendallTauB", kendallTauB(a, b), golden.number("kendallTauB"), DIGITS);
      })),
    );
  if (file.has("earlyStop")) results.push(await runCase("earlyStop", (compare) => compareEarlyStop(file.fields("earlyStop"), compare)));
  if (file.has("adaptive")) results.push(await runCase("adaptive", (compare) => compareAdaptive(file.fields("adaptive"), compare)));
  return results;
};
