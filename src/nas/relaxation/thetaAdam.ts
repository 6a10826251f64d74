/** Adam on the logits θ of a stochastic search, on the host and in double precision: a few hundred numbers (spec fbnet 1.5). */

export interface ThetaAdamOptions {
  readonly lr: number;
  /** L2, added to the gradient before the moments (not decoupled). */
  readonly weightDecay: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
}

/** Moments by row, and updates so far: plain numbers, as checkpoints keep them. */
export interface ThetaAdamState {
  readonly m: readonly (readonly number[])[];
  readonly v: readonly (readonly number[])[];
  readonly steps: number;
}

/** One update (Kingma and Ba, algorithm 1, ε added after the correction as in PyTorch). `state` null: the first. Nothing that is given changes. */
export function stepTheta(
  theta: readonly (readonly number[])[],
  gradients: readonly ArrayLike<number>[],
  state: ThetaAdamState | null,
  { lr, weightDecay, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: ThetaAdamOptions,
): { readonly theta: number[][]; readonly state: ThetaAdamState } {
  const steps = (state?.steps ?? 0) + 1;
  const [first, second] = [1 - beta1 ** steps, 1 - beta2 ** steps];
  const slope = (row: number, i: number): number => (gradients[row]?.[i] ?? Number.NaN) + weightDecay * (theta[row]?.[i] ?? Number.NaN);
  const m = theta.map((values, row) => values.map((_, i) => beta1 * (state?.m[row]?.[i] ?? 0) + (1 - beta1) * slope(row, i)));
  const v = theta.map((values, row) => values.map((_, i) => beta2 * (state?.v[row]?.[i] ?? 0) + (1 - beta2) * slope(row, i) ** 2));
  const moved = theta.map((values, row) => values.map((value, i) => value - (lr * ((m[row]?.[i] ?? 0) / first)) / (Math.sqrt((v[row]?.[i] ?? 0) / second) + eps)));
  return { theta: moved, state: { m, v, steps } };
}
