/** Small statistics that several rooms show: centre, spread, quantiles, and the interval of an accuracy. */

/** Arithmetic mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? NaN;
  return sum / values.length;
}

/** Population standard deviation (divisor n); NaN of nothing. */
export function std(values: ArrayLike<number>): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] ?? NaN) - centre) ** 2;
  return Math.sqrt(sum / values.length);
}

/** Quantile of already ascending values, linear between neighbours (NumPy's default); `q` in 0–1; NaN of nothing. */
export function quantileSorted(ascending: ArrayLike<number>, q: number): number {
  const at = (ascending.length - 1) * Math.min(1, Math.max(0, q));
  const below = ascending[Math.floor(at)] ?? NaN;
  const above = ascending[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Quantile of values in any order; the argument is not changed. */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileSorted(Float64Array.from(values).sort(), q);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson score interval of a share `value` (0–1) observed on `n` trials, 95 % by default. Nothing observed gives [0, 1].
 * Stays inside 0–1 and is sensible near the ends, where the normal approximation is not.
 */
export function wilsonInterval(value: number, n: number, z = 1.959963984540054): Interval {
  if (n <= 0) return { low: 0, high: 1 };
  const spread = z * z;
  const centre = (value + spread / (2 * n)) / (1 + spread / n);
  const half = (z / (1 + spread / n)) * Math.sqrt((value * (1 - value)) / n + spread / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Standard error of a share observed on `n` trials. */
export function binomialError(value: number, n: number): number {
  return Math.sqrt((value * (1 - value)) / n);
}
