/** The target as a line one can take hold of: drag, or arrow keys; it is set when released, in the unit that `fbnet.target` has. */
import { type KeyboardEvent, memo, type PointerEvent, useState } from "react";
import { actions } from "@/store/actions";
import { text as copy } from "@/viz/copy";
import { costText } from "@/viz/copy/latency";
import { type CostLayout, type CostModel, targetSetting } from "./cost";
import styles from "./latency.module.css";

const text = copy.latency.cost;

/** Three significant digits of the largest value. */
export function roundTarget(value: number, high: number): number {
  const unit = 10 ** (Math.floor(Math.log10(Math.max(high, 1e-9))) - 2);
  return Number((Math.round(value / unit) * unit).toPrecision(6));
}

/** Where a key moves the target, in steps of 1 % of the range: up is dearer, as in the picture; null for other keys. */
export function targetByKey(key: string, value: number, [low, high]: readonly [number, number]): number | null {
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
  return moved === undefined ? null : within(moved, [low, high]);
}

/** Rounded, but never below the cheapest network: such a target is refused. */
function within(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, roundTarget(Math.min(high, Math.max(low, value)), high)));
}

export const TargetLine = memo(function TargetLine({ cost, layout }: { readonly cost: CostModel; readonly layout: CostLayout }) {
  const { unit, bounds } = cost;
  const { plot, range } = layout;
  const [moved, setMoved] = useState<number | null>(null);
  const [isDragging, setDragging] = useState(false);
  // Without a table there is no scale to drag on.
  if (!bounds || plot.height <= 0) return null;
  const [low, high] = range;
  const value = moved ?? cost.target;
  const shown = Math.min(high, Math.max(low, value ?? high));
  const y = Math.min(plot.y + plot.height, Math.max(plot.y, layout.yOf(shown)));
  const label = value === null ? text.noTarget : `${text.target} ${costText(value, unit)}`;

  const release = (): void => {
    setDragging(false);
    if (moved === null) return;
    actions().setLive({ "fbnet.target": targetSetting(moved, unit) });
    setMoved(null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Delete" || event.key === "Backspace") {
      actions().setLive({ "fbnet.target": null });
      setMoved(null);
    } else {
      const next = targetByKey(event.key, shown, range);
      if (next === null) return;
      setMoved(next);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const drag = (event: PointerEvent<SVGGElement>): void => {
    const svg = event.currentTarget.ownerSVGElement;
    if (!isDragging || !svg) return;
    setMoved(within(layout.costAt(event.clientY - svg.getBoundingClientRect().top), range));
    event.stopPropagation();
  };
  const right = plot.x + plot.width;
  return (
    <g
      className={styles["target"]}
      role="slider"
      tabIndex={0}
      aria-label={text.targetName[unit]}
      aria-orientation="vertical"
      aria-valuemin={low}
      aria-valuemax={high}
      aria-valuenow={shown}
      aria-valuetext={value === null ? text.noTarget : text.targetRange(costText(value, unit))}
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
      onClick={(event) => event.stopPropagation()}
    >
      <rect className={styles["grip"]} x={plot.x} y={y - 10} width={plot.width} height={20} />
      <line className={styles["targetLine"]} data-none={value === null || undefined} x1={plot.x} x2={right} y1={y} y2={y} />
      <rect className={styles["handle"]} x={plot.x + plot.width * 0.5 - 12} y={y - 4} width={24} height={8} rx={4} />
      <text className={styles["targetText"]} x={plot.x + plot.width * 0.5 + 18} y={y < plot.y + 20 ? y + 15 : y - 6}>
        {label}
      </text>
    </g>
  );
});
