/**
 * One search and one retraining of the study, by the app's own methods. Nothing here is a second implementation; only which runs there are and
 * what is noted of them is the study's.
 */
import type { RunConfig } from "@/algorithms/configKeys";
import type { MethodEvent, MethodRun, RunData } from "@/algorithms/method";
import { methodOf } from "@/algorithms/methods";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { rootKey } from "@/lib/rng";
import type { Accuracy } from "@/nas/candidate";
import type { Space } from "@/nas/space/types";
import type { Executor } from "@/nn/executor";
import { alphaFacts } from "@/nas/cell/derive";
import { dartsPrimitives } from "@/nas/cell/genotype";

export interface StudyEnv {
  readonly executor: Executor;
  readonly data: RunData;
  readonly space: Space;
  now(): number;
  report(part: string, done: number, total: number, loss: number | null): void;
}

/** How α stood after so many steps, by group (normal, reduce). */
export interface AlphaPoint {
  readonly step: number;
  /** Mean entropy of the rows ÷ ln 8. */
  readonly entropy: readonly number[];
  /** Mean weight of `none` and of `skip_connect`. */
  readonly none: readonly number[];
  readonly skip: readonly number[];
  /** Skips among the ops that would be derived. */
  readonly skips: readonly number[];
}

export interface SearchOutcome {
  readonly id: string;
  readonly points: readonly AlphaPoint[];
  /** Raw α at the end, by group. */
  readonly alphas: readonly (readonly number[])[];
  readonly mixture: Accuracy | null;
  readonly derived: Accuracy | null;
  /** Mixture's validation accuracy at the end of every epoch. */
  readonly epochs: readonly number[];
  readonly test: Accuracy | null;
  readonly searchSeconds: number;
  readonly retrainSeconds: number;
}

const round = (value: number): number => Number(value.toFixed(4));

/** Columns of α in the order of the primitives. */
const columns = { none: dartsPrimitives.indexOf("none"), skip: dartsPrimitives.indexOf("skip_connect") };

/** Columns of α that are noted: about so many of a search. */
const pointsKept = 24;

function pointOf(space: Space, config: RunConfig, step: number, values: Float32Array): { point: AlphaPoint; groups: Float32Array[] } {
  const mixed = space.mixed;
  let at = 0;
  const groups = (mixed?.groups ?? []).map(({ rows, ops }) => values.slice(at, (at += rows.length * ops.length)));
  const facts = groups.map((group) => alphaFacts(group));
  const skips = mixed?.derive(groups, { rule: config["darts.derive"], skipLimit: config["darts.skipLimit"] }).skips ?? [];
  return {
    groups,
    point: { step, entropy: facts.map((f) => round(f.normalisedEntropy)), none: facts.map((f) => round(f.means[columns.none] ?? 0)), skip: facts.map((f) => round(f.means[columns.skip] ?? 0)), skips },
  };
}

interface Played {
  readonly run: MethodRun;
  readonly events: readonly MethodEvent[];
  /** When each phase began, in ms. */
  readonly began: ReadonlyMap<string, number>;
}

async function play(env: StudyEnv, config: RunConfig, name: string): Promise<Played> {
  const events: MethodEvent[] = [];
  const began = new Map<string, number>();
  const run = methodOf(config).start(
    {
      config,
      space: env.space,
      latency: memoryTables(),
      executor: env.executor,
      data: env.data,
      key: rootKey(config.seed),
      now: () => env.now(),
      emit: (event) => {
        events.push(event);
        if (event.kind === "phase") began.set(event.phase, env.now());
      },
      spend: () => undefined,
    },
    null,
  );
  for await (const tick of run.ticks()) {
    if (tick.boundary !== "step") continue;
    const { phase, done, total, lastLoss } = run.status();
    env.report(`${name}, ${phase}`, done, total, lastLoss);
  }
  await run.settle();
  began.set("end", env.now());
  return { run, events, began };
}

const secondsBetween = (began: ReadonlyMap<string, number>, from: string, to: string): number => Math.round(((began.get(to) ?? 0) - (began.get(from) ?? 0)) / 100) / 10;

/** Search, derive, retrain, test. */
export async function searchOnce(env: StudyEnv, config: RunConfig): Promise<SearchOutcome> {
  const { run, events, began } = await play(env, config, `seed ${config.seed}`);
  try {
    const noted = events.flatMap((e) => (e.kind === "alpha" ? [pointOf(env.space, config, e.step, e.values)] : []));
    const every = Math.max(1, Math.floor(noted.length / pointsKept));
    const { winner, gap, test } = run.metrics();
    return {
      id: winner?.id ?? "",
      points: noted.filter((_, i) => i % every === 0 || i === noted.length - 1).map(({ point }) => point),
      alphas: noted.at(-1)?.groups.map((group) => Array.from(group, round)) ?? [],
      mixture: gap?.supernet ?? null,
      derived: gap?.derived ?? null,
      epochs: events.flatMap((e) => (e.kind === "accuracy" && e.phase === "supernet" ? [round(e.accuracy.value)] : [])),
      test,
      searchSeconds: secondsBetween(began, "supernet", "search"),
      retrainSeconds: secondsBetween(began, "retrain", "end"),
    };
  } finally {
    run.dispose();
  }
}

/** The same retraining for a given cell. */
export async function retrainOnce(env: StudyEnv, config: RunConfig, id: string, name: string): Promise<{ readonly id: string; readonly test: Accuracy | null; readonly retrainSeconds: number }> {
  const { run, began } = await play(env, { ...config, "retrain.arch": id }, name);
  try {
    return { id, test: run.metrics().test, retrainSeconds: secondsBetween(began, "retrain", "end") };
  } finally {
    run.dispose();
  }
}

/** A cell drawn uniformly; of another stream than anything in the run. */
export function randomCell(space: Space, seed: number, index: number): string {
  return space.encode(space.mutator.sample(rootKey(seed).fold("random-cell").fold(index).stream()));
}
