/** Which method can search which space: computed from what the one needs and the other offers, never listed. */
import { makeSpace } from "@/nas/space/registry";
import type { SizeId, Space } from "@/nas/space/types";
import { type AlgorithmId, methodNeeds, type Need, type SpaceId } from "./configKeys";

/** How a missing need is said. */
const words: Readonly<Record<Need, string>> = {
  opChoice: "choices among ops",
  mix: "mixtures of candidates",
  latency: "layers that can be measured one by one",
  masks: "channel masks and input resolutions",
  minMax: "a smallest and a largest member",
  gates: "gates",
  tabular: "a published table",
  independent: "choices that are free of one another",
};

function offers({ capabilities, independent }: Space, need: Need): boolean {
  return need === "independent" ? independent : capabilities.includes(need);
}

/** Why the pair cannot be searched, one sentence; null when it can. */
export function pairProblem(algorithm: AlgorithmId, space: SpaceId): string | null {
  const made = makeSpace(space, "nano");
  const missing = methodNeeds[algorithm].find((need) => !offers(made, need));
  return missing === undefined ? null : `${algorithm} needs ${words[missing]}, which ${space} does not offer.`;
}

/** Whether every combination of choices is a member. */
export function isIndependent(space: SpaceId, size: SizeId): boolean {
  return makeSpace(space, size).independent;
}
