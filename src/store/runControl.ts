/** Opening, playing, pausing and resuming runs: what buttons, keys and the automation interface have in common. */
import { parseConfig } from "@/algorithms/config";
import { liveKeys, type RunConfig } from "@/algorithms/configKeys";
import type { Phase } from "@/algorithms/phases";
import { AppError } from "@/lib/appError";
import type { PlayOutcome, RunPlan, Until } from "@/session/protocol";
import { change, experimentStore, proposeSize, setGiven, staleKeys } from "./experiment";
import { history } from "./history";
import { call, connect, followRun, toWireLike } from "./link";
import { alphaGroupsOf, type SearchKind, searchKind } from "./methods";
import { showNetwork } from "./network";
import { addMessage, runStore } from "./run";
import { releaseTrainingLock, takeTrainingLock, whenTrainingEnds } from "./tabLock";
import { announce, resetRunView } from "./view";

/** Boot for the experiment's backend and data. The default size follows the device, unless one was set. */
export async function boot(fresh = false): Promise<void> {
  const { config } = experimentStore.getState();
  const info = await connect({ backend: config.backend, dataset: config.dataset, threads: config.threads }, fresh);
  proposeSize(info.hardware ? "tiny" : "nano");
  if (info.problem) addMessage("warning", [info.problem.message, info.problem.hint].filter(Boolean).join(" "));
}

function begin(plan: RunPlan): void {
  const { config } = plan;
  // What the columns of α mean, before frames bring the first.
  history.alpha.begin(alphaGroupsOf(config));
  runStore.setState({ plan });
}

/** Forget what the last run showed before frames of the next arrive. */
function clearRun(): void {
  followRun(null);
  history.alpha.begin([]);
  history.clear();
  resetRunView();
  showNetwork(null);
  runStore.setState({ plan: null, latest: null, error: null, lastCheckpoint: null, savedAt: null });
}

/** Runs asked for so far. */
let opened = 0;

/** Start following a run's frames from its plan on. Frames that arrive with the plan are of the new run only. */
async function openWith(command: () => Promise<RunPlan>): Promise<RunPlan> {
  clearRun();
  const mine = ++opened;
  try {
    const plan = await command();
    // Another run was asked for meanwhile: this one is over already.
    if (mine !== opened) return plan;
    begin(plan);
    followRun(plan.runId);
    return plan;
  } catch (cause) {
    if (mine === opened) runStore.setState({ error: toWireLike(cause) });
    throw cause;
  }
}

/** Whether the worker or its device is beyond use: nothing may be computed there any more. */
function isBroken(): boolean {
  const { boot: state, error } = runStore.getState();
  const code = error?.code;
  return state.status === "failed" || code === "gpu.lost" || code === "gpu.validation" || code === "gpu.oom" || code === "worker.dead";
}

/** Whether the next play needs a run: there is none, or the worker has none to go on with. */
function needsRun(): boolean {
  const { plan, latest } = runStore.getState();
  return !plan || latest?.status === "stopped" || isBroken();
}

/** What prepares commands, one after the other. Never rejects. */
let preparing: Promise<unknown> = Promise.resolve();

/**
 * Commands reach the worker in the order in which they were asked for, though some open a run or ask for the lock first: a pause
 * must not overtake the play that it is to end. The next one waits until this one is prepared and sent, not for its answer.
 */
async function inOrder<T>(prepare: () => Promise<void>, send: () => Promise<T>): Promise<T> {
  const sent = preparing.then(async () => {
    await prepare();
    return { answer: send() };
  });
  preparing = sent.catch(() => undefined);
  return (await sent).answer;
}

/** As {@link inOrder}, for commands that are over before any other may follow. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const mine = preparing.then(work);
  preparing = mine.catch(() => undefined);
  return mine;
}

/** What a play needs: a run, and the right to train. */
async function ready(): Promise<void> {
  if (needsRun()) await openFresh();
  else runStore.setState({ error: null });
  if (!(await takeTrainingLock())) throw busy();
}

/** A fresh run of the experiment as it is. */
export function openRun(): Promise<RunPlan> {
  return alone(openFresh);
}

async function openFresh(): Promise<RunPlan> {
  await boot(isBroken());
  const { config } = experimentStore.getState();
  if (!(await takeTrainingLock())) throw busy();
  return openWith(() => call("open", { config }));
}

/** A fresh run from a config object. `strict`: refuse what the page would clamp and note. */
export async function openConfig(raw: Readonly<Record<string, unknown>>, strict: boolean): Promise<RunPlan> {
  if (strict) {
    const { problems } = parseConfig(raw, "refuse", { defaultSize: experimentStore.getState().defaultSize });
    if (problems[0]) throw new AppError("config.invalid", problems[0].message, { recoverable: true });
  }
  const notes = setGiven(raw);
  runStore.setState({ notes });
  return openRun();
}

/** Back to ready once the other tab is done, unless the boot has gone another way meanwhile. */
export function watchOtherTab(): void {
  whenTrainingEnds(() => {
    const { boot: now, info } = runStore.getState();
    if (now.status === "busy-tab") runStore.setState({ boot: { ...now, status: info ? "ready" : "booting" } });
  });
}

function busy(): AppError {
  const { boot: state } = runStore.getState();
  runStore.setState({ boot: { ...state, status: "busy-tab" } });
  watchOtherTab();
  return new AppError("tab.busy", "Another tab of NAS Playground is training.", { recoverable: true, hint: "Stop it there, or watch here." });
}

/** Go on until a condition holds; opens a run first when there is none or the last one has ended. */
export async function play(until: Until | null): Promise<PlayOutcome> {
  const outcome = await inOrder(ready, () => call("play", { until }));
  if (outcome === "complete") {
    releaseTrainingLock();
    announce("The run is complete.");
  }
  return outcome;
}

export async function pause(): Promise<number> {
  const { step } = await inOrder(() => Promise.resolve(), () => call("pause", {}));
  announce(`Paused at step ${step}.`);
  return step;
}

export async function step(count: number): Promise<number> {
  const reached = await inOrder(ready, () => call("step", { count }));
  return reached.step;
}

/** From the start, with the same configuration and seed; with the edited one where edits wait ("Restart to apply"). */
export function reset(): Promise<void> {
  return alone(startAgain);
}

async function startAgain(): Promise<void> {
  const { plan } = runStore.getState();
  if (!plan) {
    clearRun();
    return;
  }
  if (staleKeys(plan.config, experimentStore.getState().config).length > 0) {
    await openFresh();
    return;
  }
  if (isBroken()) await boot(true);
  // Not the worker's `reset`: after a stop, or on a fresh worker, it has no run to start again.
  await openWith(() => call("open", { config: plan.config }));
}

export async function stop(): Promise<void> {
  await alone(() => call("cancel", {}));
  releaseTrainingLock();
}

/** Continue from a checkpoint, on a fresh worker when the old one is beyond use. */
export function resume(id: string | null): Promise<RunPlan> {
  return alone(() => continueFrom(id));
}

async function continueFrom(id: string | null): Promise<RunPlan> {
  const { error, latest } = runStore.getState();
  const diverged = error?.code === "train.nan" ? (latest?.phase ?? null) : null;
  await boot(isBroken());
  if (!(await takeTrainingLock())) throw busy();
  const plan = await openWith(() => call("resume", { id }));
  adopt(plan.config);
  if (diverged !== null) await slowDown(plan.config, diverged);
  return plan;
}

type Rate = "train.lr" | "darts.alphaLr" | "fbnet.thetaLr";

/** Learning rates of a search, by its kind. */
const searchRates: Readonly<Record<SearchKind, readonly Rate[]>> = {
  sampled: ["train.lr"],
  mixed: ["train.lr", "darts.alphaLr"],
  stochastic: ["train.lr", "fbnet.thetaLr"],
  // Pairs bring rates of their own.
  joint: [],
};

/** The same rates would diverge again: a run that became NaN goes on at a third of them. In a search by α either rate may be the cause. */
async function slowDown(config: RunConfig, phase: Phase): Promise<void> {
  const keys = phase === "retrain" ? (["retrain.lr"] as const) : searchRates[searchKind(config)];
  if (keys.length === 0) return;
  const values = keys.map((key) => [key, config[key] / 3] as const);
  await setLive(Object.fromEntries(values));
  const words = values.map(([key, rate]) => `${key} = ${Number(rate.toPrecision(3))}`).join(", ");
  addMessage("info", `Resumed with the learning rate${values.length > 1 ? "s" : ""} at a third: ${words}.`);
}

/** The experiment becomes what the run is: it must not look stale after a resume. */
function adopt(config: RunConfig): void {
  setGiven({ ...config });
}

/** Take over live settings in run and experiment. */
export async function setLive(values: Partial<RunConfig>): Promise<void> {
  change(values);
  const { plan } = runStore.getState();
  if (!plan) return;
  // As the experiment took them: clamped.
  const { config } = experimentStore.getState();
  const live = Object.fromEntries(liveKeys.filter((key) => key in values).map((key) => [key, config[key]]));
  await call("live", { values: live });
  const { plan: now } = runStore.getState();
  if (now?.runId === plan.runId) runStore.setState({ plan: { ...now, config: { ...now.config, ...live } } });
}
