/** The pointer over the picture: it reads, focuses, pins, brushes a span of time and shows one row alone. */
import { type MouseEvent, type PointerEvent, useRef, useState } from "react";
import { pin, viewStore } from "@/store/view";
import type { StreamBox } from "@/viz/streamLayout";
import { useTransientFocus } from "../useTransientFocus";
import { focusOf } from "./focus";
import { type Hit, hitAt, stepAt } from "./hit";
import type { StreamsLayout } from "./layout";
import type { StreamsModel } from "./model";
import type { StreamsData } from "./useStreamsData";
import type { StreamsControl } from "./useStreamsControl";

export interface Pointed extends Hit {
  readonly x: number;
  readonly y: number;
}

export interface Brush {
  readonly box: StreamBox;
  readonly from: number;
  readonly to: number;
}

/** Movement from which a press is a drag. */
const dragPx = 6;

export function useStreamsPointer(
  layout: StreamsLayout,
  model: StreamsModel,
  data: StreamsData | null,
  control: StreamsControl,
) {
  const transient = useTransientFocus();
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [brush, setBrush] = useState<Brush | null>(null);
  const wasDrag = useRef(false);
  /** Pins before the first click of what may become a double click. */
  const pinsBefore = useRef<Pick<ReturnType<typeof viewStore.getState>, "pinA" | "pinB"> | null>(null);

  const place = (event: MouseEvent<SVGSVGElement>): readonly [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const read = (event: MouseEvent<SVGSVGElement>): Hit | null => hitAt(layout, model, data, ...place(event));
  const focusAt = (hit: Hit | null): ReturnType<typeof focusOf> | null => {
    const row = hit ? model.rows[hit.index] : undefined;
    return hit && row ? focusOf(model.groups, row, hit.op) : null;
  };
  const timeBox = (x: number, y: number): StreamBox | null => {
    if (layout.view === "now") return null;
    const boxes = [...layout.rows, ...layout.charts].map(({ box }) => box);
    return boxes.find((b) => x >= b.x && x <= b.x + b.width && y >= b.y && y <= b.y + b.height) ?? null;
  };
  const inside = ({ x, width }: StreamBox, at: number): number => Math.min(x + width, Math.max(x, at));

  return {
    pointed,
    brush,
    handlers: {
      onPointerMove: (event: PointerEvent<SVGSVGElement>): void => {
        const [x, y] = place(event);
        if (brush) {
          setBrush({ ...brush, to: inside(brush.box, x) });
          return;
        }
        const hit = read(event);
        const focus = focusAt(hit);
        if (focus) transient.enter(focus);
        else transient.leave();
        setPointed(hit && { ...hit, x, y });
      },
      onPointerLeave: (): void => {
        transient.leave();
        setPointed(null);
      },
      onPointerDown: (event: PointerEvent<SVGSVGElement>): void => {
        const [x, y] = place(event);
        wasDrag.current = false;
        const box = event.button === 0 ? timeBox(x, y) : null;
        if (!box) return;
        event.currentTarget.setPointerCapture?.(event.pointerId);
        setBrush({ box, from: x, to: x });
      },
      onPointerUp: (): void => {
        if (!brush) return;
        setBrush(null);
        const [a, b] = [Math.min(brush.from, brush.to), Math.max(brush.from, brush.to)];
        if (b - a <= dragPx) return;
        wasDrag.current = true;
        const [from, to] = [stepAt(brush.box, model.span, a), stepAt(brush.box, model.span, b)];
        control.set({ zoom: [from, Math.max(to, from + 4)] });
      },
      onPointerCancel: (): void => setBrush(null),
      onClick: (event: MouseEvent<SVGSVGElement>): void => {
        if (wasDrag.current) return;
        const focus = focusAt(read(event));
        if (!focus) return;
        const { pinA, pinB } = viewStore.getState();
        if (event.detail < 2) pinsBefore.current = { pinA, pinB };
        pin(focus);
      },
      onDoubleClick: (event: MouseEvent<SVGSVGElement>): void => {
        // Its two clicks have pinned and unpinned; with both pins taken that would cost one.
        if (pinsBefore.current) viewStore.setState(pinsBefore.current);
        const row = model.rows[read(event)?.index ?? -1];
        if (control.zoom) control.set({ zoom: null });
        else control.toggleSolo(control.solo ? null : row ? { group: row.group, row: row.row } : null);
      },
    },
  };
}
