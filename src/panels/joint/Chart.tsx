/** A small chart's frame: size, axes, titles; what is drawn inside comes as children. */
import { type ReactNode, useRef } from "react";
import { useSize } from "@/ui/useSize";
import styles from "./joint.module.css";
import type { Frame, Size } from "./layout";

export interface ChartProps {
  /** The picture as one sentence. */
  readonly label: string;
  readonly title?: string;
  readonly hint?: string;
  readonly className?: string | undefined;
  readonly children: (size: Size) => ReactNode;
  /** Over the picture, in its coordinates. */
  readonly over?: (size: Size) => ReactNode;
  readonly after?: ReactNode;
}

export function Chart({ label, title, hint, className, children, over, after }: ChartProps) {
  const body = useRef<HTMLDivElement>(null);
  const size = useSize(body);
  return (
    <div className={`${styles["chart"]} ${className ?? ""}`}>
      {title !== undefined && (
        <h3 className={styles["chartTitle"]} title={hint}>
          {title}
        </h3>
      )}
      <div ref={body} className={styles["picture"]}>
        {size.width > 0 && size.height > 0 && (
          // A picture with keys of its own: the figure around it has the tab stop, the arrow keys and the table.
          <svg width={size.width} height={size.height} role="img" aria-label={label}>
            {children(size)}
          </svg>
        )}
        {over && size.width > 0 && over(size)}
      </div>
      {after}
    </div>
  );
}

export function Axes({ frame, x, y }: { readonly frame: Frame; readonly x: string; readonly y: string }) {
  const { plot, xTicks, yTicks } = frame;
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
        <text key={at} className={styles["tick"]} x={at} y={bottom + 14} textAnchor="middle">
          {label}
        </text>
      ))}
      <path className={styles["axis"]} d={`M${plot.x},${plot.y}V${bottom}H${plot.x + plot.width}`} />
      {x !== "" && <text className={styles["tick"]} x={plot.x + plot.width} y={bottom + 27} textAnchor="end">{`${x} →`}</text>}
      {y !== "" && <text className={styles["tick"]} x={plot.x - 4} y={plot.y - 7}>{`↑ ${y}`}</text>}
    </g>
  );
}
