/** The training loss, and the way labels reach the device. */
import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import { softmaxCrossEntropy, type CrossEntropy } from "@/kernels/ops/loss";

/** Labels 0 … classes − 1 as an int32 tensor [size]. */
export function labelTensor(labels: Uint8Array, size: number): Tensor {
  return tensor(Int32Array.from(labels.subarray(0, size)), [size], "int32");
}

/**
 * Cross entropy with label smoothing, mean over the batch: targets (1 − ε)·onehot + ε/K.
 * logits [size, classes]; also counts right answers.
 */
export function crossEntropy(logits: Tensor, labels: Tensor, labelSmoothing = 0): CrossEntropy {
  return softmaxCrossEntropy(logits, labels, labelSmoothing);
}
