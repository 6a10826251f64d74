/**
 * What the architecture-weights panel knows: α of every row as shares now and over time, who leads, how sure each row is, what the
 * derivation would keep, and the signals of a search that has not decided or has collapsed. Pure: history in, plain data out.
 */
import { type SkipLevel, skipLevel } from "@/nas/cell/skips";
import type { AlphaGroup, Derivation } from "@/nas/space/types";
import type { AlphaColumn } from "@/store/alphaHistory";
import { stackOrder } from "@/viz/palette";
import { columnWidth, dropOps, evenness, type Sampled, sampleColumns } from "@/viz/streamLayout";

export const streamViews = ["streams", "now", "heat", "entropy"] as const;
export type StreamView = (typeof streamViews)[number];

/** Steps of a view of time. */
export type Span = readonly [from: number, to: number];

export interface StreamRow {
  readonly group: number;
  readonly row: number;
  readonly label: string;
  /** Where the row's numbers begin in a column of all groups. */
  readonly offset: number;
  readonly ops: readonly string[];
  /** Columns in stacking order. */
  readonly order: readonly number[];
  /** Share of each op now; with `none` left out and the rest scaled to 1 where the model is as derived. */
  readonly weights: Float32Array;
  /** Op with the largest share. */
  readonly winner: number;
  /** Entropy of the shares over that of even ones. */
  readonly entropy: number;
  /** What the derivation would keep here now: an op, −1 = the row is dropped, null = unknown. */
  readonly kept: number | null;
}

/** Signals of a group (spec DARTS 5.5), on the full softmax. */
export interface GroupSignals {
  readonly group: number;
  readonly label: string;
  /** Mean entropy of the rows over ln |ops|. */
  readonly entropy: number;
  /** Mean share of `none` and of skips; null where there is no such op. */
  readonly noneMass: number | null;
  readonly skipMass: number | null;
  /** Skips among the `kept` ops that the derivation would keep now; null = unknown. */
  readonly skips: { readonly count: number; readonly of: number; readonly level: SkipLevel } | null;
  /** Smallest strength that is kept minus the largest dropped at the same node. */
  readonly margin: number | null;
  /** Rows whose shares all lie within five points of even. */
  readonly nearUniform: number;
  readonly rows: number;
}

export interface StreamsModel {
  /** Step of the column shown. */
  readonly step: number;
  readonly groups: readonly AlphaGroup[];
  /** In the order of the groups, within a group by position or by entropy. */
  readonly rows: readonly StreamRow[];
  readonly signals: readonly GroupSignals[];
  /** As derived: `none` is left out. */
  readonly isDerived: boolean;
  /** All groups together are still above 0.99 of the largest entropy. */
  readonly isUndecided: boolean;
  /** Steps on view, and all there are. */
  readonly span: Span;
  readonly whole: Span;
}

export interface StreamsInput {
  readonly groups: readonly AlphaGroup[];
  /** Column at the time cursor, or the newest. */
  readonly at: AlphaColumn;
  readonly derivation: Derivation | null;
  readonly isDerived: boolean;
  readonly sort: "position" | "entropy";
  readonly whole: Span;
  readonly zoom: Span | null;
}

/** Entropy above which a search has not decided anything (spec DARTS 5.5). */
export const undecidedAbove = 0.99;

export function isSkip(op: string): boolean {
  return op === "skip_connect" || op === "identity" || op === "skip";
}

/** α of each group out of one column. */
export function splitGroups(raw: Float32Array, groups: readonly AlphaGroup[]): Float32Array[] {
  let at = 0;
  return groups.map(({ rows, ops }) => raw.subarray(at, (at += rows.length * ops.length)));
}

/** Newest column that is made of numbers: a search that broke goes on being shown as it last was. */
export function lastGood(columns: readonly AlphaColumn[]): AlphaColumn | null {
  for (let i = columns.length - 1; i >= 0; i--)
    if (columns[i]?.weights.every(Number.isFinite)) return columns[i] ?? null;
  return null;
}

function signalsOf(
  group: AlphaGroup,
  g: number,
  weights: Float32Array,
  offset: number,
  derivation: Derivation | null,
): GroupSignals {
  const { rows, ops } = group;
  const n = ops.length;
  const noneAt = ops.indexOf("none");
  const skipAt = ops.findIndex(isSkip);
  let [entropy, none, skip, nearUniform] = [0, 0, 0, 0];
  for (let row = 0; row < rows.length; row++) {
    const at = offset + row * n;
    entropy += evenness(weights, at, n);
    if (noneAt >= 0) none += weights[at + noneAt] as number;
    for (const [k, op] of ops.entries()) if (isSkip(op)) skip += weights[at + k] as number;
    if (ops.every((_, k) => Math.abs((weights[at + k] as number) - 1 / n) <= 0.05)) nearUniform++;
  }
  const kept = derivation?.kept[g];
  const count = derivation?.skips[g] ?? 0;
  const of = kept?.filter((k) => k >= 0).length ?? 0;
  return {
    ...{ group: g, label: group.label, nearUniform, rows: rows.length },
    entropy: entropy / rows.length,
    noneMass: noneAt < 0 ? null : none / rows.length,
    skipMass: skipAt < 0 ? null : skip / rows.length,
    skips: kept && skipAt >= 0 ? { count, of, level: skipLevel(group.id, count, of) } : null,
    margin: derivation?.margin[g] ?? null,
  };
}

function largest(weights: Float32Array): number {
  let best = 0;
  for (let k = 1; k < weights.length; k++) if ((weights[k] as number) > (weights[best] as number)) best = k;
  return best;
}

/** Column that is left out as derived, by group. */
function droppedOf(groups: readonly AlphaGroup[]): (number | null)[] {
  return groups.map((group) => group.none);
}

export function buildStreams({ groups, at, derivation, isDerived, sort, whole, zoom }: StreamsInput): StreamsModel {
  const shown = Float32Array.from(at.weights);
  if (isDerived) dropOps(shown, 1, groups, droppedOf(groups));
  const rows: StreamRow[] = [];
  const signals: GroupSignals[] = [];
  let offset = 0;
  for (const [g, group] of groups.entries()) {
    const order = stackOrder(group.ops);
    const n = group.ops.length;
    signals.push(signalsOf(group, g, at.weights, offset, derivation));
    const own = group.rows.map(({ label }, row): StreamRow => {
      const weights = shown.subarray(offset + row * n, offset + (row + 1) * n);
      return {
        ...{ group: g, row, label, order, weights },
        offset: offset + row * n,
        ops: group.ops,
        winner: largest(weights),
        entropy: rowEntropy(weights, 0, n, 1, isDerived && group.none !== null),
        kept: derivation?.kept[g]?.[row] ?? null,
      };
    });
    rows.push(...(sort === "entropy" ? own.sort((a, b) => a.entropy - b.entropy || a.row - b.row) : own));
    offset += n * group.rows.length;
  }
  return {
    ...{ step: at.step, groups, rows, signals, isDerived, whole },
    isUndecided: signals.every(({ entropy }) => entropy > undecidedAbove),
    span: zoom ?? whole,
  };
}

/** Entropy of a row; with `none` left out there is one op less that could be even. */
function rowEntropy(values: ArrayLike<number>, at: number, n: number, stride: number, isReduced: boolean): number {
  const full = evenness(values, at, n, stride);
  return isReduced && n > 2 ? (full * Math.log(n)) / Math.log(n - 1) : full;
}

/** Shares over time at `bins` steps of the model's span, as derived where the model is. */
export function sampleStreams(model: StreamsModel, columns: readonly AlphaColumn[], bins: number): Sampled {
  const sampled = sampleColumns(columns, columnWidth(model.groups), bins, model.span);
  if (model.isDerived) dropOps(sampled.values, bins, model.groups, droppedOf(model.groups));
  return sampled;
}

/** Entropies over time: one line a row in the model's order, and the mean, least and largest of each group; [line][bin], [group][bin]. */
export interface EntropyLines {
  readonly bins: number;
  readonly rows: Float32Array;
  readonly mean: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

export function entropyLines(model: StreamsModel, { values, bins }: Sampled): EntropyLines {
  const rows = new Float32Array(model.rows.length * bins);
  const [mean, low, high] = [0, 1, 0].map((start) => new Float32Array(model.groups.length * bins).fill(start)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const [i, { group, offset, ops }] of model.rows.entries()) {
    const isReduced = model.isDerived && model.groups[group]?.none !== null;
    const share = 1 / (model.groups[group]?.rows.length ?? 1);
    for (let b = 0; b < bins; b++) {
      const h = rowEntropy(values, offset * bins + b, ops.length, bins, isReduced);
      const at = group * bins + b;
      rows[i * bins + b] = h;
      mean[at] = (mean[at] as number) + share * h;
      low[at] = Math.min(low[at] as number, h);
      high[at] = Math.max(high[at] as number, h);
    }
  }
  return { bins, rows, mean, low, high };
}

/** Place of an op among those of its row, 1 = the largest share; equal shares in column order. */
export function rankOf({ weights }: Pick<StreamRow, "weights">, op: number): number {
  const own = weights[op] as number;
  let rank = 1;
  for (let k = 0; k < weights.length; k++) if ((weights[k] as number) > own || (weights[k] === own && k < op)) rank++;
  return rank;
}
