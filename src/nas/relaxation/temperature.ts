/** Temperatures of the stochastic searches by epoch (arXiv 1812.03443 section 4.1; spec fbnet 1.5). */

/** FBNetV1's annealing as published: from 5.0, times exp(−0.045) an epoch. Reimplementations write the factor as 0.956. */
export const paperAnnealing = { from: 5, perEpoch: Math.exp(-0.045), rounded: 0.956 } as const;

/** from·perEpoch^epoch. */
export function exponential(from: number, perEpoch: number, epoch: number): number {
  return from * perEpoch ** epoch;
}

export interface Annealing {
  /** Temperature until the warm-up is over. */
  readonly from: number;
  /** Reached one epoch after the last. */
  readonly to: number;
  /** Epochs in which θ stands still. */
  readonly warmup: number;
  /** Epochs in all, warm-up included. */
  readonly epochs: number;
}

/** Temperature in `epoch` (from 0): constant in the warm-up, then the decay an epoch that leads to `to`, (to/from)^(1/E) with E = epochs − warmup. */
export function temperatureAt(epoch: number, { from, to, warmup, epochs }: Annealing): number {
  const length = Math.max(1, epochs - warmup);
  return exponential(from, (to / from) ** (1 / length), Math.max(0, epoch - warmup));
}
