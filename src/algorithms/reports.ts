/**
 * What a method shows beside losses, accuracies and candidates: plain values, each the whole truth of its kind at the time. The newest of a kind
 * replaces the one before; protocol and store carry them without knowing what they mean.
 */
import type { Recipe } from "@/nas/candidate";
import type { LatencyTable } from "@/nas/latency/table";
import type { Choices } from "@/nas/mutable";

/** The latency table of a run: as it is being measured, or as it is used. */
export interface TableReport {
  readonly kind: "table";
  readonly table: LatencyTable;
  /** Readings taken of those there will be; equal when it stands. */
  readonly done: number;
  readonly total: number;
  /** Whether it was measured on the device that the run is on. */
  readonly own: boolean;
}

/** One pair of a joint search: an architecture with its recipe. */
export interface JointTrial {
  readonly index: number;
  readonly choices: Choices;
  readonly recipe: Recipe;
  /** Round of the coarse stage, from 1. */
  readonly round: number;
  readonly macs: number;
  readonly params: number;
  /** Validation accuracy after every epoch that it was trained. */
  readonly curve: readonly number[];
  /** Accuracy that counts, after `epochs` epochs. */
  readonly accuracy: number;
  readonly epochs: number;
  /** What the predictor said before it was trained; null in the first round. */
  readonly predictedBefore: number | null;
  /** What the newest predictor says; null before there is one. */
  readonly predicted: number | null;
}

/** One generation of the fine stage. */
export interface JointGeneration {
  readonly generation: number;
  /** Predicted accuracies of the pool, best first. */
  readonly best: number;
  readonly mean: number;
  readonly calls: number;
  /** Best of as many random pairs under the same constraint. */
  readonly randomBest: number;
}

/** A joint search (FBNetV3) as far as it has come. */
export interface JointReport {
  readonly kind: "joint";
  readonly trials: readonly JointTrial[];
  /** Validation images behind every accuracy. */
  readonly n: number;
  /** Pool of quasi-random pairs that satisfy the constraint, and how many were drawn for it. */
  readonly pool: { readonly size: number; readonly drawn: number };
  /** Pre-training of the encoder on costs: mean loss after each epoch. */
  readonly pretraining: readonly number[];
  /** By round: rank correlation of what was predicted before training with what came out (null in round 1). */
  readonly correlations: readonly { readonly round: number; readonly spearman: number | null; readonly kendall: number | null; readonly trials: number }[];
  /** From the first round: rank correlation of every epoch's accuracies with the last ones', and the first epoch that reaches the threshold. */
  readonly earlyStop: { readonly spearman: readonly number[]; readonly kendall: readonly number[]; readonly threshold: number; readonly epoch: number } | null;
  readonly fine: readonly JointGeneration[];
  /** Best predicted pair under each of some budgets, by the same predictor. */
  readonly sweep: readonly { readonly limit: number; readonly macs: number; readonly predicted: number; readonly id: string; readonly recipe: Recipe }[];
  /** Predicted accuracy of the winner, and of its architecture with the default recipe. */
  readonly swap: { readonly joint: number; readonly defaultRecipe: number } | null;
  /** Genes of a recipe with their ranges, for the axes. */
  readonly recipeGenes: readonly { readonly id: string; readonly options?: readonly string[]; readonly min?: number; readonly max?: number; readonly log?: boolean }[];
  /** Largest MACs allowed. */
  readonly limit: number;
}

export type MethodReport = TableReport | JointReport;
