/** Sums of the table against whole networks timed as such: points, the line sum = measured, the fit, and this run's candidates on the axis of sums. */
import { useMemo, useRef } from "react";
import { pin, setFocus } from "@/store/view";
import { useView } from "@/ui/hooks";
import { useSize } from "@/ui/useSize";
import { text as copy } from "@/viz/copy";
import { useTransientFocus } from "../useTransientFocus";
import { type CheckLayout, type CheckModel, layoutCheck } from "./check";
import { describeCheck } from "./describe";
import type { LatencyProps } from "./LatencyBody";
import styles from "./latency.module.css";

const text = copy.latency.check;

export function CheckView({ view: { check } }: LatencyProps) {
  const body = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(body);
  const layout = useMemo(() => layoutCheck(check, { width, height }), [check, width, height]);
  return (
    <>
      <div ref={body} className={styles["picture"]}>
        {width > 0 && height > 0 && (
          <svg width={width} height={height} role="img" aria-label={describeCheck(check) || text.none}>
            <Axes layout={layout} />
            <path className={styles["diagonal"]} d={layout.diagonal} />
            <path className={styles["fit"]} d={layout.fit} />
            <Points {...{ layout, check }} />
          </svg>
        )}
        {check.n === 0 && (
          <p className={styles["message"]}>
            <span>{text.none}</span>
          </p>
        )}
        <Pointed {...{ layout, check, width }} />
      </div>
      <div className={styles["under"]}>
        <Facts check={check} />
      </div>
    </>
  );
}

function Axes({ layout: { plot, xTicks, yTicks } }: { readonly layout: CheckLayout }) {
  const bottom = plot.y + plot.height;
  return (
    <g>
      {yTicks.map(({ at, label }) => (
        <g key={at}>
          <line className={styles["grid"]} x1={plot.x} x2={plot.x + plot.width} y1={at} y2={at} />
          <text className={styles["tick"]} x={plot.x - 6} y={at + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {xTicks.map(({ at, label }) => (
        <text key={at} className={styles["tick"]} x={at} y={bottom + 15} textAnchor="middle">
          {label}
        </text>
      ))}
      <path className={styles["axis"]} d={`M${plot.x},${plot.y}V${bottom}H${plot.x + plot.width}`} />
      <text className={styles["tick"]} x={plot.x + plot.width} y={bottom + 29} textAnchor="end">{`${text.x} →`}</text>
      <text className={styles["tick"]} x={plot.x + 6} y={plot.y + 8}>{`↑ ${text.y}`}</text>
    </g>
  );
}

function Points({ layout, check }: { readonly layout: CheckLayout; readonly check: CheckModel }) {
  const transient = useTransientFocus();
  const focused = useView((v) => v.focus.archId);
  const pinA = useView((v) => v.pinA?.archId);
  const pinB = useView((v) => v.pinB?.archId);
  const { plot } = layout;
  const bottom = plot.y + plot.height;
  const handlers = (id: string, index?: number) => {
    const focus = { archId: id, ...(index === undefined ? {} : { candidate: index }) };
    return { onPointerEnter: () => transient.enter(focus), onPointerLeave: transient.leave, onClick: () => (pin(focus), setFocus(focus)) };
  };
  const isLit = (id: string): boolean => focused === undefined || focused === id || !known.has(id) || !known.has(focused);
  const known = new Set([...check.points, ...check.candidates].map(({ id }) => id));
  const pinOf = (id: string): string | undefined => (id === pinA ? "a" : id === pinB ? "b" : undefined);
  return (
    <g>
      {layout.candidates.map(({ id, index, x }) => (
        <path
          key={id}
          className={styles["candidate"]}
          data-lit={isLit(id)}
          data-pin={pinOf(id)}
          data-candidate={id}
          d={`M${x},${bottom - 9}l5,9h-10z`}
          {...handlers(id, index)}
        />
      ))}
      {layout.points.map(({ id, x, y }, i) => (
        <circle key={`${id}/${i}`} className={styles["point"]} data-lit={isLit(id)} data-pin={pinOf(id)} data-point={id} cx={x} cy={y} r={5} {...handlers(id)} />
      ))}
    </g>
  );
}

/** The network pointed at, in words over the plot. */
function Pointed({ layout, check, width }: { readonly layout: CheckLayout; readonly check: CheckModel; readonly width: number }) {
  const id = useView((v) => v.focus.archId);
  const point = layout.points.find((p) => p.id === id);
  const mark = layout.candidates.find((c) => c.id === id);
  const found = point ?? mark;
  if (!found) return null;
  const y = point?.y ?? layout.plot.y + layout.plot.height - 12;
  const side = found.x > width / 2 ? { right: width - found.x + 12 } : { left: found.x + 12 };
  const line = point ? text.point(point.id, point.sum, point.measured) : mark && check.n > 1 ? text.candidate(mark.id, mark.sum, mark.fitted) : null;
  if (line === null) return null;
  return (
    <p className={styles["tip"]} style={{ ...side, top: Math.max(0, y - 28) }} aria-hidden="true">
      <span>{line}</span>
    </p>
  );
}

function Facts({ check: { a, b, r, n, bias, candidates } }: { readonly check: CheckModel }) {
  return (
    <p className={styles["legend"]} role="group" aria-label={text.facts}>
      {n > 1 && (
        <>
          <span className={styles["strong"]}>{text.fit(a, b)}</span>
          <span>{text.r(r)}</span>
        </>
      )}
      {Number.isFinite(bias) && <span title={text.biasHint}>{text.bias(bias)}</span>}
      {n > 0 && <span title={text.nHint}>{text.n(n)}</span>}
      {n > 0 && <span>{`┄ ${text.diagonal}`}</span>}
      {candidates.length > 0 && <span>{text.candidates(candidates.length)}</span>}
    </p>
  );
}
