/** Weight and target of the cost: both count from the next step on, so both stand beside the curve that they bend. */
import { type KeyboardEvent, useState } from "react";
import { actions } from "@/store/actions";
import { announce } from "@/store/view";
import { CommitInput } from "@/ui/CommitInput";
import { text as copy } from "@/viz/copy";
import type { Config, CostMetric } from "./costs";
import type { LossSplit } from "./pressure";
import styles from "./rail.module.css";
import type { ThetaView } from "./useThetaView";

const text = copy.theta.rail;

/** Where the slider ends, by loss: high pressure of spec fbnet 1.4 and 2.3. Larger values can be typed. */
const sliderEnd: Readonly<Record<Config["fbnet.loss"], number>> = { paper: 3, inner: 3, additive: 1, additiveLog: 3, normalised: 2 };

/** A typed number; a unit behind it is understood. null: no number ≥ 0. */
export function parseNumber(typed: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*[a-zµ]*\s*$/i.exec(typed.replace(",", "."));
  return match === null ? null : Number(match[1]);
}

/** What the target field shows: milliseconds, or millions. */
export function targetText(target: number | null, metric: CostMetric): string {
  if (target === null) return text.noTarget;
  return String(metric === "latency" || target < 1000 ? target : target / 1e6);
}

/** A typed target as the experiment keeps it; undefined: it is no number. */
export function parseTarget(typed: string): number | null | undefined {
  if (typed.trim() === "" || typed.trim().toLowerCase() === text.noTarget || typed.trim() === text.none) return null;
  return parseNumber(typed) ?? undefined;
}

function lossText({ ce, part, total, isProduct }: LossSplit, of: string): string {
  const words = isProduct ? text.loss.product : text.loss.sum;
  return words(ce.toFixed(2), part.toFixed(2), total.toFixed(2), of);
}

export function Controls({ view: { config, pressure } }: { readonly view: ThetaView }) {
  const { loss, metric } = pressure;
  const words = loss ? lossText(loss, copy.theta.metric[metric]) : "";
  return (
    <div className={styles["controls"]}>
      {loss && (
        <p className={styles["loss"]} title={`${words}. ${text.lossHint}`}>
          {words}
        </p>
      )}
      <WeightControl kind={config["fbnet.loss"]} value={config["fbnet.weight"]} />
      <TargetControl value={config["fbnet.target"]} metric={metric} />
    </div>
  );
}

function WeightControl({ kind, value }: { readonly kind: Config["fbnet.loss"]; readonly value: number }) {
  const [moved, setMoved] = useState<number | null>(null);
  const name = text.weight[kind];
  if (kind === "inner")
    return (
      <div className={styles["control"]} data-control="weight" data-disabled="">
        <span>{name}</span>
        <span className={styles["reason"]}>{text.innerReason}</span>
      </div>
    );
  const end = Math.max(sliderEnd[kind], value);
  const release = (): void => {
    if (moved !== null && moved !== value) actions().setLive({ "fbnet.weight": moved });
    setMoved(null);
  };
  const onCommit = (typed: string): void => {
    const next = parseNumber(typed);
    if (next === null) announce(text.wrong(typed));
    else actions().setLive({ "fbnet.weight": next });
  };
  // Arrow keys move the slider here, not the focus of the picture.
  const keep = (event: KeyboardEvent): void => {
    if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") event.stopPropagation();
  };
  return (
    <div className={styles["control"]} data-control="weight" title={text.weightHint[kind]}>
      <span>{name}</span>
      <input
        type="range"
        aria-label={name}
        min={0}
        max={end}
        step={0.05}
        value={moved ?? value}
        onChange={(event) => setMoved(Number(event.target.value))}
        onPointerUp={release}
        onKeyDown={keep}
        onKeyUp={release}
        onBlur={release}
      />
      <CommitInput label={`${name}: ${text.weightHint[kind]}`} value={String(moved ?? value)} width={48} inputMode="decimal" onCommit={onCommit} />
    </div>
  );
}

function TargetControl({ value, metric }: { readonly value: number | null; readonly metric: CostMetric }) {
  const [isWrong, setWrong] = useState(false);
  const onCommit = (typed: string): void => {
    const target = parseTarget(typed);
    setWrong(target === undefined);
    if (target === undefined) announce(text.wrong(typed));
    else actions().setLive({ "fbnet.target": target });
  };
  return (
    <div className={styles["control"]} data-control="target" title={text.targetHint}>
      <span>{text.targetField}</span>
      <CommitInput label={`${text.targetField}: ${text.targetHint}`} value={targetText(value, metric)} width={72} inputMode="decimal" invalid={isWrong} onCommit={onCommit} />
      <span>{text.targetUnit[metric]}</span>
    </div>
  );
}
