/** The truth toggle's picture: predicted against true accuracy of every evaluated network in the table, and how well the ranking agrees. */
import { useEffect, useMemo, useRef } from "react";
import type { Candidate } from "@/nas/candidate";
import { useSize } from "@/ui/useSize";
import { fitCanvas } from "@/viz/canvas";
import { text as copy } from "@/viz/copy";
import { tauText } from "@/viz/copy/pool";
import { countText } from "@/viz/format";
import { sequential } from "@/viz/palette";
import { readTokens } from "@/viz/tokens";
import { tracePath } from "./draw";
import { shapeOf } from "./model";
import styles from "./pool.module.css";
import type { TruthModel } from "./truth";
import { gaugePosition, gaugeTicks, layoutTruth, type TruthLayout } from "./truthLayout";
import type { PoolPointer } from "./usePoolControl";

const text = copy.pool.truth;

export interface TruthViewProps {
  readonly model: TruthModel;
  readonly focusedId: string | null;
  readonly theme: "light" | "dark";
  readonly pointer: (
    spots: readonly { readonly candidate: Candidate; readonly x: number; readonly y: number }[],
  ) => PoolPointer;
  /** The sentence of the figure. */
  readonly label: string;
}

export function TruthView({ model, focusedId, theme, pointer, label }: TruthViewProps) {
  const body = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(body);
  const layout = useMemo(() => layoutTruth(model, { width, height }), [model, width, height]);
  useEffect(() => {
    if (canvas.current && layout.width > 0) drawTruth(canvas.current, layout, theme);
  }, [layout, theme]);
  const focused = layout.spots.find((s) => s.candidate.id === focusedId);
  return (
    <div className={styles["truth"]}>
      <div ref={body} className={styles["picture"]}>
        <canvas ref={canvas} className={styles["canvas"]} aria-hidden="true" />
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={label} {...pointer(layout.spots)}>
            <TruthAxes layout={layout} />
            {focused && <circle className={styles["ring"]} cx={focused.x} cy={focused.y} r={8} fill="none" />}
            {model.points.length === 0 && (
              <text className={styles["tick"]} x={width / 2} y={height / 2} textAnchor="middle">
                {text.none}
              </text>
            )}
          </svg>
        )}
      </div>
      <Gauge model={model} />
    </div>
  );
}

function drawTruth(canvas: HTMLCanvasElement, layout: TruthLayout, theme: "light" | "dark"): void {
  const ctx = fitCanvas(canvas, layout.width, layout.height);
  const tokens = readTokens(canvas);
  ctx.fillStyle = tokens.line;
  for (const { y, height, width } of layout.background) ctx.fillRect(layout.plot.x, y, width, height);
  for (const { candidate, x, y } of layout.spots) {
    const isRandom = candidate.arm === "random";
    ctx.strokeStyle = isRandom ? tokens.ink3 : sequential(0.75, theme);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = 1.2;
    ctx.globalAlpha = isRandom ? 0.6 : 0.85;
    tracePath(ctx, isRandom ? "cross" : shapeOf(candidate), x, y, isRandom ? 2.4 : 3.2);
    if (!isRandom) ctx.fill();
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

function TruthAxes({ layout }: { readonly layout: TruthLayout }) {
  const { plot, xTicks, yTicks } = layout;
  const bottom = plot.y + plot.height;
  return (
    <g>
      {yTicks.map(({ at, label }) => (
        <text key={label} className={styles["tick"]} x={plot.x - 6} y={at + 4} textAnchor="end">
          {label}
        </text>
      ))}
      {xTicks.map(({ at, label }) => (
        <text key={label} className={styles["tick"]} x={at} y={bottom + 15} textAnchor="middle">
          {label}
        </text>
      ))}
      <path className={styles["axis"]} fill="none" d={`M${plot.x},${plot.y}V${bottom}H${plot.x + plot.width}`} />
      <text className={styles["axisTitle"]} x={plot.x + plot.width} y={bottom + 28} textAnchor="end">
        {`${text.axis.predicted} →`}
      </text>
      <text className={styles["axisTitle"]} x={plot.x + 4} y={plot.y + 6}>
        {`↑ ${text.axis.true}`}
      </text>
    </g>
  );
}

/** τ-b on a scale from −1 to 1 of which 0–1 is drawn, with what it has to beat. */
function Gauge({ model }: { readonly model: TruthModel }) {
  const { tau, points } = model;
  const at = gaugePosition(tau);
  const ticks = gaugeTicks(model);
  const isKnown = Number.isFinite(tau);
  return (
    // Scrolls when it is low, so it must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles["gauge"]} role="group" aria-label={text.gauge} tabIndex={0}>
      <p className={styles["tau"]}>
        τ-b {tauText(tau)}
        {model.isProxy && (
          <span className={styles["proxy"]} title={text.proxyHint}>
            {text.proxy}
          </span>
        )}
      </p>
      <div
        className={styles["scale"]}
        role="meter"
        aria-label={text.gauge}
        aria-valuemin={-1}
        aria-valuemax={1}
        aria-valuenow={isKnown ? Number(tau.toFixed(3)) : 0}
        aria-valuetext={isKnown ? text.tau(tau, points.length) : text.few}
      >
        {ticks.map(
          (tick) =>
            tick.at !== null && (
              <span
                key={tick.id}
                className={styles["gaugeTick"]}
                style={{ left: `${100 * tick.at}%` }}
                data-letter={tick.letter}
              />
            ),
        )}
        <span className={styles["end"]} style={{ left: 0 }} data-letter="0" />
        <span className={styles["end"]} style={{ left: "100%" }} data-letter="1" />
        {at !== null && <span className={styles["needle"]} style={{ left: `${100 * at}%` }} />}
      </div>
      <dl className={styles["ticks"]}>
        {ticks.map(({ id, letter, tau: value }) => (
          <div key={id} title={text.ticksTitle[id]}>
            <dt>
              <b>{letter}</b> {text.ticks[id]}
            </dt>
            <dd>{tauText(value)}</dd>
          </div>
        ))}
      </dl>
      {!isKnown && <p>{text.few}</p>}
      {model.isBelowLayers && <p className={styles["warning"]}>{text.warning(model.layersTau)}</p>}
      <p className={styles["muted"]}>
        {`n = ${countText(points.length)}: ${text.arms(model.evolution, model.randomOnly)}. `}
        {model.rows < 6561 && `${text.partial(model.rows)}. `}
        {text.baselines}
      </p>
    </div>
  );
}
