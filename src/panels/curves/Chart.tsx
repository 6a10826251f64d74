/** Loss, accuracy and lanes: lines on canvas, axes and labels in SVG above it, zoom by wheel, drag and double-click. */
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { useTheme } from "@/ui/theme";
import { fitCanvas } from "@/viz/canvas";
import { text } from "@/viz/copy";
import { bytesText, countText } from "@/viz/format";
import { readTokens } from "@/viz/tokens";
import styles from "./curves.module.css";
import { accuracyColor, drawCurves } from "./draw";
import { type CurvesLayout, type Lane, zoomed } from "./layout";
import { accuracyAt, type CurvesModel, lossAt } from "./model";

export interface ChartProps {
  readonly model: CurvesModel;
  readonly layout: CurvesLayout;
  readonly width: number;
  readonly height: number;
  readonly whole: readonly [number, number];
  readonly onZoom: (view: readonly [number, number] | null) => void;
}

const words = text.curves;

function LaneLabels({ lane }: { readonly lane: Lane }) {
  const { x, y, width, height } = lane.rect;
  const top = lane.kind === "rate" ? countText(lane.top) : bytesText(lane.top);
  return (
    <>
      <text className={styles["tick"]} x={x - 6} y={y + height - 3} textAnchor="end">
        {words.lanes[lane.kind]}
      </text>
      {lane.top > 0 && (
        <text className={styles["tick"]} x={x + width + 6} y={y + 10}>
          {top}
        </text>
      )}
    </>
  );
}

function Axes({
  layout,
  height,
  algorithm,
}: {
  readonly layout: CurvesLayout;
  readonly height: number;
  readonly algorithm: string;
}) {
  const theme = useTheme();
  const { plot } = layout;
  const right = plot.x + plot.width;
  return (
    <>
      {plot.y > 12 && (
        <text className={styles["tick"]} x={plot.x - 6} y={plot.y - 6} textAnchor="end">
          {words.axis}
        </text>
      )}
      {layout.yTicks.map((tick) => (
        <g key={tick.text}>
          <line className={styles["grid"]} x1={plot.x} x2={right} y1={tick.at} y2={tick.at} />
          <text className={styles["tick"]} x={plot.x - 6} y={tick.at + 4} textAnchor="end">
            {tick.text}
          </text>
        </g>
      ))}
      {layout.points.length > 0 &&
        layout.accuracyTicks.map((tick) => (
          <text
            key={tick.text}
            className={styles["tick"]}
            style={{ fill: accuracyColor(theme) }}
            x={right + 6}
            y={tick.at + 4}
          >
            {tick.text}
          </text>
        ))}
      {layout.xTicks.map((tick) => (
        <text key={tick.text} className={styles["tick"]} x={tick.at} y={plot.y + plot.height + 13} textAnchor="middle">
          {tick.text}
        </text>
      ))}
      {layout.lanes.map((lane) => (
        <LaneLabels key={lane.kind} lane={lane} />
      ))}
      {layout.bands.map((band, i) => (
        <g key={band.phase}>
          {i > 0 && <line className={styles["boundary"]} x1={band.x0} x2={band.x0} y1={plot.y} y2={height - 2} />}
          {band.x1 - band.x0 > 64 && plot.y > 12 && (
            <text className={styles["band"]} x={(band.x0 + band.x1) / 2} y={plot.y - 6} textAnchor="middle">
              {words.band(band.phase, algorithm)}
            </text>
          )}
        </g>
      ))}
    </>
  );
}

function Cursor({
  model,
  layout,
  height,
}: {
  readonly model: CurvesModel;
  readonly layout: CurvesLayout;
  readonly height: number;
}) {
  const { plot, cursor } = layout;
  const loss = lossAt(model, model.at);
  if (loss === null || cursor < plot.x - 0.5 || cursor > plot.x + plot.width + 0.5) return null;
  const accuracy = accuracyAt(model, 1, model.at);
  const label = `${loss.loss.toFixed(2)}${accuracy ? ` · ${Math.round(100 * accuracy.value)} %` : ""}`;
  const isLeft = cursor > plot.x + plot.width / 2;
  return (
    <g data-past={model.past}>
      <line className={styles["cursor"]} x1={cursor} x2={cursor} y1={plot.y} y2={height} />
      <circle className={styles["cursorDot"]} cx={cursor} cy={layout.y(loss.loss)} r={3} />
      <text
        className={styles["cursorText"]}
        x={cursor + (isLeft ? -8 : 8)}
        y={layout.y(loss.loss) - 6}
        textAnchor={isLeft ? "end" : "start"}
      >
        {label}
      </text>
    </g>
  );
}

export function Chart({ model, layout, width, height, whole, onZoom }: ChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<SVGSVGElement>(null);
  const theme = useTheme();
  const [brush, setBrush] = useState<readonly [number, number] | null>(null);
  const { plot, x } = layout;
  const view = x.domain() as [number, number];

  useEffect(() => {
    const element = canvas.current;
    if (!element || width <= 0) return;
    drawCurves(fitCanvas(element, width, height), layout, readTokens(element), theme, model.past);
  }, [layout, width, height, theme, model.past]);

  useEffect(() => {
    const element = overlay.current;
    if (!element) return;
    // React's wheel listener is passive and could not keep the page from scrolling.
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      onZoom(zoomed(view, x.invert(event.offsetX), Math.exp(event.deltaY * 0.002), whole));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  });

  const inside = (event: PointerEvent<SVGSVGElement>): number => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    return Math.min(plot.x + plot.width, Math.max(plot.x, at));
  };
  const endBrush = (): void => {
    if (brush && Math.abs(brush[1] - brush[0]) > 6) {
      const [from, to] = [x.invert(Math.min(...brush)), x.invert(Math.max(...brush))];
      onZoom([from, Math.max(from + 10, to)]);
    }
    setBrush(null);
  };
  return (
    <div className={styles["chart"]} style={{ height }} title={words.zoomHint}>
      <canvas ref={canvas} aria-hidden="true" className={styles["canvas"]} />
      <svg
        ref={overlay}
        aria-hidden="true"
        className={styles["overlay"]}
        width={width}
        height={height}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture?.(event.pointerId);
          setBrush([inside(event), inside(event)]);
        }}
        onPointerMove={(event) => brush && setBrush([brush[0], inside(event)])}
        onPointerUp={endBrush}
        onPointerCancel={() => setBrush(null)}
        onDoubleClick={() => onZoom(null)}
      >
        <Axes layout={layout} height={height} algorithm={model.algorithm} />
        <Cursor model={model} layout={layout} height={height} />
        {brush && (
          <rect
            className={styles["brush"]}
            x={Math.min(...brush)}
            width={Math.abs(brush[1] - brush[0])}
            y={plot.y}
            height={plot.height}
          />
        )}
      </svg>
    </div>
  );
}
