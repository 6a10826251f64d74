/** Starts the page's engine and provides the actions. Every action answers with a sentence instead of an exception. */
import { type Actions, type ExportFormat, provideActions } from "./actions";
import type { SpaceId } from "@/algorithms/configKeys";
import { ok, type Problem, refuse } from "@/lib/result";
import type { Accuracy } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import { spaceIds } from "@/nas/space/registry";
import type { LatestState, RunPlan } from "@/session/protocol";
import { change, experimentStore, setGiven } from "./experiment";
import { openDropped } from "./droppedFiles";
import { history } from "./history";
import { followLatency } from "./latency";
import { call, toWireLike } from "./link";
import { networkStore, showNetwork, spaceOf } from "./network";
import { addMessage, runStore, type RunState } from "./run";
import * as control from "./runControl";
import { isAnotherTabTraining } from "./tabLock";
import { hashOf, parseHash } from "./urlState";

/** Run a command for its effect; what goes wrong is shown once. */
function act(work: () => Promise<unknown>, pending: RunState["pending"] = null): void {
  void attempt(work, pending);
}

async function attempt<T>(work: () => Promise<T>, pending: RunState["pending"] = null): Promise<T | null> {
  if (pending) runStore.setState({ pending });
  try {
    return await work();
  } catch (cause) {
    show(cause);
    return null;
  } finally {
    if (pending && runStore.getState().pending === pending) runStore.setState({ pending: null });
  }
}

/** Errors of the run are shown on its card; those of side questions as a dismissible sentence. */
function show(cause: unknown): void {
  const error = toWireLike(cause);
  const { error: shown } = runStore.getState();
  if (error.code === "cancelled" || shown?.message === error.message) return;
  const fatal = error.code === "bug" || error.code === "worker.dead" || error.code.startsWith("gpu.") || error.code === "backend.unavailable" || error.code === "search.infeasible" || error.code === "train.nan" || error.code === "data.missing";
  if (fatal) runStore.setState({ error });
  else addMessage("warning", [error.message, error.hint].filter(Boolean).join(" "));
}

/** Train, or go on. Before the boot ends the wish is kept. */
function train(): void {
  const { boot, latest, plan, pending } = runStore.getState();
  if (boot.status === "booting") {
    runStore.setState({ queued: true });
    return;
  }
  // A second press before the first is answered is the same wish.
  if (pending === "play") return;
  const stale = latest?.status === "complete" || latest?.status === "stopped";
  runStore.setState({ pending: "play" });
  act(async () => {
    if (!plan || stale) await control.openRun();
    const playing = control.play(null);
    // The button answers when the run is seen to run; the promise lasts as long as the run.
    runStore.setState({ pending: null });
    await playing;
  }, "play");
}

/** A space that knows the id: the current one, that of the network on show, else any. A published cell's name is known to none and means cells. */
function spaceThatKnows(id: string): SpaceId {
  const { config } = experimentStore.getState();
  const { shown } = networkStore.getState();
  const ids: readonly SpaceId[] = [config.space, ...(shown ? [shown.spaceId] : []), ...spaceIds];
  return ids.find((space) => spaceOf(space, config.size).decode(id) !== null) ?? "darts-cell";
}

function retrainArch(id: string): void {
  if (runStore.getState().pending === "play") return;
  const { config } = experimentStore.getState();
  const space = spaceThatKnows(id);
  change({ ...(space === config.space ? {} : { space }), "retrain.arch": id });
  addMessage("info", "Training this architecture from scratch; nothing is searched.");
  if (runStore.getState().boot.status === "booting") {
    runStore.setState({ queued: true });
    return;
  }
  act(async () => {
    await control.openRun();
    const playing = control.play(null);
    runStore.setState({ pending: null });
    await playing;
  }, "play");
}

/** Ask the browser not to evict what is imported; workers may not ask. Granted or not, the import goes on. */
function askToKeep(): void {
  if (typeof navigator === "undefined" || !("storage" in navigator)) return;
  void navigator.storage.persist().catch(() => false);
}

async function importing<T extends { readonly dataset: { readonly id: string; readonly name: string }; readonly warnings: readonly string[] }>(work: () => Promise<T>): Promise<void> {
  runStore.setState({ importing: { bytesRead: 0, totalBytes: null, records: 0, message: "Opening" } });
  askToKeep();
  try {
    const { dataset, warnings } = await work();
    addMessage("info", `${dataset.name} is ready. Press Train to use it.`);
    for (const warning of warnings) addMessage("warning", warning);
    change({ dataset: dataset.id });
    await bootUnlessTraining();
  } catch (cause) {
    show(cause);
  } finally {
    runStore.setState({ importing: null });
  }
}

/** Look at the data anew. A run under way is not thrown away for it: the next run boots for the data it wants. */
async function bootUnlessTraining(): Promise<void> {
  const status = runStore.getState().latest?.status;
  if (status !== "running" && status !== "paused") await control.boot(true);
}

/** File formats (YAML above all) are loaded when the first file is read or written. */
const fileFormats = () => import("./exports");

async function exportAs(format: ExportFormat) {
  if (format !== "safetensors" && format !== "tfjs") return (await fileFormats()).exportArchitecture(format);
  try {
    return ok({ ...(await call("exportWeights", { format })), text: null });
  } catch (cause) {
    const { code, message, hint } = toWireLike(cause);
    return refuse(code, message, hint ?? undefined);
  }
}

async function loadTruth(source: Parameters<Actions["loadTruth"]>[0]): Promise<void> {
  runStore.setState({ truthError: null });
  try {
    const truth = await call("truth", { source });
    if (truth || source.kind !== "kept") runStore.setState({ truth });
  } catch (cause) {
    const { message, hint } = toWireLike(cause);
    runStore.setState({ truthError: [message, hint].filter(Boolean).join(" ") });
  }
}

const actions: Actions = {
  train,
  pause: () => act(control.pause, "pause"),
  step: (count) => act(() => control.step(count), "step"),
  reset: () => act(control.reset, "reset"),
  stop: () => act(control.stop),
  skipPhase: () => act(() => call("skipPhase", {})),
  setSpeed: (mode) => {
    runStore.setState({ speed: mode });
    act(() => call("speed", { mode }));
  },
  setLive: (values) => act(() => control.setLive(values)),
  forceChoice: (slot, choice) => act(() => call("force", { slot, choice })),
  evaluatePath: (choices) => attempt(() => call("evaluate", { choices })),
  classify: (image) => attempt(() => call("classify", { image })),
  images: (args) => attempt(() => call("images", args)),
  importDataset: (files) => importing(() => call("importDataset", { files })),
  downloadDataset: () => importing(() => call("downloadDataset", { urls: null })),
  cancelImport: () => act(() => call("cancelImport", {})),
  removeDataset: async (id) => {
    await attempt(() => call("removeDataset", { id }));
    if (experimentStore.getState().config.dataset === id) change({ dataset: "emoji10" });
    await attempt(bootUnlessTraining);
  },
  loadTruth,
  exportAs,
  importFrom: async (data) => (await fileFormats()).importFile(data),
  saveCheckpoint: async () => {
    await attempt(() => call("checkpoint", {}));
  },
  resume: async (id) => {
    await attempt(() => control.resume(id));
  },
  retrainArch,
  openFiles: (files) => act(() => openDropped(files, actions)),
};

/** A problem as a sentence with its next step. */
export function sentence({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

/** Wire the page: URL ↔ experiment, boot, winner → network panel, checkpoint when the tab hides. */
export function startController(): void {
  provideActions(actions);
  const { experiment, view } = parseHash(location.hash);
  const notes = setGiven(experiment);
  // Nothing has been edited yet that could be undone.
  experimentStore.setState({ past: [] });
  runStore.setState({ notes });
  keepUrl(view);
  followWinner();
  followLatency();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && runStore.getState().latest?.status === "running") act(() => call("checkpoint", {}));
  });
  runStore.subscribe(
    (state) => state.speed,
    (mode) => act(() => call("speed", { mode })),
  );
  void startUp(view["autostart"] === "1");
}

async function startUp(autostart: boolean): Promise<void> {
  if (await isAnotherTabTraining()) {
    runStore.setState({ boot: { ...runStore.getState().boot, status: "busy-tab" } });
    control.watchOtherTab();
  }
  if ((await attempt(() => control.boot().then(() => true))) !== true) return;
  await loadTruth({ kind: "kept" });
  const { queued } = runStore.getState();
  runStore.setState({ queued: false });
  if (queued || autostart) train();
}

function keepUrl(view: Readonly<Record<string, string>>): void {
  experimentStore.subscribe(
    (state) => state.config,
    () => {
      const { config, given } = experimentStore.getState();
      window.history.replaceState(null, "", hashOf(config, Object.keys(given) as (keyof typeof config)[], view));
    },
  );
}

/** What α says now may change at every step; the picture of a network is not redrawn more often than this. */
const derivedEveryMs = 2000;

/** Member that stands for the run: its winner, the best so far, or what α says now. */
function memberOf(plan: RunPlan, { metrics }: LatestState): { readonly id: string; readonly choices: Choices | null } | null {
  const { winner, best, derived } = metrics;
  if (winner) return winner;
  return best ? { id: best.id, choices: spaceOf(plan.config.space, plan.config.size).decode(best.id) } : derived;
}

/** The network panel follows the run until the winner has its test accuracy, unless the reader put something else there. */
function followWinner(): void {
  let changedAt = -Infinity;
  runStore.subscribe(
    (state) => state.latest,
    (latest) => {
      const { plan } = runStore.getState();
      const shown = networkStore.getState().shown;
      if (!plan || !latest || (shown && shown.source !== "winner")) return;
      const member = memberOf(plan, latest);
      if (!member?.choices) return;
      const { metrics } = latest;
      const retrained = metrics.winner ? metrics.test : null;
      const candidate = history.candidates()[history.candidateIndex(member.id) ?? -1];
      const inherited = metrics.winner?.supernet ?? candidate?.accuracy ?? null;
      if (shown?.arch.id === member.id && same(shown.retrainedAccuracy, retrained) && same(shown.supernetAccuracy, inherited)) return;
      const isSettled = metrics.winner !== null || metrics.best !== null;
      if (shown && !isSettled && performance.now() - changedAt < derivedEveryMs) return;
      changedAt = performance.now();
      showNetwork({
        source: "winner",
        spaceId: plan.config.space,
        size: plan.config.size,
        // As found: for cells the id keeps the order of slots, which the canonical form has lost.
        arch: { id: member.id, choices: member.choices },
        supernetAccuracy: inherited,
        retrainedAccuracy: retrained,
      });
    },
  );
}

function same(a: Accuracy | null, b: Accuracy | null): boolean {
  return a?.value === b?.value && a?.n === b?.n;
}
