/** Softmax cross entropy with label smoothing in one kernel: loss, gradient and right answers together. And its twin with a teacher's targets. */
import { customGrad, div, exp, logSoftmax, mul, neg, softmax, sub, sum, type GradConfig, type Tensor } from "@tensorflow/tfjs-core";
import { dim } from "../geometry";
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

/** Mean over the batch of the cross entropy of softmax(logits) against softmax(teacher), both [b, classes]. The teacher has no gradient. */
export function softTargetCrossEntropy(logits: Tensor, teacher: Tensor): Tensor {
  const batch = dim(logits.shape, 0);
  return customGrad((z, save) => {
    const [logP, q] = [logSoftmax(z as Tensor), softmax(teacher)];
    (save as (tensors: Tensor[]) => void)([logP, q]);
    return {
      value: div(neg(sum(mul(q, logP))), batch),
      gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, div(sub(exp(at(saved, 0)), at(saved, 1)), batch)),
    };
  })(logits);
}
