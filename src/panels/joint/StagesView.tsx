/** The two stages: pairs trained for real, round by round; then evolution on the predictor, budgets, and whether it was the recipe. */
import { useMemo } from "react";
import { text as copy } from "@/viz/copy";
import { accuracyText, macsText, percentText } from "@/viz/format";
import { Axes, Chart } from "./Chart";
import styles from "./joint.module.css";
import { layoutCoarse, layoutFine, layoutSweep, percentNumber, type Size } from "./layout";
import type { JointReport } from "./model";
import { type JointViewProps, Note } from "./PredictorView";

const text = copy.joint.stages;

/** Longest training of a pair, epochs. */
function mostEpochs({ trials }: JointReport): number {
  return Math.max(0, ...trials.map(({ curve }) => curve.length));
}

function textScale(): number {
  return document.documentElement.dataset["present"] === undefined ? 1 : 13 / 11;
}

export function StagesView({ model, control }: JointViewProps) {
  const { report, marks, planned, images } = model;
  if (!report) return null;
  const spent = text.spent(marks.length, planned, mostEpochs(report), images);
  return (
    <div className={styles["stages"]}>
      <Chart
        title={text.coarse}
        hint={text.coarseHint}
        label={spent}
        className={styles["coarse"]}
        after={
          <p className={styles["legend"]}>
            <span>{text.pool(report.pool.size, report.pool.drawn)}</span>
            <span>{spent}</span>
          </p>
        }
      >
        {(size) => <Coarse {...{ model, control, size }} />}
      </Chart>
      {report.fine.length > 0 ? <Fine report={report} /> : <Note title={text.fine} why={text.fineNone} />}
      <div className={styles["last"]}>
        {report.sweep.length > 0 ? <Sweep report={report} /> : <Note title={text.sweep} why={text.sweepNone} />}
        <Swap swap={report.swap} />
      </div>
    </div>
  );
}

function Coarse({ model, control, size }: JointViewProps & { readonly size: Size }) {
  const layout = useMemo(() => layoutCoarse(model, size, textScale()), [model, size]);
  const isDimmed = model.focused !== null;
  return (
    <>
      {layout.columns.map(({ round, x }) => (
        <text key={round} className={styles["tick"]} x={x} y={12}>
          {text.round(round)}
        </text>
      ))}
      {layout.sparks.map(({ mark, box, path, end, textX }) => {
        const { trial, id, isFocused, isBest, pin } = mark;
        return (
          <g key={trial.index} className={styles["pair"]} data-pair={trial.index} data-lit={!isDimmed || isFocused} {...control.pair(id, trial.index)}>
            <title>{accuracyText(trial.accuracy, model.report?.n ?? 0)}</title>
            <rect className={styles["sparkBox"]} data-pin={pin ?? undefined} data-focus={isFocused || undefined} x={box.x - 4} y={box.y - 1} width={textX - box.x + 8} height={box.height + 2} rx={2} />
            <path className={styles["spark"]} d={path} />
            {end && <circle className={styles["dot"]} cx={end[0]} cy={end[1]} r={2} />}
            <text className={styles["sparkText"]} data-best={isBest || undefined} x={textX} y={box.y + box.height / 2 + 4} textAnchor="end">
              {percentNumber(trial.accuracy)}
            </text>
          </g>
        );
      })}
    </>
  );
}

function Fine({ report }: { readonly report: JointReport }) {
  const last = report.fine.at(-1);
  const words = last ? `${text.best} ${percentText(last.best)}, ${text.random} ${percentText(last.randomBest)}` : "";
  return (
    <Chart
      title={text.fine}
      label={words}
      after={
        <p className={styles["legend"]}>
          <span className={styles["strong"]}>{`━ ${text.best}`}</span>
          <span>{`╌ ${text.mean}`}</span>
          <span>{`┅ ${text.random}`}</span>
          <span>{text.calls(last?.calls ?? 0)}</span>
        </p>
      }
    >
      {(size) => {
        const layout = layoutFine(report, size);
        return (
          <>
            <Axes frame={layout} x={text.generation} y={text.predictedAxis} />
            <path className={styles["random"]} d={layout.random} />
            <path className={styles["mean"]} d={layout.mean} />
            <path className={styles["best"]} d={layout.best} />
          </>
        );
      }}
    </Chart>
  );
}

function Sweep({ report }: { readonly report: JointReport }) {
  return (
    <Chart title={text.sweep} label={report.sweep.map((s) => text.budget(macsText(s.limit), macsText(s.macs), percentText(s.predicted))).join("; ")}>
      {(size) => {
        const layout = layoutSweep(report, size);
        const { plot } = layout;
        return (
          <>
            <Axes frame={layout} x={text.sweepX} y={text.predictedAxis} />
            <path className={styles["best"]} d={layout.path} />
            {layout.points.map(({ entry, x, y, limitX }) => (
              <g key={entry.limit} data-budget={entry.limit}>
                <title>{text.budget(macsText(entry.limit), macsText(entry.macs), percentText(entry.predicted))}</title>
                <line className={styles["limit"]} x1={limitX} x2={limitX} y1={plot.y + plot.height - 7} y2={plot.y + plot.height} />
                <line className={styles["slack"]} x1={x} x2={limitX} y1={y} y2={y} />
                <circle className={styles["dot"]} cx={x} cy={y} r={3.5} />
              </g>
            ))}
          </>
        );
      }}
    </Chart>
  );
}

/** Two bars from zero: what the recipe is predicted to be worth to this network. */
function Swap({ swap }: { readonly swap: JointReport["swap"] }) {
  if (!swap) return <Note title={text.swap} why={text.swapNone} />;
  const most = Math.max(swap.joint, swap.defaultRecipe, 1e-6);
  const bars = [
    [text.swapJoint, swap.joint],
    [text.swapDefault, swap.defaultRecipe],
  ] as const;
  return (
    <dl className={styles["swap"]} title={text.swapHint}>
      <dt className={styles["chartTitle"]}>{text.swap}</dt>
      {bars.map(([name, value], i) => (
        <dd key={name}>
          <span>{name}</span>
          <span className={styles["swapBar"]} aria-hidden="true">
            <i data-joint={i === 0 || undefined} style={{ width: `${(100 * Math.max(0, value)) / most}%` }} />
          </span>
          <span>{percentText(value)}</span>
        </dd>
      ))}
    </dl>
  );
}
