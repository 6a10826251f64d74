/** Visible text of everything around the panels: header, control bar, rail, inspector, status bar, messages. Dialogs have `dialogs.ts`. */

type Words = Readonly<Record<string, string>>;

/** Phases by what a method makes of them: the supernet phase of a search by α is the search itself, and what follows reads α off. */
const sampledPhases: Words = {
  warmup: "Warm-up",
  supernet: "Supernet",
  recalibrate: "Recalibrate",
  search: "Search",
  retrain: "Retrain",
  test: "Test",
};
const mixedPhases: Words = { ...sampledPhases, supernet: "Search", search: "Derive" };
const stochasticPhases: Words = { ...sampledPhases, warmup: "Measure", supernet: "Search θ", search: "Sample" };
const jointPhases: Words = { ...sampledPhases, supernet: "Coarse", search: "Fine" };

/** What ending a phase early leads to. Phases that are over in a moment cannot be skipped. */
const sampledSkips: Words = {
  supernet: "Search now",
  recalibrate: "Search now",
  search: "Retrain now",
  retrain: "Test now",
};
const mixedSkips: Words = { supernet: "Derive now", retrain: "Test now" };
const stochasticSkips: Words = { supernet: "Sample now", search: "Retrain now", retrain: "Test now" };
const jointSkips: Words = { supernet: "Refine now", search: "Retrain now", retrain: "Test now" };

interface MethodWords {
  readonly phases: Words;
  readonly skips: Words;
}

const sampled: MethodWords = { phases: sampledPhases, skips: sampledSkips };
const mixed: MethodWords = { phases: mixedPhases, skips: mixedSkips };
const stochastic: MethodWords = { phases: stochasticPhases, skips: stochasticSkips };
const methods: Readonly<Record<string, MethodWords>> = {
  darts: mixed,
  gdas: mixed,
  "fbnet-v1": stochastic,
  "fbnet-v2": stochastic,
  "fbnet-v3": { phases: jointPhases, skips: jointSkips },
};

const wordsOf = (algorithm: string): MethodWords =>
  (Object.hasOwn(methods, algorithm) ? methods[algorithm] : undefined) ?? sampled;

function phase(id: string, algorithm: string): string {
  return wordsOf(algorithm).phases[id] ?? id;
}

/** Words of the button that ends a phase; null where it cannot be ended. */
function skip(id: string, algorithm: string): string | null {
  return wordsOf(algorithm).skips[id] ?? null;
}

const statuses: Readonly<Record<string, string>> = {
  idle: "idle",
  running: "live",
  paused: "paused",
  complete: "complete",
  stopped: "stopped",
  error: "stopped by an error",
};

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

export const shell = {
  appName: "NAS Playground",
  appLine: "Watch a neural network being searched for",
  phase,
  skip,
  statuses,

  copied: "Copied.",
  copyFailed: "The browser did not allow copying. Select the text and copy it by hand.",
  copyCsv: "Copy CSV",
  copy: "Copy",
  download: "Download",
  close: "Close",
  cancel: "Cancel",
  dismiss: (what: string): string => `Dismiss: ${what}`,
  tryAgain: "Try again",
  tableRows: (all: number, shown: number): string =>
    all === shown ? plural(all, "row", "rows") : `first ${shown} of ${all} rows; the copy holds all`,
  tableOf: (title: string): string => `${title} as a table (T)`,
  fullOf: (title: string): string => `${title} on the full stage (F)`,
  panelBroken: "This panel could not be drawn. The others go on.",
  appBroken: "The page could not be drawn.",
  reload: "Reload",

  pausedChip: "‖ paused",
  viewingStep: (step: string): string => `viewing step ${step}`,
  live: "Live ▸",
  configChanged: "config changed",

  header: {
    import: "Import",
    importLabel: "Import a file: architecture, data set or truth table",
    export: "Export",
    link: "Copy link",
    linkLabel: "Copy a link to this setup",
    linkCopied: "Link to this setup copied.",
    theme: (now: string, next: string): string => `Theme: ${now}. Change to ${next}`,
    themes: { system: "system", light: "light", dark: "dark" },
    motion: (reduced: boolean): string => (reduced ? "Motion is reduced. Follow the system again" : "Reduce motion"),
    help: "Keyboard shortcuts (?)",
    about: "About and licences",
    skipLink: "Skip to the panels",
  },

  bar: {
    label: "Controls",
    train: "Train",
    resume: "Train on",
    pause: "Pause",
    starting: "Starting…",
    pausing: "Pausing…",
    queued: "Starts in ~3 s",
    queuedHint: "Training begins as soon as the machine is ready.",
    complete: "Complete",
    completeHint: "The run is complete. Reset starts it again with the same seed.",
    busyTab: "Another tab is training. This one shows only.",
    narrow: "Training needs a window at least 760 pixels wide.",
    step: "Step (.)",
    reset: "Reset: same seed, from the start (R)",
    space: "Search space",
    algorithm: "Algorithm",
    size: "Size",
    seed: "Seed",
    newSeed: "New seed",
    speed: "Speed",
    speeds: { slow: "Slow", normal: "Normal", fast: "Fast" },
    sizeTime: (size: string, time: string): string => `${size} ≈ ${time}`,
    sizeTimeMost: (size: string, time: string): string => `${size} ≤ ${time}`,
    phases: "Phases",
    progress: "Progress of the run",
    progressText: (percent: string, phase: string, eta: string): string =>
      [percent, phase, eta === "" ? "" : `${eta} left`].filter((part) => part !== "").join(", "),
    phaseDone: (phase: string): string => `${phase}, done`,
    phaseNow: (phase: string, percent: string): string => `${phase}, ${percent}`,
    notStarted: "not started",
    retraining: (id: string): string => `Retraining ${id}`,
    retrainingHint: (id: string): string => `Only ${id} is trained; nothing is searched.`,
    searchAgain: "Search instead: forget the architecture to train",
    summary: (parts: readonly string[]): string => parts.join(" · "),
    seedOf: (seed: number): string => `seed ${seed}`,
  },

  rail: {
    label: "Setup and data",
    setup: "Setup",
    data: "Data",
    focus: "Focus",
    openSetup: "Open setup",
    openFocus: "Open focus and pins",
  },
  stage: {
    label: "Stage",
    tabs: "Panels",
    lowerTabs: "Lower panel",
    elsewhere: "Shown on the full stage.",
    bringBack: "Bring back (F)",
    back: "Back to all panels (F)",
    see: (panel: string): string => `See ${panel}`,
  },
  splitters: {
    rail: "Width of the setup rail",
    inspector: "Width of the inspector",
    dock: "Height of the dock",
    stage: "Height of the upper panel",
    focus: "Height of the focus panel",
  },
  dock: "Curves",

  inspector: {
    label: "Focus and pins",
    title: "Focus",
    empty: "Point at a candidate, an op or a layer in any panel. Click, or press P, to pin it here.",
    pinned: (which: string): string => `Pin ${which}`,
    unpin: (which: string): string => `Remove pin ${which}`,
    pinFocus: "Pin (P)",
    candidate: (index: number): string => `Candidate #${index}`,
    architecture: "Architecture",
    layer: (label: string): string => label,
    opAt: (op: string, label: string): string => `${op} in ${label}`,
    generation: (n: number): string => `generation ${n}`,
    random: "random draw",
    randomArm: "random search, for comparison",
    manual: "entered by hand",
    fromTheta: "sampled from θ",
    derived: (rule: string): string => `derived from α by ${rule === "nni" ? "NNI's" : `the ${rule}`} rule`,
    mutation: (parent: string, layers: string): string =>
      `mutation of ${parent}${layers === "" ? "" : ` in ${layers}`}`,
    crossover: (a: string, b: string): string => `crossover of ${a} and ${b}`,
    failed: (why: string): string => `Evaluation failed: ${why}`,
    notEvaluated: "not evaluated",
    macs: "FLOPs",
    macsHint: "Multiply–adds of one image, as in the papers",
    params: "Parameters",
    accuracy: "Accuracy",
    ops: "Layers",
    edgeOf: (group: string, edge: string): string => `${group} ${edge}`,
    op: "Op",
    weight: "α share",
    weightHint: "Softmax of α over the ops of this row",
    share: (mean: string, leads: number, rows: number): string =>
      `${mean} on average, largest in ${leads} of ${rows} rows`,
    rank: "Rank",
    kept: "Kept",
    keptNow: "kept now",
    droppedNow: "Deriving now would drop this edge.",
    noAlpha: "α is not known yet.",
    noCost: "cannot be built",
    from: (state: number): string => `←${state}`,
    diffTitle: (against: string): string => `Against ${against}`,
    diffSame: "Same network",
    diffCount: (changed: number, all: number): string =>
      `${changed} of ${plural(all, "layer differs", "layers differ")}`,
    was: (code: string): string => `was ${code}`,
    same: "same",
    withOp: "With",
    withoutOp: "Without",
    meanOf: (accuracy: string, n: number): string =>
      n === 0 ? "no candidates yet" : `${accuracy} mean of ${plural(n, "candidate", "candidates")}`,
    sampled: "Sampled",
    sampledText: (count: string, expected: string): string => `${count} times, ${expected} expected`,
    choice: "Choice",
    candidates: "Candidates",
    meanAccuracy: "Mean",
    map: (hin: number, hout: number, cin: number, cout: number): string =>
      `${hin}×${hin}×${cin} → ${hout}×${hout}×${cout}`,
    showNetwork: "Show network",
    asOf: (step: string): string => `as of step ${step}`,
  },

  status: {
    label: "Status",
    boot: (device: string, data: string, kernels: string): string =>
      [device, data, kernels].filter((part) => part !== "").join("  ·  "),
    data: (done: number, all: number): string => `Data ${done}/${all}`,
    kernels: (done: number, all: number): string => `Kernels ${done}/${all}`,
    step: (step: string, total: string): string => `${step}/${total}`,
    ready: "ready",
    failed: "not available",
    busyTab: "view only",
    threads: (n: number): string => plural(n, "thread", "threads"),
    tfjs: "tfjs reference",
    plan: "Every step is a compiled plan.",
    reference: "The tfjs reference executor computes: right, but slow.",
    isolated: "The page is isolated, so WASM threads work.",
    notIsolated: "The page is not isolated, so WASM runs on one thread.",
    rate: (n: string): string => `${n} img/s`,
    tensors: (n: string): string => `${n} tensors`,
    warnings: (n: number): string => plural(n, "warning", "warnings"),
    saved: (ago: string): string => `saved ${ago} ago`,
    justNow: "just saved",
    software: "software",
  },

  messages: {
    label: "Messages",
    warning: "Warning",
    error: "Error",
    noAdapter: (device: string): string =>
      `No hardware GPU was found, so this runs on ${device}. Nano, the smallest size, suits it; a browser with WebGPU switched on is faster.`,
    busyTab: "Another tab is training. This one is view-only until that one is closed.",
    bootFailed: "The training engine could not start.",
    more: (n: number): string => `and ${n} more`,
    showAll: "Show all",
    resume: (seed: number, step: string, ago: string): string => `Resume seed ${seed} · step ${step} · ${ago} ago?`,
    resumeYes: "Resume",
    resumeNo: "Not now",
    atStep: (step: string): string => `at step ${step}`,
    reset: "Reset",
    export: "Export",
    code: (code: string): string => `Code ${code}`,
    cursor: "Go to the step",
    dropHere: "Drop to open: an architecture, CIFAR-10, the NAS-Bench-Macro table or a picture",
    pasted: "Pasted text",
    dialogBroken: "This dialog could not be opened.",
  },

  walk: {
    noParent: "It has no parent: a random draw.",
    noChild: "No candidate descends from it yet.",
    nothing: "Focus a candidate in the pool first.",
    noPin: "Nothing is focused, so there is nothing to pin.",
    pinnedAs: "Pinned.",
  },
} as const;
