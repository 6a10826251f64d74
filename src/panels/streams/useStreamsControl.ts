/** What a reader does with the architecture weights by keyboard, and what the panel remembers: view, settings, zoom, the one row on show. */
import { type KeyboardEvent, useState } from "react";
import { announce, pin, setFocus, viewStore } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { describeRow } from "./describe";
import { edgeOf, focusOf, zoomSpan } from "./focus";
import { type Span, type StreamRow, type StreamsModel, type StreamView, streamViews } from "./model";

const text = copy.streams;

export interface RowId {
  readonly group: number;
  readonly row: number;
}

export interface StreamsState {
  readonly view: StreamView;
  readonly isDerived: boolean;
  readonly sort: "position" | "entropy";
  readonly zoom: Span | null;
  /** The row that fills the picture, or null. */
  readonly solo: RowId | null;
}

export interface StreamsControl extends StreamsState {
  set(change: Partial<StreamsState>): void;
  setView(view: StreamView): void;
  toggleDerived(): void;
  /** Show one row alone; the same row again, or null: all of them. */
  toggleSolo(row: RowId | null): void;
}

const first: StreamsState = { view: "streams", isDerived: false, sort: "position", zoom: null, solo: null };

export function useStreamsControl(): StreamsControl {
  const [state, setState] = useState(first);
  const set = (change: Partial<StreamsState>): void => setState((old) => ({ ...old, ...change }));
  return {
    ...state,
    set,
    setView: (view) => {
      set({ view });
      announce(text.saidView(text.views[view]));
    },
    toggleDerived: () => set({ isDerived: !state.isDerived }),
    toggleSolo: (row) => {
      const isSame = row === null || (state.solo?.group === row.group && state.solo.row === row.row);
      set(isSame ? { solo: null } : { solo: row, view: "streams" });
    },
  };
}

const moves: Readonly<Record<string, readonly [rows: number, ops: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

interface Place {
  readonly row: StreamRow;
  readonly op: number;
}

/** Where an arrow leads from the focus: left and right over rows, up and down through the stack; the first press lands on the first row. */
export function moved(
  model: StreamsModel,
  key: string,
  focus: ReturnType<typeof viewStore.getState>["focus"],
): Place | null {
  const [rows, ops] = moves[key] ?? [0, 0];
  const edge = edgeOf(focus, model.groups);
  const at = edge ? model.rows.findIndex(({ group, row }) => group === edge.group && row === edge.row) : -1;
  const clamp = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value));
  const row = model.rows[at < 0 ? 0 : clamp(at + rows, model.rows.length)];
  if (!row) return null;
  const known = focus.op === undefined ? -1 : row.ops.indexOf(focus.op);
  if (known < 0 || at < 0) return { row, op: known < 0 ? row.winner : known };
  const place = clamp(row.order.indexOf(known) + ops, row.order.length);
  return { row, op: row.order[place] ?? row.winner };
}

/** Keys of the panel; true when the key was one. */
export function onStreamsKey(
  event: KeyboardEvent<HTMLElement>,
  model: StreamsModel | null,
  control: StreamsControl,
): boolean {
  const { key } = event;
  if (key.toLowerCase() === "v") {
    control.setView(streamViews[(streamViews.indexOf(control.view) + 1) % streamViews.length] ?? "streams");
    return true;
  }
  if (key.toLowerCase() === "s") {
    control.toggleDerived();
    return true;
  }
  if (!model) return false;
  const { focus } = viewStore.getState();
  if (key in moves) {
    const place = moved(model, key, focus);
    if (!place) return false;
    setFocus(focusOf(model.groups, place.row, place.op));
    announce(describeRow(model, place.row, place.op));
    return true;
  }
  const edge = edgeOf(focus, model.groups);
  if (key === "Enter" && event.shiftKey && edge) control.toggleSolo(edge);
  else if (key === "Enter" && (edge || focus.op !== undefined)) pin(focus);
  else if (key === "Escape" && (control.solo || control.zoom)) control.set({ solo: null, zoom: null });
  else if (key === "+" || key === "=") control.set({ zoom: zoomSpan(model.span, model.step, 0.5, model.whole) });
  else if (key === "-") control.set({ zoom: zoomSpan(model.span, model.step, 2, model.whole) });
  else if (key === "0") control.set({ zoom: null });
  else return false;
  return true;
}
