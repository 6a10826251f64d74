/** The Pareto front of a pool: what is neither cheaper nor more accurate elsewhere. */
import type { Candidate } from "./candidate";

export type CostMetric = "macs" | "params";

/** Score that ranks a candidate: its accuracy, −∞ when evaluation failed. */
export function scoreOf(candidate: Candidate): number {
  return candidate.accuracy?.value ?? -Infinity;
}

/**
 * Keep the front only, ascending by cost: nothing else is both cheaper and more accurate. Equal cost keeps the higher score;
 * equal both keeps the older, so the front does not flicker. Failed candidates are never on it.
 */
export function paretoFront(pool: readonly Candidate[], metric: CostMetric = "macs"): Candidate[] {
  const byCost = [...pool].sort((a, b) => a[metric] - b[metric] || scoreOf(b) - scoreOf(a) || a.index - b.index);
  const front: Candidate[] = [];
  let best = -Infinity;
  for (const candidate of byCost) {
    if (scoreOf(candidate) <= best) continue;
    front.push(candidate);
    best = scoreOf(candidate);
  }
  return front;
}
