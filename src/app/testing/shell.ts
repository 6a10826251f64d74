/** A page without an engine for component tests: recording actions, and stores back at their first state. */
import { type Mock, vi } from "vitest";
import { type Actions, provideActions } from "@/store/actions";
import { experimentStore, setGiven } from "@/store/experiment";
import { history } from "@/store/history";
import { dropImport } from "@/store/pendingImport";
import { initialRun, runStore, type RunState } from "@/store/run";
import { viewStore } from "@/store/view";

export type Spies = { readonly [K in keyof Actions]: Mock<Actions[K]> };

const names: readonly (keyof Actions)[] = [
  "train",
  "pause",
  "step",
  "reset",
  "stop",
  "skipPhase",
  "setSpeed",
  "setLive",
  "forceChoice",
  "evaluatePath",
  "classify",
  "images",
  "importDataset",
  "downloadDataset",
  "cancelImport",
  "removeDataset",
  "loadTruth",
  "exportAs",
  "importFrom",
  "saveCheckpoint",
  "resume",
  "retrainArch",
  "openFiles",
];

/** Fresh stores and actions that only record. */
export function freshPage(run: Partial<RunState> = {}): Spies {
  const spies = Object.fromEntries(names.map((name) => [name, vi.fn()])) as unknown as Spies;
  provideActions(spies);
  runStore.setState({ ...initialRun, boot: { ...initialRun.boot, status: "ready" }, ...run }, true);
  setGiven({});
  experimentStore.setState({ past: [] });
  viewStore.setState(viewStore.getInitialState(), true);
  dropImport();
  history.clear();
  return spies;
}
