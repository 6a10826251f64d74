/** What the reader is looking at: one focus, two pins, a time cursor, theme and layout. Never part of an experiment. */
import { createStore } from "zustand/vanilla";
import { subscribeWithSelector } from "zustand/middleware";
import type { ArchId } from "@/nas/space/types";

/** One focus for all panels: whatever is pointed at, highlighted everywhere. Empty object = nothing. */
export interface Focus {
  readonly archId?: ArchId;
  /** Index into `history.candidates()`. */
  readonly candidate?: number;
  readonly slot?: number;
  readonly choice?: number;
  /** Op name, e.g. `mb3_k3`. */
  readonly op?: string;
  /** Architecture weights: index of the group (0 normal, 1 reduce) and of the row. */
  readonly edge?: { readonly group: number; readonly row: number };
  readonly generation?: number;
  readonly classId?: number;
  readonly imageId?: number;
}

export type PanelId = "path" | "pool" | "curves" | "data" | "network" | "streams" | "cells" | "theta" | "latency" | "joint";
export type Theme = "light" | "dark" | "system";
export type MotionSetting = "system" | "reduced";

export interface ViewState {
  readonly focus: Focus;
  /** Clicked focus; A solid accent, B dashed. */
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  /** Step the reader has gone back to; null = live. */
  readonly cursor: number | null;
  readonly theme: Theme;
  readonly motion: MotionSetting;
  /** Panel shown on the one-panel stage (narrow) or full stage. */
  readonly panel: PanelId;
  readonly fullPanel: PanelId | null;
  readonly truth: boolean;
  readonly dialog: "export" | "help" | "setup" | "about" | "import" | null;
  /** Sentences for the polite live region. */
  readonly announcement: string;
}

export const viewStore = createStore<ViewState>()(
  subscribeWithSelector((): ViewState => ({
    focus: {},
    pinA: null,
    pinB: null,
    cursor: null,
    theme: "system" as Theme,
    motion: "system" as MotionSetting,
    panel: "path" as PanelId,
    fullPanel: null,
    truth: false,
    dialog: null,
    announcement: "",
  })),
);

const same = (a: Focus, b: Focus): boolean => JSON.stringify(a) === JSON.stringify(b);

export function setFocus(focus: Focus): void {
  if (!same(viewStore.getState().focus, focus)) viewStore.setState({ focus });
}

export function clearFocus(): void {
  setFocus({});
}

/** First pin goes to A, the next to B, a third replaces B; pinning the same thing again removes it. */
export function pin(focus: Focus): void {
  const { pinA, pinB } = viewStore.getState();
  if (pinA && same(pinA, focus)) viewStore.setState({ pinA: pinB, pinB: null });
  else if (pinB && same(pinB, focus)) viewStore.setState({ pinB: null });
  else if (!pinA) viewStore.setState({ pinA: focus });
  else viewStore.setState({ pinB: focus });
}

export function clearPins(): void {
  viewStore.setState({ pinA: null, pinB: null });
}

export function setCursor(cursor: number | null): void {
  viewStore.setState({ cursor });
}

export function announce(announcement: string): void {
  viewStore.setState({ announcement });
}

/** Reset what belongs to a run (pins, cursor, focus) when another run begins. */
export function resetRunView(): void {
  viewStore.setState({ focus: {}, pinA: null, pinB: null, cursor: null });
}
