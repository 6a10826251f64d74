/** How often a case is repeated, and what is made of the samples. */
import type { BenchFlags } from "./flags";

/** Milliseconds a step from which repetitions are saved. */
const SLOW_MS = 5000;
const VERY_SLOW_MS = 15_000;

export interface Repetition {
  /** Runs of one sample; waiting for the device is shared by them. */
  readonly times: number;
  readonly warmups: number;
  readonly samples: number;
}

/** From the duration of one run that was not the first. */
export function repetitionOf(runMs: number, { quick }: Pick<BenchFlags, "quick">): Repetition {
  const target = quick ? 60 : 150;
  const times = Math.max(1, Math.min(100, Math.round(target / Math.max(runMs, 0.01))));
  if (runMs > VERY_SLOW_MS) return { times: 1, warmups: 0, samples: 1 };
  if (runMs > SLOW_MS) return { times: 1, warmups: 0, samples: quick ? 1 : 2 };
  return { times, warmups: quick ? 0 : 1, samples: quick ? 3 : 5 };
}

/** Of an even number of values, the mean of the middle two; null of none. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Limits, beyond which a peer counts as not finishing. */
export const LIMITS = { startMs: 240_000, oursStartMs: 600_000, runMs: 240_000, rooflineMs: 300_000 } as const;

export class TimeLimit extends Error {}

/** Rejects with {@link TimeLimit} when the work takes longer or the signal comes. */
export async function within<T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimit(`not done within ${Math.round(ms / 1000)} s`)), ms);
    stop = () => reject(new TimeLimit("interrupted"));
    signal?.addEventListener("abort", stop);
  });
  work.catch(() => undefined); // nobody waits for it once it is late
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
