/** Softmax cross entropy with label smoothing in one kernel: loss, gradient and right answers together. */
import { mul, type GradConfig, type Tensor } from "@tensorflow/tfjs-core";
import { at, runMany } from "../kernel";

export interface CrossEntropy {
  /** Mean over the batch, a scalar; the gradient flows from here. */
  readonly loss: Tensor;
  /** Right answers in the batch, a scalar. */
  readonly correct: Tensor;
}

/** logits [b, classes], labels int32 [b]; targets (1 − epsilon)·onehot + epsilon/classes. */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, epsilon: number): CrossEntropy {
  const outputs = runMany("NasSoftmaxCrossEntropy", { logits, labels }, { epsilon });
  return { loss: at(outputs, 0), correct: at(outputs, 2) };
}

export const crossEntropyGradient: GradConfig = {
  kernelName: "NasSoftmaxCrossEntropy",
  outputsToSave: [false, true, false],
  gradFunc: (dys, saved) => {
    const dloss = Array.isArray(dys) ? at(dys, 0) : dys;
    return { logits: () => mul(at(saved, 0), dloss) };
  },
};
