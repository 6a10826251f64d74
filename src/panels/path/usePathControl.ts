/** What a reader does with the path picture: point, pin, force a choice, evaluate a path. */
import { type KeyboardEvent, type MouseEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { Accuracy } from "@/nas/candidate";
import { actions } from "@/store/actions";
import { announce, type Focus, pin, setFocus } from "@/store/view";
import { text } from "@/viz/copy";
import { accuracyText } from "@/viz/format";
import { opStyle } from "@/viz/palette";
import { useTransientFocus } from "../useTransientFocus";
import { choicesOf, type PathNode } from "./model";
import type { PathView } from "./usePathModel";

interface Evaluated {
  readonly id: string;
  readonly accuracy: Accuracy;
}

export interface PathControl {
  readonly forced: ReadonlyMap<number, number>;
  readonly evaluated: Evaluated | null;
  readonly isEvaluating: boolean;
  evaluate(genes: readonly number[]): void;
  force(node: PathNode): void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  readonly pointer: {
    readonly onPointerOver: (event: PointerEvent<SVGSVGElement>) => void;
    readonly onPointerLeave: () => void;
    readonly onPointerDown: (event: PointerEvent<SVGSVGElement>) => void;
    readonly onPointerUp: (event: PointerEvent<SVGSVGElement>) => void;
    readonly onDoubleClick: (event: MouseEvent<SVGSVGElement>) => void;
  };
}

/** What a point of the picture stands for: a node, a whole layer, or an op in every layer. */
function focusOf(target: EventTarget, view: PathView): Focus | null {
  const marked = target instanceof Element ? target.closest<SVGElement>("[data-slot], [data-op]") : null;
  if (!marked) return null;
  const { slot, choice, op } = marked.dataset;
  if (op !== undefined) return { op };
  const node = view.model.columns[Number(slot)]?.nodes[Number(choice)];
  return node ? nodeFocus(node) : { slot: Number(slot) };
}

function nodeFocus({ slot, choice, op }: PathNode): Focus {
  return { slot, choice, op };
}

function nodeOf(view: PathView, focus: Focus | null): PathNode | null {
  if (focus?.slot === undefined || focus.choice === undefined) return null;
  return view.model.columns[focus.slot]?.nodes[focus.choice] ?? null;
}

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The node an arrow key leads to; the first press lands on the lit route. */
function moved(view: PathView, key: string): PathNode | null {
  const [dx, dy] = moves[key] ?? [0, 0];
  const { columns, route } = view.model;
  const { slot, choice } = view.focus;
  if (slot === undefined) return columns[0]?.nodes[route.genes[0] ?? 0] ?? null;
  const column = columns[Math.min(columns.length - 1, Math.max(0, slot + dx))];
  const row = (choice ?? route.genes[slot] ?? 0) + (choice === undefined ? 0 : dy);
  return column?.nodes[Math.min(column.nodes.length - 1, Math.max(0, row))] ?? null;
}

export function usePathControl(view: PathView): PathControl {
  const { space, model, isPaused } = view;
  const transient = useTransientFocus();
  const [forced, setForced] = useState<ReadonlyMap<number, number>>(new Map());
  const [evaluated, setEvaluated] = useState<Evaluated | null>(null);
  const [isEvaluating, setEvaluating] = useState(false);
  const pressed = useRef<PathNode | null>(null);
  // A forced choice holds for one step.
  const { step } = view.recent;
  useEffect(() => setForced(new Map()), [step]);

  const force = (node: PathNode): void => {
    const label = model.columns[node.slot]?.label ?? "";
    const isSet = forced.get(node.slot) === node.choice;
    actions().forceChoice(node.slot, isSet ? null : node.choice);
    const next = new Map(forced);
    if (isSet) next.delete(node.slot);
    else next.set(node.slot, node.choice);
    setForced(next);
    announce(isSet ? text.path.released(label) : text.path.forced(label, opStyle(node.op).code));
  };

  const evaluate = (genes: readonly number[]): void => {
    const choices = choicesOf(space, genes);
    if (!choices || isEvaluating) return;
    setEvaluating(true);
    void actions()
      .evaluatePath(choices)
      .then((result) => {
        setEvaluated(result);
        announce(
          result
            ? text.path.evaluated(result.id, accuracyText(result.accuracy.value, result.accuracy.n))
            : text.path.notEvaluated,
        );
      })
      .finally(() => setEvaluating(false));
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.key in moves) {
      const node = moved(view, event.key);
      if (!node) return;
      setFocus(nodeFocus(node));
      announce(text.path.node(model.columns[node.slot]?.label ?? "", node.op, node.count, node.deviation));
      event.preventDefault();
    } else if (event.key === "Enter") {
      const node = nodeOf(view, view.focus);
      if (node && isPaused) force(node);
      else if (Object.keys(view.focus).length > 0) pin(view.focus);
      event.preventDefault();
    }
  };

  return {
    ...{ forced, evaluated, isEvaluating, evaluate, force, onKeyDown },
    pointer: {
      onPointerOver: (event) => {
        const focus = focusOf(event.target, view);
        if (focus) transient.enter(focus);
        else transient.leave();
      },
      onPointerLeave: transient.leave,
      onPointerDown: (event) => {
        pressed.current = nodeOf(view, focusOf(event.target, view));
      },
      onPointerUp: (event) => {
        const focus = focusOf(event.target, view);
        const [from, to] = [pressed.current, nodeOf(view, focus)];
        pressed.current = null;
        const isDrag = from !== null && to !== null && from.slot === to.slot && from.choice !== to.choice;
        if (isDrag && isPaused) force(to);
        else if (focus && !isDrag) pin(focus);
      },
      onDoubleClick: (event) => {
        const node = nodeOf(view, focusOf(event.target, view));
        if (node && model.route.genes.length > 0)
          evaluate(model.route.genes.map((gene, slot) => (slot === node.slot ? node.choice : gene)));
      },
    },
  };
}
