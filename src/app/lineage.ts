/** Walking the family tree of candidates: up to a parent, down to a child. */
import type { Candidate } from "@/nas/candidate";
import type { Focus } from "@/store/view";

/** Canonical ids of the parents; a mutation has one, a crossover two, a random draw none. */
export function parentIds(candidate: Candidate): readonly string[] {
  const { origin } = candidate;
  if (origin.kind === "mutation") return [origin.parent];
  return origin.kind === "crossover" ? origin.parents : [];
}

/** The candidate a focus means: by index, else the evolution arm's by id, else any by id. */
export function focusedCandidate(focus: Focus, candidates: readonly Candidate[]): Candidate | null {
  if (focus.candidate !== undefined) return candidates[focus.candidate] ?? null;
  if (focus.archId === undefined) return null;
  const same = candidates.filter((candidate) => candidate?.id === focus.archId);
  return same.find((candidate) => candidate.arm === "evolution") ?? same[0] ?? null;
}

/** First parent that was evaluated before the candidate; null when there is none. */
export function parentOf(candidate: Candidate, candidates: readonly Candidate[]): Candidate | null {
  for (const id of parentIds(candidate)) {
    const parent = candidates.findLast(
      (other) => other !== undefined && other.id === id && other.index < candidate.index && other.arm === candidate.arm,
    );
    if (parent !== undefined) return parent;
  }
  return null;
}

/** The first candidate that names this one as a parent; null when none does. */
export function childOf(candidate: Candidate, candidates: readonly Candidate[]): Candidate | null {
  return (
    candidates.find(
      (other) => other !== undefined && other.index > candidate.index && parentIds(other).includes(candidate.id),
    ) ?? null
  );
}

export function focusOf(candidate: Candidate): Focus {
  return { candidate: candidate.index, archId: candidate.id };
}
