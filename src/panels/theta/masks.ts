/**
 * What the picture knows of a search by masks (FBNetV2): every decision with its distribution, the share of the draws that keep each channel (M of
 * arXiv 2004.05565 section 3.1), effective values, and all of it over time. Pure.
 */
import type { MutableId } from "@/nas/mutable";
import type { AlphaGroup, MaskedRow } from "@/nas/space/types";
import type { AlphaColumn } from "@/store/alphaHistory";
import { evenness, type Sampled } from "@/viz/streamLayout";
import { largest } from "./model";

/** A part of a decision's scale: an option of a distribution, or the channels between two options of a mask. */
export interface MaskBand {
  /** Option that adds these channels, or whose share this is. */
  readonly option: number;
  /** Extent on the scale, 0–1. */
  readonly from: number;
  readonly to: number;
  /** M of the channels, or the probability of the option. */
  readonly value: number;
}

export interface Decision {
  readonly row: number;
  readonly id: string;
  readonly label: string;
  readonly kind: MaskedRow["kind"];
  readonly stage: number;
  /** Mutable whose choice it decides; several share it. */
  readonly mutable: MutableId;
  readonly options: readonly number[];
  readonly widths: readonly number[] | null;
  readonly weights: Float32Array;
  /** Where its numbers begin in a column. */
  readonly offset: number;
  readonly winner: number;
  readonly entropy: number;
  /** Σ g·options, and Σ g·widths where it masks channels. */
  readonly effective: number;
  readonly channels: number | null;
  readonly bands: readonly MaskBand[];
}

export interface MasksModel {
  readonly step: number;
  readonly groups: readonly AlphaGroup[];
  readonly decisions: readonly Decision[];
  readonly entropy: number;
}

function expectation(weights: ArrayLike<number>, values: readonly number[]): number {
  return values.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
}

/**
 * The scale of a decision in bands, bottom first. A mask: channels c_{i−1}…c_i are kept by every option from i on, so M is the sum of their weights.
 * A distribution: option after option, each as wide as it is likely.
 */
export function bandsOf(weights: ArrayLike<number>, widths: readonly number[] | null): MaskBand[] {
  const n = weights.length;
  if (widths === null) {
    let at = 0;
    return Array.from({ length: n }, (_, option) => {
      const value = weights[option] ?? 0;
      return { option, from: at, to: (at += value), value };
    });
  }
  const most = widths.at(-1) ?? 1;
  return widths.map((width, option) => {
    let kept = 0;
    for (let i = option; i < n; i++) kept += weights[i] ?? 0;
    return { option, from: (widths[option - 1] ?? 0) / most, to: width / most, value: Math.min(1, kept) };
  });
}

export function buildMasks(rows: readonly MaskedRow[], groups: readonly AlphaGroup[], at: Pick<AlphaColumn, "step" | "weights">): MasksModel {
  let offset = 0;
  const decisions = rows.map(({ id, label, kind, stage, options, mutables, widths = null }, row): Decision => {
    const begin = offset;
    const weights = at.weights.subarray(begin, (offset += options.length));
    return {
      ...{ row, id, label, kind, stage, mutable: mutables[0] ?? id, options, widths, weights, offset: begin },
      winner: largest(weights),
      entropy: evenness(weights, 0, options.length),
      effective: expectation(weights, options),
      channels: widths && expectation(weights, widths),
      bands: bandsOf(weights, widths),
    };
  });
  return { step: at.step, groups, decisions, entropy: decisions.reduce((sum, { entropy }) => sum + entropy, 0) / Math.max(1, decisions.length) };
}

/** Bands of a decision in one bin of resampled columns. */
export function bandsAt({ offset, options, widths }: Pick<Decision, "offset" | "options" | "widths">, { values, bins }: Sampled, bin: number): MaskBand[] {
  return bandsOf(
    options.map((_, k) => values[(offset + k) * bins + bin] ?? 0),
    widths,
  );
}

/** `18.4`, `3`, `26`: one decimal where it says something. */
export function effectiveText(value: number): string {
  const rounded = value.toFixed(1);
  return rounded.endsWith(".0") ? rounded.slice(0, -2) : rounded;
}

/** Positions that S_r reads of a row of `full` pixels, and Z_r writes to: ⌊k·full/r⌋ (spec fbnet 2.2). */
export function readAt(full: number, r: number): number[] {
  return Array.from({ length: r }, (_, k) => Math.floor((k * full) / r));
}
