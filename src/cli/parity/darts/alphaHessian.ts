/**
 * `alpha_hessian.json`: curvature of the validation loss in α at the state of `search_net.json` beside it, along one direction, by central
 * differences of the first-order gradient. Only the largest difference is compared: smaller ones are noise, eigenvalues need second derivatives.
 */
import type { Handler } from "../types";
import { type Fields, fileOf } from "./fields";
import { runNetworkCase } from "./rounding";
import { gradientsAt, type SearchRun } from "./searchRun";
import { searchSetup, TOLERANCE } from "./searchSetup";
import { withStore } from "./values";

/** A ReLU on the other side changes the quotient; over so long a difference many do. */
const CURVATURE = 5e-2;

/** α's gradient of the validation loss at α + step·direction, all matrices in one row. */
async function slopeAt(run: SearchRun, direction: Float32Array, step: number): Promise<{ readonly loss: number; readonly slope: Float64Array }> {
  let offset = 0;
  for (const name of run.alphas) {
    const alpha = run.values.get(name) as Float32Array;
    const begin = offset;
    run.store.write(name, alpha.map((a, i) => a + step * (direction[begin + i] as number)));
    offset += alpha.length;
  }
  if (offset !== direction.length) throw new Error(`The direction has ${direction.length} numbers, α has ${offset}.`);
  const { loss, gradients } = await gradientsAt(run, run.validation, "architecture", false);
  return { loss, slope: Float64Array.from(run.alphas.flatMap((name) => [...(gradients.get(name) as Float32Array)])) };
}

function largestDifference(file: Fields): Fields {
  const [first, ...rest] = file.records("finite_difference");
  if (first === undefined) return file.fail("finite_difference", "is empty");
  return rest.reduce((a, b) => (b.number("perturbation_l2") > a.number("perturbation_l2") ? b : a), first);
}

export const alphaHessian: Handler = async (value, context) => {
  const file = fileOf(value);
  const setup = searchSetup(fileOf(await context.sibling("search_net.json")));
  const executor = await context.executor();
  const golden = largestDifference(file);
  const one = await runNetworkCase(`H·v, ‖eps·v‖ = ${golden.number("perturbation_l2")}`, (compare, start) =>
    withStore(executor, setup.graph, start(setup.values), async (store) => {
      const run = { ...setup, executor, store };
      const [direction, eps] = [file.floats("direction_v"), golden.number("eps")];
      const at = await slopeAt(run, direction, 0);
      compare.number("loss", at.loss, file.number("loss"), TOLERANCE.forward);
      const [plus, minus] = [await slopeAt(run, direction, eps), await slopeAt(run, direction, -eps)];
      const product = plus.slope.map((up, i) => (up - (minus.slope[i] as number)) / (2 * eps));
      compare.tensor("Hv_float64", product, golden.tensor("Hv_float64").data, CURVATURE);
    }),
  );
  return [one];
};
