/** Softmax cross entropy with label smoothing over plain arrays, with its gradient and the count of right answers. */

export interface CrossEntropyResult {
  /** Mean over the batch. */
  readonly loss: number;
  readonly correct: number;
}

/** q = (1 − ε)·onehot + ε/K; loss = mean(−Σ q·log softmax(z)); dlogits = (softmax(z) − q)/B. The first largest logit is the answer. */
export function crossEntropy(
  logits: Float32Array,
  labels: Int32Array,
  dlogits: Float32Array,
  classes: number,
  epsilon: number,
): CrossEntropyResult {
  const batch = labels.length;
  let [loss, correct] = [0, 0];
  for (let b = 0; b < batch; b++) {
    const row = logits.subarray(b * classes, (b + 1) * classes);
    let best = 0;
    for (let k = 1; k < classes; k++) if ((row[k] as number) > (row[best] as number)) best = k;
    const top = row[best] as number;
    let total = 0;
    for (let k = 0; k < classes; k++) total += Math.exp((row[k] as number) - top);
    const logTotal = Math.log(total);
    if (best === labels[b]) correct++;
    for (let k = 0; k < classes; k++) {
      const logP = (row[k] as number) - top - logTotal;
      const q = (k === labels[b] ? 1 - epsilon : 0) + epsilon / classes;
      if (q !== 0) loss -= q * logP;
      dlogits[b * classes + k] = (Math.exp(logP) - q) / batch;
    }
  }
  return { loss: loss / batch, correct };
}
