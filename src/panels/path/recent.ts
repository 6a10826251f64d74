/** The eye gets at most four paths a second: which of the sampled paths are shown, and how many went by unseen. Pure reducer. */

export interface Sample {
  readonly step: number;
  readonly path: ArrayLike<number>;
  /** Paths that the frame stands for. */
  readonly sampled: number;
}

export interface Recent {
  /** Shown path and the ones before it, newest first. */
  readonly paths: readonly (readonly number[])[];
  /** Step of the newest sample taken or counted. */
  readonly step: number;
  readonly shownAtMs: number;
  /** Paths sampled since the one shown before: "showing 1 of k". */
  readonly of: number;
  readonly waiting: number;
}

export const noRecent: Recent = { paths: [], step: -1, shownAtMs: Number.NEGATIVE_INFINITY, of: 0, waiting: 0 };

export const minGapMs = 250;
export const trailLength = 8;

/**
 * Take a frame's path, or only count it when the last change is less than 250 ms ago. `settle` shows it regardless: a paused run
 * must show its last path. A smaller step than before is another run and starts over.
 */
export function takeSample(recent: Recent, sample: Sample, nowMs: number, settle: boolean): Recent {
  const from = sample.step < recent.step ? noRecent : recent;
  const isKnown = sample.step === from.step;
  if (sample.path.length === 0 || (isKnown && !(settle && from.waiting > 0))) return from;
  const waiting = from.waiting + (isKnown ? 0 : Math.max(1, sample.sampled));
  if (!settle && nowMs - from.shownAtMs < minGapMs) return { ...from, waiting, step: sample.step };
  return {
    paths: [Array.from(sample.path), ...from.paths].slice(0, trailLength + 1),
    step: sample.step,
    shownAtMs: nowMs,
    of: waiting,
    waiting: 0,
  };
}
