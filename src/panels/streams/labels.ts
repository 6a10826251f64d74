/** What stands beside each stream, calm enough to read: the leading op and its share, changing at most twice a second. */
import { useEffect, useRef, useState } from "react";
import type { StreamsModel } from "./model";

export interface RowLabel {
  readonly winner: number;
  readonly weight: number;
}

/** Least time between two changes of the labels. */
export const labelGapMs = 500;

/** By group and row, so that sorting moves labels with their rows. */
export type RowLabels = readonly (readonly RowLabel[])[];

export function labelsOf({ groups, rows }: Pick<StreamsModel, "groups" | "rows">): RowLabels {
  const out: RowLabel[][] = groups.map(() => []);
  for (const { group, row, winner, weights } of rows)
    (out[group] ?? [])[row] = { winner, weight: weights[winner] ?? 0 };
  return out;
}

/** Milliseconds until new labels may be shown; 0 = now. */
export function waitFor(shownAtMs: number, nowMs: number, isStill: boolean): number {
  return isStill ? 0 : Math.max(0, shownAtMs + labelGapMs - nowMs);
}

/** @param isStill nothing moves by itself: labels follow at once */
export function useCalmLabels(model: StreamsModel | null, isStill: boolean): RowLabels {
  const [labels, setLabels] = useState<RowLabels>([]);
  const shownAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (!model) return;
    const show = (): void => {
      shownAt.current = performance.now();
      setLabels(labelsOf(model));
    };
    const wait = waitFor(shownAt.current, performance.now(), isStill);
    if (wait === 0) {
      show();
      return;
    }
    const timer = setTimeout(show, wait);
    return () => clearTimeout(timer);
  }, [model, isStill]);
  return labels;
}
