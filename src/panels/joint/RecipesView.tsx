/** Recipes and networks as lines over parallel axes; a part of an axis can be kept by dragging, or with the button that names it. */
import { type PointerEvent, useMemo, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { useTheme } from "@/ui/theme";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { sequential } from "@/viz/palette";
import styles from "./joint.module.css";
import { layoutParallel, type ParallelLayout } from "./layout";
import { nextFilter } from "./model";
import type { JointViewProps } from "./PredictorView";

const text = copy.joint.recipes;

interface Brush {
  readonly axis: string;
  readonly from: number;
  readonly to: number;
}

/** Pixels at an axis that take hold of it, and how far a drag must go to be one. */
const reach = 12;
const least = 0.02;

export function RecipesView({ model, control }: JointViewProps) {
  const body = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(body);
  const theme = useTheme();
  const layout = useMemo(() => layoutParallel(model, { width, height }), [model, width, height]);
  const [brush, setBrush] = useState<Brush | null>(null);
  const place = (event: PointerEvent<SVGElement>): number => {
    const svg = event.currentTarget.ownerSVGElement ?? event.currentTarget;
    return layout.placeAt(event.clientY - svg.getBoundingClientRect().top);
  };
  const kept = model.lines.filter(({ isKept }) => isKept).length;
  const hasFilters = Object.keys(control.filters).length > 0;
  const isDimmed = model.lines.some(({ isFocused }) => isFocused);
  return (
    <>
      <div ref={body} className={styles["picture"]}>
        {width > 0 && height > 0 && (
          <svg width={width} height={height} role="img" aria-label={text.filtered(kept, model.lines.length)}>
            <g fill="none">
              {layout.lines.map(({ line, path, shade, end }) => (
                <g key={line.index} className={styles["line"]} data-line={line.index} data-kept={line.isKept} data-lit={!isDimmed || line.isFocused} data-winner={line.isWinner || undefined} {...control.pair(line.id, line.index)}>
                  <path className={styles["lineReach"]} d={path} />
                  {line.isWinner && <path className={styles["casing"]} d={path} />}
                  <path className={styles["lineInk"]} data-focus={line.isFocused || undefined} data-predicted={!line.isTrained || undefined} d={path} stroke={line.isWinner ? "var(--accent)" : sequential(shade, theme)} />
                  {line.pin && end && <circle className={styles["pin"]} data-pin={line.pin} cx={end[0]} cy={end[1]} r={6} />}
                </g>
              ))}
            </g>
            {layout.axes.map(({ axis, x }) => (
              <g key={axis.id} data-axis={axis.id}>
                <line className={styles["axis"]} x1={x} x2={x} y1={layout.plot.y} y2={layout.plot.y + layout.plot.height} />
                {axis.ticks.map(({ at, label }) => (
                  <text key={at} className={styles["axisTick"]} x={x + 5} y={layout.yOf(at) + 4}>
                    {label}
                  </text>
                ))}
                <Range layout={layout} x={x} range={brush?.axis === axis.id ? [Math.min(brush.from, brush.to), Math.max(brush.from, brush.to)] : control.filters[axis.id]} />
                <rect
                  className={styles["grip"]}
                  x={x - reach}
                  y={layout.plot.y - 4}
                  width={2 * reach}
                  height={layout.plot.height + 8}
                  onPointerDown={(event) => {
                    event.currentTarget.setPointerCapture?.(event.pointerId);
                    const at = place(event);
                    setBrush({ axis: axis.id, from: at, to: at });
                  }}
                  onPointerMove={(event) => {
                    if (brush) setBrush({ ...brush, to: place(event) });
                  }}
                  onPointerUp={() => {
                    if (!brush) return;
                    const range = [Math.min(brush.from, brush.to), Math.max(brush.from, brush.to)] as const;
                    control.setFilter(axis.id, range[1] - range[0] > least ? range : null);
                    setBrush(null);
                  }}
                  onPointerCancel={() => setBrush(null)}
                />
              </g>
            ))}
          </svg>
        )}
        {layout.axes.map(({ axis, x }, i) => (
          <button
            key={axis.id}
            type="button"
            className={styles["axisName"]}
            data-edge={i === 0 ? "start" : i === layout.axes.length - 1 ? "end" : undefined}
            style={{ left: x }}
            title={text.axisHint(axis.name)}
            aria-pressed={control.filters[axis.id] !== undefined}
            onClick={() => control.setFilter(axis.id, nextFilter(control.filters[axis.id]))}
          >
            {axis.name}
          </button>
        ))}
      </div>
      <p className={styles["legend"]}>
        <span>{text.filtered(kept, model.lines.length)}</span>
        {Object.entries(control.filters).map(([id, [low, high]]) => {
          const axis = model.axes.find((known) => known.id === id);
          return axis && <span key={id}>{text.kept(axis.name, axis.labelAt(low), axis.labelAt(high))}</span>;
        })}
        {hasFilters && (
          <Button small title={text.clearHint} onClick={control.clearFilters}>
            {text.clear}
          </Button>
        )}
        {model.lines.some(({ isWinner }) => isWinner) && <span className={styles["winnerKey"]}>{text.winner}</span>}
        {model.lines.some(({ isTrained }) => !isTrained) && <span>{text.predicted}</span>}
      </p>
    </>
  );
}

function Range({ layout, x, range }: { readonly layout: ParallelLayout; readonly x: number; readonly range: readonly [number, number] | undefined }) {
  if (!range) return null;
  const [top, bottom] = [layout.yOf(range[1]), layout.yOf(range[0])];
  return <rect className={styles["range"]} x={x - 5} y={top} width={10} height={Math.max(1, bottom - top)} rx={2} />;
}
