/**
 * What the pool panel knows: one mark a network, the front, the limit, what each generation reached, and what is pointed at.
 * Pure: candidates and view state in, plain data out.
 */
import { median, wilsonInterval, type Interval } from "@/lib/stats";
import type { Candidate } from "@/nas/candidate";
import { type CostMetric, paretoFront, scoreOf } from "@/nas/pareto";
import type { Space } from "@/nas/space/types";
import type { Focus } from "@/store/view";
import { lineageOf, type Lineage } from "./lineage";

export type MarkShape = "random" | "mutation" | "crossover" | "manual";

export interface PoolMark {
  readonly candidate: Candidate;
  readonly cost: number;
  readonly accuracy: number;
  readonly interval: Interval;
  readonly shape: MarkShape;
  readonly isCurrent: boolean;
  readonly isFeasible: boolean;
  readonly isFront: boolean;
  /** Among the best `evo.topk` feasible ones so far. */
  readonly isTop: boolean;
  /** How often this architecture was met, both arms together. */
  readonly met: number;
  /** Passes the focus; the rest drops to a quarter of its ink. */
  readonly isLit: boolean;
  /** Op at the focused layer, to colour by; null without such a focus. */
  readonly op: string | null;
}

export interface GenerationSummary {
  readonly generation: number;
  readonly marks: readonly PoolMark[];
  readonly random: readonly Candidate[];
  readonly median: number;
  /** Best of the evolution arm up to and including this generation, and the random arm's after as many evaluations. */
  readonly best: number;
  readonly randomBest: number | null;
}

export interface PoolModel {
  readonly metric: CostMetric;
  readonly limit: number | null;
  readonly min: number | null;
  /** Whether the limit may be moved while the search runs. */
  readonly canLimit: boolean;
  /** Cheapest and dearest network of the space by the metric: the x axis. */
  readonly costRange: readonly [number, number];
  readonly marks: readonly PoolMark[];
  readonly random: readonly PoolMark[];
  readonly front: readonly PoolMark[];
  readonly failed: readonly Candidate[];
  readonly best: PoolMark | null;
  readonly generation: number;
  readonly generations: readonly GenerationSummary[];
  /** Rounds the run is to have, generation 0 included. */
  readonly plannedGenerations: number;
  readonly rejected: { readonly infeasible: number; readonly duplicate: number };
  readonly focused: PoolMark | null;
  readonly pinA: PoolMark | null;
  readonly pinB: PoolMark | null;
  readonly lineage: Lineage | null;
}

export interface PoolInput {
  readonly space: Space;
  readonly candidates: readonly Candidate[];
  readonly metric: CostMetric;
  readonly limit: number | null;
  readonly min: number | null;
  /** Absent: yes. */
  readonly canLimit?: boolean;
  readonly topk: number;
  readonly plannedGenerations: number;
  readonly rejected: { readonly infeasible: number; readonly duplicate: number };
  readonly focus: Focus;
  readonly pinA: Focus | null;
  readonly pinB: Focus | null;
}

interface Context {
  readonly input: PoolInput;
  readonly generation: number;
  readonly front: ReadonlySet<number>;
  readonly top: ReadonlySet<number>;
  readonly met: ReadonlyMap<string, number>;
  readonly lineage: ReadonlySet<number> | null;
}

export function isFeasible(cost: number, min: number | null, limit: number | null): boolean {
  return (min === null || cost >= min) && (limit === null || cost <= limit);
}

/** A network that was read off α is one of a kind, like one that was entered, and one that was drawn from θ is a random one: they share marks. */
export function shapeOf({ origin }: Candidate): MarkShape {
  switch (origin.kind) {
    case "derived":
      return "manual";
    case "sampled":
      return "random";
    default:
      return origin.kind;
  }
}

function usesOp(candidate: Candidate, op: string): boolean {
  return Object.values(candidate.choices).includes(op);
}

function litBy({ focus, space }: PoolInput, lineage: ReadonlySet<number> | null, c: Candidate): boolean {
  if (lineage) return lineage.has(c.index);
  if (focus.op !== undefined && focus.slot === undefined) return usesOp(c, focus.op);
  if (focus.slot !== undefined && focus.choice !== undefined) {
    const mutable = space.mutables[focus.slot];
    return mutable === undefined || c.choices[mutable.id] === mutable.choices[focus.choice];
  }
  if (focus.generation !== undefined) return c.generation === focus.generation;
  return true;
}

function makeMark(context: Context, candidate: Candidate): PoolMark {
  const { input, generation, front, top, met, lineage } = context;
  const { space, metric, min, limit, focus } = input;
  const accuracy = candidate.accuracy ?? { value: 0, n: 0 };
  const cost = candidate[metric];
  const op = focus.slot === undefined ? undefined : candidate.choices[space.mutables[focus.slot]?.id ?? ""];
  return {
    candidate,
    cost,
    accuracy: accuracy.value,
    interval: wilsonInterval(accuracy.value, accuracy.n),
    shape: shapeOf(candidate),
    isCurrent: candidate.arm === "evolution" && candidate.generation === generation,
    isFeasible: isFeasible(cost, min, limit),
    isFront: front.has(candidate.index),
    isTop: top.has(candidate.index),
    met: met.get(candidate.id) ?? 1,
    isLit: litBy(input, lineage, candidate),
    op: typeof op === "string" ? op : null,
  };
}

/** The best k: higher score, then lower cost, then older, as in the search. */
function topOf(candidates: readonly Candidate[], metric: CostMetric, k: number): Candidate[] {
  return [...candidates]
    .sort((a, b) => scoreOf(b) - scoreOf(a) || a[metric] - b[metric] || a.index - b.index)
    .slice(0, k);
}

function summarise(marks: readonly PoolMark[], random: readonly Candidate[]): GenerationSummary[] {
  const last = Math.max(-1, ...marks.map((m) => m.candidate.generation));
  const summaries: GenerationSummary[] = [];
  let best = Number.NEGATIVE_INFINITY;
  let evaluated = 0;
  for (let generation = 0; generation <= last; generation++) {
    const own = marks.filter((m) => m.candidate.generation === generation);
    evaluated += own.length;
    best = Math.max(best, ...own.map((m) => m.accuracy));
    const equal = random.slice(0, evaluated);
    const randomBest = equal.length === 0 ? null : Math.max(...equal.map(scoreOf));
    summaries.push({
      generation,
      marks: own,
      random: equal.slice(evaluated - own.length),
      median: median(own.map((m) => m.accuracy)),
      best,
      randomBest,
    });
  }
  return summaries;
}

/** Index of the candidate that a focus names, in the evolution arm if it can be. */
export function focusedIndex(candidates: readonly Candidate[], focus: Focus | null): number | null {
  if (!focus) return null;
  const named = focus.candidate === undefined ? undefined : candidates[focus.candidate];
  if (named && (focus.archId === undefined || named.id === focus.archId)) return named.index;
  if (focus.archId === undefined) return null;
  const same = candidates.filter((c) => c?.id === focus.archId);
  return (same.find((c) => c.arm === "evolution") ?? same[0])?.index ?? null;
}

export function buildPoolModel(input: PoolInput): PoolModel {
  const { space, metric, min, limit } = input;
  const known = input.candidates.filter((c) => c !== undefined);
  const scored = known.filter((c) => c.accuracy !== null);
  const evolution = scored.filter((c) => c.arm === "evolution");
  const feasible = evolution.filter((c) => isFeasible(c[metric], min, limit));
  const met = new Map<string, number>();
  for (const c of scored) met.set(c.id, (met.get(c.id) ?? 0) + 1);
  const focusIndex = focusedIndex(input.candidates, input.focus);
  const lineage = focusIndex === null ? null : lineageOf(known, focusIndex);
  const front = paretoFront(feasible, metric);
  const generation = Math.max(0, ...evolution.map((c) => c.generation));
  const context: Context = {
    ...{ input, generation, met },
    front: new Set(front.map((c) => c.index)),
    top: new Set(topOf(feasible, metric, input.topk).map((c) => c.index)),
    lineage: lineage && new Set(lineage.members),
  };
  const drawn = new Set<string>();
  const distinct = (list: readonly Candidate[]): PoolMark[] =>
    list.filter((c) => !drawn.has(c.id) && drawn.add(c.id)).map((c) => makeMark(context, c));
  const marks = distinct(evolution);
  const randomArm = scored.filter((c) => c.arm === "random");
  const random = distinct(randomArm);
  const byId = new Map([...random, ...marks].map((m) => [m.candidate.id, m]));
  const markOf = (index: number | null): PoolMark | null =>
    index === null ? null : (byId.get(input.candidates[index]?.id ?? "") ?? null);
  const extremes = space.extremes(metric);
  const [bestOf] = topOf(feasible, metric, 1);
  return {
    ...{ metric, limit, min, marks, random, generation, lineage },
    costRange: [space.cost(extremes.min.choices)[metric], space.cost(extremes.max.choices)[metric]],
    front: marks.filter((m) => m.isFront).sort((a, b) => a.cost - b.cost),
    // A pair that is only predicted has not failed: nobody has trained it yet.
    failed: known.filter((c) => c.accuracy === null && c.predicted === undefined),
    best: markOf(bestOf?.index ?? null),
    generations: summarise(marks, randomArm),
    canLimit: input.canLimit ?? true,
    plannedGenerations: Math.max(input.plannedGenerations, generation + 1),
    rejected: input.rejected,
    focused: markOf(focusIndex),
    pinA: markOf(focusedIndex(input.candidates, input.pinA)),
    pinB: markOf(focusedIndex(input.candidates, input.pinB)),
  };
}
