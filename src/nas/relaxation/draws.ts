/** What is drawn from the architecture distribution P_θ (spec fbnet 1.3, 1.5): members, and the two candidates of a layer that share a step. */
import type { Rng } from "@/lib/rng";
import { softGumbel } from "../cell/gumbel";

/** Nearest that a uniform number may come to 0 and 1: a noise between −2.78 and 16.1. */
const edge = 1e-7;

/** Standard Gumbel noise of a uniform number, −ln(−ln u), u held inside [1e-7, 1 − 1e-7] (spec fbnet 1.3). */
export function noiseOf(u: number): number {
  return -Math.log(-Math.log(Math.min(1 - edge, Math.max(edge, u))));
}

/** `count` draws of it. */
export function clampedNoise(count: number, rng: Rng): Float64Array {
  return Float64Array.from({ length: count }, () => noiseOf(rng.next()));
}

/** One option of every row, by its probability: no noise, no temperature. Rows sum to one. */
export function drawPicks(probabilities: readonly ArrayLike<number>[], rng: Rng): number[] {
  return probabilities.map((row) => {
    let left = rng.next();
    for (let option = 0; option < row.length - 1; option++) {
      left -= row[option] ?? 0;
      if (left < 0) return option;
    }
    // Rounding may leave a crumb beyond the last option that can be drawn.
    let last = row.length - 1;
    while (last > 0 && row[last] === 0) last--;
    return last;
  });
}

/** ln P of a member: Σ over the rows of ln p[pick]; −∞ where P cannot draw it. */
export function logProbability(probabilities: readonly ArrayLike<number>[], picks: readonly number[]): number {
  return probabilities.reduce((sum, row, i) => sum + Math.log(row[picks[i] ?? -1] ?? 0), 0);
}

/** Entropy of a distribution over that of the uniform one: 1 undecided, 0 certain. A single option is certain. */
export function relativeEntropy(row: ArrayLike<number>): number {
  if (row.length < 2) return 0;
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const p = row[i] ?? Number.NaN;
    if (p !== 0) sum -= p * Math.log(p);
  }
  return sum / Math.log(row.length);
}

export interface Pair {
  /** Columns that run, ascending; a row of one option has only that. */
  readonly columns: readonly number[];
  /** The whole row: softmax((θ + G)/τ) among the pair, 0 elsewhere. */
  readonly weights: Float64Array;
}

/**
 * Two candidates of one row without replacement from softmax(θ), with their Gumbel-softmax weights renormalised to one. The two largest θ + G of
 * one noise draw are such a pair, exactly (Kool et al., arXiv 1903.06059), and carry the largest weights of the full sample.
 *
 * With S the pair and w_i = e^{z_i}/Σ_{j∈S} e^{z_j}, z = (θ + G)/τ, the gradient of Σ_i a_i·w_i for given S is (w_i/τ)(a_i − Σ_{j∈S} w_j a_j) inside S
 * and 0 outside: `gumbelGradient` of `weights`, whose zeros leave everything else out.
 */
export function topTwo(theta: ArrayLike<number>, noise: ArrayLike<number>, temperature: number): Pair {
  const scores = Float64Array.from(theta, (logit, i) => logit + (noise[i] ?? Number.NaN));
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const columns = order.slice(0, 2).sort((a, b) => a - b);
  const at = (values: ArrayLike<number>): Float64Array => Float64Array.from(columns, (column) => values[column] ?? Number.NaN);
  const shares = softGumbel(at(theta), at(noise), columns.length, temperature);
  const weights = new Float64Array(scores.length);
  columns.forEach((column, i) => (weights[column] = shares[i] ?? Number.NaN));
  return { columns, weights };
}
