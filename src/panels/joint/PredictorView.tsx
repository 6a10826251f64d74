/** Predicted against real accuracy, how the order agrees by round, and after which epoch a pair may stop. */
import { memo } from "react";
import { useTheme } from "@/ui/theme";
import { text as copy } from "@/viz/copy";
import { correlationText } from "@/viz/copy/joint";
import { sequential } from "@/viz/palette";
import { Axes, Chart } from "./Chart";
import { recipeText } from "./describe";
import styles from "./joint.module.css";
import { type CorrelationLayout, layoutEarlyStop, layoutRounds, layoutScatter, pathOf, type Size } from "./layout";
import type { JointModel, JointReport } from "./model";
import type { JointControl } from "./useJointControl";

const text = copy.joint.predictor;

/** From so few pairs a correlation is mostly chance. */
const fewPairs = 8;

export interface JointViewProps {
  readonly model: JointModel;
  readonly control: JointControl;
}

export function PredictorView({ model, control }: JointViewProps) {
  const { report } = model;
  const hasBefore = model.marks.some(({ trial }) => trial.predictedBefore !== null);
  return (
    <div className={styles["predictor"]}>
      <Chart
        label={`${text.x}; ${text.y}`}
        className={styles["main"]}
        over={(size) => <Tip {...{ model, size }} />}
        after={
          <p className={styles["legend"]}>
            {hasBefore && <span>{text.before}</span>}
            {model.isNow && model.marks.some(({ trial }) => trial.predicted !== null) && <span>{text.now}</span>}
            {!hasBefore && <span>{text.none}</span>}
            <span>{`┄ ${text.diagonal}`}</span>
          </p>
        }
      >
        {(size) => <Scatter {...{ model, control, size }} />}
      </Chart>
      {report && (
        <>
          <Rounds report={report} />
          <EarlyStop report={report} />
        </>
      )}
    </div>
  );
}

function Scatter({ model, control, size }: JointViewProps & { readonly size: Size }) {
  const layout = layoutScatter(model, size);
  const theme = useTheme();
  const isDimmed = model.focused !== null;
  return (
    <>
      <Axes frame={layout} x={text.x} y={text.y} />
      <path className={styles["diagonal"]} d={layout.diagonal} />
      {layout.marks.map(({ mark, y, before, now, top, bottom }) => {
        const { trial, id, isFocused, pin, age } = mark;
        const color = sequential(0.45 + 0.55 * age, theme);
        // What nothing was said about stands at the axis, by what came out.
        const x = before ?? now ?? layout.plot.x + 5;
        return (
          <g key={trial.index} data-pair={trial.index} data-lit={!isDimmed || isFocused} className={styles["pair"]} {...control.pair(id, trial.index)}>
            {isFocused && before !== null && now !== null && <line className={styles["shift"]} x1={before} x2={now} y1={y} y2={y} />}
            {isFocused && <path className={styles["interval"]} d={`M${x},${top}V${bottom}`} />}
            {before === null && now === null && <line className={styles["unsaid"]} x1={x - 5} x2={x + 5} y1={y} y2={y} stroke={color} />}
            {now !== null && <circle className={styles["hollow"]} cx={now} cy={y} r={4.5} stroke={color} />}
            {before !== null && <circle className={styles["solid"]} cx={before} cy={y} r={4.5} fill={color} />}
            {isFocused && <circle className={styles["ring"]} cx={x} cy={y} r={8} />}
            {pin && <circle className={styles["pin"]} data-pin={pin} cx={x} cy={y} r={9} />}
          </g>
        );
      })}
    </>
  );
}

/** The pair in focus, in words on the side of it that has more room. */
function Tip({ model, size }: { readonly model: JointModel; readonly size: Size }) {
  const { focused, report, isNow } = model;
  if (!focused || !report) return null;
  const { trial, id } = focused;
  const { plot, marks } = layoutScatter(model, size);
  const place = marks.find(({ mark }) => mark === focused);
  const [x, y] = [place?.before ?? place?.now ?? plot.x + 5, place?.y ?? plot.y];
  const { tip } = copy.joint;
  const recipe = recipeText(trial.recipe).split(", ");
  // Two genes a line: a wider tip would not fit beside a mark in the middle of the narrowest picture.
  const perLine = 2;
  const lines = [
    tip.pair(trial.index, id),
    tip.accuracy(trial.accuracy, report.n),
    ...(trial.predictedBefore === null ? [] : [tip.before(trial.predictedBefore)]),
    ...(isNow && trial.predicted !== null ? [tip.now(trial.predicted)] : []),
    tip.cost(trial.macs, trial.epochs),
    ...Array.from({ length: Math.ceil(recipe.length / perLine) }, (_, i) => recipe.slice(perLine * i, perLine * (i + 1)).join(" · ")),
  ];
  const across = x > size.width / 2 ? { right: size.width - x + 14 } : { left: x + 14 };
  const down = y > size.height / 2 ? { bottom: Math.max(0, size.height - y - 40) } : { top: Math.max(0, y - 20) };
  return (
    <p className={styles["tip"]} style={{ ...across, ...down }} aria-hidden="true">
      {lines.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </p>
  );
}

/** Spearman solid, Kendall dashed. */
const Correlations = memo(function Correlations({ layout }: { readonly layout: CorrelationLayout }) {
  return (
    <>
      <Axes frame={layout} x="" y="" />
      <path className={styles["kendall"]} d={pathOf(layout.kendall)} />
      <path className={styles["spearman"]} d={pathOf(layout.spearman)} />
      {layout.kendall.map((p, i) => p && <circle key={i} className={styles["dotHollow"]} cx={p[0]} cy={p[1]} r={3} />)}
      {layout.spearman.map((p, i) => p && <circle key={i} className={styles["dot"]} cx={p[0]} cy={p[1]} r={2.5} />)}
    </>
  );
});

function Rounds({ report }: { readonly report: JointReport }) {
  const known = report.correlations.filter(({ spearman }) => spearman !== null);
  const last = known.at(-1);
  if (!last) return <Note title={text.rounds} why={text.roundsNone} />;
  const words = `${text.key(` ${correlationText(last.spearman)}`, ` ${correlationText(last.kendall)}`)} · ${text.over(last.trials)}`;
  return (
    <Chart
      title={text.rounds}
      label={words}
      after={
        <p className={styles["legend"]}>
          <span>{words}</span>
          {last.trials < fewPairs && <span title={text.fewHint}>{text.few}</span>}
        </p>
      }
    >
      {(size) => <Correlations layout={layoutRounds(report, size)} />}
    </Chart>
  );
}

function EarlyStop({ report: { earlyStop } }: { readonly report: JointReport }) {
  if (!earlyStop) return <Note title={text.earlyStop} why={text.earlyStopNone} />;
  return (
    <Chart title={text.earlyStop} label={text.chosen(earlyStop.epoch)} after={<p className={styles["legend"]}>{text.key("", "")}</p>}>
      {(size) => {
        const layout = layoutEarlyStop(earlyStop, size);
        const { plot } = layout;
        const [x, y] = [layout.xOf(earlyStop.epoch), layout.yOf(earlyStop.threshold)];
        const isRight = x > plot.x + plot.width * 0.6;
        return (
          <>
            <Correlations layout={layout} />
            <line className={styles["threshold"]} x1={plot.x} x2={plot.x + plot.width} y1={y} y2={y} />
            <text className={styles["tick"]} x={plot.x + plot.width} y={y + 13} textAnchor="end">
              {text.threshold(earlyStop.threshold)}
            </text>
            <line className={styles["chosen"]} data-epoch={earlyStop.epoch} x1={x} x2={x} y1={plot.y} y2={plot.y + plot.height} />
            <text className={styles["endLabel"]} x={isRight ? x - 4 : x + 4} y={plot.y + plot.height - 6} textAnchor={isRight ? "end" : "start"}>
              {text.chosen(earlyStop.epoch)}
            </text>
          </>
        );
      }}
    </Chart>
  );
}

/** A chart that has nothing to show yet, and when it will. */
export function Note({ title, why }: { readonly title: string; readonly why: string }) {
  return (
    <div className={styles["chart"]}>
      <h3 className={styles["chartTitle"]}>{title}</h3>
      <p className={styles["note"]}>{why}</p>
    </div>
  );
}
