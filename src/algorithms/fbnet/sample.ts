/**
 * The end of a stochastic search (spec fbnet 1.5): the argmax of θ and some architectures drawn from P_θ are scored with the search network's weights,
 * statistics recalibrated for each, and the best that keeps the target is trained from scratch.
 */
import { AppError } from "@/lib/appError";
import type { Rng } from "@/lib/rng";
import { bestScored, type Candidate, type Origin } from "@/nas/candidate";
import { drawPicks, logProbability } from "@/nas/relaxation/draws";
import { expectedCost } from "@/nas/relaxation/costModel";
import type { Space } from "@/nas/space/types";
import type { ParamStore } from "@/nn/executor";
import type { MethodEnv, Tick } from "../method";
import { Evaluator } from "../shared/evaluator";
import { costText, layerCosts, type SearchCost, targetOf } from "./cost";
import type { FbnetLengths } from "./lengths";
import type { Relaxed } from "./relaxed";
import type { FbnetState } from "./state";
import { argmaxOf, probabilities } from "./theta";

export interface Drawn {
  readonly picks: readonly number[];
  readonly origin: Origin;
}

/** A member's cost in the loss's unit: the expectation at certainty. */
export function costOfPicks({ model }: Pick<SearchCost, "model">, picks: readonly number[]): number {
  return expectedCost(model, model.rows.map((options, row) => Float64Array.from({ length: options }, (_, i) => (picks[row] === i ? 1 : 0)))).total;
}

/** Draws tried for every one that is wanted. */
const patience = 50;

/**
 * The argmax and up to `count` other networks, distinct; those that keep the target first choice. Where no draw keeps it, the argmax gives up, row by row,
 * the option whose loss of ln P buys the most, until it does.
 */
export function drawMembers(theta: FbnetState["theta"], cost: SearchCost, target: number | null, count: number, rng: Rng, idOf: (picks: readonly number[]) => string): Drawn[] {
  const p = probabilities(theta);
  const best = argmaxOf(theta);
  const found = new Map<string, Drawn>([[idOf(best), { picks: best, origin: { kind: "derived", rule: "official" } }]]);
  const spare = new Map<string, Drawn>();
  const keeps = (picks: readonly number[]): boolean => target === null || costOfPicks(cost, picks) <= target;
  for (let tries = 0; tries < count * patience && found.size <= count; tries++) {
    const picks = drawPicks(p, rng);
    const id = idOf(picks);
    if (found.has(id) || spare.has(id)) continue;
    (keeps(picks) ? found : spare).set(id, { picks, origin: { kind: "sampled" } });
  }
  const drawn = [...found.values()];
  if (drawn.some(({ picks }) => keeps(picks))) return [...drawn, ...[...spare.values()].slice(0, Math.max(0, count + 1 - drawn.length))];
  const cheaper = withinTarget(p, cost, best, target ?? Infinity);
  return [...drawn, { picks: cheaper, origin: { kind: "sampled" } }, ...[...spare.values()].slice(0, Math.max(0, count - drawn.length))];
}

function withinTarget(p: readonly ArrayLike<number>[], cost: SearchCost, from: readonly number[], target: number): number[] {
  let picks = [...from];
  for (let now = costOfPicks(cost, picks); now > target;) {
    let best: { readonly price: number; readonly picks: number[]; readonly cost: number } | null = null;
    for (const [row, options] of p.entries())
      for (let option = 0; option < options.length; option++) {
        const other = picks.with(row, option);
        const then = costOfPicks(cost, other);
        if (then >= now) continue;
        const price = (Math.log(options[picks[row] ?? 0] ?? 0) - Math.log(options[option] ?? 0)) / (now - then);
        if (best === null || price < best.price) best = { price, picks: other, cost: then };
      }
    if (best === null) break;
    [picks, now] = [best.picks, best.cost];
  }
  return picks;
}

/** Share of rows whose option is a skip, and how many there are. */
export function skipsOf(space: Space, picks: readonly number[]): { readonly skips: number; readonly rows: number } {
  const ops = space.mixed?.groups[0]?.ops ?? [];
  const isSkip = (pick: number): boolean => ops[pick] === "skip" || ops[pick] === "identity" || ops[pick] === "skip_connect";
  return { skips: space.mixed ? picks.filter(isSkip).length : 0, rows: picks.length };
}

/** From this share of skips on a network has collapsed (spec fbnet 4). */
export const collapsedShare = 0.8;

export async function* scoreMembers(env: MethodEnv, state: FbnetState, store: ParamStore, relaxed: Relaxed, cost: SearchCost, lengths: FbnetLengths, skipped: () => boolean): AsyncGenerator<Tick, void, void> {
  const { space, config } = env;
  const target = targetOf(cost, config);
  const p = probabilities(state.theta);
  const times = state.table ? layerCosts(space, "latency", state.table) : null;
  const drawn = drawMembers(state.theta, cost, target, config["fbnet.samples"], env.key.fold("samples").stream(), (picks) => space.encode(relaxed.choicesOf(picks)));
  for (const { picks, origin } of drawn.slice(state.candidates.length)) {
    const choices = relaxed.choicesOf(picks);
    const { macs, params } = space.cost(choices);
    const inherited = await relaxed.inherit(store, choices);
    let accuracy: Candidate["accuracy"] = null;
    try {
      const evaluator = new Evaluator(env, inherited.store, lengths.recalibrationImages, lengths.evaluationImages);
      // Leaving early keeps the members without their scores.
      if (!skipped()) accuracy = yield* evaluator.score(inherited.graph, config["bn.recal"] > 0);
    } finally {
      inherited.dispose();
    }
    const candidate: Candidate = {
      index: state.candidates.length,
      id: space.encode(choices),
      choices,
      origin,
      generation: 0,
      arm: "evolution",
      macs,
      params,
      accuracy,
      logProbability: logProbability(p, picks),
      ...(times ? { latencyUs: times.slots.reduce((sum, row, slot) => sum + (row[picks[slot] ?? 0] ?? 0), times.fixed) } : {}),
    };
    state.candidates.push(candidate);
    env.emit({ kind: "candidate", candidate });
    yield { boundary: "step" };
  }
  state.winner = winnerOf(state.candidates, (candidate) => target === null || costOfPicks(cost, relaxed.picksOf(candidate.choices)) <= target);
  const winner = state.candidates[state.winner];
  if (!winner) throw new AppError("bug", "a search without a member");
  if (winner.accuracy) env.emit({ kind: "accuracy", step: state.supernetStep, phase: "search", split: "validation", accuracy: winner.accuracy });
  const argmax = state.candidates[0] ?? winner;
  const { skips, rows } = skipsOf(space, relaxed.picksOf(argmax.choices));
  if (skips >= collapsedShare * rows) {
    env.emit({ kind: "note", level: "warning", message: `${skips} of the ${rows} layers of the likeliest network are skips: the cost has outweighed the loss. A smaller fbnet.weight, a target or more warm-up epochs are the usual cures.` });
  }
  if (target !== null && costOfPicks(cost, relaxed.picksOf(argmax.choices)) > target) {
    env.emit({ kind: "note", level: "info", message: `The likeliest network costs ${costText(cost, costOfPicks(cost, relaxed.picksOf(argmax.choices)))}, above the target of ${costText(cost, target)}; the winner is the best of those that keep it.` });
  }
}

/** Best accuracy among the admitted; the first of equals, and the first at all where none was scored. */
function winnerOf(candidates: readonly Candidate[], admits: (candidate: Candidate) => boolean): number {
  const allowed = candidates.filter(admits);
  const best = bestScored(allowed);
  return (best ?? allowed[0] ?? candidates[0])?.index ?? 0;
}
