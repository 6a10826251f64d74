/** A few iterations of DARTS's alternation against the official loop: α on one batch, then w on the other; odd iterations swap the batches. */
import { firstOrderStep, UnrolledGradient, weightStep } from "@/algorithms/darts/steps";
import { digest, type Comparison } from "../compare";
import { AlphaCourse } from "./alphaCourse";
import type { Fields } from "./fields";
import { comparePerTensor, statisticsOf } from "./manifest";
import { gradientsAt, normOf, readAll, type SearchRun } from "./searchRun";
import { compareAlphaGradient, TOLERANCE } from "./searchSetup";
import type { Values } from "./values";

/** What lasts from one iteration to the next. */
interface Course {
  readonly unrolled: UnrolledGradient;
  readonly course: AlphaCourse;
}

async function compareIteration(run: SearchRun, golden: Fields, order: "first" | "second", { unrolled, course }: Course, compare: Comparison): Promise<void> {
  const { executor, store, graph, alphas, weights, weightDecay } = run;
  const iteration = golden.number("iteration");
  const [train, validation] = iteration % 2 === 0 ? [run.train, run.validation] : [run.validation, run.train];
  const at = (what: string): string => `iteration ${iteration} ${what}`;
  const lr = golden.number("lr");

  let slope: Values;
  if (order === "first") {
    // The step itself leaves no gradient behind: a pass before it shows it.
    slope = (await gradientsAt(run, validation, "architecture", false)).gradients;
    compareAlphaGradient(compare, at("dalpha"), slope, golden.fields("dalpha"), alphas, TOLERANCE.gradients);
    firstOrderStep(executor, store, graph, validation, run.alphaStep);
  } else {
    unrolled.run(graph, train, validation, { eta: lr, weightDecay });
    slope = await executor.vectors(store).read("gradients", alphas);
    compareAlphaGradient(compare, at("dalpha"), slope, golden.fields("dalpha"), alphas, TOLERANCE.difference);
    executor.update(store, [graph], run.alphaStep);
  }
  await course.compare(compare, at("alphas"), store, slope, golden.fields("dalpha"), golden.fields("alphas"));

  const { gradients } = await gradientsAt(run, train, "weights", false);
  compare.number(at("grad_norm_before_clip"), normOf(gradients, run), golden.number("grad_norm_before_clip"), TOLERANCE.gradients);
  weightStep(executor, store, graph, train, run.weightStep(lr));
  compare.number(at("loss_train"), (await executor.takeLosses()).at(-1) ?? Number.NaN, golden.number("loss_train"), TOLERANCE.forward);
  compare.tensor(at("weights"), digest((await readAll(store, weights)).values()), golden.numbers("weights"), TOLERANCE.digest);
  compare.tensor(at("bn_mean_var"), digest((await statisticsOf(store, graph)).values()), golden.numbers("bn_mean_var"), TOLERANCE.digest);
}

/** The trace, then logits with the running statistics of its end, and sums of some weights. */
export async function compareTrace(run: SearchRun, golden: Fields, order: "first" | "second", compare: Comparison): Promise<void> {
  const { executor, store, graph, validation, weights } = run;
  const course = { unrolled: new UnrolledGradient(executor, store), course: new AlphaCourse(run) };
  for (const iteration of golden.records("iterations")) await compareIteration(run, iteration, order, course, compare);
  if (golden.has("eval_logits_val")) compare.tensor("eval_logits_val", await executor.logits(store, graph, "running", validation), golden.tensor("eval_logits_val").data, TOLERANCE.gradients);
  if (golden.has("final_weights_per_tensor")) comparePerTensor(compare, "final", await readAll(store, weights), golden.fields("final_weights_per_tensor"), TOLERANCE.digest);
}
