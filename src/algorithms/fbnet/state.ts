/** Everything a stochastic search remembers between two boundaries, as plain data: what a checkpoint holds beside the tensors. */
import type { Candidate } from "@/nas/candidate";
import type { LatencyTable } from "@/nas/latency/table";
import type { ThetaAdamState } from "@/nas/relaxation/thetaAdam";
import type { Phase } from "../phases";
import type { RetrainState } from "../shared/retrain";

export interface FbnetState extends RetrainState {
  phase: Phase;
  /** Updates of weights and of θ so far. */
  supernetStep: number;
  theta: number[][];
  adam: ThetaAdamState | null;
  /** Table of the run, as it was when the search began: a resumed run goes on with it. */
  table: LatencyTable | null;
  /** Members that were drawn and scored, the argmax first. */
  candidates: Candidate[];
  /** Index of the one that is trained; null before the search has ended. */
  winner: number | null;
}

export function initialState(rows: readonly number[]): FbnetState {
  return {
    phase: "warmup",
    supernetStep: 0,
    theta: rows.map((options) => Array.from({ length: options }, () => 0)),
    adam: null,
    table: null,
    candidates: [],
    winner: null,
    retrainStep: 0,
    testDone: 0,
    testCorrect: 0,
    test: null,
  };
}

/** The checkpoint's hash has been checked before. */
export function fromJson(json: unknown, rows: readonly number[]): FbnetState {
  return { ...initialState(rows), ...(structuredClone(json) as Partial<FbnetState>) };
}
