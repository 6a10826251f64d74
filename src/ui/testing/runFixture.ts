/** Plans and states of a run for component tests: the smallest complete ones, changed where a test cares. */
import type { RunConfig } from "@/algorithms/configKeys";
import type { Candidate } from "@/nas/candidate";
import type { Frame, LatestState, RunPlan } from "@/session/protocol";

export function runPlan(config: RunConfig): RunPlan {
  return {
    runId: "run-1",
    config,
    totals: { warmup: 4, supernet: 600, recalibrate: 8, search: 64, retrain: 600, test: 2000 },
    splits: { weights: 9000, validation: 1000, test: 2000, evalImages: 500, recalibration: 256 },
  };
}

export function latestState(change: Partial<LatestState> = {}): LatestState {
  return {
    phase: "supernet",
    step: 120,
    status: "running",
    done: 120,
    total: 600,
    generation: 0,
    eta: [70, 70],
    progress: 0.1,
    metrics: {
      ...{ loss: 2.1, lr: 0.0125, best: null, recalibration: null, winner: null, test: null, randomBest: null },
      ...{ gap: null, derived: null },
    },
    stepMs: 42,
    imagesPerSecond: 762,
    split: { data: 1, submit: 2, wait: 38, read: 1 },
    memory: { tensors: 812, bytes: 41_000_000 },
    path: new Int8Array(8),
    sampled: 12,
    counts: new Float64Array(0),
    expected: new Float64Array(0),
    lossSum: new Float64Array(0),
    lossSquares: new Float64Array(0),
    pairs: new Float64Array(0),
    rejected: { infeasible: 0, duplicate: 0 },
    message: "",
    ...change,
  };
}

/** A frame that brings candidates and nothing else. */
export function frameOf(latest: LatestState, candidates: readonly Candidate[] = []): Frame {
  return {
    kind: "frame",
    runId: "run-1",
    seq: 1,
    latest,
    series: {
      loss: { step: new Int32Array(0), phase: new Uint8Array(0), loss: new Float32Array(0), lr: new Float32Array(0) },
      alpha: { step: new Int32Array(0), values: new Float32Array(0) },
      cost: { step: new Int32Array(0), expected: new Float32Array(0), tau: new Float32Array(0) },
      accuracy: {
        step: new Int32Array(0),
        phase: new Uint8Array(0),
        split: new Uint8Array(0),
        accuracy: new Float32Array(0),
        n: new Int32Array(0),
      },
    },
    log: candidates.map((candidate) => ({ kind: "candidate", candidate })),
  };
}
