/** Candidates, sampling, α and space as the inspector needs them, at the time cursor. */
import { useMemo } from "react";
import type { Space } from "@/nas/space/types";
import { history } from "@/store/history";
import type { RunConfig } from "@/store/keys";
import { alphaGroupsOf } from "@/store/methods";
import { spaceOf } from "@/store/network";
import { useExperiment, useHistory, useRun, useView } from "@/ui/hooks";
import type { AlphaScene } from "./inspectorAlpha";
import { choicesOf, type Scene, type Subject, subjectOf } from "./inspectorModel";

export interface Inspected {
  readonly scene: Scene;
  /** What is focused, else what is pinned last. */
  readonly subject: Subject | null;
  /** Name of what the subject is compared with, or null. */
  readonly against: string | null;
}

/** α of the run at the cursor, and what would be derived from it; null for a run without α. */
function alphaScene(space: Space, config: RunConfig, cursor: number | null): AlphaScene | null {
  const { mixed } = space;
  const groups = alphaGroupsOf(config);
  if (groups.length === 0) return null;
  const column = cursor === null ? history.alpha.latest() : history.alpha.at(cursor);
  const size = groups.reduce((sum, { rows, ops }) => sum + rows.length * ops.length, 0);
  // A column of another space is on its way out.
  if (column?.raw.length !== size) return { groups, weights: null, kept: null };
  // Masks keep the largest number of a row; no rule says otherwise.
  if (!mixed) return { groups, weights: column.weights, kept: null };
  let at = 0;
  const raw = groups.map(({ rows, ops }) => column.raw.subarray(at, (at += rows.length * ops.length)));
  const { kept } = mixed.derive(raw, { rule: config["darts.derive"], skipLimit: config["darts.skipLimit"] });
  return { groups, weights: column.weights, kept };
}

export function useInspector(): Inspected {
  const ran = useRun((run) => run.plan?.config);
  const edited = useExperiment((experiment) => experiment.config);
  const config = ran ?? edited;
  const focus = useView((view) => view.focus);
  const pinA = useView((view) => view.pinA);
  const pinB = useView((view) => view.pinB);
  const cursor = useView((view) => view.cursor);
  const pool = useHistory("pool");
  const counts = useHistory("counts");
  const alpha = useHistory("alpha");
  const scene = useMemo((): Scene => {
    // The versions stand for the data behind them.
    void pool;
    void counts;
    void alpha;
    const column = cursor === null ? history.counts.latest() : history.counts.at(cursor);
    const space = spaceOf(config.space, config.size);
    return {
      space,
      candidates: history.candidates(),
      sampling: column,
      alpha: alphaScene(space, config, cursor),
    };
  }, [config, pool, counts, alpha, cursor]);
  return useMemo(() => {
    const isFocused = Object.keys(focus).length > 0;
    const about = isFocused ? focus : (pinB ?? pinA);
    if (about === null) return { scene, subject: null, against: null };
    const other = about === pinA ? null : choicesOf(pinA, scene);
    const subject = subjectOf(about, scene, other);
    return { scene, subject, against: other === null || subject?.kind !== "network" ? null : "A" };
  }, [scene, focus, pinA, pinB]);
}
