/** What shades, hatching, signs and outlines of the table mean. */
import { text as copy } from "@/viz/copy";
import { cellMs } from "@/viz/copy/latency";
import { type PaletteTheme, sequential } from "@/viz/palette";
import styles from "./latency.module.css";
import { type LatencyModel, shadeOf } from "./model";

const text = copy.latency.legend;

export interface LegendProps {
  readonly model: LatencyModel;
  readonly theme: PaletteTheme;
  readonly isLog: boolean;
  readonly pathKind: "argmax" | "focus" | null;
}

const steps = 6;

/** Times at even places of the scale. */
function stops([low, high]: readonly [number, number], isLog: boolean): number[] {
  return Array.from({ length: steps }, (_, i) => (isLog ? low * (high / low) ** (i / (steps - 1)) : low + ((high - low) * i) / (steps - 1)));
}

export function Legend({ model, theme, isLog, pathKind }: LegendProps) {
  const { range, overheadUs } = model;
  if (range === null) return <span />;
  return (
    <p className={styles["legend"]}>
      <span className={styles["scale"]}>
        {cellMs(range[0])}
        <span aria-hidden="true">
          {stops(range, isLog).map((us) => (
            <i key={us} style={{ background: sequential(shadeOf(us, range, isLog), theme) }} />
          ))}
        </span>
        {`${cellMs(range[1])} ${text.scale}`}
      </span>
      {overheadUs !== null && (
        <span title={text.overheadHint(overheadUs)}>
          <svg width={18} height={8} aria-hidden="true">
            <rect className={styles["overheadBack"]} width={18} height={8} />
            <rect width={18} height={8} fill="url(#latency-hatch)" />
          </svg>
          {` ${text.overhead} ≤ ${cellMs(overheadUs)}`}
        </span>
      )}
      {pathKind && <span>{text.path[pathKind]}</span>}
      {model.hasNoisy && <span title={text.noisyHint}>{text.noisy}</span>}
      {model.hasEdited && <span>{text.edited}</span>}
      {model.hasEstimated && <span>{text.estimated}</span>}
    </p>
  );
}
