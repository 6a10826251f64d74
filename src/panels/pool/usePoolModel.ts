/** Stores and history → the pool model, as of the time cursor. */
import { useMemo } from "react";
import type { Candidate } from "@/nas/candidate";
import type { Space } from "@/nas/space/types";
import { history } from "@/store/history";
import type { RunConfig } from "@/store/keys";
import { panelApplies, searchKind } from "@/store/methods";
import { spaceOf } from "@/store/network";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import { buildPoolModel, type PoolInput, type PoolModel } from "./model";
import { poolTimeline } from "./timeline";

export interface PoolView {
  readonly space: Space;
  readonly model: PoolModel;
  readonly state: PanelState;
  readonly candidates: readonly Candidate[];
  readonly step: number;
  /** The search phase has begun (or is over). */
  readonly isSearching: boolean;
}

/**
 * Bounds and rounds of the search. The limit of evolution moves while it runs; a joint search has a fixed one and rounds of its own, and a handful of
 * samples has neither.
 */
function boundsOf(running: RunConfig, edited: RunConfig): Pick<PoolInput, "limit" | "min" | "plannedGenerations" | "canLimit"> {
  switch (searchKind(running)) {
    case "sampled":
      return { limit: edited["evo.limit"], min: edited["evo.min"], plannedGenerations: running["evo.generations"] + 1, canLimit: true };
    case "joint":
      return { limit: running["fbnet3.limit"], min: null, plannedGenerations: running["fbnet3.rounds"] + 1, canLimit: false };
    default:
      return { limit: null, min: null, plannedGenerations: 1, canLimit: false };
  }
}

export function usePoolView(): PoolView {
  const pool = useHistory("pool");
  const plan = useRun((run) => run.plan);
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const focus = useView((view) => view.focus);
  const [pinA, pinB, cursor] = [
    useView((view) => view.pinA),
    useView((view) => view.pinB),
    useView((view) => view.cursor),
  ];
  const running = plan?.config ?? config;
  const space = spaceOf(running.space, running.size);
  const { infeasible, duplicate } = latest?.rejected ?? { infeasible: 0, duplicate: 0 };

  const candidates = useMemo(() => {
    // The version says that what the history returns has changed.
    void pool;
    const all = history.candidates();
    return all.slice(0, cursor === null ? all.length : poolTimeline.countAt(cursor));
  }, [pool, cursor]);

  const model = useMemo(
    () =>
      buildPoolModel({
        ...{ space, candidates, focus, pinA, pinB },
        metric: running["evo.metric"],
        topk: running["evo.topk"],
        ...boundsOf(running, config),
        rejected: { infeasible, duplicate },
      }),
    [space, candidates, focus, pinA, pinB, running, config, infeasible, duplicate],
  );

  const hasData = candidates.length > 0;
  const phase = latest?.phase ?? "warmup";
  const plain = panelState({
    boot,
    plan,
    latest,
    config,
    cursor,
    applicable: panelApplies("pool", running),
    error: null,
    hasData,
  });
  const isSearching = phase === "search" || phase === "retrain" || phase === "test";
  return {
    ...{ space, model, candidates, isSearching },
    state:
      plain === "empty" && cursor === null && phase === "search" && latest?.status === "running" ? "loading" : plain,
    step: cursor ?? latest?.step ?? 0,
  };
}
