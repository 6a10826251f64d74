/** The time cursor of all panels: drag it, or focus it and use the arrow keys. Training goes on meanwhile. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { setCursor } from "@/store/view";
import { text } from "@/viz/copy";
import { countText } from "@/viz/format";
import styles from "./curves.module.css";
import type { CurvesLayout } from "./layout";

export interface ScrubberProps {
  readonly layout: CurvesLayout;
  readonly live: number;
  readonly cursor: number | null;
  /** `+`, `-` and `0` zoom about the cursor. */
  readonly onZoom: (factor: number | null) => void;
}

/** Cursor after a key; undefined = not our key. Moving to the newest step means live. */
export function cursorAfter(key: string, shift: boolean, at: number, live: number): number | null | undefined {
  const small = Math.max(1, Math.round(live / 100));
  const step = shift ? small * 10 : small;
  const moves: Record<string, number> = {
    ArrowLeft: -step,
    ArrowDown: -step,
    ArrowRight: step,
    ArrowUp: step,
    PageDown: -small * 10,
    PageUp: small * 10,
  };
  if (key === "Home") return 0;
  if (key === "End") return null;
  const move = moves[key];
  if (move === undefined) return undefined;
  const next = Math.max(0, at + move);
  return next >= live ? null : next;
}

export function Scrubber({ layout, live, cursor, onZoom }: ScrubberProps) {
  const track = useRef<HTMLDivElement>(null);
  const { plot, x } = layout;
  const at = cursor ?? live;
  const left = Math.min(plot.x + plot.width, Math.max(plot.x, layout.cursor));

  const seek = (event: PointerEvent<HTMLDivElement>): void => {
    const box = track.current?.getBoundingClientRect();
    if (!box || live <= 0) return;
    const step = Math.round(x.invert(Math.min(plot.width, Math.max(0, event.clientX - box.left)) + plot.x));
    setCursor(step >= live ? null : Math.max(0, step));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const zoom = { "+": 0.5, "=": 0.5, "-": 2, "0": null }[event.key];
    if (zoom !== undefined) onZoom(zoom);
    const next = cursorAfter(event.key, event.shiftKey, at, live);
    if (next !== undefined && live > 0) setCursor(next);
    if (zoom === undefined && next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles["scrubber"]}>
      <div
        ref={track}
        className={styles["track"]}
        style={{ left: plot.x, width: plot.width }}
        role="slider"
        tabIndex={0}
        aria-label={text.curves.scrubber}
        aria-valuemin={0}
        aria-valuemax={live}
        aria-valuenow={at}
        aria-valuetext={
          cursor === null
            ? text.curves.scrubberLive(countText(live))
            : text.curves.scrubberPast(countText(cursor), countText(live))
        }
        aria-disabled={live <= 0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture?.(event.pointerId);
          seek(event);
        }}
        onPointerMove={(event) => event.buttons > 0 && seek(event)}
        onKeyDown={onKeyDown}
      >
        <span className={styles["trackLine"]} />
        <span className={styles["trackDone"]} style={{ width: Math.max(0, left - plot.x) }} />
        <span className={styles["thumb"]} data-past={cursor !== null} style={{ left: left - plot.x }} />
      </div>
    </div>
  );
}
