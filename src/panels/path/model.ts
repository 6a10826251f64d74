/**
 * What the path panel knows: counts per layer and choice against their expectation, the route that is lit and why, and how often two
 * choices followed each other. Pure: stores and history in, plain data out.
 */
import type { Candidate } from "@/nas/candidate";
import type { Choices } from "@/nas/mutable";
import type { Space } from "@/nas/space/types";
import type { CountsColumn } from "@/store/countsHistory";
import type { Focus } from "@/store/view";

export interface PathNode {
  readonly slot: number;
  readonly choice: number;
  readonly op: string;
  readonly count: number;
  readonly expected: number;
  /** Standard deviation of the count under binomial sampling, √(n p (1 − p)). */
  readonly sigma: number;
  /** (count − expected) / σ; null while nothing was sampled. */
  readonly deviation: number | null;
  /** Beyond ± 2 σ. */
  readonly isOutside: boolean;
  /** Mean and population SD of the loss of the steps that sampled this choice. */
  readonly loss: { readonly mean: number; readonly sd: number } | null;
}

export interface PathColumn {
  readonly slot: number;
  readonly label: string;
  readonly stage: number;
  readonly hin: number;
  readonly hout: number;
  readonly cout: number;
  readonly nodes: readonly PathNode[];
}

export type RouteKind = "training" | "past" | "candidate" | "evaluating" | "winner" | "none";

export interface Route {
  readonly kind: RouteKind;
  readonly genes: readonly number[];
  /** Gene string of the route; empty when there is none. */
  readonly id: string;
}

export interface PathLink {
  readonly slot: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Share of the largest count shown, 0–1. */
  readonly weight: number;
}

export interface PathModel {
  readonly step: number;
  /** Paths sampled so far. */
  readonly samples: number;
  readonly columns: readonly PathColumn[];
  readonly route: Route;
  /** Earlier paths, newest first. */
  readonly trail: readonly (readonly number[])[];
  readonly links: readonly PathLink[];
  /** Upper end of the count bars. */
  readonly maxCount: number;
  readonly lossRange: readonly [number, number] | null;
  /** Largest |deviation| and where. */
  readonly largest: { readonly slot: number; readonly deviation: number } | null;
  readonly pinA: readonly number[] | null;
  readonly pinB: readonly number[] | null;
}

export interface PathInput {
  readonly space: Space;
  /** Counts at the cursor, or the newest. */
  readonly column: CountsColumn | null;
  /** pairs of the newest frame; null in the past, where they are not kept. */
  readonly pairs: Float64Array | null;
  readonly route: Route;
  readonly trail: readonly (readonly number[])[];
  readonly focus: Focus;
  readonly pinA: readonly number[] | null;
  readonly pinB: readonly number[] | null;
}

/** Index of the choice at every slot; −1 where the choices do not fit the space. */
export function genesOf(space: Space, choices: Choices): number[] {
  return space.mutables.map((m) => {
    const value = choices[m.id];
    return m.choices.findIndex((c) => c === value);
  });
}

/** Choices of one gene a slot; null when a gene is out of range. */
export function choicesOf(space: Space, genes: readonly number[]): Choices | null {
  const entries = space.mutables.map((m, i) => [m.id, m.choices[genes[i] ?? -1]] as const);
  return entries.every(([, value]) => value !== undefined) ? (Object.fromEntries(entries) as Choices) : null;
}

/** Genes of an architecture id (canonical gene string) in a space; null when it is not a member. */
export function genesOfId(space: Space, id: string | undefined): number[] | null {
  const choices = id === undefined ? null : space.decode(id);
  return choices && genesOf(space, choices);
}

function makeNode(
  op: string,
  slot: number,
  choice: number,
  width: number,
  total: number,
  column: CountsColumn | null,
): PathNode {
  const at = slot * width + choice;
  const count = column?.counts[at] ?? 0;
  const expected = column?.expected[at] ?? 0;
  const p = total > 0 ? Math.min(1, expected / total) : 0;
  const sigma = Math.sqrt(total * p * (1 - p));
  const deviation = total > 0 && sigma > 0 ? (count - expected) / sigma : null;
  const mean = count > 0 ? (column?.lossSum[at] ?? NaN) / count : NaN;
  const sd = Math.sqrt(Math.max(0, (column?.lossSquares[at] ?? NaN) / count - mean * mean));
  return {
    ...{ slot, choice, op, count, expected, sigma, deviation },
    isOutside: deviation !== null && Math.abs(deviation) > 2,
    loss: Number.isFinite(mean) && Number.isFinite(sd) ? { mean, sd } : null,
  };
}

/** Choices of the widest slot: the stride of the count arrays. */
export function choiceWidth(space: Space): number {
  return Math.max(1, ...space.mutables.map((m) => m.choices.length));
}

function columnsOf(space: Space, column: CountsColumn | null): PathColumn[] {
  const width = choiceWidth(space);
  return space.slots.map((info, slot) => {
    const choices = space.mutables[slot]?.choices ?? [];
    const total = choices.reduce<number>((sum, _, c) => sum + (column?.counts[slot * width + c] ?? 0), 0);
    const { label, stage, hin, hout, cout } = info;
    return {
      slot,
      label,
      stage,
      hin,
      hout,
      cout,
      nodes: choices.map((op, c) => makeNode(String(op), slot, c, width, total, column)),
    };
  });
}

/** Transitions into and out of the focused layer (of the focused choice, when there is one); empty without focus on a layer. */
function linksOf(space: Space, pairs: Float64Array | null, focus: Focus): PathLink[] {
  if (!pairs || focus.slot === undefined) return [];
  const { slot: at, choice } = focus;
  const width = choiceWidth(space);
  const links: Omit<PathLink, "weight">[] = [];
  for (const slot of [at - 1, at]) {
    if (slot < 0 || slot + 1 >= space.slots.length) continue;
    for (let from = 0; from < width; from++) {
      for (let to = 0; to < width; to++) {
        if (choice !== undefined && (slot === at ? from : to) !== choice) continue;
        const count = pairs[(slot * width + from) * width + to] ?? 0;
        if (count > 0) links.push({ slot, from, to, count });
      }
    }
  }
  const max = Math.max(1, ...links.map((l) => l.count));
  return links.map((l) => ({ ...l, weight: l.count / max }));
}

export function buildPathModel(input: PathInput): PathModel {
  const { space, column, focus } = input;
  const columns = columnsOf(space, column);
  const nodes = columns.flatMap((c) => c.nodes);
  const losses = nodes.flatMap((n) => (n.loss ? [n.loss.mean - n.loss.sd, n.loss.mean + n.loss.sd] : []));
  const largest = nodes.reduce<PathModel["largest"]>((worst, { slot, deviation }) => {
    if (deviation === null || Math.abs(deviation) <= Math.abs(worst?.deviation ?? 0)) return worst;
    return { slot, deviation };
  }, null);
  return {
    step: column?.step ?? 0,
    samples: columns[0]?.nodes.reduce((sum, n) => sum + n.count, 0) ?? 0,
    columns,
    route: input.route,
    trail: input.trail,
    links: linksOf(space, input.pairs, focus),
    maxCount: Math.max(1, ...nodes.flatMap((n) => [n.count, n.expected + 2 * n.sigma])),
    lossRange: losses.length > 0 ? [Math.min(...losses), Math.max(...losses)] : null,
    largest,
    pinA: input.pinA,
    pinB: input.pinB,
  };
}

export interface RouteInput {
  readonly space: Space;
  readonly focus: Focus;
  readonly isPast: boolean;
  readonly phase: string;
  /** Path shown of the live stream. */
  readonly live: readonly number[];
  readonly pastPath: ArrayLike<number> | null;
  readonly newest: Candidate | null;
  readonly winner: string | null;
}

const noRoute: Route = { kind: "none", genes: [], id: "" };

/**
 * Which route is lit, in this order: the focused architecture; the path at the cursor; the winner while it is retrained and tested;
 * the newest candidate during the search; the path being trained.
 */
export function chooseRoute({ space, focus, isPast, phase, live, pastPath, newest, winner }: RouteInput): Route {
  const made = (kind: RouteKind, genes: readonly number[] | null): Route => {
    const fits = genes !== null && genes.length === space.slots.length && genes.every((g) => g >= 0);
    return fits ? { kind, genes, id: genes.join("") } : noRoute;
  };
  if (focus.archId !== undefined) {
    const route = made("candidate", genesOfId(space, focus.archId));
    if (route.kind !== "none") return route;
  }
  if (isPast) return made("past", pastPath === null ? null : Array.from(pastPath));
  if (winner !== null && (phase === "retrain" || phase === "test")) return made("winner", genesOfId(space, winner));
  if (phase === "search") return made("evaluating", newest && genesOf(space, newest.choices));
  return made("training", live);
}

/** Lit nodes: the route, or everything that the focus names. */
export function isLit(model: PathModel, focus: Focus, node: PathNode): boolean {
  if (focus.archId !== undefined) return model.route.genes[node.slot] === node.choice;
  if (focus.slot !== undefined)
    return focus.slot === node.slot && (focus.choice === undefined || focus.choice === node.choice);
  if (focus.op !== undefined) return focus.op === node.op;
  return true;
}
