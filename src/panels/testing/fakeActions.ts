/** Actions that only remember having been called; a test overrides the ones whose answer it needs. */
import { refuse } from "@/lib/result";
import { type Actions, provideActions } from "@/store/actions";

export interface ActionCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

const nothing = Promise.resolve();

/** Provides the fakes as the page's actions and returns the list of calls, oldest first. */
export function fakeActions(over: Partial<Actions> = {}): ActionCall[] {
  const calls: ActionCall[] = [];
  const note =
    <R>(name: string, result: R) =>
    (...args: unknown[]): R => {
      calls.push({ name, args });
      return result;
    };
  const fakes: Actions = {
    train: note("train", undefined),
    pause: note("pause", undefined),
    step: note("step", undefined),
    reset: note("reset", undefined),
    stop: note("stop", undefined),
    skipPhase: note("skipPhase", undefined),
    setSpeed: note("setSpeed", undefined),
    setLive: note("setLive", undefined),
    forceChoice: note("forceChoice", undefined),
    evaluatePath: note("evaluatePath", Promise.resolve(null)),
    classify: note("classify", Promise.resolve(null)),
    images: note("images", Promise.resolve(null)),
    importDataset: note("importDataset", nothing),
    downloadDataset: note("downloadDataset", nothing),
    cancelImport: note("cancelImport", undefined),
    removeDataset: note("removeDataset", nothing),
    loadTruth: note("loadTruth", nothing),
    exportAs: note("exportAs", Promise.resolve(refuse("test", "Not in this test."))),
    importFrom: note("importFrom", Promise.resolve(refuse("test", "Not in this test."))),
    saveCheckpoint: note("saveCheckpoint", nothing),
    resume: note("resume", nothing),
    retrainArch: note("retrainArch", undefined),
    openFiles: note("openFiles", undefined),
    ...over,
  };
  provideActions(fakes);
  return calls;
}
