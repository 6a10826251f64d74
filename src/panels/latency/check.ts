/** Whether sums of the table say what whole networks take: the measured networks, the fit, and the run's candidates on the axis of sums. Pure; times in µs. */
import { scaleLinear } from "d3";
import type { Candidate } from "@/nas/candidate";
import type { LatencyTable } from "@/nas/latency/table";
import { mean } from "@/lib/stats";
import { cellMs } from "@/viz/copy/latency";

export interface CheckPoint {
  readonly id: string;
  readonly sum: number;
  readonly measured: number;
}

export interface CheckMark {
  readonly id: string;
  readonly index: number;
  readonly sum: number;
  /** What the fit makes of the sum. */
  readonly fitted: number;
}

export interface CheckModel {
  readonly points: readonly CheckPoint[];
  readonly candidates: readonly CheckMark[];
  readonly a: number;
  readonly b: number;
  readonly r: number;
  readonly n: number;
  /** Mean of measured − sum; NaN without points. */
  readonly bias: number;
}

export function buildCheck(table: Pick<LatencyTable, "fit"> | null, candidates: readonly Candidate[]): CheckModel {
  const { a, b, r, n, points = [] } = table?.fit ?? { a: 0, b: 1, r: 0, n: 0 };
  const known = new Set<string>();
  const marks = candidates.flatMap(({ id, index, latencyUs }): CheckMark[] => {
    if (latencyUs === undefined || known.has(id)) return [];
    known.add(id);
    return [{ id, index, sum: latencyUs, fitted: a + b * latencyUs }];
  });
  return { ...{ points, a, b, r, n }, candidates: marks, bias: mean(points.map(({ sum, measured }) => measured - sum)) };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface CheckLayout {
  readonly plot: Box;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly points: readonly (CheckPoint & { readonly x: number; readonly y: number })[];
  readonly candidates: readonly (CheckMark & { readonly x: number })[];
  /** Lines as paths, cut to the plot. */
  readonly diagonal: string;
  readonly fit: string;
}

const margin = { left: 52, right: 14, top: 12, bottom: 34 };

/** Both axes in the same unit; everything drawn has some air, and nothing is below zero. */
export function layoutCheck(model: CheckModel, size: { readonly width: number; readonly height: number }): CheckLayout {
  const plot = {
    x: margin.left,
    y: margin.top,
    width: Math.max(0, size.width - margin.left - margin.right),
    height: Math.max(0, size.height - margin.top - margin.bottom),
  };
  const sums = [...model.points, ...model.candidates].map(({ sum }) => sum);
  const times = model.points.map(({ measured }) => measured);
  const domain = (values: readonly number[]): [number, number] => {
    if (values.length === 0) return [0, 1];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const air = Math.max((high - low) * 0.12, high * 0.02);
    return [Math.max(0, low - air), high + air];
  };
  const x = scaleLinear(domain(sums), [plot.x, plot.x + plot.width]);
  const y = scaleLinear(domain(times), [plot.y + plot.height, plot.y]);
  const [low = 0, high = 1] = x.domain();
  const [bottom = 0, top = 1] = y.domain();
  /** The part of `a + b·sum` inside the plot. */
  const line = (a: number, b: number): string => {
    const ends = b === 0 ? [low, high] : [(bottom - a) / b, (top - a) / b].sort((p, q) => p - q);
    const from = Math.max(low, ends[0] ?? low);
    const to = Math.min(high, ends[1] ?? high);
    return from < to ? `M${x(from)},${y(a + b * from)}L${x(to)},${y(a + b * to)}` : "";
  };
  return {
    plot,
    xTicks: x.ticks(Math.max(2, Math.floor(plot.width / 80))).map((at) => ({ at: x(at), label: cellMs(at) })),
    yTicks: y.ticks(Math.max(2, Math.floor(plot.height / 40))).map((at) => ({ at: y(at), label: cellMs(at) })),
    points: model.points.map((point) => ({ ...point, x: x(point.sum), y: y(point.measured) })),
    candidates: model.candidates.map((mark) => ({ ...mark, x: x(mark.sum) })),
    diagonal: line(0, 1),
    fit: model.n > 1 ? line(model.a, model.b) : "",
  };
}
