/** The training loss, and the way labels reach the device. */
import { tensor, type Tensor } from "@tensorflow/tfjs-core";
import { AppError } from "@/lib/appError";
import { softmaxCrossEntropy, softTargetCrossEntropy, type CrossEntropy } from "@/kernels/ops/loss";
import type { Batch, LossOptions } from "./executor";

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

/** The loss of a training step as a function of the logits [size, classes]: against the teacher where there is one, else against the labels. */
export function trainingLoss(batch: Batch, options: LossOptions): (logits: Tensor) => Tensor {
  const { teacher, labelSmoothing } = options;
  const { size } = batch;
  if (teacher === undefined) {
    const labels = labelTensor(batch.labels, size);
    return (logits) => crossEntropy(logits, labels, labelSmoothing).loss;
  }
  return (logits) => {
    const classes = logits.size / size;
    if (teacher.length < size * classes) throw new AppError("bug", `${teacher.length} logits of a teacher for ${size} examples of ${classes} classes`);
    return softTargetCrossEntropy(logits, tensor(teacher.slice(0, size * classes), [size, classes], "float32"));
  };
}
