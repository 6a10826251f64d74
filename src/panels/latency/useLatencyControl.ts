/** What a reader does with the latency panel: walk over cells, measure one again, edit it; and what the panel remembers. */
import { type KeyboardEvent, useState } from "react";
import { cancelMeasure, editLatency, estimateMissing, measureLatency, useDevice as chooseDevice } from "@/store/latency";
import { announce, type Focus, pin, setFocus } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { describeCell, whereOf } from "./describe";
import { type CellId, cellOf, keysOf, type LatencyCell, type LatencyViewId, latencyViews, movedCell } from "./model";
import type { LatencyView } from "./useLatencyView";

const text = copy.latency;

export interface LatencyControl {
  readonly view: LatencyViewId;
  readonly isLog: boolean;
  readonly wanted: "run" | "kept";
  /** Keys that are being measured again; null: all. */
  readonly asked: readonly string[] | null;
  /** Cell under the pointer or the arrow keys. */
  readonly at: CellId | null;
  /** Cell whose card is open. */
  readonly open: CellId | null;
  setView(view: LatencyViewId): void;
  toggleLog(): void;
  setWanted(wanted: "run" | "kept"): void;
  setAt(id: CellId | null): void;
  setOpen(id: CellId | null): void;
  /** Time these entries anew, or the whole table. */
  measure(keys: readonly string[] | null): void;
  edit(key: string, us: number): void;
  cancel(): void;
  estimate(): void;
  device(label: string | null): void;
}

interface State {
  readonly view: LatencyViewId;
  readonly isLog: boolean;
  readonly wanted: "run" | "kept";
  readonly asked: readonly string[] | null;
  readonly at: CellId | null;
  readonly open: CellId | null;
}

const first: State = { view: "table", isLog: false, wanted: "run", asked: null, at: null, open: null };

export function useLatencyControl(): LatencyControl {
  const [state, setState] = useState(first);
  const set = (change: Partial<State>): void => setState((old) => ({ ...old, ...change }));
  return {
    ...state,
    setView: (view) => {
      set({ view });
      announce(text.saidView(text.views[view]));
    },
    toggleLog: () => set({ isLog: !state.isLog }),
    setWanted: (wanted) => set({ wanted }),
    setAt: (at) => set({ at }),
    setOpen: (open) => set({ open }),
    // What is measured or edited is kept for the next run: that is the table to look at then.
    measure: (keys) => {
      set({ asked: keys, wanted: "kept" });
      void measureLatency(keys);
    },
    edit: (key, us) => {
      set({ wanted: "kept" });
      void editLatency(key, us);
    },
    cancel: () => void cancelMeasure(),
    estimate: () => {
      set({ wanted: "kept" });
      void estimateMissing();
    },
    device: (label) => {
      set({ wanted: "kept" });
      void chooseDevice(label);
    },
  };
}

/** What a cell is to the rest of the page; the parts of every network are nothing to it. */
export function cellFocus({ slot, choice, op }: LatencyCell): Focus | null {
  return slot < 0 ? null : { slot, choice, op };
}

/** The cell that the page's focus names, whoever set it. */
export function focusedCell(focus: Focus): CellId | null {
  return focus.slot === undefined || focus.choice === undefined ? null : { slot: focus.slot, choice: focus.choice };
}

/** Measure a cell again, and say what happens. */
export function remeasure(cell: LatencyCell | null, view: LatencyView, control: LatencyControl): void {
  const keys = cell && keysOf(cell);
  if (!cell) announce(text.said.pointFirst);
  else if (!keys) announce(text.said.identity);
  else if (view.shown.progress !== null) announce(text.said.busy);
  else {
    announce(text.said.remeasuring(whereOf(cell, view.model)));
    control.measure(keys);
  }
}

/** Pin a cell and open its card; the same cell again closes it. */
export function toggleCell(cell: LatencyCell, control: LatencyControl): void {
  const isOpen = control.open?.slot === cell.slot && control.open.choice === cell.choice;
  const focus = cellFocus(cell);
  if (focus) pin(focus);
  control.setOpen(isOpen ? null : { slot: cell.slot, choice: cell.choice });
}

/** Keys of the panel; true when the key was one. */
export function onLatencyKey(event: KeyboardEvent<HTMLElement>, view: LatencyView, control: LatencyControl, focus: Focus): boolean {
  const { key } = event;
  const lower = key.toLowerCase();
  if (lower === "v") {
    control.setView(latencyViews[(latencyViews.indexOf(control.view) + 1) % latencyViews.length] ?? "table");
    return true;
  }
  if (control.view !== "table" || event.shiftKey) return false;
  const { model } = view;
  const id = control.at ?? focusedCell(focus) ?? control.open;
  const cell = cellOf(model, id);
  // Also without a cell: R resets the run elsewhere, which nobody means here.
  if (lower === "r") remeasure(cell, view, control);
  else if (key === "Enter" && cell) toggleCell(cell, control);
  else if (key === "Escape" && control.open) control.setOpen(null);
  else {
    const to = cellOf(model, movedCell(model, key, id));
    if (!to) return false;
    control.setAt({ slot: to.slot, choice: to.choice });
    const named = cellFocus(to);
    setFocus(named ?? {});
    announce(describeCell(to, model));
  }
  return true;
}
