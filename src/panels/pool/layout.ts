/** Where everything of the pool stands at a size: the scatter with its axes, front and limit, and the generation strip. Pure geometry. */
import { scaleLinear } from "d3";
import { macsText, paramsText } from "@/viz/format";
import type { CostMetric } from "@/nas/pareto";
import { placeStrip, type StripLayout } from "./stripLayout";
import type { PoolMark, PoolModel } from "./model";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface PlacedMark {
  readonly mark: PoolMark;
  readonly x: number;
  readonly y: number;
  /** 0–1: age within the planned search, for lightness. */
  readonly age: number;
}

export interface FrontLabel {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface PoolLayout {
  readonly width: number;
  readonly height: number;
  readonly plot: Box;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly random: readonly (PlacedMark & { readonly isLit: boolean })[];
  /** Older first, so that the current generation lies on top. */
  readonly marks: readonly PlacedMark[];
  readonly byIndex: ReadonlyMap<number, PlacedMark>;
  readonly front: string;
  readonly frontLabels: readonly FrontLabel[];
  /** Position of a cost on the x axis, and back. */
  xOf(cost: number): number;
  costAt(x: number): number;
  yOf(accuracy: number): number;
  readonly strip: StripLayout | null;
}

/** A cost as axis and line show it. */
export function costText(cost: number, metric: CostMetric): string {
  return metric === "macs" ? macsText(cost) : paramsText(cost);
}

const margin = { left: 40, right: 12, top: 10, bottom: 32 };
const stripMin = { below: 320, beside: 520 };

/** Accuracy range of the axis: everything drawn with some air; the whole range before anything is. */
export function accuracyDomain(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = Math.max(0.02, (high - low) * 0.12);
  return [Math.max(0, low - air), Math.min(1, high + air * 1.4)];
}

/** Plot and strip: below each other where it is high, beside where it is wide; no strip before there is something in it. */
function boxes(width: number, height: number, hasMarks: boolean): { plot: Box; strip: Box | null } {
  const inner = { x: margin.left, y: margin.top };
  const plotWidth = Math.max(0, width - margin.left - margin.right);
  const plotHeight = Math.max(0, height - margin.top - margin.bottom);
  if (hasMarks && height >= stripMin.below) {
    const stripHeight = Math.min(130, Math.round(height * 0.28));
    const plot = { ...inner, width: plotWidth, height: plotHeight - stripHeight - 22 };
    return {
      plot,
      strip: {
        x: margin.left,
        y: plot.y + plot.height + margin.bottom + 16,
        width: plotWidth,
        height: stripHeight - 10,
      },
    };
  }
  if (hasMarks && width >= stripMin.beside) {
    const stripWidth = Math.round(width * 0.32);
    const plot = { ...inner, width: plotWidth - stripWidth - 16, height: plotHeight };
    return { plot, strip: { x: plot.x + plot.width + 28, y: margin.top, width: stripWidth - 16, height: plotHeight } };
  }
  return { plot: { ...inner, width: plotWidth, height: plotHeight }, strip: null };
}

/** Step line of the front: flat to the right until the next better corner, then up. */
function frontPath(front: readonly PlacedMark[], right: number): string {
  const [first, ...rest] = front;
  if (!first) return "";
  return `M${first.x},${first.y}${rest.map(({ x, y }) => `H${x}V${y}`).join("")}H${Math.max(right, front.at(-1)?.x ?? right)}`;
}

/** Labels on corners from the best down; one that would touch another is left out. */
function labelFront(front: readonly PlacedMark[], plot: Box): FrontLabel[] {
  const labels: FrontLabel[] = [];
  for (const { x, y, mark } of [...front].reverse()) {
    const label = {
      x: Math.max(plot.x + 14, x),
      y: Math.max(plot.y + 8, y - 8),
      text: (100 * mark.accuracy).toFixed(1),
    };
    if (labels.every((l) => Math.abs(l.x - label.x) > 32 || Math.abs(l.y - label.y) > 13)) labels.push(label);
  }
  return labels;
}

export function layoutPool(model: PoolModel, size: { readonly width: number; readonly height: number }): PoolLayout {
  const { plot, strip } = boxes(size.width, size.height, model.marks.length > 0);
  const { metric, costRange, marks, random } = model;
  const air = (costRange[1] - costRange[0]) * 0.03;
  const x = scaleLinear([costRange[0] - air, costRange[1] + air], [plot.x, plot.x + plot.width]);
  const y = scaleLinear(accuracyDomain([...marks, ...random].map((m) => m.accuracy)), [plot.y + plot.height, plot.y]);
  const place = (mark: PoolMark): PlacedMark => ({
    mark,
    x: x(mark.cost),
    y: y(mark.accuracy),
    age: mark.candidate.generation / Math.max(1, model.plannedGenerations - 1),
  });
  const placed = [...marks]
    .sort((a, b) => Number(a.isCurrent) - Number(b.isCurrent) || a.candidate.index - b.candidate.index)
    .map(place);
  const byIndex = new Map(placed.map((p) => [p.mark.candidate.index, p]));
  const front = model.front.flatMap((m) => byIndex.get(m.candidate.index) ?? []);
  const limitX =
    model.limit === null ? plot.x + plot.width : Math.min(plot.x + plot.width, Math.max(plot.x, x(model.limit)));
  const percent = (value: number): string => String(Math.round(1000 * value) / 10);
  return {
    ...size,
    plot,
    xTicks: x.ticks(Math.max(2, Math.floor(plot.width / 90))).map((at) => ({ at: x(at), label: costText(at, metric) })),
    yTicks: y.ticks(Math.max(2, Math.floor(plot.height / 40))).map((at) => ({ at: y(at), label: percent(at) })),
    random: random.map((m) => ({ ...place(m), isLit: m.isLit })),
    marks: placed,
    byIndex,
    front: frontPath(front, limitX),
    frontLabels: labelFront(front, plot),
    xOf: (cost) => x(cost),
    costAt: (at) => x.invert(at),
    yOf: (accuracy) => y(accuracy),
    strip: strip && placeStrip(model, strip, [y.domain()[0] ?? 0, y.domain()[1] ?? 1]),
  };
}
