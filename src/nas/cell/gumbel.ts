/**
 * Gumbel-softmax samples of architecture weights (spec darts 5.1, 5.2): the hard one of GDAS, whose gradient passes straight through, and the
 * soft one of NNI's Gumbel-DARTS. Everything is rows × columns, row-major, in double precision.
 */
import type { Rng } from "@/lib/rng";
import { argmaxRows, softmaxRows } from "./rows";

/** Standard Gumbel noise, −ln(E) with E exponential. A draw that is not finite is drawn again. */
export function gumbelNoise(count: number, rng: Rng): Float64Array {
  return Float64Array.from({ length: count }, () => {
    for (;;) {
      const noise = -Math.log(-Math.log(1 - rng.next()));
      if (Number.isFinite(noise)) return noise;
    }
  });
}

function tempered(logits: ArrayLike<number>, noise: ArrayLike<number>, columns: number, temperature: number): Float64Array {
  return softmaxRows(Float64Array.from(logits, (logit, i) => (logit + (noise[i] ?? NaN)) / temperature), columns);
}

export interface HardSample {
  /** softmax((log_softmax(α) + G)/τ). */
  readonly probs: Float64Array;
  /** By row: the column that runs. */
  readonly columns: readonly number[];
}

/** GDAS: p = softmax((log_softmax(α) + G)/τ); h = onehot(argmax p), passed back as if it were p. */
export function hardGumbel(alpha: ArrayLike<number>, noise: ArrayLike<number>, columns: number, temperature: number): HardSample {
  const logs = softmaxRows(alpha, columns).map(Math.log);
  const probs = tempered(logs, noise, columns, temperature);
  return { probs, columns: argmaxRows(probs, columns) };
}

/** Gumbel-DARTS: softmax((α + G)/τ); every op runs. */
export function softGumbel(alpha: ArrayLike<number>, noise: ArrayLike<number>, columns: number, temperature: number): Float64Array {
  return tempered(alpha, noise, columns, temperature);
}

/**
 * Gradient with respect to α of Σ upstream·p, p either sample's probabilities: p_k (u_k − Σ_j p_j u_j)/τ. The log-softmax of GDAS adds nothing,
 * since a constant on a row leaves its softmax alone.
 */
export function gumbelGradient(probs: ArrayLike<number>, upstream: ArrayLike<number>, columns: number, temperature: number): Float64Array {
  const out = new Float64Array(probs.length);
  for (let begin = 0; begin < probs.length; begin += columns) {
    let mean = 0;
    for (let k = begin; k < begin + columns; k++) mean += (probs[k] ?? NaN) * (upstream[k] ?? NaN);
    for (let k = begin; k < begin + columns; k++) out[k] = ((probs[k] ?? NaN) * ((upstream[k] ?? NaN) - mean)) / temperature;
  }
  return out;
}

/**
 * The same for a hard sample of which only the chosen ops ran: `gates[row]` is the gradient of the loss with respect to that row's gate, all
 * other entries of the upstream gradient are 0.
 */
export function gateGradient({ probs, columns }: HardSample, gates: ArrayLike<number>, width: number, temperature: number): Float64Array {
  const upstream = new Float64Array(probs.length);
  columns.forEach((column, row) => {
    upstream[row * width + column] = gates[row] ?? NaN;
  });
  return gumbelGradient(probs, upstream, width, temperature);
}
