/**
 * The latency table of the page: the one that the current configuration would use, whether it is being measured, and what may be done with it.
 * Panels read this; a run that has taken a table shows its own (`history.report("table")`).
 */
import { createStore } from "zustand/vanilla";
import type { LatencyTable } from "@/nas/latency/table";

export interface LatencyState {
  /** Kept for space, size, batch and device of the experiment; null: none yet. */
  readonly table: LatencyTable | null;
  /** Being measured right now. */
  readonly progress: { readonly table: LatencyTable; readonly done: number; readonly total: number } | null;
  /** Labels of devices of which a table is kept; the first is this one. */
  readonly devices: readonly string[];
  /** Why the last attempt came to nothing, one sentence. */
  readonly problem: string | null;
}

export const noLatency: LatencyState = { table: null, progress: null, devices: [], problem: null };

export const latencyStore = createStore<LatencyState>(() => noLatency);
