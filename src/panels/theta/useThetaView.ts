/** Stores and history → what the picture of op probabilities shows, as of the time cursor. */
import { useMemo } from "react";
import type { LatencyTable } from "@/nas/latency/table";
import type { AlphaGroup, MaskedRow, Space } from "@/nas/space/types";
import type { AlphaColumn } from "@/store/alphaHistory";
import { history } from "@/store/history";
import { alphaGroupsOf, panelApplies } from "@/store/methods";
import { spaceOf } from "@/store/network";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import { columnWidth } from "@/viz/streamLayout";
import { type Config, layerPrices, metricOf } from "./costs";
import { buildMasks, type MasksModel } from "./masks";
import { buildTheta, lastGood, type ThetaModel } from "./model";
import { buildPressure, type CostPoint, type Pressure } from "./pressure";

export interface ThetaView {
  readonly state: PanelState;
  readonly config: Config;
  readonly space: Space;
  readonly step: number;
  readonly groups: readonly AlphaGroup[];
  /** Columns of numbers, oldest first. */
  readonly columns: readonly AlphaColumn[];
  /** Exactly one of the two where there is something to draw; uniform before there is θ. */
  readonly layers: ThetaModel | null;
  readonly masks: MasksModel | null;
  readonly hasTheta: boolean;
  readonly pressure: Pressure;
  /** Device whose latency table gives the widths; null without one. */
  readonly device: string | null;
  /** What the machine is doing, in words. */
  readonly message: string;
  /** Step at which the run failed or θ stopped being numbers, or null. */
  readonly stoppedAt: number | null;
  readonly brokeAt: number | null;
}

/** Steps whose cross entropy is averaged. */
const lossWindow = 24;

/** Cost points as plain objects; the typed columns are views that the next push changes. */
function costPoints(): CostPoint[] {
  const series = history.cost();
  const [steps, expected, taus] = [series.column("step"), series.column("expected"), series.column("tau")];
  return Array.from(steps, (step, i) => ({ step, expected: expected[i] ?? Number.NaN, tau: taus[i] ?? Number.NaN }));
}

/** Mean cross entropy of the last steps up to the cursor. */
function recentLoss(cursor: number | null): number | null {
  const pyramid = history.lossPyramid("supernet");
  if (!pyramid) return null;
  const { x, mean } = pyramid.level(4096);
  const end = cursor === null ? x.length : x.findLastIndex((step) => step <= cursor) + 1;
  const known = Array.from(mean.subarray(Math.max(0, end - lossWindow), end)).filter(Number.isFinite);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
}

function evenColumn(groups: readonly AlphaGroup[]): Pick<AlphaColumn, "step" | "weights"> {
  return { step: 0, weights: Float32Array.from(groups.flatMap(({ rows, ops }) => rows.flatMap(() => ops.map(() => 1 / ops.length)))) };
}

function useColumns(groups: readonly AlphaGroup[]) {
  const version = useHistory("alpha");
  return useMemo(() => {
    // The version says that what the history returns has changed.
    void version;
    const known = groups.length > 0 ? history.alpha.columns() : [];
    // Columns of another space belong to the run before this one.
    const all = known.at(-1)?.weights.length === columnWidth(groups) ? known : [];
    const { good, brokeAt } = lastGood(all);
    return { columns: good === null ? [] : all.slice(0, all.indexOf(good) + 1), newest: good, brokeAt };
  }, [version, groups]);
}

function useTable(space: Space): LatencyTable | null {
  const version = useHistory("report");
  return useMemo(() => {
    void version;
    const report = history.report("table");
    // A table that is still being measured prices nothing yet.
    return report && report.done >= report.total && report.table.space.id === space.id ? report.table : null;
  }, [version, space]);
}

export function useThetaView(): ThetaView {
  const costVersion = useHistory("cost");
  const lossVersion = useHistory("loss");
  const [plan, boot, latest] = [useRun((run) => run.plan), useRun((run) => run.boot), useRun((run) => run.latest)];
  const edited = useExperiment((experiment) => experiment.config);
  const cursor = useView((view) => view.cursor);
  const config = plan?.config ?? edited;
  const isApplicable = panelApplies("theta", config);
  const space = spaceOf(config.space, config.size);
  const groups = useMemo(() => (isApplicable ? alphaGroupsOf(config) : []), [config, isApplicable]);
  const { columns, newest, brokeAt } = useColumns(groups);
  const table = useTable(space);
  const metric = metricOf(config);
  const prices = useMemo(() => (isApplicable ? layerPrices(space, metric, table) : null), [isApplicable, space, metric, table]);
  const rows = useMemo((): readonly MaskedRow[] | null => (config.algorithm === "fbnet-v2" ? (space.masked?.rows(config["fbnet2.share"]) ?? null) : null), [config, space]);

  const at = useMemo(() => (cursor === null || !newest ? newest : (columns.findLast(({ step }) => step <= cursor) ?? columns[0] ?? newest)), [columns, newest, cursor]);
  const [layers, masks] = useMemo((): [ThetaModel | null, MasksModel | null] => {
    if (groups.length === 0) return [null, null];
    const column = at ?? evenColumn(groups);
    return rows ? [null, buildMasks(rows, groups, column)] : [buildTheta({ groups, at: column, prices, metric }), null];
  }, [groups, at, rows, prices, metric]);

  // A live weight or target shows at once, before the run's plan knows of it.
  const pressed = useMemo(() => ({ ...config, "fbnet.weight": edited["fbnet.weight"], "fbnet.target": edited["fbnet.target"] }), [config, edited]);
  const pressure = useMemo(() => {
    void [costVersion, lossVersion];
    return buildPressure({ config: pressed, space, prices, plan, points: costPoints(), cursor, ce: recentLoss(cursor) });
  }, [costVersion, lossVersion, pressed, space, prices, plan, cursor]);

  const state = panelState({ boot, plan, latest, config: edited, cursor, applicable: isApplicable, error: brokeAt, hasData: newest !== null });
  const isPreparing = state === "empty" && plan !== null && latest?.status === "running";
  return {
    ...{ config: pressed, space, groups, columns, layers, masks, pressure, brokeAt },
    state: isPreparing ? "loading" : state,
    step: cursor ?? at?.step ?? latest?.step ?? 0,
    hasTheta: newest !== null,
    device: table && prices?.metric === "latency" ? table.device.label : null,
    message: (isPreparing ? latest.message : "") || boot.message,
    stoppedAt: brokeAt ?? (latest?.status === "error" ? latest.step : null),
  };
}
