/**
 * What the search expects to pay over its steps, the target, the likeliest network, and the networks drawn at the end. Costs are in the run's metric:
 * µs, multiply–adds or parameters. Pure.
 */
import { scaleLinear } from "d3";
import type { Candidate } from "@/nas/candidate";
import { type LatencyCosts, sumOf } from "@/nas/latency/table";
import type { Space } from "@/nas/space/types";
import { plainTarget } from "@/nas/relaxation/searchLoss";
import { cellMs, costText, type CostUnit } from "@/viz/copy/latency";
import { countText } from "@/viz/format";

export interface CostPoint {
  readonly step: number;
  readonly expected: number;
}

export interface CostSample {
  readonly candidate: Candidate;
  /** In the run's metric; null where it is a latency and none is known. */
  readonly cost: number | null;
  readonly isWinner: boolean;
  readonly keepsTarget: boolean;
}

export interface CostModel {
  readonly unit: CostUnit;
  readonly points: readonly CostPoint[];
  /** Expectation at the step on show. */
  readonly now: CostPoint | null;
  readonly target: number | null;
  /** Cheapest and dearest network of the space; null while the table has holes. */
  readonly bounds: readonly [number, number] | null;
  /** Cost of the network that takes the likeliest candidate of every layer. */
  readonly argmax: number | null;
  readonly samples: readonly CostSample[];
}

export interface CostInput {
  readonly space: Space;
  readonly unit: CostUnit;
  readonly costs: LatencyCosts | null;
  readonly steps: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
  readonly cursor: number | null;
  /** `fbnet.target` as it is set: ms, or counts, those below a thousand in millions. */
  readonly target: number | null;
  /** Likeliest gene of every slot. */
  readonly path: readonly number[] | null;
  readonly candidates: readonly Candidate[];
  readonly winner: number | null;
}

/** A target as it is set, in the metric's own unit. */
export function targetCost(target: number | null, unit: CostUnit): number | null {
  return target === null ? null : plainTarget(unit, target);
}

/** Inverse: what is written to `fbnet.target`. */
export function targetSetting(cost: number, unit: CostUnit): number {
  return unit === "latency" ? cost / 1000 : Math.max(1000, cost);
}

/** Gene of the heaviest entry of every row. Rows are slots; ops are known by name, so that a slot may order them otherwise. */
export function argmaxPath(weights: ArrayLike<number>, ops: readonly string[], space: Pick<Space, "mutables" | "slots">): number[] | null {
  if (ops.length === 0 || weights.length < ops.length * space.slots.length) return null;
  return space.slots.map((_, slot) => {
    let best = 0;
    for (let k = 1; k < ops.length; k++) if ((weights[slot * ops.length + k] as number) > (weights[slot * ops.length + best] as number)) best = k;
    return (space.mutables[slot]?.choices ?? []).findIndex((choice) => choice === ops[best]);
  });
}

/** Genes of a candidate's choices. */
export function genesOf({ mutables }: Pick<Space, "mutables">, choices: Candidate["choices"]): number[] {
  return mutables.map(({ id, choices: own }) => own.findIndex((choice) => choice === choices[id]));
}

function boundsOf({ space, unit, costs }: CostInput): readonly [number, number] | null {
  if (unit !== "latency") {
    const { min, max } = space.extremes(unit);
    return [space.cost(min.choices)[unit], space.cost(max.choices)[unit]];
  }
  if (costs === null) return null;
  const sum = (pick: (row: readonly number[]) => number): number => costs.slots.reduce((total, row) => total + pick(row), costs.fixed);
  return [sum((row) => Math.min(...row)), sum((row) => Math.max(...row))];
}

function argmaxCost({ space, unit, costs, path }: CostInput): number | null {
  if (path === null) return null;
  if (unit === "latency") return costs === null ? null : sumOf(costs, path);
  const choices = Object.fromEntries(space.mutables.map(({ id, choices: own }, slot) => [id, own[path[slot] ?? 0] ?? ""]));
  return space.cost(choices)[unit];
}

export function buildCost(input: CostInput): CostModel {
  const { unit, steps, expected, cursor, candidates, winner } = input;
  const points = Array.from({ length: steps.length }, (_, i): CostPoint => ({ step: steps[i] ?? 0, expected: expected[i] ?? Number.NaN })).filter((point) => Number.isFinite(point.expected));
  const last = points.at(-1) ?? null;
  const target = targetCost(input.target, unit);
  // Networks are drawn when the search is over: at an earlier step there were none.
  const isBefore = cursor !== null && last !== null && cursor < last.step;
  const samples = isBefore ? [] : candidates.filter(({ arm, origin }) => arm === "evolution" && (origin.kind === "sampled" || origin.kind === "derived"));
  const costOf = (candidate: Candidate): number | null => (unit === "latency" ? (candidate.latencyUs ?? null) : candidate[unit]);
  return {
    ...{ unit, points, target },
    now: cursor === null ? last : (points.findLast(({ step }) => step <= cursor) ?? points[0] ?? null),
    bounds: boundsOf(input),
    argmax: argmaxCost(input),
    samples: samples.map((candidate) => {
      const cost = costOf(candidate);
      return { candidate, cost, isWinner: candidate.index === winner, keepsTarget: target === null || cost === null || cost <= target };
    }),
  };
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface CostLayout {
  readonly plot: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly line: string;
  /** Range of costs that the axis shows and the target can be dragged over. */
  readonly range: readonly [number, number];
  yOf(cost: number): number;
  costAt(y: number): number;
  xOf(step: number): number;
  stepAt(x: number): number;
}

const margin = { left: 58, right: 74, top: 14, bottom: 32 };

/** From the cheapest to the dearest network, so that the line is seen against what could be paid at all. */
export function layoutCost(model: CostModel, size: { readonly width: number; readonly height: number }, total: number): CostLayout {
  const plot = {
    x: margin.left,
    y: margin.top,
    width: Math.max(0, size.width - margin.left - margin.right),
    height: Math.max(0, size.height - margin.top - margin.bottom),
  };
  const values = [...(model.bounds ?? []), ...model.points.map(({ expected }) => expected), ...(model.argmax === null ? [] : [model.argmax])];
  const [low, high] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const air = (high - low) * 0.06 || Math.max(1, high * 0.1);
  const y = scaleLinear([Math.max(0, low - air), high + air], [plot.y + plot.height, plot.y]);
  const lastStep = Math.max(total, model.points.at(-1)?.step ?? 0, 1);
  const x = scaleLinear([0, lastStep], [plot.x, plot.x + plot.width]);
  return {
    plot,
    xTicks: x.ticks(Math.max(2, Math.floor(plot.width / 80))).map((at) => ({ at: x(at), label: countText(at) })),
    yTicks: y.ticks(Math.max(2, Math.floor(plot.height / 36))).map((at) => ({ at: y(at), label: model.unit === "latency" ? cellMs(at) : costText(at, model.unit) })),
    line: model.points.map(({ step, expected }, i) => `${i === 0 ? "M" : "L"}${x(step).toFixed(1)},${y(expected).toFixed(1)}`).join(""),
    range: model.bounds ?? [low, high],
    yOf: (cost) => y(cost),
    costAt: (at) => y.invert(at),
    xOf: (step) => x(step),
    stepAt: (at) => x.invert(at),
  };
}
