/**
 * `search_net*.json`: the whole search network with DARTS's own steps: forward and gradients, both architecture gradients, and traces of the
 * alternation. The steps are the method's (`algorithms/darts/steps`); what is compared is read between them.
 */
import { plainLoss, UnrolledGradient, type UnrollStage } from "@/algorithms/darts/steps";
import { digest, type Comparison } from "../compare";
import type { CaseResult, Handler } from "../types";
import { AlphaCourse } from "./alphaCourse";
import { type Fields, fileOf } from "./fields";
import { compareGroup, comparePerTensor, only, statisticsOf } from "./manifest";
import { runNetworkCase } from "./rounding";
import { gradientsAt, normOf, readAll, type SearchRun } from "./searchRun";
import { compareAlphaGradient, searchSetup, TOLERANCE } from "./searchSetup";
import { compareTrace } from "./searchTrace";
import { withStore, type Values } from "./values";

async function compareForward(run: SearchRun, file: Fields, compare: Comparison): Promise<void> {
  const golden = file.fields("forward_train_batch");
  const { executor, store, graph, train, weights, alphas } = run;
  compare.tensor("logits", await executor.logits(store, graph, "batch", train), golden.tensor("logits").data, TOLERANCE.forward);
  const { loss, gradients } = await gradientsAt(run, train, "all", true);
  compare.number("loss", loss, golden.number("loss"), TOLERANCE.forward);
  compareAlphaGradient(compare, "dalpha", gradients, golden.fields("dalpha"), alphas, TOLERANCE.gradients);
  if (golden.has("dweights_l2")) compare.number("dweights_l2", normOf(gradients, run), golden.number("dweights_l2"), TOLERANCE.gradients);
  const bounds = { tensor: TOLERANCE.gradients, digest: TOLERANCE.digest };
  compareGroup(compare, "d", only(gradients, weights), golden, "dweights", [file, "weights_manifest"], bounds);
  compareGroup(compare, "", await statisticsOf(store, graph), golden, "bn_after", [file, "bn_manifest"], { tensor: TOLERANCE.forward, digest: TOLERANCE.forward });
  compare.tensor("eval_logits", await executor.logits(store, graph, "running", train), golden.tensor("eval_logits").data, TOLERANCE.forward);
}

async function compareFirstOrder(run: SearchRun, file: Fields, compare: Comparison): Promise<void> {
  const golden = file.fields("first_order");
  const { executor, store, graph, validation, alphas, alphaStep } = run;
  executor.accumulate(store, [graph], validation, { ...plainLoss, part: "architecture" }, true);
  const [loss = Number.NaN] = await executor.takeLosses();
  compare.number("loss_val", loss, golden.number("loss_val"), TOLERANCE.forward);
  const gradients = await executor.vectors(store).read("gradients", alphas);
  compareAlphaGradient(compare, "dalpha", gradients, golden.fields("dalpha"), alphas, TOLERANCE.gradients);
  executor.update(store, [graph], alphaStep);
  await new AlphaCourse(run).compare(compare, "alphas_after_adam", store, gradients, golden.fields("dalpha"), golden.fields("alphas_after_adam"));
}

/** Σ(after − before)·v / Σv²: the multiple of v by which the weights really moved. */
function multipleOf(v: Values, before: Values, after: Values): number {
  let [along, squares] = [0, 0];
  for (const [name, slope] of v)
    slope.forEach((s, i) => {
      along += ((after.get(name)?.[i] as number) - (before.get(name)?.[i] as number)) * s;
      squares += s * s;
    });
  return along / squares;
}

async function compareSecondOrder(run: SearchRun, golden: Fields, compare: Comparison): Promise<void> {
  const { executor, store, graph, train, validation, weights, alphas, weightDecay } = run;
  const eta = golden.number("eta");
  const vectors = executor.vectors(store);
  for (let i = 0; i < golden.numberOr("warm_up_weight_steps", 0); i++) executor.trainStep(store, [graph], train, { ...plainLoss, ...run.weightStep(eta) }, true);
  await executor.takeLosses();

  const start = await readAll(store, weights);
  let [slope, plus, minus, total]: [Values, Values, Values, Values] = [new Map(), new Map(), new Map(), new Map()];
  const lastLoss = async (): Promise<number> => (await executor.takeLosses()).at(-1) ?? Number.NaN;
  const looks: Readonly<Record<UnrollStage, () => Promise<void>>> = {
    unrolled: async () => {
      const moved = await readAll(store, weights);
      compare.tensor("unrolled_weights", digest(moved.values()), golden.numbers("unrolled_weights"), TOLERANCE.digest);
      comparePerTensor(compare, "unrolled", moved, golden.fields("unrolled_weights_per_tensor"), TOLERANCE.digest);
      // The method keeps this gradient for itself: the same pass again shows it.
      const { loss, gradients } = await gradientsAt(run, validation, "all", false);
      compare.number("loss_val_at_unrolled", loss, golden.number("loss_val_at_unrolled"), TOLERANCE.forward);
      compareAlphaGradient(compare, "direct", gradients, golden.fields("direct"), alphas, TOLERANCE.gradients);
      slope = only(gradients, weights);
      compare.number("vector_norm", digest(slope.values())[1], golden.number("vector_norm"), TOLERANCE.epsilon);
    },
    direct: async () => compare.number("loss_val_at_unrolled, the method's", await lastLoss(), golden.number("loss_val_at_unrolled"), TOLERANCE.forward),
    plus: async () => {
      compare.number("epsilon", multipleOf(slope, start, await readAll(store, weights)), golden.number("epsilon"), TOLERANCE.epsilon);
      compare.number("loss_train_plus", await lastLoss(), golden.number("loss_train_plus"), TOLERANCE.forward);
      plus = await vectors.read("gradients", alphas);
      compareAlphaGradient(compare, "dalpha_train_plus", plus, golden.fields("dalpha_train_plus"), alphas, TOLERANCE.gradients);
    },
    minus: async () => {
      compare.number("loss_train_minus", await lastLoss(), golden.number("loss_train_minus"), TOLERANCE.forward);
      minus = await vectors.read("gradients", alphas);
      compareAlphaGradient(compare, "dalpha_train_minus", minus, golden.fields("dalpha_train_minus"), alphas, TOLERANCE.gradients);
    },
    gradient: async () => {
      const epsilon = golden.number("epsilon");
      const implicit = new Map([...plus].map(([name, up]) => [name, up.map((g, i) => (g - (minus.get(name)?.[i] as number)) / (2 * epsilon))]));
      compareAlphaGradient(compare, "implicit", implicit, golden.fields("implicit"), alphas, TOLERANCE.difference);
      total = await vectors.read("gradients", alphas);
      compareAlphaGradient(compare, "dalpha", total, golden.fields("dalpha"), alphas, TOLERANCE.difference);
      const restored = await readAll(store, weights);
      for (const [name, values] of start) compare.tensor(`restored ${name}`, restored.get(name) ?? [], values, 1e-6);
    },
  };
  await new UnrolledGradient(executor, store).observed(graph, train, validation, { eta, weightDecay }, (stage) => looks[stage]());
  executor.update(store, [graph], run.alphaStep);
  await new AlphaCourse(run).compare(compare, "alphas_after_adam", store, total, golden.fields("dalpha"), golden.fields("alphas_after_adam"));
}

/** Every case starts from the network of the file. */
export const searchNet: Handler = async (value, context) => {
  const file = fileOf(value);
  const setup = searchSetup(file);
  const executor = await context.executor();
  const results: CaseResult[] = [];
  const add = async (name: string, body: (run: SearchRun, compare: Comparison) => Promise<void>): Promise<void> => {
    results.push(await runNetworkCase(name, (compare, start) => withStore(executor, setup.graph, start(setup.values), (store) => body({ ...setup, executor, store }, compare))));
  };
  if (file.has("forward_train_batch")) await add("forward_train_batch", (run, compare) => compareForward(run, file, compare));
  if (file.has("first_order")) await add("first_order", (run, compare) => compareFirstOrder(run, file, compare));
  for (const [i, golden] of (file.has("second_order") ? file.records("second_order") : []).entries()) await add(`second_order[${i}]`, (run, compare) => compareSecondOrder(run, golden, compare));
  for (const order of ["first", "second"] as const) {
    const key = `trace_${order}_order`;
    if (file.has(key)) await add(key, (run, compare) => compareTrace(run, file.fields(key), order, compare));
  }
  return results;
};
