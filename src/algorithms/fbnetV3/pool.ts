/** What the coarse stage draws from: the quasi-random pool under the limit, and the random architectures of the pre-training (spec fbnet 3.3, 3.4). */
import { AppError } from "@/lib/appError";
import { plainMega } from "@/lib/units";
import type { RngKey } from "@/lib/rng";
import type { JointSpace, Pair } from "@/nas/joint/encode";
import { sobolPoints } from "@/nas/joint/sobol";
import type { Choices } from "@/nas/mutable";

export interface Pool {
  readonly pairs: readonly Pair[];
  /** Points that it took. */
  readonly drawn: number;
}

/** Points a wanted pair at most: a limit that fewer satisfy leaves the pool smaller. */
const drawsPerPair = 20;
/** Pairs between two yields: about 20 ms where a network is built for its price. */
const chunk = 64;

/** The first `n` different pairs of the sequence that satisfy the limit; equal keys give equal pools. Throws `search.infeasible` when there are none. */
export function* quasiRandomPool(joint: JointSpace, n: number, limit: number, key: RngKey): Generator<void, Pool, void> {
  const stream = sobolPoints(joint.genes.length, key.stream());
  const pairs = new Map<string, Pair>();
  let drawn = 0;
  while (pairs.size < n && drawn < n * drawsPerPair) {
    const pair = joint.pairAt(stream.next());
    if (++drawn % chunk === 0) yield;
    if (pair.macs <= limit) pairs.set(pair.key, pair);
  }
  if (pairs.size === 0) throw new AppError("search.infeasible", `None of ${drawn} pairs has at most ${plainMega(limit)} MACs.`, { recoverable: true, hint: "Raise the limit." });
  return { pairs: [...pairs.values()], drawn };
}

/** Random architectures with what they cost, whatever the limit is. */
export function* pricedArchitectures({ space }: JointSpace, n: number, key: RngKey): Generator<void, { readonly choices: Choices; readonly macs: number; readonly params: number }[], void> {
  const rng = key.stream();
  const out = [];
  while (out.length < n) {
    const { choices } = space.canonical(space.mutator.sample(rng));
    const { macs, params } = space.cost(choices);
    out.push({ choices, macs, params });
    if (out.length % chunk === 0) yield;
  }
  return out;
}
