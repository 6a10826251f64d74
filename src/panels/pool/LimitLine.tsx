/** The constraint as a line one can take hold of: drag, or arrow keys; it is set when released. The infeasible side is shaded. */
import { type KeyboardEvent, memo, type PointerEvent, useState } from "react";
import { actions } from "@/store/actions";
import { text as copy } from "@/viz/copy";
import { costText, type PoolLayout } from "./layout";
import type { PoolModel } from "./model";
import styles from "./pool.module.css";

const text = copy.pool.limit;

/** Where a key moves the limit, in steps of 1 % of the range; null for other keys. */
export function limitByKey(key: string, value: number, [low, high]: readonly [number, number]): number | null {
  const step = (high - low) / 100;
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: value - step,
    ArrowDown: value - step,
    ArrowRight: value + step,
    ArrowUp: value + step,
    PageDown: value - 10 * step,
    PageUp: value + 10 * step,
    Home: low,
    End: high,
  };
  const moved = moves[key];
  return moved === undefined ? null : roundLimit(Math.min(high, Math.max(low, moved)), high);
}

/** Three significant digits of the largest value: nobody means a limit of 1,430,127. */
export function roundLimit(value: number, high: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(high)) - 2);
  return Math.round(value / unit) * unit;
}

/** Whether the text fits left of the line, or goes right. */
function textSide(x: number, left: number): "start" | "end" {
  return x - left > 90 ? "end" : "start";
}

export const LimitLine = memo(function LimitLine({
  model,
  layout,
}: {
  readonly model: PoolModel;
  readonly layout: PoolLayout;
}) {
  const { metric, costRange, min } = model;
  const { plot } = layout;
  const [moved, setMoved] = useState<number | null>(null);
  const [isDragging, setDragging] = useState(false);
  const [low, high] = costRange;
  const value = moved ?? model.limit;
  const shown = Math.min(high, Math.max(low, value ?? high));
  const right = plot.x + plot.width;
  const x = value === null ? right : Math.min(right, Math.max(plot.x, layout.xOf(value)));
  const label = value === null ? text.none : costText(value, metric);

  const release = (): void => {
    setDragging(false);
    if (moved === null) return;
    actions().setLive({ "evo.limit": moved });
    setMoved(null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = limitByKey(event.key, shown, costRange);
    if (next === null) return;
    setMoved(next);
    event.preventDefault();
    event.stopPropagation();
  };
  const drag = (event: PointerEvent<SVGGElement>): void => {
    const svg = event.currentTarget.ownerSVGElement;
    if (!isDragging || !svg) return;
    const cost = layout.costAt(event.clientX - svg.getBoundingClientRect().left);
    setMoved(roundLimit(Math.min(high, Math.max(low, cost)), high));
    event.stopPropagation();
  };

  return (
    <>
      <rect className={styles["infeasible"]} x={x} y={plot.y} width={Math.max(0, right - x)} height={plot.height} />
      {min !== null && (
        <rect
          className={styles["infeasible"]}
          x={plot.x}
          y={plot.y}
          width={Math.max(0, Math.min(right, layout.xOf(min)) - plot.x)}
          height={plot.height}
        />
      )}
      <g
        className={styles["limit"]}
        role="slider"
        tabIndex={0}
        aria-label={text.name[metric]}
        aria-orientation="horizontal"
        aria-valuemin={low}
        aria-valuemax={high}
        aria-valuenow={shown}
        aria-valuetext={value === null ? text.none : text.range(label)}
        onKeyDown={onKeyDown}
        onKeyUp={release}
        onBlur={release}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture?.(event.pointerId);
          setDragging(true);
          event.stopPropagation();
        }}
        onPointerMove={drag}
        onPointerUp={(event) => {
          release();
          event.stopPropagation();
        }}
        onPointerCancel={release}
      >
        <rect className={styles["grip"]} x={x - 12} y={plot.y} width={24} height={plot.height} />
        <line className={styles["limitLine"]} x1={x} x2={x} y1={plot.y} y2={plot.y + plot.height} />
        <rect className={styles["handle"]} x={x - 4} y={plot.y + plot.height / 2 - 12} width={8} height={24} rx={4} />
        <text
          className={styles["limitText"]}
          x={textSide(x, plot.x) === "end" ? x - 8 : x + 8}
          y={plot.y + plot.height - 8}
          textAnchor={textSide(x, plot.x)}
        >
          {value === null ? text.none : `${text.short} ${label}`}
        </text>
      </g>
    </>
  );
});
