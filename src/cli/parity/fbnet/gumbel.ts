/** `gumbel.json`: Gumbel-softmax weights from given uniform numbers, their gradients, one draw for all examples or one each, and the schedules. */
import { gumbelGradient, softGumbel } from "@/nas/cell/gumbel";
import { argmaxRows, softmaxRows } from "@/nas/cell/rows";
import { noiseOf } from "@/nas/relaxation/draws";
import { exponential, paperAnnealing } from "@/nas/relaxation/temperature";
import { cosine } from "@/nn/schedule";
import type { Comparison } from "../compare";
import { type Fields, fileOf, runCases } from "../darts/fields";
import type { Handler } from "../types";
import { near } from "./near";

/** Largest rate of the reference's cosine and the epochs that it lasts; the README states the formula. */
const cosineCourse = { base: 0.1, epochs: 90 } as const;

interface Case {
  readonly name: string;
  readonly golden: Fields;
  readonly body: (golden: Fields, compare: Comparison) => void;
}

function compareDraw(golden: Fields, compare: Comparison): void {
  const [theta, u] = [golden.tensor("theta"), golden.floats("u")];
  const [tau, columns] = [golden.number("tau"), theta.shape.at(-1) ?? 0];
  const noise = Float64Array.from(u, noiseOf);
  const m = softGumbel(theta.data, noise, columns, tau);
  if (golden.has("gumbel")) near(compare, "gumbel", noise, golden.tensor("gumbel").data);
  near(compare, "m", m, golden.tensor("m").data);
  if (golden.has("argmax")) {
    const want = golden.raw("argmax");
    compare.exact("argmax", argmaxRows(m, columns), Array.isArray(want) ? want : [want]);
  }
  if (golden.has("softmaxTheta")) near(compare, "softmaxTheta", softmaxRows(theta.data, columns), golden.tensor("softmaxTheta").data);
  near(compare, "gradTheta", gumbelGradient(m, golden.tensor("dm").data, columns, tau), golden.tensor("gradTheta").data);
}

/** One θ, a row of noise an example: the gradients of the rows add up. */
function compareExamples(golden: Fields, compare: Comparison): void {
  const [theta, u] = [golden.tensor("theta"), golden.floats("u")];
  const [tau, columns] = [golden.number("tau"), theta.data.length];
  const repeated = Float64Array.from(u, (_, i) => theta.data[i % columns] ?? Number.NaN);
  const m = softGumbel(repeated, Float64Array.from(u, noiseOf), columns, tau);
  near(compare, "m", m, golden.tensor("m").data);
  const sum = new Float64Array(columns);
  gumbelGradient(m, golden.tensor("dm").data, columns, tau).forEach((value, i) => (sum[i % columns] = (sum[i % columns] ?? 0) + value));
  near(compare, "gradTheta", sum, golden.tensor("gradTheta").data);
}

function compareSchedule(golden: Fields, compare: Comparison): void {
  const epochs = golden.numbers("epoch");
  const courses: Readonly<Record<string, (epoch: number) => number>> = {
    tauExp: (epoch) => exponential(paperAnnealing.from, paperAnnealing.perEpoch, epoch),
    tau0956: (epoch) => exponential(paperAnnealing.from, paperAnnealing.rounded, epoch),
    cosineLr: (epoch) => cosine(cosineCourse.base, epoch, cosineCourse.epochs),
  };
  for (const [key, course] of Object.entries(courses)) if (golden.has(key)) near(compare, key, epochs.map(course), golden.numbers(key));
}

export const gumbel: Handler = async (value) => {
  const file = fileOf(value);
  const list = (key: string): readonly Fields[] => (file.has(key) ? file.records(key) : []);
  const cases: Case[] = [
    ...list("cases").map((golden, i) => ({ name: `case ${i}, τ ${golden.number("tau")}`, golden, body: compareDraw })),
    ...list("perSample").map((golden, i) => ({ name: `per example ${i}, τ ${golden.number("tau")}`, golden, body: compareExamples })),
    ...(file.has("schedule") ? [{ name: "schedule", golden: file.fields("schedule"), body: compareSchedule }] : []),
  ];
  return runCases(cases, ({ name }) => name, ({ golden, body }, compare) => body(golden, compare));
};
