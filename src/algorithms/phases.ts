/** Phases of a run, in order. The index is public: `history("loss").phase` uses it. */
export const phases = ["warmup", "supernet", "recalibrate", "search", "retrain", "test"] as const;
export type Phase = (typeof phases)[number];

export function phaseIndex(phase: Phase): number {
  return phases.indexOf(phase);
}
