/**
 * Batch norm over all but the last dimension, with the activation behind it fused in. Training normalises by the batch's own
 * biased variance; evaluation by given statistics. γ and β are always tensors: callers pass ones and zeros for a norm without them.
 */
import type { GradConfig, Tensor } from "@tensorflow/tfjs-core";
import { at, runMany, runOne, type Attrs } from "../kernel";

export type Activation = "none" | "relu" | "relu6";

/** The kernels' number for an activation: upper bound, −1 for unbounded, 0 for none. */
function capOf(activation: Activation): number {
  return activation === "none" ? 0 : activation === "relu" ? -1 : 6;
}

export interface TrainedNorm {
  readonly y: Tensor;
  /** Batch mean [c]. */
  readonly mean: Tensor;
  /** Biased batch variance [c]. */
  readonly variance: Tensor;
}

export function batchNormTrain(x: Tensor, gamma: Tensor, beta: Tensor, eps: number, activation: Activation): TrainedNorm {
  const outputs = runMany("NasBatchNormTrain", { x, gamma, beta }, { eps, cap: capOf(activation) });
  return { y: at(outputs, 0), mean: at(outputs, 1), variance: at(outputs, 2) };
}

/** Normalises by given statistics. Has no gradient. */
export function batchNormEval(
  x: Tensor,
  stats: { readonly mean: Tensor; readonly variance: Tensor },
  gamma: Tensor,
  beta: Tensor,
  eps: number,
  activation: Activation,
): Tensor {
  return runOne("NasBatchNormEval", { x, mean: stats.mean, variance: stats.variance, gamma, beta }, { eps, cap: capOf(activation) });
}

/** The statistics are by-products: gradients reaching them are not passed on. */
export const batchNormGradient: GradConfig = {
  kernelName: "NasBatchNormTrain",
  inputsToSave: ["x", "gamma", "beta"],
  outputsToSave: [false, true, true],
  gradFunc: (dys, saved, named) => {
    const dy = Array.isArray(dys) ? at(dys, 0) : dys;
    const [x, gamma, beta, mean, variance] = [at(saved, 0), at(saved, 1), at(saved, 2), at(saved, 3), at(saved, 4)];
    const grads = runMany("NasBatchNormGrad", { dy, x, mean, variance, gamma, beta }, named as Attrs);
    return { x: () => at(grads, 0), gamma: () => at(grads, 1), beta: () => at(grads, 2) };
  },
};
