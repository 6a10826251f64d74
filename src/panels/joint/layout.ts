/** Where everything of the joint search stands at a size: frames with ticks, scatter, curves, parallel axes, sparklines and budgets. Pure geometry. */
import { scaleLinear } from "d3";
import { countText, macsText } from "@/viz/format";
import type { JointAxis, JointLine, JointMark, JointModel, JointReport } from "./model";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Frame {
  readonly plot: Box;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  xOf(value: number): number;
  yOf(value: number): number;
}

type Domain = readonly [number, number];

const margin = { left: 40, right: 20, top: 18, bottom: 32 };
const bareMargin = { left: 40, right: 20, top: 6, bottom: 18 };

export const percentTick = (value: number): string => String(Math.round(1000 * value) / 10);
export const percentNumber = (value: number): string => (100 * value).toFixed(1);
const hundredths = (value: number): string => value.toFixed(2).replace("-", "−");

/** Range of shares with air around what is drawn, within 0–1; all of it before anything is. */
export function shareDomain(values: readonly number[], least = 0.02): Domain {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const air = Math.max(least, (high - low) * 0.1);
  return [Math.max(0, low - air), Math.min(1, high + air)];
}

interface FrameOptions {
  readonly x: Domain;
  readonly y: Domain;
  readonly xLabel: (value: number) => string;
  readonly yLabel: (value: number) => string;
  /** Only whole numbers across. */
  readonly isCount?: boolean;
  /** Without titles: the chart's own says what stands across and up. */
  readonly isBare?: boolean;
}

export function frameOf({ width, height }: Size, { x, y, xLabel, yLabel, isCount = false, isBare = false }: FrameOptions): Frame {
  const { left, right, top, bottom } = isBare ? bareMargin : margin;
  const plot = { x: left, y: top, width: Math.max(0, width - left - right), height: Math.max(0, height - top - bottom) };
  const xScale = scaleLinear(x as [number, number], [plot.x, plot.x + plot.width]);
  const yScale = scaleLinear(y as [number, number], [plot.y + plot.height, plot.y]);
  const across = xScale.ticks(Math.max(2, Math.floor(plot.width / 60))).filter((at) => !isCount || Number.isInteger(at));
  return {
    plot,
    xTicks: across.map((at) => ({ at: xScale(at), label: xLabel(at) })),
    yTicks: yScale.ticks(Math.max(2, Math.floor(plot.height / 36))).map((at) => ({ at: yScale(at), label: yLabel(at) })),
    xOf: (value) => xScale(value),
    yOf: (value) => yScale(value),
  };
}

/** Joins points; gaps where a value is missing. */
export function pathOf(points: readonly (readonly [x: number, y: number] | null)[]): string {
  let isOpen = false;
  return points
    .map((point) => {
      if (point === null || !point.every(Number.isFinite)) {
        isOpen = false;
        return "";
      }
      const command = isOpen ? "L" : "M";
      isOpen = true;
      return `${command}${point[0].toFixed(1)},${point[1].toFixed(1)}`;
    })
    .join("");
}

export interface ScatterLayout extends Frame {
  readonly marks: readonly {
    readonly mark: JointMark;
    readonly y: number;
    /** Predicted before training; null in the first round. */
    readonly before: number | null;
    /** By the newest predictor; null before there is one, and in the past. */
    readonly now: number | null;
    readonly top: number;
    readonly bottom: number;
  }[];
  readonly diagonal: string;
}

/** Both axes in the same range, so that the diagonal is one. */
export function layoutScatter({ marks, isNow }: JointModel, size: Size): ScatterLayout {
  const values = marks.flatMap(({ trial: { accuracy, predicted, predictedBefore } }) => [accuracy, ...(predicted === null ? [] : [predicted]), ...(predictedBefore === null ? [] : [predictedBefore])]);
  const domain = shareDomain(values);
  const frame = frameOf(size, { x: domain, y: domain, xLabel: percentTick, yLabel: percentTick });
  const { plot, xOf, yOf } = frame;
  const clamp = (y: number): number => Math.min(plot.y + plot.height, Math.max(plot.y, y));
  const place = (value: number | null): number | null => (value === null || !Number.isFinite(value) ? null : xOf(value));
  return {
    ...frame,
    marks: marks.map((mark) => ({
      mark,
      y: yOf(mark.trial.accuracy),
      before: place(mark.trial.predictedBefore),
      now: isNow ? place(mark.trial.predicted) : null,
      top: clamp(yOf(mark.interval.high)),
      bottom: clamp(yOf(mark.interval.low)),
    })),
    diagonal: pathOf(domain.map((value) => [xOf(value), yOf(value)] as const)),
  };
}

export interface CorrelationLayout extends Frame {
  readonly spearman: readonly (readonly [number, number] | null)[];
  readonly kendall: readonly (readonly [number, number] | null)[];
}

function correlations(size: Size, steps: readonly number[], spearman: readonly (number | null)[], kendall: readonly (number | null)[], top: number): CorrelationLayout {
  const known = [...spearman, ...kendall].filter((value) => value !== null && Number.isFinite(value)) as number[];
  const low = Math.min(0, ...known);
  const [first = 1, last = 1] = [steps[0], steps.at(-1)];
  const frame = frameOf(size, { x: [Math.min(first, 1) - 0.3, Math.max(last, first + 1) + 0.3], y: [low < 0 ? Math.max(-1, low - 0.1) : 0, top], xLabel: countText, yLabel: hundredths, isCount: true, isBare: true });
  const place = (values: readonly (number | null)[]) =>
    steps.map((step, i): readonly [number, number] | null => {
      const value = values[i] ?? null;
      return value === null || !Number.isFinite(value) ? null : [frame.xOf(step), frame.yOf(value)];
    });
  return { ...frame, spearman: place(spearman), kendall: place(kendall) };
}

/** By round; the first has none. */
export function layoutRounds({ correlations: all }: JointReport, size: Size): CorrelationLayout {
  return correlations(size, all.map(({ round }) => round), all.map(({ spearman }) => spearman), all.map(({ kendall }) => kendall), 1);
}

/** By epoch, counted from 1. */
export function layoutEarlyStop({ spearman, kendall }: NonNullable<JointReport["earlyStop"]>, size: Size): CorrelationLayout {
  return correlations(size, spearman.map((_, i) => i + 1), spearman, kendall, 1.02);
}

export interface ParallelLayout {
  readonly plot: Box;
  readonly axes: readonly { readonly axis: JointAxis; readonly x: number }[];
  readonly lines: readonly { readonly line: JointLine; readonly path: string; readonly shade: number; readonly end: readonly [number, number] | null }[];
  yOf(at: number): number;
  placeAt(y: number): number;
}

/** Paler pairs first, so that the accurate lie on top, and the focus and the winner on all. */
export function layoutParallel({ axes, lines, accuracyRange: [low, high] }: JointModel, size: Size): ParallelLayout {
  const plot = { x: 44, y: 26, width: Math.max(0, size.width - 44 - 52), height: Math.max(0, size.height - 26 - 12) };
  const xOf = (i: number): number => plot.x + (axes.length > 1 ? (plot.width * i) / (axes.length - 1) : plot.width / 2);
  const yOf = (at: number): number => plot.y + plot.height * (1 - at);
  const endOf = ({ at }: JointLine): readonly [number, number] | null => {
    const last = at.at(-1) ?? null;
    return last === null || !Number.isFinite(last) ? null : [xOf(axes.length - 1), yOf(last)];
  };
  const rank = (line: JointLine): number => (line.isKept ? 0 : -4) + line.accuracy + (line.isWinner ? 2 : 0) + (line.isFocused ? 4 : 0);
  return {
    plot,
    axes: axes.map((axis, i) => ({ axis, x: xOf(i) })),
    lines: [...lines]
      .sort((a, b) => rank(a) - rank(b))
      .map((line) => ({
        line,
        path: pathOf(line.at.map((at, i) => (at === null ? null : ([xOf(i), yOf(at)] as const)))),
        shade: 0.25 + 0.75 * (high > low ? (line.accuracy - low) / (high - low) : 0.5),
        end: endOf(line),
      })),
    yOf,
    placeAt: (y) => Math.min(1, Math.max(0, 1 - (y - plot.y) / Math.max(1, plot.height))),
  };
}

export interface Spark {
  readonly mark: JointMark;
  readonly box: Box;
  readonly path: string;
  /** Where the accuracy that counts lies on the curve. */
  readonly end: readonly [number, number] | null;
  /** Right edge of the number. */
  readonly textX: number;
}

export interface CoarseLayout {
  readonly columns: readonly { readonly round: number; readonly x: number }[];
  readonly sparks: readonly Spark[];
}

const textWidth = 34;

/** One column a round, one row a pair, all curves in one scale. */
export function layoutCoarse({ marks }: JointModel, size: Size, scale = 1): CoarseLayout {
  const rounds = [...new Set(marks.map(({ trial }) => trial.round))].sort((a, b) => a - b);
  const most = Math.max(1, ...rounds.map((round) => marks.filter((m) => m.trial.round === round).length));
  const [left, top] = [12, 20];
  const pitchX = (size.width - left - 4) / Math.max(2, rounds.length);
  const pitchY = Math.min(52, Math.max(9, (size.height - top - 4) / most));
  const [low, high] = shareDomain(marks.flatMap(({ trial }) => trial.curve));
  const longest = Math.max(2, ...marks.map(({ trial }) => trial.curve.length));
  const sparks = marks.map((mark): Spark => {
    const column = rounds.indexOf(mark.trial.round);
    const row = marks.filter((m) => m.trial.round === mark.trial.round && m.trial.index < mark.trial.index).length;
    const box = { x: left + column * pitchX, y: top + row * pitchY, width: Math.max(4, pitchX - textWidth * scale - 16), height: pitchY - 3 };
    const place = (epoch: number, value: number): readonly [number, number] => [box.x + (box.width * epoch) / (longest - 1), box.y + box.height * (1 - (value - low) / (high - low || 1))];
    const { curve, epochs, accuracy } = mark.trial;
    return { mark, box, path: pathOf(curve.map((value, i) => place(i, value))), end: curve.length > 0 ? place(Math.max(0, Math.min(curve.length, epochs) - 1), accuracy) : null, textX: box.x + box.width + textWidth * scale + 2 };
  });
  return { columns: rounds.map((round, i) => ({ round, x: left + i * pitchX })), sparks };
}

export interface FineLayout extends Frame {
  readonly best: string;
  readonly mean: string;
  readonly random: string;
}

export function layoutFine({ fine }: JointReport, size: Size): FineLayout {
  const values = fine.flatMap(({ best, mean, randomBest }) => [best, mean, randomBest]);
  const last = fine.at(-1)?.generation ?? 1;
  const frame = frameOf(size, { x: [fine[0]?.generation ?? 0, Math.max(last, (fine[0]?.generation ?? 0) + 1)], y: shareDomain(values, 0.005), xLabel: countText, yLabel: percentTick, isCount: true });
  const line = (pick: (g: JointReport["fine"][number]) => number): string => pathOf(fine.map((g) => [frame.xOf(g.generation), frame.yOf(pick(g))] as const));
  return { ...frame, best: line((g) => g.best), mean: line((g) => g.mean), random: line((g) => g.randomBest) };
}

export interface SweepLayout extends Frame {
  readonly points: readonly { readonly entry: JointReport["sweep"][number]; readonly x: number; readonly y: number; readonly limitX: number }[];
  readonly path: string;
}

/** Best predicted pair under each budget; a tick marks the budget itself. */
export function layoutSweep({ sweep }: JointReport, size: Size): SweepLayout {
  const entries = [...sweep].sort((a, b) => a.limit - b.limit);
  const costs = entries.flatMap(({ limit, macs }) => [limit, macs]);
  const [low, high] = costs.length > 0 ? [Math.min(...costs), Math.max(...costs)] : [0, 1];
  const air = (high - low) * 0.06 || 1;
  const frame = frameOf(size, { x: [Math.max(0, low - air), high + air], y: shareDomain(entries.map((e) => e.predicted), 0.005), xLabel: macsText, yLabel: percentTick });
  const points = entries.map((entry) => ({ entry, x: frame.xOf(entry.macs), y: frame.yOf(entry.predicted), limitX: frame.xOf(entry.limit) }));
  return { ...frame, points, path: pathOf(points.map(({ x, y }) => [x, y] as const)) };
}
