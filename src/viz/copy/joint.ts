/** Words of the joint-search panel: what the predictor is worth, recipes beside networks, and the two stages. */
import { accuracyText, countText, macsText, percentText } from "../format";

/** A prediction has no sample of its own. */
const share = (value: number): string => percentText(value, 1);

/** `0.60`, `−0.12`, `–` when there is none. */
export function correlationText(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  return `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
}

/** A recipe's value as an axis and a table show it. */
export function geneText(value: string | number): string {
  if (typeof value === "string") return value;
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1).replace("e-", "e−");
  return String(Number(value.toPrecision(2)));
}

const genes: Readonly<Record<string, string>> = {
  optimizer: "optimiser",
  lr: "rate",
  weightDecay: "decay",
  ema: "averaging",
  dropout: "dropout",
  dropConnect: "drop connect",
  mixup: "mixup",
  smoothing: "smoothing",
};

export const joint = {
  title: "Joint search",
  label: "Joint search: whether a predictor ranks unseen pairs of network and recipe, and what it chooses",
  captions: {
    predictor: "Each mark is a pair: across, what was predicted; up, what came out. On the line they agree.",
    recipes: "Each line is a pair of recipe and network, from gene to gene; the stronger its shade, the more accurate.",
    stages: "Left: pairs trained for real, round by round. Right: what the predictor found by evolution, at no training.",
  },
  views: { predictor: "Predictor", recipes: "Recipes", stages: "Stages" },
  viewsLabel: "View",
  viewHints: {
    predictor: "Predicted against real accuracy, and how well the order agrees (V: next view)",
    recipes: "Recipes and networks, gene by gene (V: next view)",
    stages: "Trained rounds, evolution on the predictor, budgets and the swap test (V: next view)",
  },
  saidView: (view: string) => `View: ${view}.`,
  empty: "No pair has been trained yet: a joint search begins by training a first round.",
  emptyAction: "Train",
  loading: "The first pair of network and recipe is being trained.",
  pretraining: (epochs: number, loss: number) => `Encoder pre-trained on costs, epoch ${countText(epochs)}: loss ${loss.toFixed(3)}`,
  booting: "Getting the search space ready.",
  broken: "The predictor stopped giving numbers. What was trained and measured is kept.",
  subtitle: (round: number, done: number, planned: number) => `round ${countText(round)} · ${countText(done)} of ${countText(planned)} pairs trained`,
  budget: (trainings: number, images: number) =>
    `${countText(trainings)} ${trainings === 1 ? "training" : "trainings"}, ${countText(images)} images each; predictions rest on that.`,

  notApplicable: {
    other: (method: string, see: string) => `${method} searches no recipes; see ${see}.`,
    retrain: (see: string) => `One given architecture is trained and nothing is searched; see ${see}.`,
  },

  predictor: {
    x: "Predicted accuracy (%)",
    y: "Accuracy (%)",
    diagonal: "predicted = real",
    before: "● predicted before training",
    now: "○ by the newest predictor",
    none: "– first round: trained before there is a predictor",
    rounds: "Rank correlation with unseen pairs, by round",
    roundsNone: "From round 2 on, pairs are predicted before they are trained.",
    spearman: "Spearman",
    kendall: "Kendall",
    key: (spearman: string, kendall: string) => `━ Spearman${spearman} · ╌ Kendall${kendall}`,
    over: (n: number) => `n = ${countText(n)}`,
    few: "few pairs",
    earlyStop: "Rank correlation of an epoch with the last",
    earlyStopNone: "Known after the first round.",
    threshold: (value: number) => `≥ ${value.toFixed(2)}`,
    fewHint: "From so few pairs a rank correlation is mostly chance",
    chosen: (epoch: number) => `stop after ${countText(epoch)}`,
  },

  recipes: {
    gene: (id: string) => genes[id] ?? id,
    macs: "MACs",
    accuracy: "accuracy",
    filtered: (shown: number, all: number) => `${countText(shown)} of ${countText(all)} pairs`,
    clear: "All",
    clearHint: "Drop every filter",
    axisHint: (name: string) => `${name}: keep the upper half, then the lower half, then all; or drag along the axis`,
    kept: (name: string, low: string, high: string) => `${name} from ${low} to ${high}`,
    winner: "━ winner",
    predicted: "┅ predicted, not trained",
  },

  stages: {
    coarse: "Coarse: trained for real",
    coarseHint: "Accuracy after every epoch; the number is the accuracy that counts",
    pool: (size: number, drawn: number) => `pool ${countText(size)} of ${countText(drawn)} drawn`,
    spent: (done: number, planned: number, epochs: number, images: number) =>
      `${countText(done)} of ${countText(planned)} trainings × up to ${countText(epochs)} epochs × ${countText(images)} images`,
    round: (n: number) => `Round ${countText(n)}`,
    fine: "Fine: evolution on predictions",
    fineNone: "Begins when the last round is trained.",
    best: "best",
    mean: "mean",
    random: "random, equal calls",
    generation: "generation",
    calls: (n: number) => `${countText(n)} predictor calls`,
    predictedAxis: "predicted (%)",
    sweep: "Best predicted under five budgets",
    sweepNone: "Follows the evolution.",
    sweepX: "MACs",
    budget: (limit: string, macs: string, predicted: string) => `limit ${limit}: ${predicted} at ${macs}`,
    swap: "Is it the recipe?",
    swapHint: "The winner's architecture with its own recipe, and with the default one; both predicted",
    swapJoint: "found recipe",
    swapDefault: "default recipe",
    swapNone: "Follows the evolution.",
  },

  tip: {
    pair: (n: number, id: string) => `#${countText(n + 1)} · ${id}`,
    accuracy: (value: number, n: number) => accuracyText(value, n),
    before: (value: number) => `predicted before: ${share(value)}`,
    now: (value: number) => `predicted now: ${share(value)}`,
    cost: (macs: number, epochs: number) => `${macsText(macs)} MACs · ${countText(epochs)} epochs`,
  },

  describe: {
    none: "No pair has been trained yet.",
    head: (round: number, done: number, planned: number) => `Round ${countText(round)}: ${countText(done)} of ${countText(planned)} pairs trained.`,
    best: (index: number, accuracy: string, macs: string) => `Best: pair ${countText(index + 1)}, ${accuracy} at ${macs}.`,
    correlation: (spearman: string, kendall: string, n: number) => `Order of ${countText(n)} unseen pairs: Spearman ${spearman}, Kendall ${kendall}.`,
    stop: (epoch: number) => `Later pairs stop after epoch ${countText(epoch)}.`,
    fine: (best: number, random: number, calls: number) => `Evolution predicts ${share(best)}, random search ${share(random)} at ${countText(calls)} calls each.`,
    swap: (joint: number, other: number) => `With the default recipe the winner's architecture is predicted ${share(other)} instead of ${share(joint)}.`,
  },
  saidPredicted: (value: number) => `predicted ${share(value)}, not trained`,
  said: (index: number, accuracy: string, macs: string, recipe: string) => `Pair ${countText(index + 1)}, ${accuracy}, ${macs}, ${recipe}.`,

  table: {
    pair: "Pair",
    network: "Network",
    round: "Round",
    macs: "MACs",
    params: "Parameters",
    epochs: "Epochs",
    accuracy: "Accuracy (%)",
    n: "n",
    before: "Predicted before (%)",
    now: "Predicted now (%)",
    generation: "Generation",
    best: "Best predicted (%)",
    mean: "Mean predicted (%)",
    random: "Random search (%)",
    calls: "Calls",
    limit: "Limit (MACs)",
  },
} as const;
