/** For tests only, of this room and others: candidates with defaults. */
import type { Candidate } from "./candidate";

/** A scored candidate; `accuracy` is the value over 1,000 images, null = failed. */
export function fakeCandidate(
  given: Partial<Omit<Candidate, "accuracy">> & { readonly index: number; readonly accuracy?: number | null },
): Candidate {
  const { accuracy = 0.5, ...rest } = given;
  return {
    id: String(given.index),
    choices: {},
    origin: { kind: "random" },
    generation: 0,
    arm: "evolution",
    macs: 100,
    params: 10,
    ...rest,
    accuracy: accuracy === null ? null : { value: accuracy, n: 1000 },
  };
}
