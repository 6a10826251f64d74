/** Which method can search which space: computed from what the one needs and the other offers, never listed. */
import { makeSpace } from "@/nas/space/registry";
import type { SizeId } from "@/nas/space/types";
import { type AlgorithmId, methodNeeds, type SpaceId } from "./configKeys";

/** Why the pair cannot be searched, one sentence; null when it can. */
export function pairProblem(algorithm: AlgorithmId, space: SpaceId): string | null {
  const need = methodNeeds[algorithm];
  const { capabilities } = makeSpace(space, "nano");
  if (capabilities.includes(need)) return null;
  const wants = need === "mix" ? "mixtures of candidates" : "choices among ops";
  return `${algorithm} needs ${wants}, which ${space} does not offer.`;
}

/** Whether every combination of choices is a member. */
export function isIndependent(space: SpaceId, size: SizeId): boolean {
  return makeSpace(space, size).independent;
}
