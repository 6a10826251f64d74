/** Candidates, sampling and space as the inspector needs them, at the time cursor. */
import { useMemo } from "react";
import { history } from "@/store/history";
import { spaceOf } from "@/store/network";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import { choicesOf, type Scene, type Subject, subjectOf } from "./inspectorModel";

export interface Inspected {
  readonly scene: Scene;
  /** What is focused, else what is pinned last. */
  readonly subject: Subject | null;
  /** Name of what the subject is compared with, or null. */
  readonly against: string | null;
}

export function useInspector(): Inspected {
  const ran = useRun((run) => run.plan?.config);
  const edited = useExperiment((experiment) => experiment.config);
  const { space: spaceId, size } = ran ?? edited;
  const focus = useView((view) => view.focus);
  const pinA = useView((view) => view.pinA);
  const pinB = useView((view) => view.pinB);
  const cursor = useView((view) => view.cursor);
  const pool = useHistory("pool");
  const counts = useHistory("counts");
  const scene = useMemo((): Scene => {
    // The versions stand for the data behind them.
    void pool;
    void counts;
    const column = cursor === null ? history.counts.latest() : history.counts.at(cursor);
    return { space: spaceOf(spaceId, size), candidates: history.candidates(), sampling: column };
  }, [spaceId, size, pool, counts, cursor]);
  return useMemo(() => {
    const isFocused = Object.keys(focus).length > 0;
    const about = isFocused ? focus : (pinB ?? pinA);
    if (about === null) return { scene, subject: null, against: null };
    const other = about === pinA ? null : choicesOf(pinA, scene);
    const subject = subjectOf(about, scene, other);
    return { scene, subject, against: other === null || subject?.kind !== "network" ? null : "A" };
  }, [scene, focus, pinA, pinB]);
}
