/** What changes over a run: learning rates, drop path, temperatures. Pure functions of the step or epoch. */

export type Schedule =
  | { readonly kind: "linear" }
  | { readonly kind: "cosine"; readonly min?: number }
  | { readonly kind: "constant" };

/** base·(1 − step/total): zero is reached one step after the last. */
export function linearToZero(base: number, step: number, total: number): number {
  return base * (1 - step / total);
}

/** min + (base − min)·(1 + cos(π·step/total))/2. */
export function cosine(base: number, step: number, total: number, min = 0): number {
  return min + ((base - min) * (1 + Math.cos((Math.PI * step) / total))) / 2;
}

/** Probability of drop path in an epoch (0 … total − 1): nought first, never quite `most` (spec darts 6). */
export function dropPathRamp(most: number, epoch: number, total: number): number {
  return (most * epoch) / total;
}

/** GDAS's temperature: from `from` in the first epoch to `to` in the last (spec darts 5.1). A run of one epoch stays at `from`. */
export function temperature(from: number, to: number, epoch: number, total: number): number {
  return total < 2 ? from : from - ((from - to) * epoch) / (total - 1);
}

/** NNI's temperature of Gumbel-DARTS: from `from` towards `to`, which is reached one epoch after the last (spec darts 5.2). */
export function temperatureNni(from: number, to: number, epoch: number, total: number): number {
  return (1 - epoch / total) * (from - to) + to;
}

/** Rate at `step` (0 … total − 1; anything later counts as the end). */
export function rateAt(schedule: Schedule, base: number, step: number, total: number): number {
  const now = Math.min(Math.max(step, 0), total);
  switch (schedule.kind) {
    case "linear":
      return linearToZero(base, now, total);
    case "cosine":
      return cosine(base, now, total, schedule.min);
    case "constant":
      return base;
  }
}
