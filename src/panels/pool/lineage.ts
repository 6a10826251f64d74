/** Where a candidate came from: its ancestors to depth 6, which layers each step changed, and who came from it. */
import type { Candidate } from "@/nas/candidate";

export const lineageDepth = 6;

export interface LineageEdge {
  readonly parent: number;
  readonly child: number;
  /** Crossover has two parents and draws two half-toned lines. */
  readonly kind: "mutation" | "crossover";
}

/** One line of descent, youngest first: at a crossover it follows the parent that is nearer. */
export interface LineageStep {
  readonly candidate: Candidate;
  /** Layers that differ from the next (older) step; null for the oldest. */
  readonly changed: readonly string[] | null;
}

export interface Lineage {
  readonly focus: number;
  /** Indices of the focus and all its ancestors drawn. */
  readonly members: readonly number[];
  readonly edges: readonly LineageEdge[];
  readonly line: readonly LineageStep[];
  /** Ancestors exist beyond the depth drawn. */
  readonly isCut: boolean;
}

/** Candidate indices by id; parents were evolved, so the evolution arm wins over the random one. */
function indexOf(candidates: readonly Candidate[]): Map<string, Candidate> {
  const byId = new Map<string, Candidate>();
  for (const c of candidates) if (c.arm === "evolution" || !byId.has(c.id)) byId.set(c.id, c);
  return byId;
}

function parentIds({ origin }: Candidate): readonly string[] {
  if (origin.kind === "mutation") return [origin.parent];
  return origin.kind === "crossover" ? [...new Set(origin.parents)] : [];
}

/** Mutables whose choice differs. */
export function changedLayers(a: Candidate, b: Candidate): string[] {
  return Object.keys(a.choices).filter((id) => a.choices[id] !== b.choices[id]);
}

/** Older parents only, so that a malformed history cannot make a loop. */
function parentsOf(candidate: Candidate, byId: ReadonlyMap<string, Candidate>): Candidate[] {
  return parentIds(candidate).flatMap((id) => {
    const parent = byId.get(id);
    return parent && parent.index < candidate.index ? [parent] : [];
  });
}

function lineOf(start: Candidate, byId: ReadonlyMap<string, Candidate>): LineageStep[] {
  const line: LineageStep[] = [];
  let at = start;
  for (let depth = 0; ; depth++) {
    const [nearest] = parentsOf(at, byId).sort(
      (a, b) => changedLayers(at, a).length - changedLayers(at, b).length || a.index - b.index,
    );
    const goesOn = nearest !== undefined && depth < lineageDepth;
    line.push({ candidate: at, changed: goesOn ? changedLayers(at, nearest) : null });
    if (!goesOn) return line;
    at = nearest;
  }
}

/** Null when no candidate has that index. */
export function lineageOf(candidates: readonly Candidate[], focus: number): Lineage | null {
  const start = candidates.find((c) => c.index === focus);
  if (!start) return null;
  const byId = indexOf(candidates);
  const members = new Set<number>([focus]);
  const edges: LineageEdge[] = [];
  let frontier: Candidate[] = [start];
  let isCut = false;
  for (let depth = 0; frontier.length > 0; depth++) {
    const next: Candidate[] = [];
    for (const child of frontier) {
      const parents = parentsOf(child, byId);
      if (depth >= lineageDepth) {
        isCut ||= parents.length > 0;
        continue;
      }
      for (const parent of parents) {
        edges.push({
          parent: parent.index,
          child: child.index,
          kind: child.origin.kind === "crossover" ? "crossover" : "mutation",
        });
        if (!members.has(parent.index)) next.push(parent);
        members.add(parent.index);
      }
    }
    frontier = next;
  }
  return { focus, members: [...members], edges, line: lineOf(start, byId), isCut };
}
