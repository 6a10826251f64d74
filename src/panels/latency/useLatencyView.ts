/** Stores and history → what the latency panel shows, as of the time cursor. */
import { useMemo } from "react";
import { useStore } from "zustand";
import { costsOf } from "@/nas/latency/table";
import type { Space } from "@/nas/space/types";
import { history } from "@/store/history";
import { latencyStore } from "@/store/latency";
import { panelApplies } from "@/store/methods";
import { spaceOf } from "@/store/network";
import type { Focus } from "@/store/view";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import type { CostUnit } from "@/viz/copy/latency";
import { buildCheck, type CheckModel } from "./check";
import { argmaxPath, buildCost, type CostModel, genesOf } from "./cost";
import { buildLatency, type LatencyModel } from "./model";
import { type ShownTable, shownTable } from "./source";

export interface LatencyView {
  readonly space: Space;
  readonly state: PanelState;
  readonly step: number;
  readonly shown: ShownTable;
  readonly model: LatencyModel;
  readonly check: CheckModel;
  readonly cost: CostModel;
  /** Whose way is outlined in the table. */
  readonly pathKind: "argmax" | "focus" | null;
  readonly devices: readonly string[];
  /** Label of the device that the configuration names; null: this one. */
  readonly device: string | null;
  readonly problem: string | null;
  /** Steps that the search is to have. */
  readonly total: number;
  readonly canTrainPublished: boolean;
}

/** Network that a focus names, as genes. */
function focusPath({ archId }: Focus, space: Space): number[] | null {
  const choices = archId === undefined ? null : space.decode(archId);
  return choices === null ? null : genesOf(space, choices);
}

export interface LatencySettings {
  readonly wanted: "run" | "kept";
  readonly asked: readonly string[] | null;
}

export function useLatencyView({ wanted, asked }: LatencySettings): LatencyView {
  const versions = [useHistory("report"), useHistory("cost"), useHistory("alpha"), useHistory("pool")] as const;
  const [reportVersion, costVersion, alphaVersion, poolVersion] = versions;
  const kept = useStore(latencyStore);
  const plan = useRun((run) => run.plan);
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const cursor = useView((view) => view.cursor);
  const focus = useView((view) => view.focus);
  const running = plan?.config ?? config;
  const space = spaceOf(running.space, running.size);
  const isApplicable = panelApplies("latency", running);
  // Masks and counts of FBNetV2 have no table; V1 on a count keeps its table view for what it says of the device.
  const unit: CostUnit = running["fbnet.metric"];

  const shown = useMemo(() => {
    // The version says that what the history returns has changed.
    void reportVersion;
    return shownTable({ space, report: history.report("table"), state: kept, wanted, asked });
  }, [reportVersion, space, kept, wanted, asked]);

  const argmax = useMemo(() => {
    void alphaVersion;
    const column = cursor === null ? history.alpha.latest() : history.alpha.at(cursor);
    const [group] = history.alpha.groups;
    return isApplicable && column && group ? argmaxPath(column.weights, group.ops, space) : null;
  }, [alphaVersion, cursor, isApplicable, space]);

  const focused = useMemo(() => (isApplicable ? focusPath(focus, space) : null), [focus, isApplicable, space]);
  const path = focused ?? argmax;
  const table = shown.table;

  const model = useMemo(
    () => buildLatency({ space: isApplicable ? space : { ...space, latency: { fixed: [], slots: [] } }, table, isMeasuring: shown.progress !== null, path }),
    [space, isApplicable, table, shown.progress, path],
  );

  const candidates = useMemo(() => {
    void poolVersion;
    return history.candidates().filter((candidate) => candidate !== undefined);
  }, [poolVersion]);

  const winner = latest?.metrics.winner?.index ?? null;
  const target = config["fbnet.target"];
  const cost = useMemo(() => {
    void costVersion;
    const columns = history.cost();
    const costs = table !== null && space.latency ? costsOf(table, space.latency) : null;
    return buildCost({ space, unit, costs, cursor, target, path: argmax, candidates, winner, steps: columns.column("step"), expected: columns.column("expected") });
  }, [costVersion, table, space, unit, cursor, target, argmax, candidates, winner]);

  const check = useMemo(() => buildCheck(table, candidates), [table, candidates]);
  const isFailed = kept.problem !== null && table === null;
  const hasData = shown.table !== null && shown.progress === null;
  const plain = panelState({ boot, plan, latest, config, cursor, applicable: isApplicable, error: isFailed ? kept.problem : null, hasData: hasData || cost.points.length > 0 });
  return {
    ...{ space, shown, model, check, cost },
    state: shown.progress !== null && (plain === "empty" || plain === "live" || plain === "stale" || plain === "paused") ? "loading" : plain,
    step: cursor ?? cost.now?.step ?? latest?.step ?? 0,
    pathKind: focused ? "focus" : argmax ? "argmax" : null,
    devices: kept.devices,
    device: config["fbnet.device"],
    problem: kept.problem,
    total: plan?.totals.supernet ?? 0,
    canTrainPublished: running.space === "fbnet-v1" && running.size === "full",
  };
}
