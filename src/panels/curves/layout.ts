/** Curves model and size → pixels: scales, ticks, polylines. Pure; the canvas and the SVG overlay read the same result. */
import { extent, scaleLinear, scaleLog, type ScaleContinuousNumeric, type ScaleLinear } from "d3";
import type { AccuracyPoint, CurvesModel, PhaseBand, TrainingPhase } from "./model";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface LossMark {
  readonly phase: TrainingPhase;
  /** x0, top0, bottom0, x1, …: the raw range of every bin, one list a gap-free piece. */
  readonly envelope: readonly Float32Array[];
  /** x0, y0, x1, …: the smoothed line, one list a gap-free piece. */
  readonly line: readonly Float32Array[];
}

export interface Lane {
  readonly kind: "rate" | "bytes";
  readonly rect: Rect;
  readonly line: Float32Array;
  readonly top: number;
}

export interface CurvesLayout {
  readonly plot: Rect;
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleContinuousNumeric<number, number>;
  readonly accuracyY: ScaleLinear<number, number>;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly accuracyTicks: readonly Tick[];
  readonly bands: readonly (Omit<PhaseBand, "from" | "to"> & { readonly x0: number; readonly x1: number })[];
  readonly loss: readonly LossMark[];
  readonly points: readonly (AccuracyPoint & {
    readonly x: number;
    readonly y: number;
    readonly y0: number;
    readonly y1: number;
  })[];
  /** Draw the 95 % bars of all points, or only of the last of each split. */
  readonly bars: boolean;
  readonly gaps: readonly number[];
  readonly lanes: readonly Lane[];
  /** x of the time cursor. */
  readonly cursor: number;
}

export interface CurvesOptions {
  readonly width: number;
  readonly height: number;
  readonly log: boolean;
  /** Steps on view; null = the whole run. */
  readonly domain: readonly [number, number] | null;
}

const margin = { left: 52, right: 48, top: 6, bottom: 16 };
/** Room above the plot for the names of the phases. */
const bandRow = 14;
const laneHeight = 22;
const laneGap = 4;

/** Steps that the plot shows when nothing is zoomed. */
export function wholeRun(model: CurvesModel): [number, number] {
  return [0, Math.max(20, model.live)];
}

function yScale(
  model: CurvesModel,
  [from, to]: readonly [number, number],
  log: boolean,
  range: [number, number],
): ScaleContinuousNumeric<number, number> {
  let [low, high] = [Infinity, -Infinity];
  for (const s of model.loss) {
    for (let i = 0; i < s.x.length; i++) {
      const x = s.x[i] ?? 0;
      // A bin may begin before the view and reach into it: one bin of slack.
      if ((s.x[i + 1] ?? x) < from || x > to) continue;
      if (Number.isFinite(s.min[i])) low = Math.min(low, s.min[i] ?? low);
      if (Number.isFinite(s.max[i])) high = Math.max(high, s.max[i] ?? high);
    }
  }
  if (low > high) [low, high] = [0, 2.5];
  if (log)
    return scaleLog()
      .domain([Math.max(1e-4, Math.min(low, high / 1.5)), Math.max(1e-3, high)])
      .range(range)
      .clamp(true);
  // Fitted to what is on view: from zero, a loss that falls from 2.3 to 2.0 would look flat.
  const pad = Math.max((high - low) * 0.06, Math.abs(high) * 0.01, 1e-3);
  return scaleLinear()
    .domain([low - pad, high + pad])
    .range(range);
}

function pieces(
  length: number,
  isGap: (i: number) => boolean,
  push: (out: number[], i: number) => void,
): Float32Array[] {
  const out: Float32Array[] = [];
  let piece: number[] = [];
  for (let i = 0; i <= length; i++) {
    if (i < length && !isGap(i)) {
      push(piece, i);
      continue;
    }
    if (piece.length > 0) out.push(Float32Array.from(piece));
    piece = [];
  }
  return out;
}

function lossMark(
  series: CurvesModel["loss"][number],
  x: ScaleLinear<number, number>,
  y: ScaleContinuousNumeric<number, number>,
): LossMark {
  const isGap = (i: number): boolean => !Number.isFinite(series.mean[i]);
  const v = (column: Float64Array, i: number): number => column[i] ?? 0;
  return {
    phase: series.phase,
    envelope: pieces(series.x.length, isGap, (out, i) =>
      out.push(x(v(series.x, i)), y(v(series.max, i)), y(v(series.min, i))),
    ),
    line: pieces(series.x.length, isGap, (out, i) => out.push(x(v(series.x, i)), y(v(series.smooth, i)))),
  };
}

function lane(kind: Lane["kind"], model: CurvesModel, rect: Rect, x: ScaleLinear<number, number>): Lane {
  const values = kind === "rate" ? model.rate.imagesPerSecond : model.rate.bytes;
  const top = extent(values)[1] ?? 0;
  const y = scaleLinear()
    .domain([0, top > 0 ? top * 1.1 : 1])
    .range([rect.y + rect.height, rect.y]);
  const line: number[] = [];
  values.forEach((value, i) => line.push(x(model.rate.step[i] ?? 0), y(value)));
  return { kind, rect, line: Float32Array.from(line), top };
}

const shortStep = (step: number): string =>
  step >= 10_000 ? `${+(step / 1000).toFixed(1)}k` : step.toLocaleString("en-US");

/** 1, 2 or 5 times a power of ten: the labels of a logarithmic axis. */
function isRound(value: number): boolean {
  const lead = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((digit) => Math.abs(lead - digit) < 1e-6);
}

/** Places everything in `width` × `height`. Lanes of speed and memory are dropped when there is no room for them. */
export function curvesLayout(model: CurvesModel, { width, height, log, domain }: CurvesOptions): CurvesLayout {
  const hasLanes = height >= 132;
  const lanes = hasLanes ? 2 * (laneHeight + laneGap) : 0;
  const top = hasLanes ? margin.top + bandRow : margin.top;
  const plot: Rect = {
    x: margin.left,
    y: top,
    width: Math.max(10, width - margin.left - margin.right),
    height: Math.max(10, height - top - margin.bottom - lanes),
  };
  const view = domain ?? wholeRun(model);
  const x = scaleLinear()
    .domain(view)
    .range([plot.x, plot.x + plot.width]);
  const range: [number, number] = [plot.y + plot.height, plot.y];
  const y = yScale(model, view, log, range);
  const shown = model.accuracy.filter((p) => p.step >= view[0] && p.step <= view[1]);
  const best = Math.max(0.2, ...shown.map((p) => p.high));
  const accuracyY = scaleLinear()
    .domain([0, Math.min(1, best)])
    .nice(4)
    .range(range);
  const rows = plot.height >= 70 ? 4 : 2;
  const under = plot.y + plot.height;
  return {
    plot,
    x,
    y,
    accuracyY,
    xTicks: x
      .ticks(Math.max(2, Math.floor(plot.width / 110)))
      .filter(Number.isInteger)
      .map((t) => ({ at: x(t), text: shortStep(t) })),
    yTicks: y
      .ticks(log ? 20 : rows)
      .filter((t) => !log || isRound(t))
      .map((t) => ({ at: y(t), text: `${+t.toPrecision(3)}` })),
    accuracyTicks: accuracyY.ticks(rows - 1).map((t) => ({ at: accuracyY(t), text: `${Math.round(100 * t)} %` })),
    bands: model.bands
      .map(({ phase, from, to }) => ({
        phase,
        x0: Math.max(plot.x, x(from)),
        x1: Math.min(plot.x + plot.width, x(to)),
      }))
      .filter((b) => b.x1 > b.x0),
    loss: model.loss.map((series) => lossMark(series, x, y)),
    points: shown.map((p) => ({
      ...p,
      x: x(p.step),
      y: accuracyY(p.value),
      y0: accuracyY(p.low),
      y1: accuracyY(p.high),
    })),
    bars: shown.length <= 60,
    gaps: model.gaps.filter((step) => step >= view[0] && step <= view[1]).map((step) => x(step)),
    lanes: hasLanes
      ? (["rate", "bytes"] as const).map((kind, i) =>
          lane(
            kind,
            model,
            {
              x: plot.x,
              y: under + margin.bottom + laneGap + i * (laneHeight + laneGap),
              width: plot.width,
              height: laneHeight,
            },
            x,
          ),
        )
      : [],
    cursor: x(model.at),
  };
}

/** The view after zooming by `factor` (< 1 = in) about a step: inside the run, at least ten steps wide; null = the whole run. */
export function zoomed(
  view: readonly [number, number],
  about: number,
  factor: number,
  whole: readonly [number, number],
): [number, number] | null {
  const width = Math.max(10, (view[1] - view[0]) * factor);
  if (width >= whole[1] - whole[0]) return null;
  const share = (about - view[0]) / (view[1] - view[0]);
  const from = Math.min(Math.max(whole[0], about - share * width), whole[1] - width);
  return [from, from + width];
}
