/** A small evolution and a random arm with made-up scores: the candidates of a fake run. */
import type { RunConfig } from "@/algorithms/configKeys";
import type { Rng } from "@/lib/rng";
import type { Accuracy, Candidate, Origin } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import type { Arch, Space } from "@/nas/space/types";

/** Validation images behind every made-up accuracy. */
export const evalImages = 500;

/** A score that rises with cost and with non-identity layers, plus noise: shaped like a search, meaning nothing. */
function scoreOf(space: Space, choices: Choices, rng: Rng): Accuracy {
  const max = space.cost(space.extremes("macs").max.choices).macs;
  const share = space.cost(choices).macs / max;
  const p = Math.min(0.95, 0.2 + 0.42 * Math.sqrt(share) + 0.03 * rng.normal());
  return { value: Math.round(Math.max(0.05, p) * evalImages) / evalImages, n: evalImages };
}

export interface Evaluated {
  readonly candidate: Candidate;
  readonly rejected: { readonly infeasible: number; readonly duplicate: number };
}

/** A small evolution, then the random arm; the constraint and uniqueness hold within each arm. */
export function fakeSearch(space: Space, config: RunConfig, count: number, rng: Rng): Evaluated[] {
  const out: Evaluated[] = [];
  const rejected = { infeasible: 0, duplicate: 0 };
  const limit = config["evo.limit"] ?? Number.POSITIVE_INFINITY;
  const poolSize = config["evo.pool"];
  const scores = new Map<string, Accuracy>();
  const propose = (
    seen: Set<string>,
    draw: () => { readonly choices: Choices; readonly origin: Origin },
  ): { arch: Arch; origin: Origin } | null => {
    for (let attempt = 0; attempt < 500; attempt++) {
      const { choices, origin } = draw();
      const arch = space.canonical(choices);
      if (space.cost(arch.choices)[config["evo.metric"]] > limit) rejected.infeasible++;
      else if (seen.has(arch.id)) rejected.duplicate++;
      else {
        seen.add(arch.id);
        return { arch, origin };
      }
    }
    return null;
  };
  const evaluate = (arch: Arch, origin: Origin, generation: number, arm: Candidate["arm"]): Candidate => {
    const cost = space.cost(arch.choices);
    const accuracy = scores.get(arch.id) ?? scoreOf(space, arch.choices, rng);
    scores.set(arch.id, accuracy);
    const candidate: Candidate = {
      index: out.length,
      id: arch.id,
      choices: arch.choices,
      origin,
      generation,
      arm,
      macs: cost.macs,
      params: cost.params,
      accuracy,
    };
    out.push({ candidate, rejected: { ...rejected } });
    return candidate;
  };
  const evolve = (): void => {
    const seen = new Set<string>();
    let top: Candidate[] = [];
    for (let generation = 0, made = 0; made < count; generation++) {
      const born: Candidate[] = [];
      for (let i = 0; i < poolSize && made < count; i++) {
        const pick = (): Candidate => top[rng.int(top.length)] as Candidate;
        const proposal = propose(seen, () => {
          if (generation === 0 || top.length === 0)
            return { choices: space.mutator.sample(rng), origin: { kind: "random" } };
          if (i < poolSize / 2) {
            const parent = pick();
            const choices = space.mutator.mutate(parent.choices, 0.25, rng);
            return {
              choices,
              origin: {
                kind: "mutation",
                parent: parent.id,
                layers: space.mutator.changed(parent.choices, space.canonical(choices).choices),
              },
            };
          }
          const [a, b] = [pick(), pick()];
          return {
            choices: space.mutator.crossover(a.choices, b.choices, rng),
            origin: { kind: "crossover", parents: [a.id, b.id] },
          };
        });
        if (!proposal) return;
        born.push(evaluate(proposal.arch, proposal.origin, generation, "evolution"));
        made++;
      }
      top = [...top, ...born]
        .sort((a, b) => (b.accuracy?.value ?? 0) - (a.accuracy?.value ?? 0) || a.index - b.index)
        .slice(0, config["evo.topk"]);
    }
  };
  evolve();
  if (config["evo.random"]) {
    const seen = new Set<string>();
    for (let i = 0; i < count; i++) {
      const proposal = propose(seen, () => ({ choices: space.mutator.sample(rng), origin: { kind: "random" } }));
      if (proposal) evaluate(proposal.arch, proposal.origin, Math.floor(i / poolSize), "random");
    }
  }
  return out;
}
