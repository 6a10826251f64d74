/** Beside the picture: the temperature as a gauge on its annealing curve, the expected cost against the target, the parts of the loss, and what may be changed while it runs. */
import { type ReactNode, useRef } from "react";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { type PaletteTheme, sequential } from "@/viz/palette";
import { Controls } from "./Controls";
import { costText } from "@/viz/copy/latency";
import { linePath, rangeOf, type Size } from "./layout";
import type { Pressure } from "./pressure";
import styles from "./rail.module.css";
import type { ThetaView } from "./useThetaView";

const text = copy.theta.rail;

export function Rail({ view, theme, size, side }: { readonly view: ThetaView; readonly theme: PaletteTheme; readonly size: Size; readonly side: "right" | "below" }) {
  const { pressure, state, step } = view;
  const cursor = state === "past" ? step : null;
  return (
    <div className={styles["rail"]} data-side={side} style={size} role="group" aria-label={text.label}>
      <TauChart {...{ pressure, theme, cursor }} />
      <CostChart {...{ pressure, cursor }} name={(view.masks ? text.effective : text.cost)[pressure.metric]} />
      <Controls view={view} />
    </div>
  );
}

interface ChartProps {
  readonly title: string;
  readonly now: string;
  readonly label: string;
  readonly children: (size: Size) => ReactNode;
}

function Chart({ title, now, label, children }: ChartProps) {
  const body = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(body);
  return (
    <div className={styles["chart"]}>
      <p className={styles["chartHead"]}>
        <span>{title}</span>
        <b title={now}>{now}</b>
      </p>
      <div ref={body} className={styles["plot"]}>
        {width > 0 && height > 0 && (
          <svg width={width} height={height} role="img" aria-label={label}>
            {children({ width, height })}
          </svg>
        )}
      </div>
    </div>
  );
}

function Cursor({ x, height }: { readonly x: number; readonly height: number }) {
  return <line className={styles["cursor"]} x1={x} x2={x} y1={0} y2={height} />;
}

/** Width of the gauge, and what it takes from the right of both charts, so that steps stand over one another. */
const gauge = 8;
const right = gauge + 8;

/** Place of a step on the axis that both charts share. */
function stepAxis({ span: [from, to] }: Pressure, width: number): (step: number) => number {
  return (step) => ((width - right) * (step - from)) / (to - from);
}

function TauChart({ pressure, theme, cursor }: { readonly pressure: Pressure; readonly theme: PaletteTheme; readonly cursor: number | null }) {
  const { points, plan, now, tau0, tauEnd, warmEnd } = pressure;
  const tau = now?.tau ?? null;
  return (
    <Chart title={text.tau} now={tau === null ? text.none : text.tauNow(tau)} label={text.tauLabel(tau, tau0, tauEnd)}>
      {({ width, height }) => {
        const [top, bottom] = [4, height - 4];
        const xOf = stepAxis(pressure, width);
        const yOf = (value: number): number => bottom - ((bottom - top) * value) / Math.max(tau0, tauEnd);
        return (
          <>
            <rect className={styles["warmUp"]} x={0} y={top} width={Math.max(0, xOf(warmEnd))} height={bottom - top} />
            <rect className={styles["grid"]} x={0} y={bottom} width={width - right} height={1} />
            <rect className={styles["track"]} x={width - gauge} y={top} width={gauge} height={bottom - top} rx={3} />
            {tau !== null && <rect data-gauge="" x={width - gauge} y={yOf(tau)} width={gauge} height={Math.max(1, bottom - yOf(tau))} rx={3} fill={sequential(0.7, theme)} />}
            <text className={styles["tick"]} data-side="start" x={2} y={top + 13}>
              {tau0}
            </text>
            <path className={styles["plan"]} d={linePath(plan, xOf, yOf)} />
            <path
              className={styles["line"]}
              d={linePath(
                points.map((point) => [point.step, point.tau] as const),
                xOf,
                yOf,
              )}
            />
            {now && <circle className={styles["dot"]} cx={xOf(now.step)} cy={yOf(now.tau)} r={3} />}
            {cursor !== null && <Cursor x={xOf(cursor)} height={height} />}
          </>
        );
      }}
    </Chart>
  );
}

function CostChart({ pressure, cursor, name }: { readonly pressure: Pressure; readonly cursor: number | null; readonly name: string }) {
  const { points, now, target, metric } = pressure;
  const words = now && Number.isFinite(now.expected) ? costText(now.expected, metric) : text.none;
  const goal = target === null ? null : costText(target, metric);
  return (
    <Chart title={name} now={words} label={text.costLabel(name, words, goal)}>
      {({ width, height }) => {
        const [top, bottom] = [6, height - 4];
        const [low, high] = rangeOf([...points.map(({ expected }) => expected), ...(target === null ? [] : [target])]);
        const xOf = stepAxis(pressure, width);
        const yOf = (value: number): number => bottom - ((bottom - top) * (value - low)) / Math.max(1e-12, high - low);
        const isLow = target !== null && yOf(target) < top + 16;
        return (
          <>
            <rect className={styles["grid"]} x={0} y={bottom} width={width - right} height={1} />
            {target !== null && goal !== null && (
              <g data-target="">
                <line className={styles["target"]} x1={0} x2={width - right} y1={yOf(target)} y2={yOf(target)} />
                <text className={styles["tick"]} x={width - right} y={yOf(target) + (isLow ? 12 : -4)}>
                  {`${text.target} ${goal}`}
                </text>
              </g>
            )}
            <path
              className={styles["line"]}
              d={linePath(
                points.map(({ step, expected }) => [step, expected] as const),
                xOf,
                yOf,
              )}
            />
            {now && Number.isFinite(now.expected) && <circle className={styles["dot"]} cx={xOf(now.step)} cy={yOf(now.expected)} r={3} />}
            {cursor !== null && <Cursor x={xOf(cursor)} height={height} />}
          </>
        );
      }}
    </Chart>
  );
}
