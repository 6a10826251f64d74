/** The networks on which a supernet's ranking is compared with the truth: half drawn from all, half from the best quarter. */
import type { Rng } from "@/lib/rng";
import type { MacroTable, MacroTruth } from "./macroTable";

/** Usual and smallest sensible number of networks. */
export const EVALUATION_SET = { usual: 200, least: 50 } as const;

export interface EvaluationSet {
  /** Drawn uniformly from all networks of the table. */
  readonly uniform: readonly MacroTruth[];
  /** Drawn uniformly from the top accuracy quartile, disjoint from `uniform`. */
  readonly top: readonly MacroTruth[];
}

function draw(from: readonly MacroTruth[], n: number, rng: Rng): MacroTruth[] {
  const order = rng.shuffle(Int32Array.from(from, (_, i) => i));
  return Array.from(order.subarray(0, Math.max(0, n)), (i) => from[i]).filter((truth) => truth !== undefined);
}

/**
 * `n` distinct networks of the table: ⌈n/2⌉ uniform, the rest from the top accuracy quartile (at least as accurate as the
 * 75th percentile). Fewer when the table holds fewer. Equal table and stream give equal sets, whatever the file's row order.
 */
export function pickEvaluationSet(table: MacroTable, n: number, rng: Rng): EvaluationSet {
  const all = [...table.networks.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const uniform = draw(all, Math.ceil(n / 2), rng);
  const taken = new Set(uniform.map((truth) => truth.id));
  const ranked = all.map((truth) => truth.accuracy).sort((a, b) => b - a);
  const threshold = ranked[Math.max(0, Math.ceil(ranked.length / 4) - 1)] ?? Infinity;
  const best = all.filter((truth) => truth.accuracy >= threshold && !taken.has(truth.id));
  return { uniform, top: draw(best, n - uniform.length, rng) };
}
