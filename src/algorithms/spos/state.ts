/** Everything a SPOS run remembers between two boundaries, as plain data: what a checkpoint holds beside the tensors. */
import type { Accuracy, Candidate, Origin } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import type { ArchId, Space } from "@/nas/space/types";
import type { Phase } from "../phases";

/** A candidate drawn but not scored yet. */
export interface Queued {
  readonly choices: Choices;
  readonly id: ArchId;
  readonly origin: Origin;
  readonly generation: number;
  readonly arm: "evolution" | "random";
}

export interface SearchState {
  generation: number;
  arm: "evolution" | "random";
  /** Proposals of the generation and arm under way, and how many are scored. */
  queue: Queued[];
  next: number;
  candidates: Candidate[];
  /** Evolution parents, best first, as indices into `candidates`. */
  top: number[];
  rejected: { infeasible: number; duplicate: number };
  /** Why the search ended before its last generation, if it did. */
  ended: string | null;
}

export interface RecalibrationState {
  next: number;
  paths: { readonly id: ArchId; readonly without: number; readonly with: number }[];
  n: number;
}

export interface SposState {
  phase: Phase;
  supernetStep: number;
  retrainStep: number;
  recalibration: RecalibrationState;
  search: SearchState;
  winner: number | null;
  testDone: number;
  testCorrect: number;
  test: Accuracy | null;
  /** Sampling statistics, slots × choices, and pairs slots × choices × choices. */
  counts: Float64Array;
  expected: Float64Array;
  /** Expected share of each choice in one path, as the sampler states it. */
  shares: Float64Array;
  lossSum: Float64Array;
  lossSquares: Float64Array;
  pairs: Float64Array;
  path: Int8Array;
}

/** Widest slot: rows of the counts table. */
export function choicesPerSlot(space: Space): number {
  return Math.max(...space.mutables.map((m) => m.choices.length));
}

export function initialState(space: Space): SposState {
  const slots = space.mutables.length;
  const width = choicesPerSlot(space);
  return {
    phase: "warmup",
    supernetStep: 0,
    retrainStep: 0,
    recalibration: { next: 0, paths: [], n: 0 },
    search: { generation: 0, arm: "evolution", queue: [], next: 0, candidates: [], top: [], rejected: { infeasible: 0, duplicate: 0 }, ended: null },
    winner: null,
    testDone: 0,
    testCorrect: 0,
    test: null,
    counts: new Float64Array(slots * width),
    expected: new Float64Array(slots * width),
    shares: new Float64Array(slots * width),
    lossSum: new Float64Array(slots * width),
    lossSquares: new Float64Array(slots * width),
    pairs: new Float64Array(slots * width * width),
    path: new Int8Array(0),
  };
}

const arrays = ["counts", "expected", "shares", "lossSum", "lossSquares", "pairs", "path"] as const;

/** JSON-safe copy: typed arrays become plain ones. */
export function toJson(state: SposState): unknown {
  const plain: Record<string, unknown> = { ...structuredClone(state) };
  for (const name of arrays) plain[name] = Array.from(state[name]);
  return plain;
}

/** Inverse of {@link toJson}; the checkpoint's hash has been checked before. */
export function fromJson(json: unknown, space: Space): SposState {
  const plain = json as Record<(typeof arrays)[number], number[]> & Omit<SposState, (typeof arrays)[number]>;
  const { counts, expected, shares, lossSum, lossSquares, pairs, path, ...rest } = plain;
  return {
    ...initialState(space),
    ...structuredClone(rest),
    counts: Float64Array.from(counts),
    expected: Float64Array.from(expected),
    shares: Float64Array.from(shares),
    lossSum: Float64Array.from(lossSum),
    lossSquares: Float64Array.from(lossSquares),
    pairs: Float64Array.from(pairs),
    path: Int8Array.from(path),
  };
}
