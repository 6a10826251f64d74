/**
 * The pure pieces of an evolution search (SPOS, MMRazor): what is legal, who survives, and bounded proposals. Nothing here scores
 * anything; a search asks for proposals, evaluates them elsewhere and merges the results with `topK`.
 */
import { AppError } from "@/lib/appError";
import { refuse, ok, type Problem, type Result } from "@/lib/result";
import type { Rng } from "@/lib/rng";
import type { Candidate, Origin } from "./candidate";
import type { Cost } from "./cost";
import type { Choices } from "./mutable";
import { scoreOf, type CostMetric } from "./pareto";
import type { Arch, ArchId, Space } from "./space/types";

/** Limits on a cost, both inclusive; an absent end is open. */
export interface CostRange {
  readonly metric: CostMetric;
  readonly min?: number;
  readonly max?: number;
}

/** Whether a cost lies in the range. */
export function legalRange(cost: Cost, { metric, min = -Infinity, max = Infinity }: CostRange): boolean {
  return cost[metric] >= min && cost[metric] <= max;
}

/**
 * Refuses (`search.infeasible`) a range that no member can reach, naming the nearest reachable cost. Ranges that pass may still hit
 * a gap between members: proposals find that out.
 */
export function checkRange(space: Space, range: CostRange): Result<null, Problem> {
  const { metric, min = -Infinity, max = Infinity } = range;
  if (min > max)
    return refuse(
      "search.infeasible",
      `The lower limit ${min} is above the upper limit ${max}.`,
      "Swap the two limits.",
    );
  const ends = space.extremes(metric);
  const cheapest = space.cost(ends.min.choices)[metric];
  const dearest = space.cost(ends.max.choices)[metric];
  const unit = metric === "macs" ? "MACs" : "parameters";
  if (max < cheapest) {
    return refuse(
      "search.infeasible",
      `No architecture has at most ${max} ${unit}; the cheapest, ${ends.min.id}, has ${cheapest}.`,
      `Raise the limit to ${cheapest} or more.`,
    );
  }
  if (min > dearest) {
    return refuse(
      "search.infeasible",
      `No architecture has at least ${min} ${unit}; the dearest, ${ends.max.id}, has ${dearest}.`,
      `Lower the limit to ${dearest} or less.`,
    );
  }
  return ok(null);
}

/**
 * The best k of the held ones and the newly scored ones: higher score, then lower cost, then older. Equal ids keep the oldest;
 * failed candidates are left out.
 */
export function topK(
  held: readonly Candidate[],
  scored: readonly Candidate[],
  k: number,
  metric: CostMetric = "macs",
): Candidate[] {
  const byId = new Map<ArchId, Candidate>();
  for (const c of [...held, ...scored]) {
    const known = byId.get(c.id);
    if (c.accuracy !== null && (known === undefined || c.index < known.index)) byId.set(c.id, c);
  }
  return [...byId.values()]
    .sort((a, b) => scoreOf(b) - scoreOf(a) || a[metric] - b[metric] || a.index - b.index)
    .slice(0, Math.max(0, k));
}

/** A legal, new, canonical architecture that waits for its score. */
export interface Proposal {
  readonly arch: Arch;
  readonly origin: Origin;
  readonly cost: Cost;
}

export interface Rejections {
  /** Outside the cost range, or not a member of the table. */
  readonly infeasible: number;
  /** Already seen in this run. */
  readonly duplicate: number;
}

/**
 * Why fewer than asked came back. `attempts`: children only, the bound of 10 attempts a child was met (the rest is filled at random).
 * `space-exhausted`: nothing legal and unseen turned up in a long run of draws. `infeasible`: nothing legal at all turned up.
 */
export type Shortfall = "attempts" | "space-exhausted" | "infeasible";

export interface Proposed {
  readonly proposals: readonly Proposal[];
  readonly rejections: Rejections;
  /** Null when all that was asked for came back. */
  readonly stopped: Shortfall | null;
}

export interface ProposalLimits {
  /** Null = every member is legal. */
  readonly range: CostRange | null;
  /** Membership constraint of a tabular run, on canonical ids. */
  readonly isMember?: (id: ArchId) => boolean;
  /** Attempts a wanted child; default 10. */
  readonly attemptsPerChild?: number;
  /** Consecutive rejections after which random proposals give up; default 1,000. */
  readonly maxRejections?: number;
}

export type Parent = Pick<Candidate, "id" | "choices">;

type Verdict = "accepted" | "infeasible" | "duplicate";

/** Takes in draws: canonicalises, checks, counts. Accepted ids join `seen`. */
function collector(space: Space, seen: Set<ArchId>, limits: ProposalLimits) {
  const proposals: Proposal[] = [];
  const counts = { infeasible: 0, duplicate: 0 };
  const judge = (arch: Arch, cost: Cost): Verdict => {
    if (limits.range !== null && !legalRange(cost, limits.range)) return "infeasible";
    if (limits.isMember !== undefined && !limits.isMember(arch.id)) return "infeasible";
    return seen.has(arch.id) ? "duplicate" : "accepted";
  };
  return {
    proposals,
    counts,
    offer(choices: Choices, originOf: (arch: Arch) => Origin): Verdict {
      const arch = space.canonical(choices);
      const cost = space.cost(arch.choices);
      const verdict = judge(arch, cost);
      if (verdict === "accepted") {
        seen.add(arch.id);
        proposals.push({ arch, origin: originOf(arch), cost });
      } else {
        counts[verdict]++;
      }
      return verdict;
    },
  };
}

function pick(parents: readonly Parent[], rng: Rng): Parent {
  const parent = parents[rng.int(parents.length)];
  if (parent === undefined) throw new AppError("bug", "Children were asked for without parents.");
  return parent;
}

function proposeChildren(
  space: Space,
  n: number,
  seen: Set<ArchId>,
  limits: ProposalLimits,
  draw: () => { readonly choices: Choices; readonly originOf: (arch: Arch) => Origin },
): Proposed {
  const { proposals, counts, offer } = collector(space, seen, limits);
  const bound = n * (limits.attemptsPerChild ?? 10);
  for (let attempt = 0; attempt < bound && proposals.length < n; attempt++) {
    const { choices, originOf } = draw();
    offer(choices, originOf);
  }
  return { proposals, rejections: counts, stopped: proposals.length < n ? "attempts" : null };
}

/**
 * Up to `n` children by mutation: a parent drawn uniformly, each gene redrawn with probability `p`. At most 10·n attempts.
 * `seen` gains the accepted ids. `origin.layers` are the genes in which the canonical child differs from its canonical parent.
 */
export function proposeMutations(
  space: Space,
  n: number,
  parents: readonly Parent[],
  p: number,
  seen: Set<ArchId>,
  rng: Rng,
  limits: ProposalLimits,
): Proposed {
  return proposeChildren(space, n, seen, limits, () => {
    const parent = space.canonical(pick(parents, rng).choices);
    const layersOf = (arch: Arch): number[] => space.mutator.changed(parent.choices, arch.choices);
    return {
      choices: space.mutator.mutate(parent.choices, p, rng),
      originOf: (arch) => ({ kind: "mutation", parent: parent.id, layers: layersOf(arch) }),
    };
  });
}

/** Up to `n` children of two parents drawn uniformly (they may coincide), each gene from either. At most 10·n attempts. */
export function proposeCrossovers(
  space: Space,
  n: number,
  parents: readonly Parent[],
  seen: Set<ArchId>,
  rng: Rng,
  limits: ProposalLimits,
): Proposed {
  return proposeChildren(space, n, seen, limits, () => {
    const a = space.canonical(pick(parents, rng).choices);
    const b = space.canonical(pick(parents, rng).choices);
    return {
      choices: space.mutator.crossover(a.choices, b.choices, rng),
      originOf: () => ({ kind: "crossover", parents: [a.id, b.id] }),
    };
  });
}

/**
 * Up to `n` members drawn uniformly; gives up after 1,000 consecutive rejections. The reason is `infeasible` when nothing legal turned
 * up in the whole call, `space-exhausted` when what is legal has been seen.
 */
export function proposeRandom(space: Space, n: number, seen: Set<ArchId>, rng: Rng, limits: ProposalLimits): Proposed {
  const { proposals, counts, offer } = collector(space, seen, limits);
  const bound = limits.maxRejections ?? 1000;
  let rejected = 0;
  while (proposals.length < n && rejected < bound) {
    const verdict = offer(space.mutator.sample(rng), () => ({ kind: "random" }));
    rejected = verdict === "accepted" ? 0 : rejected + 1;
  }
  const legalTurnedUp = proposals.length > 0 || counts.duplicate > 0;
  const reason = legalTurnedUp ? "space-exhausted" : "infeasible";
  return { proposals, rejections: counts, stopped: proposals.length < n ? reason : null };
}

/** Share of uniform draws that satisfy the range, with the number of draws: warn below 1 % before a search starts. */
export function feasibleShare(
  space: Space,
  range: CostRange,
  rng: Rng,
  n = 1000,
): { readonly share: number; readonly n: number } {
  let legal = 0;
  for (let i = 0; i < n; i++) if (legalRange(space.cost(space.mutator.sample(rng)), range)) legal++;
  return { share: legal / n, n };
}
