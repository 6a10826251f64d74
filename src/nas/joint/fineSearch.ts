/**
 * The fine stage of a joint search (FBNetV3; spec fbnet 3.5): evolution of architecture and recipe together, scored by a predictor alone, so that
 * hundreds of pairs cost less than one training. A generation is a function of the state before it and of a key: a saved search continues alike.
 */
import { AppError } from "@/lib/appError";
import type { Rng, RngKey } from "@/lib/rng";
import type { Origin } from "../candidate";
import { crossoverRate, fitnessStats, floored, mutationRate } from "./adaptive";
import type { Gene, JointSpace, Pair } from "./encode";

/** Predicted accuracy of each pair. */
export type Scorer = (pairs: readonly Pair[]) => readonly number[];

export interface ScoredPair {
  readonly pair: Pair;
  readonly score: number;
  readonly origin: Origin;
}

export interface FineOptions {
  /** Best trained pairs, and random ones, that the population starts with; how many survive a generation. */
  readonly best: number;
  readonly random: number;
  readonly keep: number;
  readonly generations: number;
  /** Largest MACs allowed; Infinity = any. */
  readonly limit: number;
  /** Without random search alongside. */
  readonly alone?: boolean;
}

/**
 * Generations without a gain of `leastGain` after which the search ends. The pool's mean counts as well as its best: with a trained pair at the head of
 * a small population the best stands still for some generations while the rest still climbs (spec 3.5 looks at the best alone).
 */
export const patience = 3;
export const leastGain = 1e-6;

/** Plain data. */
export interface FineState {
  generation: number;
  /** Survivors, best first. */
  pool: ScoredPair[];
  /** Every pair that was scored, by its key; none is scored twice. */
  seen: string[];
  /** Predictor calls so far. */
  calls: number;
  /** Generations since the best or the mean improved. */
  stale: number;
  /** Best of as many random pairs. */
  randomBest: ScoredPair | null;
}

/** Draws in a row that may fail before nothing more is expected. */
const mostRejections = 2000;
/** Draws a wanted child. */
const attemptsPerChild = 20;
/** Standard deviation of a real gene's step, as a part of its range. */
const mutationStep = 0.1;

/** A gene drawn anew, or a real one moved by a Gaussian step and kept in its range. */
function redraw(gene: Gene, value: number, rng: Rng): number {
  if (gene.kind === "real") return Math.min(1, Math.max(0, value + mutationStep * rng.normal()));
  // Another option for certain: a redraw that changes nothing would waste the attempt.
  const other = rng.int(gene.options - 1);
  return other >= value ? other + 1 : other;
}

function randomGenes({ genes }: JointSpace, rng: Rng): number[] {
  return genes.map((gene) => (gene.kind === "real" ? rng.next() : rng.int(gene.options)));
}

/** Up to `n` random pairs that satisfy the limit and are not in `seen`, which gains them. */
export function randomPairs(joint: JointSpace, n: number, limit: number, seen: Set<string>, rng: Rng): Pair[] {
  const out: Pair[] = [];
  for (let rejected = 0; out.length < n && rejected < mostRejections;) {
    const pair = joint.pairOf(randomGenes(joint, rng));
    if (pair.macs > limit || seen.has(pair.key)) rejected++;
    else {
      rejected = 0;
      seen.add(pair.key);
      out.push(pair);
    }
  }
  return out;
}

/** One to three genes drawn anew. Returns which. */
function mutate(joint: JointSpace, genes: number[], rng: Rng): void {
  const count = Math.min(genes.length, 1 + rng.int(3));
  const order = rng.shuffle(genes.map((_, i) => i));
  for (const i of order.slice(0, count)) genes[i] = redraw(joint.genes[i] as Gene, genes[i] as number, rng);
}

/** A child of two parents by the adaptive rates; null when neither crossover nor mutation happened. */
function child(joint: JointSpace, pool: readonly ScoredPair[], rng: Rng): { readonly pair: Pair; readonly origin: Origin } | null {
  const stats = fitnessStats(pool.map((one) => one.score));
  const pick = (): ScoredPair => pool[rng.int(pool.length)] as ScoredPair;
  const [a, b] = [pick(), pick()];
  const better = a.score >= b.score ? a : b;
  const crosses = a !== b && rng.next() < floored(crossoverRate(better.score, stats));
  const mutates = rng.next() < floored(mutationRate(better.score, stats));
  if (!crosses && !mutates) return null;
  const [from, other] = [joint.genesOf(better.pair), joint.genesOf((better === a ? b : a).pair)];
  const genes = crosses ? from.map((value, i) => (rng.next() < 0.5 ? value : (other[i] as number))) : from;
  if (mutates) mutate(joint, genes, rng);
  const pair = joint.pairOf(genes);
  const origin: Origin = crosses
    ? { kind: "crossover", parents: [a.pair.id, b.pair.id] }
    : { kind: "mutation", parent: better.pair.id, layers: joint.space.mutator.changed(better.pair.choices, pair.choices) };
  return { pair, origin };
}

function children(joint: JointSpace, pool: readonly ScoredPair[], n: number, limit: number, seen: Set<string>, rng: Rng): { readonly pair: Pair; readonly origin: Origin }[] {
  const out: { readonly pair: Pair; readonly origin: Origin }[] = [];
  if (pool.length === 0) return out;
  for (let attempt = 0; attempt < n * attemptsPerChild && out.length < n; attempt++) {
    const made = child(joint, pool, rng);
    if (made === null || made.pair.macs > limit || seen.has(made.pair.key)) continue;
    seen.add(made.pair.key);
    out.push(made);
  }
  return out;
}

function byScore(a: ScoredPair, b: ScoredPair): number {
  return b.score - a.score || a.pair.macs - b.pair.macs || (a.pair.key < b.pair.key ? -1 : 1);
}

function scored(pairs: readonly { readonly pair: Pair; readonly origin: Origin }[], scorer: Scorer): ScoredPair[] {
  const scores = pairs.length === 0 ? [] : scorer(pairs.map(({ pair }) => pair));
  return pairs.map(({ pair, origin }, i) => ({ pair, origin, score: scores[i] as number }));
}

/** The random arm catches up with the calls. */
function randomArm(joint: JointSpace, state: FineState, calls: number, limit: number, scorer: Scorer, rng: Rng): void {
  // What chance has drawn before may come again: at these numbers that is as good as never.
  const drawn = randomPairs(joint, calls, limit, new Set(), rng).map((pair) => ({ pair, origin: { kind: "random" } as const }));
  const best = scored(drawn, scorer).sort(byScore)[0];
  if (best && (state.randomBest === null || byScore(best, state.randomBest) < 0)) state.randomBest = best;
}

/**
 * The population before the first generation: the best trained pairs under the limit, and random ones. `trained` best first. Throws
 * `search.infeasible` when not one pair satisfies the limit.
 */
export function startFine(joint: JointSpace, trained: readonly Pair[], options: FineOptions, scorer: Scorer, key: RngKey): FineState {
  const seen = new Set<string>();
  const best = trained.filter(({ macs }) => macs <= options.limit).slice(0, options.best);
  best.forEach((pair) => seen.add(pair.key));
  const random = randomPairs(joint, options.random + options.best - best.length, options.limit, seen, key.fold("start").stream());
  const pool = scored([...best, ...random].map((pair) => ({ pair, origin: { kind: "random" } as const })), scorer).sort(byScore);
  if (pool.length === 0) throw new AppError("search.infeasible", `No pair with at most ${options.limit} MACs turned up.`, { recoverable: true, hint: "Raise the limit." });
  const state: FineState = { generation: 0, pool: pool.slice(0, options.keep), seen: [...seen], calls: pool.length, stale: 0, randomBest: null };
  if (options.alone !== true) randomArm(joint, state, pool.length, options.limit, scorer, key.fold("random").fold(0).stream());
  return state;
}

export function fineEnded(state: FineState, options: FineOptions): boolean {
  return state.generation >= options.generations || state.stale >= patience;
}

function heightOf(pool: readonly ScoredPair[]): { readonly best: number; readonly mean: number } {
  return { best: pool[0]?.score ?? -Infinity, mean: pool.reduce((sum, { score }) => sum + score, 0) / Math.max(1, pool.length) };
}

/** One generation in place: children of the pool, scored, and the best of both kept. */
export function fineGeneration(joint: JointSpace, state: FineState, options: FineOptions, scorer: Scorer, key: RngKey): void {
  const generation = state.generation + 1;
  const seen = new Set(state.seen);
  const made = scored(children(joint, state.pool, options.keep, options.limit, seen, key.fold("generation").fold(generation).stream()), scorer);
  const before = heightOf(state.pool);
  state.pool = [...state.pool, ...made].sort(byScore).slice(0, options.keep);
  state.seen = [...seen];
  state.calls += made.length;
  state.generation = generation;
  const now = heightOf(state.pool);
  state.stale = now.best - before.best < leastGain && now.mean - before.mean < leastGain ? state.stale + 1 : 0;
  if (options.alone !== true) randomArm(joint, state, made.length, options.limit, scorer, key.fold("random").fold(generation).stream());
}

/** A whole search at once. */
export function fineSearch(joint: JointSpace, trained: readonly Pair[], options: FineOptions, scorer: Scorer, key: RngKey): FineState {
  const state = startFine(joint, trained, options, scorer, key);
  while (!fineEnded(state, options)) fineGeneration(joint, state, options, scorer, key);
  return state;
}

/** Budgets from near the cheapest member's MACs to the limit, evenly on a logarithmic scale. */
export function sweepLimits(cheapest: number, limit: number, count = 5): number[] {
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? limit : Math.round(cheapest * (limit / cheapest) ** ((i + 1) / count))));
}
