/** What a reader does with the joint search: change the view, walk over pairs, pin them, keep a part of an axis. */
import { type KeyboardEvent, useState } from "react";
import { announce, type Focus, pin, setFocus } from "@/store/view";
import { text as copy } from "@/viz/copy";
import { useTransientFocus } from "../useTransientFocus";
import { describePair } from "./describe";
import { type Filters, type JointModel, type JointViewId, jointViews, walkPairs } from "./model";

const text = copy.joint;

export interface JointControl {
  readonly view: JointViewId;
  readonly filters: Filters;
  setView(view: JointViewId): void;
  /** null: the axis keeps everything. */
  setFilter(axis: string, range: readonly [number, number] | null): void;
  clearFilters(): void;
  /** Handlers of a mark that stands for a pair. */
  pair(id: string, index: number): { readonly onPointerEnter: () => void; readonly onPointerLeave: () => void; readonly onClick: () => void };
}

export function useJointControl(): JointControl {
  const [view, setView] = useState<JointViewId>("predictor");
  const [filters, setFilters] = useState<Filters>({});
  const transient = useTransientFocus();
  return {
    ...{ view, filters },
    setView: (next) => {
      setView(next);
      announce(text.saidView(text.views[next]));
    },
    setFilter: (axis, range) =>
      setFilters((old) => {
        const { [axis]: _gone, ...rest } = old;
        return range === null ? rest : { ...rest, [axis]: range };
      }),
    clearFilters: () => setFilters({}),
    pair: (id, index) => {
      const focus = pairFocus(id, index);
      return { onPointerEnter: () => transient.enter(focus), onPointerLeave: transient.leave, onClick: () => pin(focus) };
    },
  };
}

export function pairFocus(id: string, index: number): Focus {
  return { archId: id, candidate: index };
}

/** Keys of the panel; true when the key was one. */
export function onJointKey(event: KeyboardEvent<HTMLElement>, model: JointModel, control: JointControl): boolean {
  const { key } = event;
  if (key.toLowerCase() === "v") {
    control.setView(jointViews[(jointViews.indexOf(control.view) + 1) % jointViews.length] ?? "predictor");
    return true;
  }
  const next = walkPairs(key, model, control.view);
  const focused = model.lines.find(({ isFocused }) => isFocused);
  if (next) {
    setFocus(pairFocus(next.id, next.index));
    announce(describePair(next, model));
  } else if (key === "Enter" && focused) pin(pairFocus(focused.id, focused.index));
  else if (key === "Escape" && Object.keys(control.filters).length > 0) control.clearFilters();
  else return false;
  return true;
}
