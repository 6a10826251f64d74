/** What the curves panel shows, from history, cursor and plan: pure, in run steps and natural units. */
import { wilsonInterval } from "@/lib/stats";
import type { RunHistory } from "@/store/history";
import type { RunState } from "@/store/run";
import type { Level } from "@/store/series";

export type TrainingPhase = "supernet" | "retrain";

export interface LossSeries {
  readonly phase: TrainingPhase;
  /** Run step of each bin. */
  readonly x: Float64Array;
  /** Smallest, largest and smoothed loss of a bin; NaN where no step of the bin gave a number. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly smooth: Float64Array;
}

export interface AccuracyPoint {
  readonly step: number;
  /** 0 training batch, 1 validation, 2 test. */
  readonly split: 1 | 2;
  readonly value: number;
  readonly n: number;
  readonly low: number;
  readonly high: number;
}

export interface PhaseBand {
  readonly phase: "supernet" | "search" | "retrain";
  readonly from: number;
  readonly to: number;
}

export interface MachineModel {
  readonly imagesPerSecond: number;
  readonly stepMs: number;
  readonly parts: readonly { readonly key: "data" | "submit" | "wait" | "read"; readonly ms: number }[];
  readonly bytes: number;
  readonly tensors: number;
  /** Lowest memory use of the first and the last quarter, when the floor only rises; else null. */
  readonly rising: { readonly from: number; readonly to: number } | null;
}

export interface CurvesModel {
  /** Id of the run's method: phases are named by it. */
  readonly algorithm: string;
  readonly loss: readonly LossSeries[];
  readonly accuracy: readonly AccuracyPoint[];
  readonly bands: readonly PhaseBand[];
  readonly rate: { readonly step: Float64Array; readonly imagesPerSecond: Float64Array; readonly bytes: Float64Array };
  /** Run steps whose loss was not a number (first of each gap). */
  readonly gaps: readonly number[];
  readonly machine: MachineModel | null;
  readonly badge: { readonly name: string; readonly reason: string } | null;
  /** Newest run step, and the step on view. */
  readonly live: number;
  readonly at: number;
  readonly past: boolean;
}

export interface CurvesInput {
  readonly history: Pick<RunHistory, "lossPyramid" | "accuracy" | "throughput" | "latest">;
  /** Version of the history that the model is of: the history changes in place, so this is the key that memos go by. */
  readonly version: number;
  readonly info: RunState["info"];
  readonly algorithm: string;
  readonly cursor: number | null;
  /** Bins wanted over the whole run: about one a pixel, more when zoomed in. */
  readonly bins: number;
}

/** Exponential moving average over bins of `stride` steps; a NaN bin stays NaN and does not disturb its neighbours. */
export function smooth(mean: Float64Array, stride: number, horizon: number): Float64Array {
  const keep = Math.exp(-stride / Math.max(1, horizon));
  const out = new Float64Array(mean.length);
  let state = Number.NaN;
  mean.forEach((value, i) => {
    if (Number.isFinite(value)) state = Number.isFinite(state) ? keep * state + (1 - keep) * value : value;
    out[i] = Number.isFinite(value) ? state : Number.NaN;
  });
  return out;
}

function lossSeries(phase: TrainingPhase, level: Level): LossSeries {
  const steps = level.x.length * level.stride;
  return {
    phase,
    x: level.x,
    min: level.min,
    max: level.max,
    mean: level.mean,
    smooth: smooth(level.mean, level.stride, Math.max(10, steps / 50)),
  };
}

const maxPoints = 240;

function accuracyPoints(history: CurvesInput["history"]): AccuracyPoint[] {
  const columns = history.accuracy();
  const [step, split, value, n] = ["step", "split", "accuracy", "n"].map((name) => columns.column(name)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const points: AccuracyPoint[] = [];
  for (let i = 0; i < columns.rows; i++) {
    const kind = split[i] === 1 ? 1 : split[i] === 2 ? 2 : null;
    const [p, images] = [value[i] ?? Number.NaN, n[i] ?? 0];
    if (kind === null || !Number.isFinite(p) || images <= 0) continue;
    points.push({ step: step[i] ?? 0, split: kind, value: p, n: images, ...wilsonInterval(p, images) });
  }
  const stride = Math.ceil(points.length / maxPoints);
  return points.filter((p, i) => p.split === 2 || (points.length - 1 - i) % stride === 0);
}

function bandsOf(loss: readonly LossSeries[], live: number): PhaseBand[] {
  const [supernet, retrain] = (["supernet", "retrain"] as const).map((phase) =>
    loss.find((s) => s.phase === phase && s.x.length > 0),
  );
  const bands: PhaseBand[] = [];
  const end = retrain?.x[0];
  if (supernet) bands.push({ phase: "supernet", from: supernet.x[0] ?? 0, to: lastStep(supernet, end ?? live) });
  const searchFrom = bands[0]?.to ?? 0;
  const searchTo = end ?? live;
  if (searchTo - searchFrom > 1) bands.push({ phase: "search", from: searchFrom, to: searchTo });
  if (retrain && end !== undefined)
    bands.push({ phase: "retrain", from: end, to: Math.max(end, lastStep(retrain, live)) });
  return bands;
}

/** The pyramid keeps the first step of a bin; the last step of the series lies up to one stride further. */
function lastStep(series: LossSeries, ceiling: number): number {
  const n = series.x.length;
  const last = series.x[n - 1] ?? 0;
  const stride = n > 1 ? last - (series.x[n - 2] ?? last) : 1;
  return Math.min(ceiling, last + Math.max(0, stride - 1));
}

/** Lowest use of each quarter of the newest samples: rising in every quarter and by more than 5 % in all is a leak's shape. */
export function risingFloor(bytes: Float64Array): { from: number; to: number } | null {
  const recent = bytes.subarray(Math.max(0, bytes.length - 400));
  if (recent.length < 40) return null;
  const quarter = Math.floor(recent.length / 4);
  const floors = [0, 1, 2, 3].map((q) => Math.min(...recent.subarray(q * quarter, (q + 1) * quarter)));
  const isRising = floors.every((floor, i) => i === 0 || floor > (floors[i - 1] ?? Infinity));
  const [from, to] = [floors[0] ?? 0, floors[3] ?? 0];
  return isRising && to > 1.05 * from ? { from, to } : null;
}

const partKeys = ["data", "submit", "wait", "read"] as const;

function rowAt(steps: Float64Array, step: number): number {
  let row = steps.length - 1;
  while (row > 0 && (steps[row] ?? 0) > step) row--;
  return row;
}

function machineOf(
  { history, cursor }: CurvesInput,
  rate: CurvesModel["rate"],
  tensors: Float64Array,
  stepMs: Float64Array,
): MachineModel | null {
  const latest = history.latest();
  if (!latest || rate.step.length === 0) return null;
  // Outside training the newest frame has no step time: the last measured one stands.
  const row = rowAt(rate.step, cursor ?? Infinity);
  return {
    imagesPerSecond: rate.imagesPerSecond[row] ?? 0,
    stepMs: stepMs[row] ?? 0,
    parts: cursor === null ? partKeys.map((key) => ({ key, ms: latest.split[key] })) : [],
    bytes: rate.bytes[row] ?? 0,
    tensors: tensors[row] ?? 0,
    rising: risingFloor(rate.bytes),
  };
}

function gapsOf(loss: readonly LossSeries[]): number[] {
  const gaps: number[] = [];
  for (const { x, mean } of loss) {
    mean.forEach((value, i) => {
      if (Number.isNaN(value) && (i === 0 || !Number.isNaN(mean[i - 1] ?? 0))) gaps.push(x[i] ?? 0);
    });
  }
  return gaps;
}

/** The whole model. Cost: the bins asked for plus one pass over the accuracy and throughput rows. */
export function curvesModel(input: CurvesInput): CurvesModel {
  const { history, info, cursor } = input;
  const loss: LossSeries[] = [];
  for (const phase of ["supernet", "retrain"] as const) {
    const level = history.lossPyramid(phase)?.level(input.bins);
    if (level && level.x.length > 0) loss.push(lossSeries(phase, level));
  }
  const throughput = history.throughput();
  const rate = {
    step: throughput.column("step"),
    imagesPerSecond: throughput.column("imagesPerSecond"),
    bytes: throughput.column("bytes"),
  };
  const seen = Math.max(0, ...loss.map((s) => s.x[s.x.length - 1] ?? 0));
  const live = Math.max(seen, history.latest()?.step ?? 0);
  const adapter = info?.adapter ? ` · ${info.adapter}` : "";
  return {
    algorithm: input.algorithm,
    loss,
    accuracy: accuracyPoints(history),
    bands: bandsOf(loss, live),
    rate,
    gaps: gapsOf(loss),
    machine: machineOf(input, rate, throughput.column("tensors"), throughput.column("stepMs")),
    badge: info ? { name: `${info.backend}${adapter}`, reason: info.reason } : null,
    live,
    at: Math.min(live, cursor ?? live),
    past: cursor !== null,
  };
}

/** Smoothed loss of the newest bin at or before a step; null before the first number. */
export function lossAt(
  model: CurvesModel,
  step: number,
): { readonly phase: TrainingPhase; readonly loss: number } | null {
  let found: { phase: TrainingPhase; loss: number } | null = null;
  for (const series of model.loss) {
    series.x.forEach((x, i) => {
      const loss = series.smooth[i] ?? Number.NaN;
      if (x <= step && Number.isFinite(loss)) found = { phase: series.phase, loss };
    });
  }
  return found;
}

/** Newest accuracy of a split at or before a step. */
export function accuracyAt(model: CurvesModel, split: 1 | 2, step: number): AccuracyPoint | null {
  return model.accuracy.findLast((p) => p.split === split && p.step <= step) ?? null;
}
