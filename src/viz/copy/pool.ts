/** Words of the candidate-pool panel and its truth view. */
import { countText } from "../format";

const truth = {
  toggle: "Truth",
  toggleHint: "Compare with NAS-Bench-Macro: every network of this space, trained from scratch",
  cardTitle: "How good is this ranking, really?",
  card: "NAS-Bench-Macro holds the accuracy of every network of this space, each trained from scratch. The table is not part of this app: drop the official nas-bench-macro_cifar10.json here, choose it, or fetch it.",
  fetch: "Fetch (1.2 MB)",
  choose: "Choose file…",
  working: "Reading the table…",
  partial: (rows: number) => `${countText(rows)} of 6,561 rows`,
  none: "None of the evaluated networks is in the table yet.",
  few: "Kendall τ needs at least two networks of different accuracy.",
  axis: { predicted: "Predicted: supernet validation accuracy (%)", true: "True: trained from scratch (%)" },
  gauge: "Kendall τ-b between predicted and true ranking",
  tau: (tau: number, n: number) => `τ-b ${tauText(tau)} over ${countText(n)} distinct networks`,
  ticks: { flops: "by FLOPs alone", layers: "by layer count", ceiling: "one training against another" },
  ticksTitle: {
    flops: "Ranking these networks by the benchmark's FLOPs; 0.55 over all distinct networks",
    layers: "Ranking these networks by their number of non-identity layers; 0.68 over all distinct networks",
    ceiling: "One full training against another of the same networks",
  },
  baselines: "Baselines of these networks; over all distinct ones FLOPs give 0.55, layers 0.68.",
  proxy: "proxy",
  proxyHint: "A narrower copy is trained here; the truth is that of the full-width networks.",
  arms: (evolution: number, random: number) =>
    `${countText(evolution)} from evolution, ${countText(random)} only by random search`,
  warning: (layers: number) =>
    `Counting non-identity layers would have ranked these networks better (τ-b ${tauText(layers)}).`,
  background: (n: number) => `all ${countText(n)} networks of the table`,
} as const;

export const pool = {
  title: "Candidate pool",
  label: "Candidate pool: cost and accuracy of every evaluated network, with the Pareto front and the limit",
  empty: "Search starts after Supernet.",
  emptyHint: "Drag the limit line now if you want cheaper or dearer networks.",
  loading: "The search has begun; the first candidate is being evaluated.",
  booting: "Getting ready; the limit can be set already.",
  notApplicable: {
    mixed: (method: string, see: string) => `${method} has no pool; see ${see}.`,
    retrain: (see: string) =>
      `One given architecture is trained and nothing is searched, so there is no pool; see ${see}.`,
  },
  generation: (g: number, of: number) => `generation ${g} of ${of}`,
  candidates: (n: number) => `${countText(n)} candidates`,
  axis: { macs: "FLOPs (multiply–adds)", params: "Parameters", accuracy: "Validation accuracy (%)" },
  limit: {
    name: { macs: "FLOPs limit", params: "Parameter limit" },
    none: "no limit",
    short: "limit",
    range: (value: string) => `${value}: networks up to and including this cost are allowed`,
  },
  rug: (infeasible: number, duplicate: number) =>
    `rejected: ${countText(infeasible)} outside the limit · ${countText(duplicate)} seen before`,
  failed: (n: number) => `${countText(n)} failed`,
  legend: {
    random: "random",
    mutation: "mutation",
    crossover: "crossover",
    manual: "by hand",
    randomArm: "random search",
    front: "Pareto front",
    current: "filled: this generation",
  },
  strip: {
    title: "By generation",
    median: "median",
    best: "best so far",
    bestNow: "best",
    randomBest: "random search, equal evaluations",
  },
  lineage: { title: "Lineage", same: "no ancestors recorded", more: "older ancestors not drawn" },
  origin: {
    random: "drawn at random",
    randomArm: "random search",
    manual: "evaluated by hand",
    derived: "derived from α",
    sampled: "sampled from θ",
    mutation: (parent: string) => `mutation of ${parent}`,
    crossover: (a: string, b: string) => `crossover of ${a} and ${b}`,
  },
  table: {
    id: "Network",
    generation: "Generation",
    origin: "Origin",
    macs: "MACs",
    params: "Parameters",
    accuracy: "Accuracy (%)",
    n: "n",
    front: "Front",
    arm: "Arm",
    true: "True accuracy (%)",
  },
  none: "No candidates yet.",
  caption:
    "Each mark is a network: further left is cheaper, further up is more accurate; the line joins the best trade-offs.",
  captionTruth:
    "Each mark is a network: further right the supernet rates it higher, further up it is truly better; the grey bars are the whole table.",
  met: (n: number) => `met ${countText(n)} times`,
  focus: (id: string, accuracy: string, cost: string, origin: string) => `${id}, ${accuracy} at ${cost}, ${origin}.`,
  truth,
} as const;

/** `0.68`, `−0.12`, `–` when there is none. */
export function tauText(tau: number): string {
  if (!Number.isFinite(tau)) return "–";
  return `${tau < 0 ? "−" : ""}${Math.abs(tau).toFixed(2)}`;
}
