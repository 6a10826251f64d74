/** Stores and history → the model of the architecture weights, as of the time cursor. */
import { useMemo } from "react";
import type { AlphaGroup } from "@/nas/space/types";
import type { AlphaColumn } from "@/store/alphaHistory";
import { history } from "@/store/history";
import { alphaGroupsOf } from "@/store/methods";
import { spaceOf } from "@/store/network";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import { columnWidth } from "@/viz/streamLayout";
import { buildStreams, lastGood, type Span, splitGroups, type StreamsModel } from "./model";

export interface StreamsSettings {
  readonly isDerived: boolean;
  readonly sort: "position" | "entropy";
  readonly zoom: Span | null;
}

export interface StreamsView {
  readonly state: PanelState;
  /** null while there is no α. */
  readonly model: StreamsModel | null;
  /** Columns of numbers, oldest first. */
  readonly columns: readonly AlphaColumn[];
  /** Groups of the space, for the picture before there is any α; empty where the method has none. */
  readonly groups: readonly AlphaGroup[];
  readonly step: number;
  /** Step at which the run failed or α stopped being numbers, or null. */
  readonly stoppedAt: number | null;
  readonly isRunning: boolean;
}

export function useStreamsView({ isDerived, sort, zoom }: StreamsSettings): StreamsView {
  const version = useHistory("alpha");
  const plan = useRun((run) => run.plan);
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const cursor = useView((view) => view.cursor);
  const running = plan?.config ?? config;
  const space = spaceOf(running.space, running.size);
  const groups = useMemo(() => alphaGroupsOf(running), [running]);
  const isApplicable = groups.length > 0;

  const { columns, newest, brokeAt } = useMemo(() => {
    // The version says that what the history returns has changed.
    void version;
    const known = isApplicable ? history.alpha.columns() : [];
    // Columns of another space belong to the run before this one.
    const all = known.at(-1)?.weights.length === columnWidth(groups) ? known : [];
    const good = lastGood(all);
    return {
      columns: good === null ? [] : all.slice(0, all.indexOf(good) + 1),
      newest: good,
      brokeAt: good === all.at(-1) ? null : (all.at(-1)?.step ?? null),
    };
  }, [version, isApplicable, groups]);

  const model = useMemo(() => {
    if (!newest) return null;
    const past = cursor === null ? newest : columns.findLast(({ step }) => step <= cursor);
    const at = past ?? (columns[0] as AlphaColumn);
    const options = { rule: running["darts.derive"], skipLimit: running["darts.skipLimit"] };
    // Rows of masks decide one by one, as the picture shows; only mixtures of ops have a rule.
    const derivation = space.mixed?.derive(splitGroups(at.raw, groups), options) ?? null;
    const whole: Span = [columns[0]?.step ?? 0, newest.step];
    return buildStreams({ groups, at, derivation, isDerived, sort, whole, zoom });
  }, [columns, newest, space, groups, cursor, running, isDerived, sort, zoom]);

  const hasData = model !== null;
  return {
    ...{ model, columns, groups },
    stoppedAt: brokeAt ?? (latest?.status === "error" ? latest.step : null),
    state: panelState({ boot, plan, latest, config, cursor, applicable: isApplicable, error: brokeAt, hasData }),
    step: cursor ?? model?.step ?? latest?.step ?? 0,
    isRunning: latest?.status === "running" && cursor === null,
  };
}
