/** Everything a joint search remembers between two boundaries, as plain data: what a checkpoint holds beside the tensors. */
import type { Candidate, Origin } from "@/nas/candidate";
import type { EarlyStop } from "@/nas/joint/earlyStop";
import type { Pair } from "@/nas/joint/encode";
import type { FineState, ScoredPair } from "@/nas/joint/fineSearch";
import type { Phase } from "../phases";
import type { JointGeneration, JointReport } from "../reports";
import type { RetrainState } from "../shared/retrain";

/** A pair that was trained. */
export interface Trial {
  readonly pair: Pair;
  readonly round: number;
  /** Validation accuracy after every epoch. */
  readonly curve: readonly number[];
  readonly predictedBefore: number | null;
  predicted: number | null;
}

/** Mean and standard deviation by which targets are standardised. */
export interface Scale {
  readonly mean: number;
  readonly std: number;
}

export interface JointState extends RetrainState {
  phase: Phase;
  /** Updates of all pairs so far. */
  supernetStep: number;
  /** Mean loss after each epoch of the pre-training; empty before it is done. */
  pretraining: number[];
  /** Of the accuracies that the newest predictor was trained on; null before there is one. */
  accuracyScale: Scale | null;
  poolSize: number;
  poolDrawn: number;
  /** From 1. */
  round: number;
  /** Pairs of the round with what the predictor says; the one at `next` is being trained. */
  queue: { readonly pair: Pair; readonly predicted: number | null }[];
  next: number;
  trialStep: number;
  trialCurve: number[];
  trials: Trial[];
  earlyStop: EarlyStop | null;
  correlations: JointReport["correlations"][number][];
  fine: FineState | null;
  generations: JointGeneration[];
  sweep: JointReport["sweep"][number][];
  /** Best pairs of the sweep's smaller budgets, newest first. */
  found: ScoredPair[];
  /** Budgets of the sweep that were searched. */
  swept: number;
  swap: JointReport["swap"];
  candidates: Candidate[];
  winner: { readonly pair: Pair; readonly predicted: number; readonly origin: Origin; readonly index: number } | null;
  /** Whether the retrained network holds the average of its weights, if it has one. */
  settled: boolean;
}

export function initialState(): JointState {
  return {
    phase: "warmup",
    supernetStep: 0,
    pretraining: [],
    accuracyScale: null,
    poolSize: 0,
    poolDrawn: 0,
    round: 1,
    queue: [],
    next: 0,
    trialStep: 0,
    trialCurve: [],
    trials: [],
    earlyStop: null,
    correlations: [],
    fine: null,
    generations: [],
    sweep: [],
    found: [],
    swept: 0,
    swap: null,
    candidates: [],
    winner: null,
    settled: false,
    retrainStep: 0,
    testDone: 0,
    testCorrect: 0,
    test: null,
  };
}

/** The checkpoint's hash has been checked before. */
export function fromJson(json: unknown): JointState {
  return { ...initialState(), ...(structuredClone(json) as Partial<JointState>) };
}

/** Accuracy that counts: after as many epochs as every later pair gets. */
export function accuracyOf({ curve }: Pick<Trial, "curve">, epochs: number | null): number {
  return curve[Math.min(curve.length, epochs ?? curve.length) - 1] ?? 0;
}
