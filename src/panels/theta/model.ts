/**
 * What the picture of op probabilities knows of a search over layers (FBNetV1): the distribution of every layer, what it is expected to cost, its share of
 * the network, and whether skips have taken over. Pure: a column of weights and prices in, plain data out.
 */
import type { AlphaGroup } from "@/nas/space/types";
import type { AlphaColumn } from "@/store/alphaHistory";
import { stackOrder } from "@/viz/palette";
import { evenness } from "@/viz/streamLayout";
import type { CostMetric, LayerPrices } from "./costs";

export interface ThetaLayer {
  /** Group and row of the architecture weights, and slot of the space. */
  readonly group: number;
  readonly row: number;
  readonly slot: number;
  readonly label: string;
  readonly ops: readonly string[];
  /** Columns in stacking order, bottom first. */
  readonly order: readonly number[];
  /** P(op): softmax of θ. */
  readonly weights: Float32Array;
  readonly winner: number;
  /** Entropy over that of even shares, 0–1. */
  readonly entropy: number;
  /** By op; null where the space has no prices by layer. */
  readonly costs: readonly number[] | null;
  /** Σ P·cost, and its share of the whole expectation; an even share without prices. */
  readonly expected: number;
  readonly share: number;
}

export interface ThetaModel {
  readonly step: number;
  readonly groups: readonly AlphaGroup[];
  readonly layers: readonly ThetaLayer[];
  /** Parts of every network. */
  readonly fixed: { readonly cost: number; readonly share: number } | null;
  /** Expected cost of the network; null without prices. */
  readonly total: number | null;
  readonly metric: CostMetric;
  /** Whether the prices stand in for a latency table that is not there yet. */
  readonly isStandIn: boolean;
  /** Mean of the layers. */
  readonly entropy: number;
  /** Layers whose likeliest op is a skip. */
  readonly skips: number;
  /** Index of the layer that is expected to cost most. */
  readonly dearest: number;
}

/** From this share of skips on a network has collapsed (spec fbnet 4). */
export const collapsedShare = 0.8;
/** Mean entropy above which nothing has been decided. */
export const undecidedAbove = 0.99;

export function isSkip(op: string | undefined): boolean {
  return op === "skip" || op === "identity" || op === "skip_connect";
}

export function largest(weights: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < weights.length; k++) if ((weights[k] as number) > (weights[best] as number)) best = k;
  return best;
}

/** Place of an op among those of its row, 1 = the likeliest. */
export function rankOf(weights: ArrayLike<number>, op: number): number {
  const own = weights[op] ?? 0;
  let rank = 1;
  for (let k = 0; k < weights.length; k++) if ((weights[k] as number) > own || (weights[k] === own && k < op)) rank++;
  return rank;
}

/** Newest column that is made of numbers, and the step at which they ended where they did. */
export function lastGood(columns: readonly AlphaColumn[]): { readonly good: AlphaColumn | null; readonly brokeAt: number | null } {
  const good = columns.findLast(({ weights }) => weights.every(Number.isFinite)) ?? null;
  return { good, brokeAt: good === columns.at(-1) ? null : (columns.at(-1)?.step ?? null) };
}

export interface ThetaInput {
  readonly groups: readonly AlphaGroup[];
  readonly at: Pick<AlphaColumn, "step" | "weights">;
  readonly prices: LayerPrices | null;
  /** What the run weighs. */
  readonly metric: CostMetric;
}

export function buildTheta({ groups, at, prices, metric }: ThetaInput): ThetaModel {
  let offset = 0;
  const raw = groups.flatMap(({ rows, ops, firstRow = 0 }, group) => {
    const order = stackOrder(ops);
    return rows.map(({ label }, row) => {
      const weights = at.weights.subarray(offset, (offset += ops.length));
      const slot = firstRow + row;
      const costs = prices?.costs.slots[slot] ?? null;
      const expected = costs ? costs.reduce((sum, cost, k) => sum + cost * (weights[k] ?? 0), 0) : 0;
      return { group, row, slot, label, ops, order, weights, winner: largest(weights), entropy: evenness(weights, 0, ops.length), costs, expected };
    });
  });
  const fixed = prices?.costs.fixed ?? 0;
  const total = prices ? raw.reduce((sum, { expected }) => sum + expected, fixed) : null;
  const layers = raw.map((layer): ThetaLayer => ({ ...layer, share: total ? layer.expected / total : 1 / raw.length }));
  return {
    ...{ step: at.step, groups, layers, total },
    fixed: total ? { cost: fixed, share: fixed / total } : null,
    metric: prices?.metric ?? metric,
    isStandIn: prices !== null && prices.metric !== metric,
    entropy: layers.reduce((sum, { entropy }) => sum + entropy, 0) / Math.max(1, layers.length),
    skips: layers.filter(({ ops, winner }) => isSkip(ops[winner])).length,
    dearest: largest(layers.map(({ expected }) => expected)),
  };
}

/** Whether skips have emptied the network. */
export function hasCollapsed({ skips, layers }: Pick<ThetaModel, "skips" | "layers">): boolean {
  return layers.length > 0 && skips >= collapsedShare * layers.length;
}
