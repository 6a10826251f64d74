/** Which timer a latency is read from, and how long a reading must last to mean something. */

/** Multiples of this are what browsers make of timestamps, in µs. */
const COARSE_US = 100;
/** Share of readings that may be such multiples by chance. */
const MOST_COARSE = 0.3;
/** Readings last so many steps of the clock, and so many empty round trips. */
const STEPS = 50;
const ROUND_TRIPS = 10;
/** The shortest reading, µs: below, what else the machine does weighs too much. */
const SHORTEST_US = 1000;

/** Whether timestamps of single passes (µs) are too coarse to use: more than 30 % are nought or multiples of 100 µs. */
export function isCoarse(readings: readonly number[]): boolean {
  const coarse = readings.filter((us) => Math.abs(us - COARSE_US * Math.round(us / COARSE_US)) < 0.01);
  return readings.length === 0 || coarse.length > MOST_COARSE * readings.length;
}

/** Step of timestamps, µs: the largest that all readings are multiples of, in whole nanoseconds; 0 where nothing but noughts was read. */
export function quantumOf(readings: readonly number[]): number {
  const common = readings.map((us) => Math.round(us * 1000)).reduce((a, b) => divisor(a, b), 0);
  return common / 1000;
}

function divisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : divisor(b, a % b);
}

/** Smallest step by which a clock of milliseconds moves, in µs. */
export function clockStepUs(now: () => number): number {
  let step = Infinity;
  let last = now();
  for (let looks = 0, changes = 0; looks < 200_000 && changes < 10; looks++) {
    const time = now();
    if (time > last) {
      step = Math.min(step, time - last);
      changes++;
    }
    last = time;
  }
  return Number.isFinite(step) ? 1000 * step : 0;
}

/** How long a reading by the wall clock must last, µs. */
export function wallReadingUs(stepUs: number, roundTripUs: number): number {
  return Math.max(STEPS * stepUs, ROUND_TRIPS * roundTripUs, SHORTEST_US);
}

/** How long the kernels of a reading by timestamps must take, µs. */
export function stampReadingUs(quantumUs: number): number {
  return Math.max(STEPS * quantumUs, 2 * SHORTEST_US);
}
