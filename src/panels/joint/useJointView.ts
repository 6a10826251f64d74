/** Stores and history → the joint search, as of the time cursor. */
import { useMemo } from "react";
import { history } from "@/store/history";
import { pairImages } from "@/store/jointBudget";
import { panelApplies } from "@/store/methods";
import { spaceOf } from "@/store/network";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import { buildJoint, type Filters, isBroken, type JointModel } from "./model";
import { jointTimeline } from "./timeline";

export interface JointView {
  readonly state: PanelState;
  readonly step: number;
  readonly model: JointModel;
  /** Predictions stopped being numbers; what was measured stands. */
  readonly isBroken: boolean;
  /** The run is under way and has trained no pair yet. */
  readonly isStarting: boolean;
}

export function useJointView(filters: Filters): JointView {
  const reportVersion = useHistory("report");
  const poolVersion = useHistory("pool");
  const plan = useRun((run) => run.plan);
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const config = useExperiment((experiment) => experiment.config);
  const [focus, pinA, pinB, cursor] = [useView((v) => v.focus), useView((v) => v.pinA), useView((v) => v.pinB), useView((v) => v.cursor)];
  const running = plan?.config ?? config;
  const space = spaceOf(running.space, running.size);
  const isApplicable = panelApplies("joint", running);

  const [report, extent] = useMemo(() => {
    // The version says that what the history returns has changed.
    void reportVersion;
    return [isApplicable ? history.report("joint") : null, cursor === null ? null : jointTimeline.at(cursor)] as const;
  }, [reportVersion, isApplicable, cursor]);
  const candidates = useMemo(() => {
    void poolVersion;
    return history.candidates();
  }, [poolVersion]);

  const winner = latest?.metrics.winner?.index ?? null;
  const planned = running["fbnet3.m"] * running["fbnet3.rounds"];
  const images = pairImages(running);
  const model = useMemo(
    () => buildJoint({ space, report, extent, candidates, winner, planned, images, focus, pinA, pinB, filters }),
    [space, report, extent, candidates, winner, planned, images, focus, pinA, pinB, filters],
  );
  const broken = report !== null && isBroken(report);
  const hasData = model.marks.length > 0;
  const plain = panelState({ boot, plan, latest, config, cursor, applicable: isApplicable, error: broken, hasData });
  const isStarting = plain === "empty" && cursor === null && latest?.status === "running";
  return {
    ...{ model, isBroken: broken, isStarting },
    state: isStarting ? "loading" : plain,
    step: cursor ?? latest?.step ?? 0,
  };
}
