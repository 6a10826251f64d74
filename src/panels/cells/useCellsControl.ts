/** What a reader does with the cells: point at edges and ops, pin them, walk over them by keyboard, step through the derivation. */
import type { KeyboardEvent, PointerEvent } from "react";
import { announce, type Focus, pin, setFocus } from "@/store/view";
import { text } from "@/viz/copy";
import { useTransientFocus } from "../useTransientFocus";
import { describeEdge } from "./describe";
import { edgeAfter, edgeFocus } from "./focus";
import type { CellsView } from "./useCellsView";

export interface CellsControl {
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly pointer: {
    readonly onPointerOver: (event: PointerEvent<SVGSVGElement>) => void;
    readonly onPointerLeave: () => void;
    readonly onPointerUp: (event: PointerEvent<SVGSVGElement>) => void;
  };
}

/** What a point of the picture stands for: an edge, or one op of it. */
function focusOf(target: EventTarget): Focus | null {
  if (!(target instanceof Element)) return null;
  const edge = target.closest<SVGElement>("[data-row]");
  const op = target.closest<SVGElement>("[data-op]")?.dataset["op"] ?? null;
  if (!edge) return null;
  return edgeFocus({ group: Number(edge.dataset["group"]), row: Number(edge.dataset["row"]) }, op);
}

const arrows: ReadonlySet<string> = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export function useCellsControl(view: CellsView): CellsControl {
  const { subject, story, focus } = view;
  const transient = useTransientFocus();
  const { beat, isTold } = story.story;
  const isDerived = beat === 3 || !subject.hasWeights;

  const walk = (key: string): boolean => {
    const edge = edgeAfter(subject.cells, isDerived, focus.edge ?? null, key);
    const cell = subject.cells.find(({ group }) => group === edge?.group);
    if (!edge || !cell) return false;
    const only = isDerived ? (cell.derived?.inputs.find(({ row }) => row === edge.row)?.op ?? null) : null;
    setFocus(edgeFocus(edge, only));
    announce(describeEdge(cell, edge.row));
    return true;
  };
  const stepBeat = (by: number): void => {
    const next = Math.min(3, Math.max(0, beat + by));
    story.step(next);
    const isSingle = subject.cells[0]?.id === "cell";
    announce((isSingle ? text.cells.beatsSingle : text.cells.beats)[next] ?? "");
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const { key } = event;
    if (isTold && (key === "ArrowLeft" || key === "ArrowRight")) stepBeat(key === "ArrowRight" ? 1 : -1);
    else if (isTold && key === "Escape") story.end();
    else if (arrows.has(key)) {
      if (!walk(key)) return;
    } else if (key === "Enter" && focus.edge) pin(focus);
    else return;
    event.preventDefault();
  };

  return {
    onKeyDown,
    pointer: {
      onPointerOver: (event) => {
        const found = focusOf(event.target);
        if (found) transient.enter(found);
        else transient.leave();
      },
      onPointerLeave: transient.leave,
      onPointerUp: (event) => {
        const found = focusOf(event.target);
        if (found) pin(found);
      },
    },
  };
}
