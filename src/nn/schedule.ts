/** Learning rates over a run: pure functions of the step. */

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
