/** Batch norm over plain arrays [rows, channels]: batch statistics, gradient, evaluation, each with the activation fused in. */

/** Fused activation as one number: 0 none, −1 ReLU, 6 ReLU6. The C kernels use the same code. */
export type Cap = number;

function activate(z: number, cap: Cap): number {
  if (cap === 0) return z;
  return cap > 0 ? Math.min(Math.max(z, 0), cap) : Math.max(z, 0);
}

function isOpen(z: number, cap: Cap): boolean {
  return cap === 0 || (z > 0 && (cap < 0 || z < cap));
}

export interface NormSize {
  readonly rows: number;
  readonly channels: number;
  readonly eps: number;
  readonly cap: Cap;
}

/** Mean and biased variance per channel, in two passes. */
export function moments(x: Float32Array, mean: Float32Array, variance: Float32Array, size: NormSize): void {
  const { rows, channels } = size;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += x[r * channels + c] as number;
    const mu = sum / rows;
    let squares = 0;
    for (let r = 0; r < rows; r++) squares += ((x[r * channels + c] as number) - mu) ** 2;
    mean[c] = mu;
    variance[c] = squares / rows;
  }
}

/** y = act(γ·(x − mean)/√(variance + eps) + β). */
export function normalise(
  x: Float32Array,
  mean: Float32Array,
  variance: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  y: Float32Array,
  size: NormSize,
): void {
  const { rows, channels, eps, cap } = size;
  for (let c = 0; c < channels; c++) {
    const scale = (gamma[c] as number) / Math.sqrt((variance[c] as number) + eps);
    const [mu, shift] = [mean[c] as number, beta[c] as number];
    for (let i = c; i < rows * channels; i += channels) y[i] = activate(((x[i] as number) - mu) * scale + shift, cap);
  }
}

export interface NormGradArrays {
  readonly dy: Float32Array;
  readonly x: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly dx: Float32Array;
  readonly dgamma: Float32Array;
  readonly dbeta: Float32Array;
}

/** Gradient through the batch statistics: dx = γ/σ·(g − mean(g) − x̂·mean(g·x̂)). */
export function normGrad(a: NormGradArrays, size: NormSize): void {
  const { rows, channels, eps, cap } = size;
  for (let c = 0; c < channels; c++) {
    const rstd = 1 / Math.sqrt((a.variance[c] as number) + eps);
    const [mu, gain, shift] = [a.mean[c] as number, a.gamma[c] as number, a.beta[c] as number];
    let [sum, dot] = [0, 0];
    const gradAt = (i: number, xhat: number): number => (isOpen(xhat * gain + shift, cap) ? (a.dy[i] as number) : 0);
    for (let i = c; i < rows * channels; i += channels) {
      const xhat = ((a.x[i] as number) - mu) * rstd;
      const g = gradAt(i, xhat);
      sum += g;
      dot += g * xhat;
    }
    a.dbeta[c] = sum;
    a.dgamma[c] = dot;
    for (let i = c; i < rows * channels; i += channels) {
      const xhat = ((a.x[i] as number) - mu) * rstd;
      a.dx[i] = gain * rstd * (gradAt(i, xhat) - sum / rows - (xhat * dot) / rows);
    }
  }
}
