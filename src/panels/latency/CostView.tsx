/** Expected cost over the steps with the target as a handle, and the networks that were drawn from the search. */
import { useMemo, useRef } from "react";
import { pin, setCursor } from "@/store/view";
import { useView } from "@/ui/hooks";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { costText } from "@/viz/copy/latency";
import { accuracyText, macsText, paramsText } from "@/viz/format";
import { useTransientFocus } from "../useTransientFocus";
import { type CostLayout, type CostModel, layoutCost } from "./cost";
import { describeCost } from "./describe";
import type { LatencyProps } from "./LatencyBody";
import styles from "./latency.module.css";
import { TargetLine } from "./TargetLine";

const text = copy.latency.cost;

/** Width from which chart and table stand side by side where it is low. */
const sideFrom = 560;
const lowBelow = 360;

export function CostView({ view }: LatencyProps) {
  const { cost, total } = view;
  const whole = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(whole);
  const { width, height } = useSize(body);
  const layout = useMemo(() => layoutCost(cost, { width, height }, total), [cost, width, height, total]);
  return (
    <div ref={whole} className={styles["split"]} data-side={size.height < lowBelow && size.width >= sideFrom}>
      <div ref={body} className={styles["picture"]}>
        {width > 0 && height > 0 && (
          <svg width={width} height={height} role="group" aria-label={describeCost(cost) || text.none}>
            <Chart {...{ cost, layout }} />
            <TargetLine {...{ cost, layout }} />
          </svg>
        )}
        {cost.points.length === 0 && (
          <p className={styles["message"]}>
            <span>{text.none}</span>
          </p>
        )}
      </div>
      <Samples cost={cost} />
    </div>
  );
}

function Chart({ cost, layout }: { readonly cost: CostModel; readonly layout: CostLayout }) {
  const { plot, xTicks, yTicks, line } = layout;
  const { unit, bounds, now, argmax } = cost;
  const cursor = useView((v) => v.cursor);
  const bottom = plot.y + plot.height;
  const right = plot.x + plot.width;
  return (
    // A click on the chart moves the time cursor, as in the dock, where the same is done by keyboard.
    <g
      onClick={(event) => {
        const svg = event.currentTarget.ownerSVGElement;
        const last = cost.points.at(-1)?.step;
        if (!svg || last === undefined) return;
        const step = Math.round(layout.stepAt(event.clientX - svg.getBoundingClientRect().left));
        setCursor(step >= last ? null : Math.max(0, step));
      }}
    >
      <rect x={plot.x} y={plot.y} width={plot.width} height={plot.height} fill="transparent" />
      {yTicks.map(({ at, label }) => (
        <g key={at}>
          <line className={styles["grid"]} x1={plot.x} x2={right} y1={at} y2={at} />
          <text className={styles["tick"]} x={plot.x - 6} y={at + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {bounds && <Bounds {...{ bounds, layout }} />}
      {xTicks.map(({ at, label }) => (
        <text key={at} className={styles["tick"]} x={at} y={bottom + 15} textAnchor="middle">
          {label}
        </text>
      ))}
      <path className={styles["axis"]} d={`M${plot.x},${plot.y}V${bottom}H${right}`} />
      <text className={styles["tick"]} x={right} y={bottom + 28} textAnchor="end">{`${text.step} →`}</text>
      <text className={styles["tick"]} x={plot.x + 6} y={plot.y + 4}>{`↑ ${text.axis[unit]}${unit === "latency" ? " (ms)" : ""}`}</text>
      <path className={styles["costLine"]} d={line} />
      {cursor !== null && now && <line className={styles["cursor"]} x1={layout.xOf(now.step)} x2={layout.xOf(now.step)} y1={plot.y} y2={bottom} />}
      {now && (
        <>
          <circle className={styles["now"]} cx={layout.xOf(now.step)} cy={layout.yOf(now.expected)} r={4} />
          <NowLabel {...{ layout, now }} label={costText(now.expected, unit)} />
        </>
      )}
      {argmax !== null && (
        <g data-argmax="">
          <path className={styles["argmax"]} d={`M${right + 2},${layout.yOf(argmax)}l7,-5v10z`} />
          <text className={styles["tick"]} x={right + 12} y={layout.yOf(argmax) + 4}>
            {text.argmax}
            <title>{text.argmaxHint(costText(argmax, unit))}</title>
          </text>
        </g>
      )}
    </g>
  );
}

function NowLabel({ layout, now, label }: { readonly layout: CostLayout; readonly now: NonNullable<CostModel["now"]>; readonly label: string }) {
  const { plot } = layout;
  const x = layout.xOf(now.step);
  const y = layout.yOf(now.expected);
  const isRight = x > plot.x + plot.width / 2;
  return (
    <text className={styles["nowLabel"]} x={isRight ? x - 8 : x + 8} y={y < plot.y + 26 ? y + 16 : y - 8} textAnchor={isRight ? "end" : "start"}>
      {label}
    </text>
  );
}

/** Cheapest and dearest network of the space. */
function Bounds({ bounds, layout }: { readonly bounds: readonly [number, number]; readonly layout: CostLayout }) {
  const { plot } = layout;
  return bounds.map((cost, i) => (
    <g key={i}>
      <line className={styles["bound"]} x1={plot.x} x2={plot.x + plot.width} y1={layout.yOf(cost)} y2={layout.yOf(cost)} />
      <text className={styles["tick"]} x={plot.x + plot.width + 4} y={layout.yOf(cost) + 4}>
        {i === 0 ? text.cheapest : text.dearest}
      </text>
    </g>
  ));
}

function Samples({ cost }: { readonly cost: CostModel }) {
  const transient = useTransientFocus();
  const focused = useView((v) => v.focus.archId);
  const pins = [useView((v) => v.pinA?.archId), useView((v) => v.pinB?.archId)];
  const { columns } = text;
  if (cost.samples.length === 0) return <p className={styles["samplesNone"]}>{text.samplesNone}</p>;
  return (
    // Scrolls when it is low, so it must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles["samples"]} role="region" aria-label={text.samples} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.network}</th>
            <th scope="col" title={text.lnPHint}>
              {columns.lnP}
            </th>
            <th scope="col">{columns.latency}</th>
            <th scope="col">{columns.macs}</th>
            <th scope="col">{columns.params}</th>
            <th scope="col">{columns.accuracy}</th>
          </tr>
        </thead>
        <tbody>
          {cost.samples.map(({ candidate: c, isWinner, keepsTarget }) => {
            const focus = { archId: c.id, candidate: c.index };
            const at = pins.indexOf(c.id);
            return (
              <tr
                key={c.index}
                data-sample={c.id}
                data-winner={isWinner || undefined}
                data-lit={focused === c.id || undefined}
                data-pin={at < 0 ? undefined : at === 0 ? "a" : "b"}
                data-over={!keepsTarget || undefined}
                title={keepsTarget ? undefined : text.over}
                onPointerEnter={() => transient.enter(focus)}
                onPointerLeave={transient.leave}
              >
                <th scope="row">
                  <button type="button" onFocus={() => transient.enter(focus)} onBlur={transient.leave} onClick={() => pin(focus)}>
                    {isWinner && <span aria-label={text.winnerLabel}>{`${text.winner} `}</span>}
                    {c.id}
                  </button>
                  <small>{c.origin.kind === "derived" ? text.derived : text.sampled}</small>
                </th>
                <td>{c.logProbability === undefined ? "–" : c.logProbability.toFixed(2).replace("-", "−")}</td>
                <td>{c.latencyUs === undefined ? "–" : costText(c.latencyUs, "latency").replace(/\sms$/, "")}</td>
                <td>{macsText(c.macs)}</td>
                <td>{paramsText(c.params)}</td>
                <td>{c.accuracy ? accuracyText(c.accuracy.value, c.accuracy.n) : (c.failure ?? text.unscored)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
