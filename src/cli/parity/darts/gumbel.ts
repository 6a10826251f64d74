/** `gumbel.json`: samples of α for given noise, hard (GDAS) and soft (Gumbel-DARTS), with their gradients. */
import { gumbelGradient, hardGumbel, softGumbel } from "@/nas/cell/gumbel";
import type { Comparison } from "../compare";
import type { Handler } from "../types";
import { type Fields, fileOf, runCases } from "./fields";

const TOLERANCE = 1e-5;

function compareSample(golden: Fields, compare: Comparison): void {
  const [alpha, noise, upstream] = (["alpha", "gumbel", "upstream"] as const).map((key) => golden.tensor(key)) as [ReturnType<Fields["tensor"]>, ReturnType<Fields["tensor"]>, ReturnType<Fields["tensor"]>];
  const [tau, columns] = [golden.number("tau"), alpha.shape[1] ?? 0];
  const sample = hardGumbel(alpha.data, noise.data, columns, tau);
  const soft = softGumbel(alpha.data, noise.data, columns, tau);
  const hard = sample.columns.flatMap((k) => Array.from({ length: columns }, (_, i) => (i === k ? 1 : 0)));
  const ours = {
    probs: sample.probs,
    // The value is the chosen op's alone; what goes back is the gradient of the probabilities.
    dalpha: gumbelGradient(sample.probs, upstream.data, columns, tau),
    soft,
    soft_dalpha: gumbelGradient(soft, upstream.data, columns, tau),
  };
  for (const [key, got] of Object.entries(ours)) if (golden.has(key)) compare.tensor(key, got, golden.tensor(key).data, TOLERANCE);
  compare.exact("index", sample.columns, [...golden.tensor("index").data]);
  if (golden.has("hard")) compare.tensor("hard", hard, golden.tensor("hard").data, TOLERANCE);
}

export const gumbel: Handler = async (value) => runCases(fileOf(value).records("cases"), (golden, i) => `case ${i}, τ ${golden.number("tau")}`, compareSample);
