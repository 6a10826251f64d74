/** Everything a differentiable search remembers between two boundaries, as plain data: what a checkpoint holds beside the tensors. */
import type { Accuracy, Candidate } from "@/nas/candidate";
import type { Phase } from "../phases";
import type { RetrainState } from "../shared/retrain";

export interface DartsState extends RetrainState {
  phase: Phase;
  supernetStep: number;
  /** Step of the last end of an epoch that was scored. */
  checkedStep: number;
  /** Raw α by group as last read. */
  alphas: number[][];
  /** The mixture's accuracy on the validation images, when the search had ended. */
  supernet: Accuracy | null;
  /** The derived member with the supernet's weights. */
  derived: Candidate | null;
  /** Networks scored at the end of the search. */
  searchDone: number;
}

export function initialState(): DartsState {
  return {
    phase: "warmup",
    supernetStep: 0,
    checkedStep: 0,
    alphas: [],
    supernet: null,
    derived: null,
    searchDone: 0,
    retrainStep: 0,
    testDone: 0,
    testCorrect: 0,
    test: null,
  };
}

/** The checkpoint's hash has been checked before. */
export function fromJson(json: unknown): DartsState {
  return { ...initialState(), ...(structuredClone(json) as Partial<DartsState>) };
}
