/**
 * Search phase: evolution over canonical architectures, and random search with as many evaluations beside it. Every candidate is
 * recalibrated and scored on the same images; what two arms draw alike is scored once and counted in both.
 */
import { AppError } from "@/lib/appError";
import { countText, plainMega } from "@/lib/units";
import type { Candidate } from "@/nas/candidate";
import { checkRange, type CostRange, feasibleShare, proposeCrossovers, proposeMutations, proposeRandom, type Proposed, topK } from "@/nas/evolution";
import type { Space } from "@/nas/space/types";
import type { RunConfig } from "../configKeys";
import type { MethodEnv, Tick } from "../method";
import type { Evaluator } from "../shared/evaluator";
import type { GraphCache } from "../shared/graphs";
import type { Queued, SearchState } from "./state";

export interface SearchControls {
  readonly skipped: () => boolean;
  /** The configuration with live limits. */
  readonly config: () => RunConfig;
}

export function rangeOf(config: RunConfig): CostRange {
  return {
    metric: config["evo.metric"],
    ...(config["evo.min"] === null ? {} : { min: config["evo.min"] }),
    ...(config["evo.limit"] === null ? {} : { max: config["evo.limit"] }),
  };
}

/** Throws `search.infeasible`, naming the cheapest reachable cost, when no member satisfies the limits. */
export function requireFeasible(space: Space, config: RunConfig): void {
  const checked = checkRange(space, rangeOf(config));
  if (checked.ok) return;
  const { message, hint } = checked.problem;
  throw new AppError("search.infeasible", message, { recoverable: true, ...(hint === undefined ? {} : { hint }) });
}

export async function* searchCandidates(env: MethodEnv, search: SearchState, evaluator: Evaluator, graphs: GraphCache, controls: SearchControls): AsyncGenerator<Tick, void, void> {
  warnWhenRare(env, search, controls.config());
  const generations = env.config["evo.generations"];
  while (search.generation <= generations && search.ended === null && !controls.skipped()) {
    for (const arm of ["evolution", "random"] as const) {
      if (arm === "random" && !env.config["evo.random"]) continue;
      // A resumed run re-enters at the arm under way.
      if (search.arm === "random" && arm === "evolution") continue;
      search.arm = arm;
      if (search.queue.length === 0) fillQueue(env, search, controls.config());
      yield* scoreQueue(env, search, evaluator, graphs, controls);
      if (controls.skipped()) return;
      search.queue = [];
      search.next = 0;
    }
    search.arm = "evolution";
    search.generation++;
  }
}

function warnWhenRare(env: MethodEnv, search: SearchState, config: RunConfig): void {
  if (search.candidates.length > 0) return;
  const { share, n } = feasibleShare(env.space, rangeOf(config), env.key.fold("feasible").stream());
  if (share >= 0.01) return;
  const percent = (100 * share).toFixed(1);
  env.emit({ kind: "note", level: "warning", message: `Only ${percent} % of ${countText(n)} random architectures satisfy the limits: the search may run short of candidates.` });
}

function fillQueue(env: MethodEnv, search: SearchState, config: RunConfig): void {
  requireFeasible(env.space, config);
  const { generation, arm } = search;
  const seen = new Set(search.candidates.filter((c) => c.arm === arm).map((c) => c.id));
  const proposed = arm === "evolution" ? proposeGeneration(env, search, config, seen) : proposeBaseline(env, search, config, seen);
  search.queue = proposed.flatMap((p) =>
    p.proposals.map(({ arch, origin }): Queued => ({ choices: arch.choices, id: arch.id, origin, generation, arm })),
  );
  for (const { rejections } of proposed) {
    search.rejected.infeasible += rejections.infeasible;
    search.rejected.duplicate += rejections.duplicate;
  }
  search.next = 0;
  if (arm === "evolution") {
    env.emit({ kind: "generation", generation, parents: search.top.map((i) => (search.candidates[i] as Candidate).id) });
    endWhenExhausted(env, search, proposed, config);
  }
}

/** First pool at random; afterwards children of the best, topped up at random. */
function proposeGeneration(env: MethodEnv, search: SearchState, config: RunConfig, seen: Set<string>): Proposed[] {
  const { space } = env;
  const limits = { range: rangeOf(config) };
  const key = env.key.fold("evolution").fold(search.generation);
  if (search.generation === 0) return [proposeRandom(space, config["evo.pool"], seen, key.fold("random").stream(), limits)];
  const parents = search.top.map((i) => search.candidates[i] as Candidate);
  const mutations = proposeMutations(space, config["evo.mutation"], parents, config["evo.prob"], seen, key.fold("mutation").stream(), limits);
  const crossovers = proposeCrossovers(space, config["evo.crossover"], parents, seen, key.fold("crossover").stream(), limits);
  const missing = config["evo.mutation"] + config["evo.crossover"] - mutations.proposals.length - crossovers.proposals.length;
  const fill = proposeRandom(space, missing, seen, key.fold("random").stream(), limits);
  return [mutations, crossovers, fill];
}

/** As many random legal candidates as evolution has scored so far in all, minus what this arm has. */
function proposeBaseline(env: MethodEnv, search: SearchState, config: RunConfig, seen: Set<string>): Proposed[] {
  const evaluated = search.candidates.filter((c) => c.arm === "evolution").length;
  const rng = env.key.fold("baseline").fold(search.generation).stream();
  return [proposeRandom(env.space, evaluated - seen.size, seen, rng, { range: rangeOf(config) })];
}

function endWhenExhausted(env: MethodEnv, search: SearchState, proposed: readonly Proposed[], config: RunConfig): void {
  const stopped = proposed.at(-1)?.stopped ?? null;
  if (stopped === null || stopped === "attempts") return;
  if (search.queue.length === 0 && search.candidates.length === 0) {
    throw new AppError("search.infeasible", `None of 1,000 random architectures satisfies the limits (${describeRange(config)}).`, {
      recoverable: true,
      hint: "Raise the limit.",
    });
  }
  search.ended = stopped;
  env.emit({ kind: "note", level: "info", message: `The search ends in generation ${search.generation}: every legal architecture it could find is scored (${stopped}).` });
}

function describeRange(config: RunConfig): string {
  const unit = config["evo.metric"] === "macs" ? "MACs" : "parameters";
  const parts = [config["evo.min"] === null ? null : `at least ${plainMega(config["evo.min"])}`, config["evo.limit"] === null ? null : `at most ${plainMega(config["evo.limit"])}`];
  return `${parts.filter((p) => p !== null).join(", ")} ${unit}`;
}

async function* scoreQueue(env: MethodEnv, search: SearchState, evaluator: Evaluator, graphs: GraphCache, controls: SearchControls): AsyncGenerator<Tick, void, void> {
  while (search.next < search.queue.length && !controls.skipped()) {
    const queued = search.queue[search.next] as Queued;
    const known = search.candidates.find((c) => c.id === queued.id && c.accuracy !== null);
    const cost = env.space.cost(queued.choices);
    const accuracy = known?.accuracy ?? (yield* evaluator.score(graphs.of(queued.choices), env.config["bn.recal"] > 0));
    const candidate: Candidate = {
      index: search.candidates.length,
      id: queued.id,
      choices: queued.choices,
      origin: queued.origin,
      generation: queued.generation,
      arm: queued.arm,
      macs: cost.macs,
      params: cost.params,
      accuracy,
    };
    search.candidates.push(candidate);
    search.next++;
    if (candidate.arm === "evolution") {
      const held = search.top.map((i) => search.candidates[i] as Candidate);
      search.top = topK(held, [candidate], env.config["evo.topk"], env.config["evo.metric"]).map((c) => c.index);
    }
    env.emit({ kind: "candidate", candidate });
    yield { boundary: "step" };
  }
}
