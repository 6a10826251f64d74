/** Stores and history → the path model, and the paths that the eye is given. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { Space } from "@/nas/space/types";
import { history } from "@/store/history";
import { panelApplies } from "@/store/methods";
import { spaceOf } from "@/store/network";
import type { Focus } from "@/store/view";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { type PanelState, panelState } from "@/ui/panelState";
import { buildPathModel, chooseRoute, genesOfId, type PathModel } from "./model";
import { noRecent, type Recent, takeSample } from "./recent";

/** Paths of the live run, at most four changes a second. `now` in milliseconds. */
export function useRecentPaths(now: () => number = () => performance.now()): Recent {
  const held = useRef<Recent>(noRecent);
  const clock = useRef(now);
  const [recent, setRecent] = useState<Recent>(noRecent);
  useEffect(() => {
    const take = (): void => {
      const latest = history.latest();
      held.current =
        latest === null ? noRecent : takeSample(held.current, latest, clock.current(), latest.status !== "running");
      setRecent(held.current);
    };
    take();
    return history.subscribe("latest", take);
  }, []);
  return recent;
}

export interface PathView {
  readonly space: Space;
  readonly model: PathModel;
  readonly state: PanelState;
  readonly recent: Recent;
  readonly focus: Focus;
  readonly isPaused: boolean;
  /** The loss stopped being a number on the path shown. */
  readonly isBroken: boolean;
  /** Fraction of the kernels compiled, while the page boots. */
  readonly warm: number;
}

export function usePathView(): PathView {
  const counts = useHistory("counts");
  const pool = useHistory("pool");
  const plan = useRun((run) => run.plan);
  const boot = useRun((run) => run.boot);
  const latest = useRun((run) => run.latest);
  const errorCode = useRun((run) => run.error?.code);
  const config = useExperiment((experiment) => experiment.config);
  const { focus, pinA, pinB, cursor } = useView((view) => view);
  const recent = useRecentPaths();
  const running = plan?.config ?? config;
  const { space: spaceId, size } = running;
  const space = spaceOf(spaceId, size);
  const phase = latest?.phase ?? "warmup";
  const winner = latest?.metrics.winner?.id ?? null;

  const model = useMemo(() => {
    // The history's version numbers say that what the history returns has changed.
    void [counts, pool];
    const isPast = cursor !== null;
    const column = isPast ? history.counts.at(cursor) : history.counts.latest();
    const fits = column === null || column.counts.length >= space.slots.length;
    const newest = history.candidates().at(-1) ?? null;
    const live = recent.paths[0] ?? [];
    const route = chooseRoute({ space, focus, isPast, phase, live, pastPath: column?.path ?? null, newest, winner });
    return buildPathModel({
      ...{ space, route, focus },
      column: fits ? column : null,
      pairs: isPast ? null : (history.latest()?.pairs ?? null),
      trail: route.kind === "training" ? recent.paths.slice(1) : [],
      pinA: genesOfId(space, pinA?.archId),
      pinB: genesOfId(space, pinB?.archId),
    });
  }, [counts, pool, recent, space, focus, pinA, pinB, cursor, phase, winner]);

  const hasData = model.samples > 0 || model.route.genes.length > 0;
  const [done, total] = boot.kernels;
  return {
    ...{ space, model, recent, focus },
    state: panelState({
      boot,
      plan,
      latest,
      config,
      cursor,
      applicable: panelApplies("path", running),
      error: null,
      hasData,
    }),
    isPaused: latest?.status === "paused",
    isBroken: errorCode === "train.nan",
    warm: boot.status === "booting" ? (total > 0 ? done / total : 0) : 1,
  };
}
