/**
 * What the joint-search panel knows: trained pairs with what was predicted of them, the axes of their recipes, and the stages as far as they have come.
 * Pure: the method's report, candidates and view state in, plain data out.
 */
import { type Interval, wilsonInterval } from "@/lib/stats";
import type { Candidate, Recipe } from "@/nas/candidate";
import type { Space } from "@/nas/space/types";
import type { RunHistory } from "@/store/history";
import type { Focus } from "@/store/view";
import { geneText, joint } from "@/viz/copy/joint";
import { macsText } from "@/viz/format";

export const jointViews = ["predictor", "recipes", "stages"] as const;
export type JointViewId = (typeof jointViews)[number];

type Report = NonNullable<ReturnType<RunHistory["report"]>>;
export type JointReport = Extract<Report, { readonly kind: "joint" }>;
export type JointTrial = JointReport["trials"][number];

export interface JointMark {
  readonly trial: JointTrial;
  readonly id: string;
  readonly interval: Interval;
  /** Round over rounds, 0–1: shade. */
  readonly age: number;
  readonly isBest: boolean;
  readonly isFocused: boolean;
  readonly pin: "a" | "b" | null;
}

/** A pair as a line over the axes; `accuracy` is predicted where it was never trained. */
export interface JointLine {
  /** Index of the candidate. */
  readonly index: number;
  readonly id: string;
  readonly recipe: Recipe;
  readonly macs: number;
  readonly params: number;
  readonly accuracy: number;
  readonly isTrained: boolean;
  readonly isWinner: boolean;
  readonly isFocused: boolean;
  readonly pin: "a" | "b" | null;
  /** Passes every filter. */
  readonly isKept: boolean;
  /** 0–1 by axis, null where the pair lacks the gene. */
  readonly at: readonly (number | null)[];
}

export interface JointAxis {
  readonly id: string;
  readonly name: string;
  /** Ends, or options bottom to top, as they are written. */
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  /** What is written at a place of the axis. */
  labelAt(at: number): string;
}

/** Ranges kept on axes, 0–1, by axis id. */
export type Filters = Readonly<Record<string, readonly [number, number]>>;

export interface JointModel {
  readonly report: JointReport | null;
  readonly marks: readonly JointMark[];
  readonly best: JointMark | null;
  readonly focused: JointMark | null;
  readonly axes: readonly JointAxis[];
  readonly lines: readonly JointLine[];
  /** Accuracies from pale to dark. */
  readonly accuracyRange: readonly [number, number];
  readonly round: number;
  readonly planned: number;
  readonly images: number;
  /** Whether newest predictions are those of the step on show. */
  readonly isNow: boolean;
}

/** How far the search had come at a step. */
export interface JointExtent {
  readonly trials: number;
  readonly fine: number;
  readonly isSwept: boolean;
}

export interface JointInput {
  readonly space: Pick<Space, "encode">;
  readonly report: JointReport | null;
  /** null: all of it. */
  readonly extent: JointExtent | null;
  readonly candidates: readonly Candidate[];
  readonly winner: number | null;
  readonly planned: number;
  readonly images: number;
  readonly focus: Focus;
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
  readonly filters: Filters;
}

/** The report as it was when so much had been done. */
export function cutReport(report: JointReport, { trials, fine, isSwept }: JointExtent): JointReport {
  const kept = report.trials.slice(0, trials);
  const ended = (round: number): boolean => report.trials.filter((t) => t.round <= round).length <= trials;
  return {
    ...report,
    trials: kept,
    correlations: report.correlations.filter(({ round }) => ended(round)),
    earlyStop: ended(1) ? report.earlyStop : null,
    fine: report.fine.slice(0, fine),
    sweep: isSwept ? report.sweep : [],
    swap: isSwept ? report.swap : null,
  };
}

/** Whether any prediction is no number. */
export function isBroken({ trials, fine }: JointReport): boolean {
  const bad = (value: number | null): boolean => value !== null && !Number.isFinite(value);
  return trials.some((t) => bad(t.predicted) || bad(t.predictedBefore)) || fine.some((g) => bad(g.best));
}

function isMeant(focus: Focus | null, index: number, id: string): boolean {
  if (focus === null) return false;
  return focus.candidate === undefined ? focus.archId === id : focus.candidate === index;
}

/** Position of a value on a gene's axis, 0–1. */
export function placeOnGene(gene: JointReport["recipeGenes"][number], value: string | number | undefined): number | null {
  if (value === undefined) return null;
  if (gene.options) {
    const at = gene.options.indexOf(String(value));
    return at < 0 ? null : gene.options.length > 1 ? at / (gene.options.length - 1) : 0.5;
  }
  const { min = 0, max = 1, log = false } = gene;
  if (typeof value !== "number" || max <= min) return null;
  const scale = log ? Math.log : (v: number): number => v;
  return Math.min(1, Math.max(0, (scale(value) - scale(min)) / (scale(max) - scale(min))));
}

function geneAxis(gene: JointReport["recipeGenes"][number]): JointAxis {
  const { id, options } = gene;
  const name = joint.recipes.gene(id);
  if (options) {
    const label = (at: number): string => options[Math.round(at * (options.length - 1))] ?? "";
    return { id, name, ticks: options.map((option, i) => ({ at: options.length > 1 ? i / (options.length - 1) : 0.5, label: option })), labelAt: label };
  }
  const { min = 0, max = 1, log = false } = gene;
  const valueAt = (at: number): number => (log ? min * (max / min) ** at : min + (max - min) * at);
  const labelAt = (at: number): string => geneText(valueAt(at));
  return { id, name, ticks: [0, 0.5, 1].map((at) => ({ at, label: labelAt(at) })), labelAt };
}

function spanAxis(id: string, name: string, [low, high]: readonly [number, number], label: (value: number) => string): JointAxis {
  const labelAt = (at: number): string => label(low + (high - low) * at);
  return { id, name, ticks: [0, 0.5, 1].map((at) => ({ at, label: labelAt(at) })), labelAt };
}

function spanOf(values: readonly number[]): readonly [number, number] {
  return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
}

const placeIn = (value: number, [low, high]: readonly [number, number]): number => (high > low ? (value - low) / (high - low) : 0.5);

function isKept(at: JointLine["at"], axes: readonly JointAxis[], filters: Filters): boolean {
  return axes.every(({ id }, i) => {
    const range = filters[id];
    const place = at[i];
    // Half a pixel of mercy: ends of the range are on the axis.
    return range === undefined || (place !== null && place !== undefined && place >= range[0] - 1e-6 && place <= range[1] + 1e-6);
  });
}

export function buildJoint(input: JointInput): JointModel {
  const { space, candidates, winner, planned, images, focus, pinA, pinB, filters, extent } = input;
  const report = input.report && extent ? cutReport(input.report, extent) : input.report;
  const trials = report?.trials ?? [];
  const rounds = Math.max(1, ...trials.map(({ round }) => round));
  const idOf = (trial: JointTrial): string => candidates[trial.index]?.id ?? space.encode(trial.choices);
  const pinOf = (index: number, id: string): JointMark["pin"] => (isMeant(pinA, index, id) ? "a" : isMeant(pinB, index, id) ? "b" : null);
  const bestIndex = trials.reduce<JointTrial | null>((top, t) => (top === null || t.accuracy > top.accuracy ? t : top), null)?.index ?? -1;
  const marks = trials.map((trial): JointMark => {
    const id = idOf(trial);
    return {
      ...{ trial, id },
      interval: wilsonInterval(trial.accuracy, report?.n ?? 0),
      age: trial.round / rounds,
      isBest: trial.index === bestIndex,
      isFocused: isMeant(focus, trial.index, id),
      pin: pinOf(trial.index, id),
    };
  });

  const isNow = extent === null;
  // Pairs that evolution chose come after the trained ones; in the past they were not there.
  const chosen = isNow ? candidates.filter((c) => c !== undefined && c.recipe !== undefined && !trials.some((t) => t.index === c.index) && (c.accuracy?.value ?? c.predicted) !== undefined) : [];
  const pairs = [
    ...marks.map(({ trial: { index, recipe, macs, params, accuracy }, id }) => ({ ...{ index, id, recipe, macs, params, accuracy }, isTrained: true })),
    ...chosen.map(({ index, id, recipe = {}, macs, params, accuracy, predicted = Number.NaN }) => ({ ...{ index, id, recipe, macs, params }, accuracy: accuracy?.value ?? predicted, isTrained: accuracy !== null })),
  ];
  const macsRange = spanOf(pairs.map(({ macs }) => macs));
  const accuracyRange = spanOf(pairs.map(({ accuracy }) => accuracy));
  const genes = report?.recipeGenes ?? [];
  const axes = [
    ...genes.map(geneAxis),
    spanAxis("macs", joint.recipes.macs, macsRange, macsText),
    spanAxis("accuracy", joint.recipes.accuracy, accuracyRange, (value) => `${(100 * value).toFixed(1)}`),
  ];
  const lines = pairs.map((pair): JointLine => {
    const at = [...genes.map((gene) => placeOnGene(gene, pair.recipe[gene.id])), placeIn(pair.macs, macsRange), placeIn(pair.accuracy, accuracyRange)];
    return { ...pair, at, isWinner: isNow && pair.index === winner, isFocused: isMeant(focus, pair.index, pair.id), pin: pinOf(pair.index, pair.id), isKept: isKept(at, axes, filters) };
  });
  return {
    ...{ report, marks, axes, lines, accuracyRange, planned, images, isNow },
    best: marks.find(({ isBest }) => isBest) ?? null,
    focused: marks.find(({ isFocused }) => isFocused) ?? null,
    round: trials.at(-1)?.round ?? 0,
  };
}

/** Another filter of an axis: the upper half, then the lower, then none. */
export function nextFilter(current: readonly [number, number] | undefined): readonly [number, number] | null {
  if (current === undefined) return [0.5, 1];
  return current[0] === 0.5 && current[1] === 1 ? [0, 0.5] : null;
}

/** Lines of pairs that were never trained in the rounds: the winner, most of all. Only the recipes show them. */
export function untrained({ lines, marks }: JointModel): readonly JointLine[] {
  return lines.filter(({ index }) => !marks.some(({ trial }) => trial.index === index));
}

/** Arrows walk over the pairs on show: left and right by order, up and down by accuracy; Home is the best that was trained. */
export function walkPairs(key: string, model: JointModel, view: JointViewId): JointLine | null {
  const hidden = view === "recipes" ? [] : untrained(model);
  const lines = model.lines.filter((line) => !hidden.includes(line));
  const best = lines.find(({ index }) => index === model.best?.trial.index) ?? null;
  if (key === "Home") return best;
  const isOrder = key === "ArrowLeft" || key === "ArrowRight";
  if (!isOrder && key !== "ArrowUp" && key !== "ArrowDown") return null;
  const by = (line: JointLine): number => (isOrder ? line.index : line.accuracy);
  const order = [...lines].sort((a, b) => by(a) - by(b) || a.index - b.index);
  const at = order.findIndex(({ isFocused }) => isFocused);
  if (at < 0) return best;
  return order[Math.min(order.length - 1, Math.max(0, at + (key === "ArrowRight" || key === "ArrowUp" ? 1 : -1)))] ?? null;
}
