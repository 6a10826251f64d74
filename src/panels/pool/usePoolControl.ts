/** What a reader does with the pool: point at, walk through and pin candidates. */
import type { KeyboardEvent, PointerEvent } from "react";
import type { Candidate } from "@/nas/candidate";
import { announce, type Focus, pin, setFocus } from "@/store/view";
import { useTransientFocus } from "../useTransientFocus";
import { describeMark } from "./describe";
import { type Spot, spotAt } from "./hit";
import type { PoolMark, PoolModel } from "./model";

export interface PoolPointer {
  readonly onPointerMove: (event: PointerEvent<SVGSVGElement>) => void;
  readonly onPointerLeave: () => void;
  readonly onClick: (event: {
    readonly target: EventTarget;
    readonly currentTarget: SVGSVGElement;
    readonly clientX: number;
    readonly clientY: number;
  }) => void;
}

export interface PoolControl {
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly pointer: (spots: readonly Spot[]) => PoolPointer;
}

export function candidateFocus({ id, index }: Candidate): Focus {
  return { archId: id, candidate: index };
}

/** Left and right walk by cost, up and down by accuracy, Home is the best; null for other keys. */
export function walk(key: string, model: PoolModel): PoolMark | null {
  const { marks, focused, best } = model;
  if (key === "Home") return best;
  const isCost = key === "ArrowLeft" || key === "ArrowRight";
  if (!isCost && key !== "ArrowUp" && key !== "ArrowDown") return null;
  const by = (m: PoolMark): number => (isCost ? m.cost : m.accuracy);
  const order = [...marks].sort((a, b) => by(a) - by(b) || a.candidate.index - b.candidate.index);
  const at = order.findIndex((m) => m.candidate.index === focused?.candidate.index);
  if (at < 0) return best;
  const step = key === "ArrowRight" || key === "ArrowUp" ? 1 : -1;
  return order[Math.min(order.length - 1, Math.max(0, at + step))] ?? null;
}

export function usePoolControl(model: PoolModel): PoolControl {
  const transient = useTransientFocus();
  const focusAt = (spots: readonly Spot[], event: Parameters<PoolPointer["onClick"]>[0]): Focus | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const candidate = spotAt(spots, event.clientX - box.left, event.clientY - box.top);
    if (candidate) return candidateFocus(candidate);
    const column = event.target instanceof Element ? event.target.closest<SVGElement>("[data-generation]") : null;
    return column ? { generation: Number(column.dataset["generation"]) } : null;
  };
  return {
    onKeyDown: (event) => {
      const mark = walk(event.key, model);
      if (mark) {
        setFocus(candidateFocus(mark.candidate));
        announce(describeMark(mark, model));
      } else if (event.key === "Enter" && model.focused) pin(candidateFocus(model.focused.candidate));
      else return;
      event.preventDefault();
    },
    pointer: (spots) => ({
      onPointerMove: (event) => {
        const focus = focusAt(spots, event);
        if (focus) transient.enter(focus);
        else transient.leave();
      },
      onPointerLeave: transient.leave,
      onClick: (event) => {
        const focus = focusAt(spots, event);
        if (focus) pin(focus);
      },
    }),
  };
}
