/** A candidate is an architecture plus where it came from, what it costs and what it scored. Candidates are never changed in place. */
import type { ArchId } from "./space/types";
import type { DeriveRule } from "./space/types";
import type { Choices } from "./mutable";

/** Where a candidate came from. Parents are canonical ids; `layers` are the genes that differ from the parent. */
export type Origin =
  | { readonly kind: "random" }
  | { readonly kind: "mutation"; readonly parent: ArchId; readonly layers: readonly number[] }
  | { readonly kind: "crossover"; readonly parents: readonly [ArchId, ArchId] }
  /** Read off the architecture weights of a differentiable search. */
  | { readonly kind: "derived"; readonly rule: DeriveRule }
  /** Drawn from the architecture weights of a stochastic search. */
  | { readonly kind: "sampled" }
  | { readonly kind: "manual" };

/** An accuracy never travels without its sample size. `value` in 0–1, `n` images. */
export interface Accuracy {
  readonly value: number;
  readonly n: number;
}

export interface Candidate {
  /** Order of evaluation in the run, from 0: the older of two equals wins ties. */
  readonly index: number;
  readonly id: ArchId;
  readonly choices: Choices;
  readonly origin: Origin;
  /** Evolution round, from 0; random arm too. */
  readonly generation: number;
  /** `evolution` or the `random` baseline at equal evaluations. */
  readonly arm: "evolution" | "random";
  readonly macs: number;
  readonly params: number;
  /** Null when evaluation failed; `failure` then says why. */
  readonly accuracy: Accuracy | null;
  readonly failure?: string;
  /** Training recipe of a joint search, by gene: `lr`, `optimizer`… */
  readonly recipe?: Recipe;
  /** Accuracy that a predictor expects; such a candidate may never have been trained. */
  readonly predicted?: number;
  /** Expected latency by the run's table, µs. */
  readonly latencyUs?: number;
  /** ln of its probability under the architecture weights it was drawn from. */
  readonly logProbability?: number;
}

/** How a network is trained (FBNetV3): gene → value. */
export type Recipe = Readonly<Record<string, string | number>>;

/** The most accurate of those that were scored, the first of equals; null where none was. */
export function bestScored(candidates: readonly Candidate[]): Candidate | null {
  return candidates.reduce<Candidate | null>((top, one) => (one.accuracy && one.accuracy.value > (top?.accuracy?.value ?? -1) ? one : top), null);
}
