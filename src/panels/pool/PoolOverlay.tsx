/** What stays text and vector over the canvas: axes, front with labels, intervals, lineage, focus ring and pins, and the strip's lines. */
import { memo } from "react";
import { text as copy } from "@/viz/copy";
import type { Box, PoolLayout } from "./layout";
import type { PoolMark, PoolModel } from "./model";
import styles from "./pool.module.css";

const text = copy.pool;

export interface PoolOverlayProps {
  readonly model: PoolModel;
  readonly layout: PoolLayout;
}

/** Redrawn only when model or layout changed, not with every frame of the run. */
export const PoolOverlay = memo(function PoolOverlay({ model, layout }: PoolOverlayProps) {
  const { plot } = layout;
  return (
    <>
      <Axes layout={layout} title={text.axis[model.metric]} />
      <path className={styles["front"]} d={layout.front} data-lit={model.focused === null} />
      {layout.frontLabels.map(({ x, y, text: label }) => (
        <text
          key={`${x},${y}`}
          className={styles["frontLabel"]}
          x={x}
          y={y}
          textAnchor="end"
          data-lit={model.focused === null}
        >
          {label}
        </text>
      ))}
      <Intervals model={model} layout={layout} />
      <LineageLines model={model} layout={layout} />
      {model.failed.map((c) => (
        <text
          key={c.index}
          className={styles["failed"]}
          x={layout.xOf(c[model.metric])}
          y={plot.y + plot.height - 3}
          textAnchor="middle"
        >
          ✕<title>{c.failure ?? text.failed(1)}</title>
        </text>
      ))}
      <Strip model={model} layout={layout} />
      <Rings model={model} layout={layout} />
    </>
  );
});

function Axes({ layout, title }: { readonly layout: PoolLayout; readonly title: string }) {
  const { plot, xTicks, yTicks } = layout;
  const bottom = plot.y + plot.height;
  return (
    <g>
      {yTicks.map(({ at, label }) => (
        <text key={label} className={styles["tick"]} x={plot.x - 6} y={at + 4} textAnchor="end">
          {label}
        </text>
      ))}
      <line className={styles["axis"]} x1={plot.x} x2={plot.x + plot.width} y1={bottom} y2={bottom} />
      {xTicks.map(({ at, label }) => (
        <g key={label}>
          <line className={styles["axis"]} x1={at} x2={at} y1={bottom} y2={bottom + 4} />
          <text className={styles["tick"]} x={at} y={bottom + 15} textAnchor="middle">
            {label}
          </text>
        </g>
      ))}
      <text className={styles["axisTitle"]} x={plot.x + plot.width} y={bottom + 28} textAnchor="end">
        {`${title} →`}
      </text>
      <text className={styles["axisTitle"]} x={plot.x + 4} y={plot.y + 6}>
        {`↑ ${text.axis.accuracy}`}
      </text>
    </g>
  );
}

/** 95 % Wilson intervals of the focus and the top-k. */
function Intervals({ model, layout }: PoolOverlayProps) {
  const marks: readonly PoolMark[] = model.focused ? [model.focused] : model.marks.filter((m) => m.isTop);
  const clamp = (y: number): number => Math.min(layout.plot.y + layout.plot.height, Math.max(layout.plot.y, y));
  return (
    <g>
      {marks.map(({ candidate, cost, interval }) => {
        const x = layout.xOf(cost);
        return (
          <path
            key={candidate.index}
            className={styles["interval"]}
            data-focus={model.focused !== null}
            d={`M${x},${clamp(layout.yOf(interval.low))}V${clamp(layout.yOf(interval.high))}`}
          />
        );
      })}
    </g>
  );
}

/** Mutation one line, crossover two half-toned ones. */
function LineageLines({ model, layout }: PoolOverlayProps) {
  return (
    <g>
      {model.lineage?.edges.map(({ parent, child, kind }) => {
        const [a, b] = [layout.byIndex.get(parent), layout.byIndex.get(child)];
        if (!a || !b) return null;
        return (
          <path
            key={`${parent}-${child}`}
            className={styles["lineage"]}
            data-kind={kind}
            d={`M${a.x},${a.y}L${b.x},${b.y}`}
          />
        );
      })}
    </g>
  );
}

function placeOf(layout: PoolLayout, mark: PoolMark | null): { readonly x: number; readonly y: number } | null {
  return mark && { x: layout.xOf(mark.cost), y: layout.yOf(mark.accuracy) };
}

function Rings({ model, layout }: PoolOverlayProps) {
  const [focus, a, b] = [placeOf(layout, model.focused), placeOf(layout, model.pinA), placeOf(layout, model.pinB)];
  const inStrip = layout.strip?.dots.find((d) => d.mark.candidate.id === model.focused?.candidate.id);
  return (
    <g fill="none">
      {focus && <circle className={styles["ring"]} cx={focus.x} cy={focus.y} r={8} />}
      {inStrip && <circle className={styles["ring"]} cx={inStrip.x} cy={inStrip.y} r={6} />}
      {a && <circle className={styles["pin"]} cx={a.x} cy={a.y} r={9} />}
      {b && <circle className={styles["pin"]} cx={b.x} cy={b.y} r={9} strokeDasharray="4 3" />}
    </g>
  );
}

function Strip({ model, layout: { strip } }: PoolOverlayProps) {
  if (!strip) return null;
  const { box, columns, best, randomBest, yTicks } = strip;
  const bottom = box.y + box.height;
  return (
    <g>
      {columns.map(({ generation, x, width, label }) => (
        <g key={generation}>
          <rect
            className={styles["column"]}
            data-generation={generation}
            data-odd={generation % 2 === 1 || undefined}
            x={x}
            y={box.y}
            width={width}
            height={box.height}
          />
          <text className={styles["tick"]} x={x + width / 2} y={bottom + 14} textAnchor="middle">
            {label}
          </text>
        </g>
      ))}
      {yTicks.map(({ at, label }) => (
        <text key={label} className={styles["tick"]} x={box.x - 6} y={at + 4} textAnchor="end">
          {label}
        </text>
      ))}
      <line className={styles["axis"]} x1={box.x} x2={box.x + box.width} y1={bottom} y2={bottom} />
      <path className={styles["randomBest"]} d={randomBest} />
      <path className={styles["best"]} d={best} />
      {columns.map(({ generation, x, width, medianY }) =>
        medianY === null ? null : (
          <line
            key={generation}
            className={styles["median"]}
            x1={x + width * 0.2}
            x2={x + width * 0.8}
            y1={medianY}
            y2={medianY}
          />
        ),
      )}
      <StripTitle box={box} hasRandom={randomBest !== ""} isWide={box.width > 480} hasMarks={model.marks.length > 0} />
    </g>
  );
}

function StripTitle({
  box,
  hasRandom,
  isWide,
  hasMarks,
}: {
  readonly box: Box;
  readonly hasRandom: boolean;
  readonly isWide: boolean;
  readonly hasMarks: boolean;
}) {
  const y = box.y + box.height + 28;
  const { title, median, best, randomBest } = text.strip;
  return (
    <text
      className={styles["axisTitle"]}
      x={isWide ? box.x : box.x + box.width}
      y={isWide ? box.y - 4 : y}
      textAnchor={isWide ? "start" : "end"}
    >
      {isWide && hasMarks ? `${title}: ━ ${best} · ‒ ${median}${hasRandom ? ` · ┅ ${randomBest}` : ""}` : `${title} →`}
    </text>
  );
}
