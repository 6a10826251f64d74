/** Which of the eight states a panel is in. One function for all panels, so that the whole screen tells the same story. */
import { type ExperimentState, staleKeys } from "@/store/experiment";
import type { RunState } from "@/store/run";

export const panelStates = ["empty", "loading", "live", "past", "paused", "stale", "not-applicable", "error"] as const;
export type PanelState = (typeof panelStates)[number];

export interface PanelSituation {
  readonly boot: RunState["boot"];
  readonly plan: RunState["plan"];
  readonly latest: RunState["latest"];
  /** The configuration as edited; compared with the run's own. */
  readonly config: ExperimentState["config"];
  readonly cursor: number | null;
  /** False when the algorithm has nothing of this kind. */
  readonly applicable: boolean;
  /** What went wrong in this panel, or null. A failed run is not a failed panel: what was drawn stays. */
  readonly error: unknown;
  /** Whether there is something to draw. */
  readonly hasData: boolean;
}

/**
 * The state of a panel. What the panel cannot do comes first (error, not applicable), then what it lacks (loading, empty),
 * then how what it shows relates to now: the past before a stale configuration, that before a pause.
 */
export function panelState(situation: PanelSituation): PanelState {
  const { boot, plan, latest, config, cursor, applicable, error, hasData } = situation;
  if (error !== null && error !== undefined && error !== false) return "error";
  if (!applicable) return "not-applicable";
  if (!hasData) return boot.status === "booting" ? "loading" : "empty";
  if (cursor !== null) return "past";
  if (plan !== null && staleKeys(plan.config, config).length > 0) return "stale";
  const resting = latest?.status === "paused" || latest?.status === "stopped" || latest?.status === "error";
  return resting ? "paused" : "live";
}
