/** Words of the latency panel: the table of this device, the check of its sums, and what the search expects to pay. */
import { countText, durationText, macsText, msText, paramsText, percentText } from "../format";

/** `0.312`: milliseconds of a cell, three digits. */
export function cellMs(us: number): string {
  if (!Number.isFinite(us)) return "–";
  if (us === 0) return "0";
  const ms = us / 1000;
  return ms >= 99.95 ? ms.toFixed(0) : ms >= 9.995 ? ms.toFixed(1) : ms >= 0.9995 ? ms.toFixed(2) : ms >= 0.0995 ? ms.toFixed(3) : String(Number(ms.toPrecision(2)));
}

/** `0.312 ms`, `12.4 ms`: short times keep three decimals, unlike `msText`. */
export function usText(us: number): string {
  return Number.isFinite(us) && us < 999.5 ? `${cellMs(us)}\u00a0ms` : msText(us / 1000);
}

/** A time that may be negative: a bias, an intercept. */
export function signedMs(us: number): string {
  return `${us < 0 ? "−" : "+"}${usText(Math.abs(us))}`;
}

export type CostUnit = "latency" | "macs" | "params";

/** A cost in its own unit: µs become ms. */
export function costText(value: number, unit: CostUnit): string {
  if (unit === "latency") return usText(value);
  return unit === "macs" ? macsText(value) : paramsText(value);
}

export const latency = {
  title: "Latency table",
  label: "Latency table: what every candidate of every layer takes on one device, and what the network is expected to cost",
  caption: "Each row is a candidate, each column a layer: the stronger the shade, the slower here. Hatched: what starting any part costs.",
  captionCheck: "Each mark is a whole network: across, the sum of its table entries; up, its time measured as a whole.",
  captionCost: "The line is the cost that the search expects; the handle is the target it presses towards.",
  views: { table: "Table", check: "Check", cost: "Cost" },
  viewsLabel: "View",
  viewHints: {
    table: "Time of every candidate in every layer (V: next view)",
    check: "Sum of the table against whole networks, measured (V: next view)",
    cost: "Cost that the search expects, its target, and the networks drawn (V: next view)",
  },
  saidView: (view: string) => `View: ${view}.`,

  measure: (seconds: number) => `Measure (≈ ${durationText(seconds)})`,
  measureAgain: "Measure again",
  measureAgainHint: (seconds: number) => `Time every entry anew, about ${durationText(seconds)}`,
  cancel: "Cancel",
  empty: (entries: number) =>
    `No table of this device yet: ${countText(entries)} different parts have to be timed. A search measures them itself; you can do it now.`,
  loading: "Getting the device ready.",
  progress: "Measuring the latency table",
  progressText: (done: number, total: number) => `${countText(done)} of ${countText(total)} readings`,
  failed: "The table could not be measured.",
  tryAgain: "Try again",

  timer: (timer: "timestamp" | "wall", runs: number) =>
    `${timer === "timestamp" ? "GPU timestamps" : "wall clock"}, ${countText(runs)} readings`,
  quantum: (us: number) => ` of ${countText(us)} µs steps`,
  batch: (n: number) => `batch ${countText(n)}`,
  app: (version: string) => `app ${version}`,
  threads: (n: number) => (n === 1 ? "1 thread" : `${countText(n)} threads`),
  device: "Device whose table is used",
  thisDevice: (label: string) => `${label} (this one)`,
  sources: { label: "Table on show", run: "This run's", kept: "Kept" },
  sourceHint: "The run goes on with the table that it took; edits and new readings are kept for the next run.",
  foreign: (label: string) => `Measured on another device, ${label}: what is searched here is meant to run there.`,
  otherApp: (version: string) => `Measured by app ${version}; times of this version may differ.`,

  log: "Log",
  logHint: "Shades by order of size: small entries become distinguishable",
  import: "Import",
  importHint: "Use a table from a file, of another device too",
  export: "Export",
  exportHint: "Save the kept table, edits included, as a file",
  notSaved: "The table could not be saved.",
  saved: (name: string) => `Saved ${name}.`,
  missing: (n: number) => `${countText(n)} ${n === 1 ? "entry is" : "entries are"} missing`,
  estimate: "Estimate from neighbours",
  estimateHint: "Fill each gap from the entry of the same kernel that is nearest in multiply–adds, scaled by them; such cells are marked",

  fixed: "every network",
  fixedPart: (key: string) => ({ stem: "stem", last: "last 1×1", head: "head" })[key.split("_")[0] ?? ""] ?? key,
  layer: (n: number) => `Layer ${n}`,
  legend: {
    scale: "ms",
    overhead: "overhead",
    overheadHint: (us: number) =>
      `Hatched: the part of a cell that the smallest entry of this table, ${usText(us)}, makes up. Starting any part costs at most that, so a cell that is mostly hatched is mostly overhead.`,
    noisy: "± spread over half",
    noisyHint: "10 % to 90 % of the readings span more than half the median: measure it again when the machine is quiet",
    edited: "✎ edited",
    estimated: "≈ estimated",
    path: { argmax: "outlined: likeliest network", focus: "outlined: network in focus" },
  },
  marks: { noisy: "±", edited: "✎", estimated: "≈", missing: "—", pending: "…" },
  status: {
    measured: "measured",
    edited: "edited by hand",
    estimated: "estimated from neighbours",
    identity: "identity: nothing is computed",
    missing: "not in this table: nothing of this shape was timed",
    pending: "not timed yet",
  },
  card: {
    median: "median",
    spread: "10–90 %",
    readings: (n: number, batch: number) => `n = ${countText(n)}, batch ${countText(batch)}`,
    range: (low: number, high: number) => `${cellMs(low)}–${cellMs(high)} ms`,
    same: (n: number) => `the same shape in ${countText(n)} places: one entry`,
    overhead: (share: number) => `overhead at most ${percentText(Math.min(1, share), 0)}`,
    remeasure: "Measure again (R)",
    edit: "Milliseconds",
    editHint: "ms; Enter to keep",
    invalid: "A time is a number above 0.",
    close: "Close",
    label: (where: string) => `Entry of ${where}`,
  },
  said: {
    cell: (where: string, op: string, value: string, status: string) => `${where}, ${op}: ${value}, ${status}.`,
    remeasuring: (where: string) => `Measuring ${where} again.`,
    pointFirst: "Point at a cell first: R measures it again.",
    identity: "An identity costs nothing; there is nothing to measure.",
    busy: "A measurement is under way.",
  },

  check: {
    none: "No whole network was timed with this table, so its sums are unchecked. Measuring again times some.",
    x: "Sum of the table (ms)",
    y: "Measured as a whole (ms)",
    fit: (a: number, b: number) => `measured = ${a < 0 ? "−" : ""}${usText(Math.abs(a))} + ${b.toFixed(2)} · sum`,
    r: (r: number) => `r = ${r.toFixed(3)}`,
    bias: (us: number) => `bias ${signedMs(us)}`,
    biasHint: "Mean of measured minus sum: above 0 the whole takes longer than its parts",
    n: (n: number) => `n = ${countText(n)}`,
    nHint: "Random networks timed as a whole",
    facts: "Fit of measured times",
    diagonal: "sum = measured",
    candidates: (n: number) => `▴ ${countText(n)} ${n === 1 ? "network" : "networks"} of this run, by sum`,
    point: (id: string, sum: number, measured: number) => `${id}: sum ${usText(sum)}, measured ${usText(measured)}`,
    candidate: (id: string, sum: number, fitted: number) => `${id}: sum ${usText(sum)}, by the fit ${usText(fitted)}`,
  },

  cost: {
    axis: { latency: "Expected latency", macs: "Expected multiply–adds", params: "Expected parameters" },
    none: "No cost yet: the line begins with the search.",
    step: "Step",
    expected: (value: string) => `expected ${value}`,
    argmax: "likeliest",
    argmaxHint: (value: string) => `likeliest network: ${value}`,
    cheapest: "cheapest",
    dearest: "dearest",
    target: "target",
    noTarget: "no target",
    targetName: { latency: "Latency target", macs: "Multiply–adds target", params: "Parameter target" },
    targetRange: (value: string) => `${value}: the cost presses until it is expected to be this low`,
    samples: "Networks drawn from the search",
    samplesNone: "After the search, networks are drawn from its probabilities and scored here.",
    columns: { network: "Network", lnP: "ln P", latency: "Sum, ms", macs: "MACs", params: "Params", accuracy: "Accuracy" },
    lnPHint: "Logarithm of the probability that the search draws exactly this network",
    derived: "likeliest",
    sampled: "drawn",
    winner: "★",
    winnerLabel: "winner",
    unscored: "not scored",
    over: "costs more than the target",
  },

  published: {
    summary: "Published networks",
    intro: "FBNet as released, at 224×224 and 1,000 classes. The paper counts the first 1×1 of every block; the released networks leave it out at expansion 1.",
    columns: { name: "Network", macs: "MACs as released", macsPw: "with every 1×1", params: "Params", top1: "Top-1", paper: "Paper" },
    train: "Train this here",
    trainHint: "Train it from scratch on the images of this page, in a new run",
    onlyFull: "They have 22 layers: choose size full to train one here.",
    paper: (macs: number, top1: number) => `${macsText(macs)}, ${top1.toFixed(1)} %`,
    percent: (top1: number) => `${top1.toFixed(1)} %`,
  },

  notApplicable: {
    sampled: (see: string) => `SPOS bounds multiply–adds and has no latency table; see ${see}.`,
    mixed: (method: string, see: string) => `${method} weighs no cost, so nothing is timed; see ${see}.`,
    masks: (see: string) => `FBNetV2 weighs the multiply–adds of masks, which cannot be timed layer by layer; see ${see}.`,
    joint: (see: string) => `FBNetV3 bounds multiply–adds and has no latency table; see ${see}.`,
    retrain: (see: string) => `One given architecture is trained and nothing is searched; see ${see}.`,
    space: (space: string, see: string) => `${space} has no layers that can be timed one by one; see ${see}.`,
  },

  describe: {
    none: "No latency table yet.",
    head: (label: string, batch: number, known: number, all: number) =>
      `Latency on ${label}, batch ${countText(batch)}: ${countText(known)} of ${countText(all)} entries.`,
    dearest: (layer: string, op: string, value: string) => `Slowest: ${op} in ${layer}, ${value}.`,
    overhead: (value: string) => `The smallest entry is ${value}.`,
    expected: (value: string, target: string) => `Expected ${value}, ${target}.`,
    target: (value: string) => `target ${value}`,
    fit: (r: number, n: number, bias: string) => `Sums against ${countText(n)} whole networks: r ${r.toFixed(2)}, bias ${bias}.`,
    winner: (id: string, value: string) => `Winner ${id} at ${value}.`,
  },

  table: {
    layer: "Layer",
    op: "Candidate",
    key: "Key",
    ms: "Median (ms)",
    p10: "10 % (ms)",
    p90: "90 % (ms)",
    n: "n",
    batch: "Batch",
    state: "State",
    path: "On the path",
    yes: "yes",
  },
} as const;
