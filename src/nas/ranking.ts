/** How well one ranking agrees with another: Kendall τ-b, Spearman ρ, and how sure one can be of either. */
import { AppError } from "@/lib/appError";
import type { Rng } from "@/lib/rng";
import { quantileSorted, type Interval } from "@/lib/stats";

type Series = ArrayLike<number>;

function checkPairs(x: Series, y: Series): void {
  if (x.length !== y.length)
    throw new AppError("bug", `Two rankings of ${x.length} and ${y.length} items cannot be compared.`);
}

/** Σ t(t−1)/2 over groups of equal neighbours. */
function tiedPairs(n: number, equal: (i: number, j: number) => boolean): number {
  let pairs = 0;
  let start = 0;
  for (let i = 1; i <= n; i++) {
    if (i < n && equal(i - 1, i)) continue;
    const t = i - start;
    pairs += (t * (t - 1)) / 2;
    start = i;
  }
  return pairs;
}

/** Sorts in place and returns the number of strict inversions (merge sort). */
function sortAndCountInversions(values: Float64Array): number {
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(values.length);
  let inversions = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let low = 0; low < values.length; low += 2 * width) {
      const middle = Math.min(low + width, values.length);
      const high = Math.min(low + 2 * width, values.length);
      let left = low;
      let right = middle;
      for (let k = low; k < high; k++) {
        const a = left < middle ? (from[left] ?? NaN) : Infinity;
        const b = right < high ? (from[right] ?? NaN) : Infinity;
        if (left < middle && (a <= b || right >= high)) {
          to[k] = a;
          left++;
        } else {
          to[k] = b;
          right++;
          inversions += middle - left;
        }
      }
    }
    [from, to] = [to, from];
  }
  if (from !== values) values.set(from);
  return inversions;
}

/**
 * Kendall τ-b = (C − D)/√((n₀−n₁)(n₀−n₂)); ties count in neither C nor D (Knight 1966, O(n log n)).
 * NaN when one side is constant or there are fewer than two items.
 */
export function kendallTauB(x: Series, y: Series): number {
  checkPairs(x, y);
  const n = x.length;
  const xAt = (i: number): number => x[i] ?? NaN;
  const yAt = (i: number): number => y[i] ?? NaN;
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => xAt(i) - xAt(j) || yAt(i) - yAt(j));
  const xs = order.map(xAt);
  const ys = Float64Array.from(order, yAt);
  const n0 = (n * (n - 1)) / 2;
  const n1 = tiedPairs(n, (i, j) => xs[i] === xs[j]);
  const both = tiedPairs(n, (i, j) => xs[i] === xs[j] && ys[i] === ys[j]);
  const discordant = sortAndCountInversions(ys);
  const n2 = tiedPairs(n, (i, j) => ys[i] === ys[j]);
  const concordantMinusDiscordant = n0 - n1 - n2 + both - 2 * discordant;
  return concordantMinusDiscordant / Math.sqrt((n0 - n1) * (n0 - n2));
}

/** Ranks from 1; ties share their mean rank. */
export function averageRanks(values: Series): Float64Array {
  const n = values.length;
  const at = (i: number): number => values[i] ?? NaN;
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(i) - at(j));
  const ranks = new Float64Array(n);
  for (let start = 0; start < n;) {
    let end = start + 1;
    while (end < n && at(order[end] ?? 0) === at(order[start] ?? 0)) end++;
    for (let i = start; i < end; i++) ranks[order[i] ?? 0] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** Pearson correlation; NaN when one side is constant. */
export function pearson(x: Series, y: Series): number {
  checkPairs(x, y);
  const n = x.length;
  let [mx, my] = [0, 0];
  for (let i = 0; i < n; i++) {
    mx += (x[i] ?? NaN) / n;
    my += (y[i] ?? NaN) / n;
  }
  let [sxy, sxx, syy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const dx = (x[i] ?? NaN) - mx;
    const dy = (y[i] ?? NaN) - my;
    sxy += dx * dy;
    sxx += dx * dx;
    syy += dy * dy;
  }
  return sxy / Math.sqrt(sxx * syy);
}

/** Spearman ρ: Pearson correlation of average ranks. */
export function spearmanRho(x: Series, y: Series): number {
  checkPairs(x, y);
  return pearson(averageRanks(x), averageRanks(y));
}

/**
 * 95 % percentile bootstrap interval of a statistic over pairs: items are redrawn with replacement `resamples` times.
 * Resamples without a value (all items equal) are left out; null when none has one.
 */
export function bootstrapInterval(
  x: Series,
  y: Series,
  statistic: (x: Series, y: Series) => number,
  rng: Rng,
  resamples = 1000,
): Interval | null {
  checkPairs(x, y);
  const n = x.length;
  const [rx, ry] = [new Float64Array(n), new Float64Array(n)];
  const values: number[] = [];
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) {
      const j = rng.int(n);
      rx[i] = x[j] ?? NaN;
      ry[i] = y[j] ?? NaN;
    }
    const value = statistic(rx, ry);
    if (Number.isFinite(value)) values.push(value);
  }
  if (values.length === 0) return null;
  const ascending = Float64Array.from(values).sort();
  return { low: quantileSorted(ascending, 0.025), high: quantileSorted(ascending, 0.975) };
}
