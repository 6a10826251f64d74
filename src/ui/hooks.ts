/** React bindings of the stores: components select primitives, history channels arrive as a version number. */
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { type ExperimentState, experimentStore } from "@/store/experiment";
import { type Channel, history } from "@/store/history";
import type { MethodConfig } from "@/store/methods";
import { networkStore, type NetworkOnShow } from "@/store/network";
import { runStore, type RunState } from "@/store/run";
import { type ViewState, viewStore } from "@/store/view";

export function useRun<T>(select: (state: RunState) => T): T {
  return useStore(runStore, select);
}

export function useView<T>(select: (state: ViewState) => T): T {
  return useStore(viewStore, select);
}

export function useExperiment<T>(select: (state: ExperimentState) => T): T {
  return useStore(experimentStore, select);
}

export function useNetwork(): NetworkOnShow | null {
  return useStore(networkStore, (state) => state.shown);
}

/** Re-render when a history channel changed; returns its version for memo keys. */
export function useHistory(channel: Channel): number {
  const subscribe = useCallback((listener: () => void) => history.subscribe(channel, listener), [channel]);
  return useSyncExternalStore(subscribe, () => history.version(channel));
}

/** Method and space of the run on show, else of the experiment as edited; the same object until one of them changes. */
export function useMethod(): MethodConfig {
  const run = useRun((state) => state.plan?.config);
  const edited = useExperiment((experiment) => experiment.config);
  const { algorithm, space, "retrain.arch": arch } = run ?? edited;
  return useMemo(() => ({ algorithm, space, "retrain.arch": arch }), [algorithm, space, arch]);
}
