/** The joint search as it stands, as plain values for the page, and the candidates that it reports. */
import type { Accuracy, Candidate, Origin } from "@/nas/candidate";
import type { JointSpace, Pair } from "@/nas/joint/encode";
import type { RecipeGene } from "@/nas/joint/recipe";
import type { JointReport } from "../reports";
import { accuracyOf, type JointState, type Trial } from "./state";

function axisOf(gene: RecipeGene): JointReport["recipeGenes"][number] {
  return gene.kind === "option" ? { id: gene.id, options: gene.options } : { id: gene.id, min: gene.min, max: gene.max, log: gene.log };
}

/** `n`: validation images; `limit`: largest MACs allowed. */
export function reportOf({ recipeGenes }: JointSpace, state: JointState, n: number, limit: number): JointReport {
  const epochs = state.earlyStop?.epoch ?? null;
  return {
    kind: "joint",
    trials: state.trials.map((trial, index) => {
      const { pair, round, curve, predictedBefore, predicted } = trial;
      const { choices, recipe, macs, params } = pair;
      return { index, choices, recipe, round, macs, params, curve, accuracy: accuracyOf(trial, epochs), epochs: Math.min(curve.length, epochs ?? curve.length), predictedBefore, predicted };
    }),
    n,
    pool: { size: state.poolSize, drawn: state.poolDrawn },
    pretraining: [...state.pretraining],
    correlations: [...state.correlations],
    earlyStop: state.earlyStop,
    fine: [...state.generations],
    sweep: [...state.sweep],
    swap: state.swap,
    recipeGenes: recipeGenes.map(axisOf),
    limit,
  };
}

/** A pair as the run's candidate. */
export function candidateOf(pair: Pair, index: number, generation: number, origin: Origin, accuracy: Accuracy | null, predicted: number | null): Candidate {
  const { id, choices, recipe, macs, params } = pair;
  return { index, id, choices, origin, generation, arm: "evolution", macs, params, accuracy, recipe, ...(predicted === null ? {} : { predicted }) };
}

/** The trained pairs, best first: higher accuracy, then fewer MACs, then older. */
export function rankedTrials({ trials, earlyStop }: Pick<JointState, "trials" | "earlyStop">): Trial[] {
  const epochs = earlyStop?.epoch ?? null;
  return [...trials].sort((a, b) => accuracyOf(b, epochs) - accuracyOf(a, epochs) || a.pair.macs - b.pair.macs);
}
