/** Opening, playing, pausing and resuming runs: what buttons, keys and the automation interface have in common. */
import { parseConfig } from "@/algorithms/config";
import type { RunConfig } from "@/algorithms/configKeys";
import { AppError } from "@/lib/appError";
import type { PlayOutcome, RunPlan, Until } from "@/session/protocol";
import { change, experimentStore, proposeSize, setGiven } from "./experiment";
import { history } from "./history";
import { call, connect, followRun, toWireLike } from "./link";
import { showNetwork } from "./network";
import { addMessage, runStore } from "./run";
import { releaseTrainingLock, takeTrainingLock, whenTrainingEnds } from "./tabLock";
import { announce, resetRunView } from "./view";

/** Boot for the experiment's backend and data. The default size follows the device, unless one was set. */
export async function boot(fresh = false): Promise<void> {
  const { config } = experimentStore.getState();
  const info = await connect({ backend: config.backend, dataset: config.dataset }, fresh);
  proposeSize(info.hardware ? "tiny" : "nano");
  if (info.problem) addMessage("warning", [info.problem.message, info.problem.hint].filter(Boolean).join(" "));
}

function begin(plan: RunPlan): RunPlan {
  runStore.setState({ plan });
  return plan;
}

/** Forget what the last run showed before frames of the next arrive. */
function clearRun(): void {
  followRun(null);
  history.clear();
  resetRunView();
  showNetwork(null);
  runStore.setState({ plan: null, latest: null, error: null, lastCheckpoint: null, savedAt: null });
}

/** Start following a run's frames from its plan on. Frames that arrive with the plan are of the new run only. */
async function openWith(command: () => Promise<RunPlan>): Promise<RunPlan> {
  clearRun();
  try {
    const plan = await command();
    followRun(plan.runId);
    return begin(plan);
  } catch (cause) {
    runStore.setState({ error: toWireLike(cause) });
    throw cause;
  }
}

/** A fresh run of the experiment as it is. */
export async function openRun(): Promise<RunPlan> {
  await boot(runStore.getState().boot.status === "failed");
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

function busy(): AppError {
  const { boot: state } = runStore.getState();
  runStore.setState({ boot: { ...state, status: "busy-tab" } });
  whenTrainingEnds(() => runStore.setState({ boot: { ...runStore.getState().boot, status: "ready" } }));
  return new AppError("tab.busy", "Another tab of NAS Playground is training.", { recoverable: true, hint: "Stop it there, or watch here." });
}

/** Go on until a condition holds; opens a run first when there is none or the last one has ended. */
export async function play(until: Until | null): Promise<PlayOutcome> {
  const { plan, latest } = runStore.getState();
  if (!plan || latest?.status === "stopped") await openRun();
  if (!(await takeTrainingLock())) throw busy();
  runStore.setState({ error: null });
  const outcome = await call("play", { until });
  if (outcome === "complete") {
    releaseTrainingLock();
    announce("The run is complete.");
  }
  await framesSettled();
  return outcome;
}

export async function pause(): Promise<number> {
  const { step } = await call("pause", {});
  await framesSettled();
  announce(`Paused at step ${step}.`);
  return step;
}

export async function step(count: number): Promise<number> {
  if (!runStore.getState().plan) await openRun();
  if (!(await takeTrainingLock())) throw busy();
  const reached = await call("step", { count });
  await framesSettled();
  return reached.step;
}

/** Same configuration and seed, from the start. */
export async function reset(): Promise<void> {
  if (!runStore.getState().plan) {
    clearRun();
    return;
  }
  await openWith(() => call("reset", {}));
}

export async function stop(): Promise<void> {
  await call("cancel", {});
  releaseTrainingLock();
}

/** Continue from a checkpoint, on a fresh worker when the old one is beyond use. */
export async function resume(id: string | null): Promise<RunPlan> {
  const failed = runStore.getState().error?.code;
  const broken = failed === "gpu.lost" || failed === "gpu.validation" || failed === "gpu.oom" || failed === "worker.dead";
  await boot(broken || runStore.getState().boot.status === "failed");
  if (!(await takeTrainingLock())) throw busy();
  const plan = await openWith(() => call("resume", { id }));
  adopt(plan.config);
  return plan;
}

/** The experiment becomes what the run is: it must not look stale after a resume. */
function adopt(config: RunConfig): void {
  setGiven({ ...config });
}

/** Take over live settings in run and experiment. */
export async function setLive(values: Partial<RunConfig>): Promise<void> {
  change(values);
  if (runStore.getState().plan) await call("live", { values });
}

/**
 * Replies may overtake a frame that waits for its credit: wait until the page has the state the reply speaks of,
 * so that what is read after a promise resolves is never older than the promise.
 */
async function framesSettled(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    const { latest } = runStore.getState();
    if (latest && latest.status !== "running" && latest.status !== "idle") return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
