/** How well sums of a latency table say what whole networks take: least squares and Pearson's r over measured members (spec fbnet 1.6). */
import { mean } from "@/lib/stats";
import type { LatencyFit } from "./table";

export interface FitPoint {
  readonly id: string;
  /** Sum of the table's entries, µs. */
  readonly sum: number;
  /** The whole network, µs. */
  readonly measured: number;
}

/** Nothing known: the sum is taken as it is. */
export const noFit: LatencyFit = { a: 0, b: 1, r: 0, n: 0 };

/** measured ≈ a + b·sum. Points whose sums do not differ say nothing of a slope: then b is 1, a the mean difference, r 0. */
export function fitOf(points: readonly FitPoint[]): LatencyFit {
  const n = points.length;
  if (n === 0) return noFit;
  const [x, y] = [mean(points.map(({ sum }) => sum)), mean(points.map(({ measured }) => measured))];
  const over = (value: (dx: number, dy: number) => number): number => points.reduce((total, { sum, measured }) => total + value(sum - x, measured - y), 0);
  const [xx, yy, xy] = [over((dx) => dx * dx), over((_, dy) => dy * dy), over((dx, dy) => dx * dy)];
  // A spread below rounding is none.
  if (xx <= 1e-12 * n * x * x) return { a: y - x, b: 1, r: 0, n, points };
  const b = xy / xx;
  const r = yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy))) : 0;
  return { a: y - b * x, b, r, n, points };
}

/** Mean of measured − sum, µs: above 0 the whole takes longer than its parts. NaN of nothing. */
export function biasOf(points: readonly FitPoint[]): number {
  return mean(points.map(({ sum, measured }) => measured - sum));
}
