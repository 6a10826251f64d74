/** Words of the architecture-weights panel. */
import { countText, percentText } from "../format";

/** `61 %`. */
const share = (value: number): string => percentText(value, 0);

export const streams = {
  title: "Architecture weights",
  label: "Architecture weights: how much each operation weighs in every mixture, over time",
  caption:
    "Each small picture is one mixture: the taller a band, the more that operation weighs; time runs to the right.",
  subtitle: (step: number) => `step ${countText(step)}`,
  empty: "No α yet: press Train, or pick DARTS or FBNet.",
  emptyAction: "Train",
  loading: "Getting the supernet ready; every operation weighs the same.",
  notApplicable: "SPOS samples paths; it has no α. See Path.",
  notApplicableAction: "Show Path",
  stopped: (step: number) => `stopped at ${countText(step)}`,
  undecided: "This search has not decided anything yet.",
  views: { streams: "Streams", now: "Now", heat: "Heat", entropy: "Entropy" },
  viewsLabel: "View",
  viewHints: {
    streams: "One stack of shares per edge, over time (V: next view)",
    now: "Area of a square: weight now; outline: an even share (V: next view)",
    heat: "One line per edge and operation, over time (V: next view)",
    entropy: "How undecided each edge is: 1 = all operations weigh the same (V: next view)",
  },
  derived: "As derived",
  derivedHint: "Leave out “none”, scale the rest to 100 % and tick what the derivation would keep now (S)",
  sort: "Most decided first",
  resetZoom: "Whole run",
  resetSolo: "All",
  resetSoloHint: "Show every row again (or double-click)",
  kept: "✓",
  axis: { shares: ["100 %", "50 %", "0 %"], entropy: ["1", "0.5", "0"] },
  mean: "mean",
  scale: (top: number) => `0–${share(top)}`,
  winner: (op: string, weight: number) => `${op} ${share(weight)}`,
  share,
  tip: {
    where: (group: string, row: string) => `${group} · ${row}`,
    op: (op: string, weight: number, rank: number, of: number) => `${op} ${share(weight)} · rank ${rank} of ${of}`,
    entropy: (entropy: number) => `entropy ${entropy.toFixed(2)}`,
    step: (step: number) => `step ${countText(step)}`,
  },
  said: (group: string, row: string, op: string, weight: number, rank: number, of: number) =>
    `${group}, ${row}: ${op} ${share(weight)}, rank ${rank} of ${of}.`,
  saidRow: (group: string, row: string, op: string, weight: number, entropy: number) =>
    `${group}, ${row}: ${op} leads with ${share(weight)}, entropy ${entropy.toFixed(2)}.`,
  saidView: (view: string) => `View: ${view}.`,
  signals: {
    label: "Signals",
    entropy: (value: number) => `entropy ${value.toFixed(2)}`,
    entropyHint: "Mean entropy of the rows over that of even shares: 1 = undecided",
    none: (value: number) => `none ${share(value)}`,
    noneHint: "Mean share of “none”. It usually grows to the largest column; it is never derived.",
    skip: (value: number) => `skip ${share(value)}`,
    skipHint: "Mean share of skip connections",
    skips: (count: number, of: number) => `keeps skip ${count}/${of}`,
    skipsHint: "Skips among the operations that the derivation would keep now",
    warn: "⚠",
    collapsed: "⚠ collapsed",
    collapsedHint: "Most of the derived cell would only pass its input on.",
    margin: (value: number) => `margin ${value.toFixed(3)}`,
    marginHint:
      "Weakest edge that is kept minus the strongest that is dropped at the same node: near 0 the result is a coin toss",
  },
  describe: {
    none: "No architecture weights yet.",
    head: (group: string, step: number) => `${group}, step ${countText(step)}.`,
    most: (row: string, op: string, weight: number) => `Most decided: ${row}, ${op} ${share(weight)}.`,
    even: (count: number, of: number, rows: string) => `${count} of ${of} ${rows} within 5 points of uniform.`,
    skips: (count: number, of: number, rows: string) =>
      `${count} of ${of} kept ${rows} ${count === 1 ? "is" : "are"} skip.`,
    collapsed: "The derived cell has collapsed to skips.",
    derived: "As derived: without “none”.",
  },
  edge: (label: string) => `edge ${label}`,
  edges: "edges",
  layers: "layers",
  table: { group: "Group", edge: "Edge", op: "Operation", weight: "Weight (%)", rank: "Rank", kept: "Kept" },
  yes: "yes",
} as const;
