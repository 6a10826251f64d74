/** Mixup (Zhang et al., ICLR 2018): every image is blended with another of its batch, and so are their labels. */
import type { Rng } from "@/lib/rng";

/** λ ~ Beta(α, α), by Jöhnk's rejection: quick for α ≤ 1, and done with logarithms, since u^(1/α) underflows for small α. */
export function symmetricBeta(alpha: number, rng: Rng): number {
  for (;;) {
    const [x, y] = [Math.log(1 - rng.next()) / alpha, Math.log(1 - rng.next()) / alpha];
    const top = Math.max(x, y);
    // ln(e^x + e^y) ≤ 0: accepted. Both may be −∞ when α is nearly nought.
    if (top === -Infinity) continue;
    if (top + Math.log(Math.exp(x - top) + Math.exp(y - top)) <= 0) return 1 / (1 + Math.exp(y - x));
  }
}

/** ln of a target of nought: its softmax is below what a float32 holds beside 1. */
const nought = -100;

/**
 * Blends a batch in place with itself in reverse order, x_i ← λ·x_i + (1 − λ)·x_{n−1−i}, and writes the logarithms of the blended labels: logits of a
 * teacher whose softmax they are, since their exponentials add up to one.
 */
export function mixBatch(images: Float32Array, labels: Uint8Array, size: number, lambda: number, classes: number, logits: Float32Array): void {
  const floats = images.length / Math.max(1, size);
  const rest = 1 - lambda;
  for (let i = 0; i < size >> 1; i++) {
    const [a, b] = [i * floats, (size - 1 - i) * floats];
    for (let k = 0; k < floats; k++) {
      const [x, y] = [images[a + k] as number, images[b + k] as number];
      images[a + k] = lambda * x + rest * y;
      images[b + k] = lambda * y + rest * x;
    }
  }
  logits.fill(nought, 0, size * classes);
  for (let i = 0; i < size; i++) {
    const [own, other] = [labels[i] as number, labels[size - 1 - i] as number];
    const set = (label: number, share: number): void => {
      logits[i * classes + label] = share > 0 ? Math.max(nought, Math.log(share)) : nought;
    };
    if (own === other) set(own, 1);
    else {
      set(own, lambda);
      set(other, rest);
    }
  }
}
