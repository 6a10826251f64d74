/** The pool in words: one sentence for the live region, rows for the table. */
import { text as copy } from "@/viz/copy";
import { accuracyText, countText } from "@/viz/format";
import type { Candidate } from "@/nas/candidate";
import { costText } from "./layout";
import type { PoolMark, PoolModel } from "./model";
import type { TruthModel } from "./truth";
import { tauText } from "@/viz/copy/pool";

const text = copy.pool;

/** "mutation of 21220200", "crossover of … and …". */
export function originWords({ origin, arm }: Candidate): string {
  if (arm === "random") return text.origin.randomArm;
  switch (origin.kind) {
    case "random":
      return text.origin.random;
    case "manual":
      return text.origin.manual;
    case "derived":
      return text.origin.derived;
    case "sampled":
      return text.origin.sampled;
    case "mutation":
      return text.origin.mutation(origin.parent);
    case "crossover":
      return text.origin.crossover(origin.parents[0], origin.parents[1]);
  }
}

function markAccuracy({ candidate, accuracy }: PoolMark): string {
  return accuracyText(accuracy, candidate.accuracy?.n ?? 0);
}

/** One candidate as it is read out. */
export function describeMark(mark: PoolMark, model: PoolModel): string {
  return text.focus(
    mark.candidate.id,
    markAccuracy(mark),
    costText(mark.cost, model.metric),
    originWords(mark.candidate),
  );
}

/** "Generation 6, 50 candidates, limit 4.6 M. Best 71.4 ± 2.8 % at 4.4 M, crossover of … and …. Front has 7." */
export function describePool(model: PoolModel): string {
  const { marks, generation, generations, limit, metric, best, front, random, failed } = model;
  const limitWords = limit === null ? text.limit.none : `${text.limit.short} ${costText(limit, metric)}`;
  if (marks.length === 0 && random.length === 0) return `${text.none} ${text.empty} ${capital(limitWords)}.`;
  const inGeneration = generations[generation]?.marks.length ?? 0;
  const parts = [`Generation ${generation}, ${countText(inGeneration)} candidates, ${limitWords}.`];
  if (best) parts.push(`Best ${markAccuracy(best)} at ${costText(best.cost, metric)}, ${originWords(best.candidate)}.`);
  parts.push(`Front has ${front.length}.`);
  const randomBest = generations.at(-1)?.randomBest ?? null;
  if (randomBest !== null) {
    const n = random[0]?.candidate.accuracy?.n ?? 0;
    parts.push(`Random search at equal evaluations: best ${accuracyText(randomBest, n)}.`);
  }
  if (failed.length > 0) parts.push(`${capital(text.failed(failed.length))}.`);
  return parts.join(" ");
}

export function describeTruth(model: TruthModel): string {
  if (model.points.length === 0) return text.truth.none;
  const parts = [
    `Kendall ${text.truth.tau(model.tau, model.points.length)}${model.isProxy ? ` (${text.truth.proxy})` : ""}.`,
    `Ranking the same networks ${text.truth.ticks.flops}: ${tauText(model.flopsTau)}, ${text.truth.ticks.layers}: ${tauText(model.layersTau)}.`,
  ];
  if (model.isBelowLayers) parts.push(text.truth.warning(model.layersTau));
  return parts.join(" ");
}

/** Every candidate evaluated, both arms and failures; the true accuracy where a table is on show. */
export function poolTable(candidates: readonly Candidate[], model: PoolModel, truth: TruthModel | null) {
  const { id, generation, origin, arm, macs, params, accuracy, n, front, true: trueAccuracy } = text.table;
  const isFront = new Set(model.front.map((m) => m.candidate.index));
  const truths = new Map(truth?.points.map((p) => [p.candidate.id, p.true]));
  const columns = [id, generation, arm, origin, macs, params, accuracy, n, front, ...(truth ? [trueAccuracy] : [])];
  const rows = candidates
    .filter((c) => c !== undefined)
    .map((c): (string | number)[] => {
      const known = truths.get(c.id);
      return [
        c.id,
        c.generation,
        c.arm,
        originWords(c),
        c.macs,
        c.params,
        c.accuracy ? percent(c.accuracy.value) : (c.failure ?? (c.predicted === undefined ? "failed" : `predicted ${percent(c.predicted)}`)),
        c.accuracy?.n ?? 0,
        isFront.has(c.index) ? "yes" : "",
        ...(truth ? [known === undefined ? "" : percent(known)] : []),
      ];
    });
  return { columns, rows };
}

function percent(value: number): number {
  return Math.round(value * 1e4) / 100;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
