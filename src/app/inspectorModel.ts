/** What the inspector says about whatever is focused or pinned: plain data from candidates, counts, α and the space. */
import type { Accuracy, Candidate } from "@/nas/candidate";
import { optionName } from "@/nas/space/optionNames";
import type { Cost } from "@/nas/cost";
import type { Choices } from "@/nas/mutable";
import type { Space } from "@/nas/space/types";
import type { Focus } from "@/store/view";
import { type AlphaScene, edgeOfFocus, type EdgeSubject, edgeSubject, type OpShare, shareOf } from "./inspectorAlpha";
import { type LayerCell, layersOf, type StripRow, stripRows } from "./inspectorLayers";
import { focusedCandidate } from "./lineage";

/** Sampling of the supernet phase: `counts[slot × width + choice]`. */
export interface Sampling {
  readonly counts: Float64Array;
  readonly expected: Float64Array;
}

export interface NetworkSubject {
  readonly kind: "network";
  readonly id: string;
  readonly choices: Choices;
  readonly candidate: Candidate | null;
  /** Of the network that would be trained from scratch; null where it cannot be built. */
  readonly cost: Pick<Cost, "macs" | "params"> | null;
  readonly accuracy: Accuracy | null;
  readonly layers: readonly LayerCell[];
  /** How a strip of the layers falls into rows. */
  readonly rows: readonly StripRow[];
  /** Layers that differ from the network compared with; null without one. */
  readonly changed: number | null;
}

/** Mean accuracy over candidates and how many there are; `n` images is that of one evaluation. */
export interface Mean {
  readonly value: number;
  readonly candidates: number;
}

export interface OpSubject {
  readonly kind: "op";
  readonly op: string;
  /** Null: the op anywhere. */
  readonly slot: number | null;
  readonly slotLabel: string | null;
  readonly with: Mean;
  readonly without: Mean;
  readonly sampled: { readonly count: number; readonly expected: number } | null;
  /** Of architecture weights, in a search by α. */
  readonly share: OpShare | null;
}

export interface SlotSubject {
  readonly kind: "slot";
  readonly slot: number;
  readonly label: string;
  readonly hin: number;
  readonly hout: number;
  readonly cin: number;
  readonly cout: number;
  readonly choices: readonly { readonly op: string; readonly count: number | null; readonly mean: Mean }[];
}

export type Subject = NetworkSubject | OpSubject | SlotSubject | EdgeSubject;

export interface Scene {
  readonly space: Space;
  readonly candidates: readonly Candidate[];
  readonly sampling: Sampling | null;
  /** Null where the run has no architecture weights. */
  readonly alpha: AlphaScene | null;
}

function opsOf(space: Space, choices: Choices): string[] {
  return space.mutables.map((mutable) => optionName(mutable.id, choices[mutable.id]));
}

function meanOf(candidates: readonly Candidate[], holds: (candidate: Candidate) => boolean): Mean {
  const values = candidates
    .filter(holds)
    .flatMap((candidate) => (candidate.accuracy === null ? [] : [candidate.accuracy.value]));
  return {
    value: values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length,
    candidates: values.length,
  };
}

/** One candidate a network: equal architectures, in either arm, count once. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const byId = new Map<string, Candidate>();
  for (const candidate of candidates)
    if (candidate !== undefined && candidate.accuracy !== null && !byId.has(candidate.id))
      byId.set(candidate.id, candidate);
  return [...byId.values()];
}

function widthOf(space: Space): number {
  return Math.max(0, ...space.mutables.map((mutable) => mutable.choices.length));
}

function sampledAt(scene: Scene, slot: number, choice: number): { count: number; expected: number } | null {
  const at = slot * widthOf(scene.space) + choice;
  const count = scene.sampling?.counts[at];
  return count === undefined ? null : { count, expected: scene.sampling?.expected[at] ?? 0 };
}

function choiceNames(space: Space, slot: number): readonly string[] {
  const mutable = space.mutables[slot];
  return mutable === undefined ? [] : mutable.choices.map((choice) => optionName(mutable.id, choice));
}

/** An imported cell may hold an op that is known by name only. */
function costOf(space: Space, choices: Choices): NetworkSubject["cost"] {
  try {
    return space.cost(choices);
  } catch {
    return null;
  }
}

function networkSubject(
  { space }: Scene,
  choices: Choices,
  candidate: Candidate | null,
  against: Choices | null,
): NetworkSubject {
  const layers = layersOf(space, choices, against);
  return {
    kind: "network",
    // Slots of a cell keep their order in its id; equal layers share one.
    id: candidate?.id ?? (space.slots.length === 0 ? space.encode(choices) : space.canonical(choices).id),
    choices,
    candidate,
    cost: candidate ?? costOf(space, choices),
    accuracy: candidate?.accuracy ?? null,
    layers,
    rows: stripRows(layers),
    changed: against === null ? null : layers.filter((layer) => layer.was !== null).length,
  };
}

function opSubject(scene: Scene, op: string, slot: number | null): OpSubject {
  const { space } = scene;
  const mutable = slot === null ? undefined : space.mutables[slot];
  const pool = distinct(scene.candidates);
  const holds = (candidate: Candidate): boolean =>
    mutable === undefined ? opsOf(space, candidate.choices).includes(op) : candidate.choices[mutable.id] === op;
  const choice = slot === null ? -1 : choiceNames(space, slot).indexOf(op);
  return {
    kind: "op",
    op,
    slot,
    slotLabel: slot === null ? null : (space.slots[slot]?.label ?? null),
    with: meanOf(pool, holds),
    without: meanOf(pool, (candidate) => !holds(candidate)),
    sampled: slot === null || choice < 0 ? null : sampledAt(scene, slot, choice),
    share: shareOf(scene.alpha, op),
  };
}

function slotSubject(scene: Scene, slot: number): SlotSubject | null {
  const info = scene.space.slots[slot];
  const mutable = scene.space.mutables[slot];
  if (info === undefined || mutable === undefined) return null;
  const pool = distinct(scene.candidates);
  return {
    kind: "slot",
    slot,
    label: info.label,
    hin: info.hin,
    hout: info.hout,
    cin: info.cin,
    cout: info.cout,
    choices: choiceNames(scene.space, slot).map((op, choice) => ({
      op,
      count: sampledAt(scene, slot, choice)?.count ?? null,
      mean: meanOf(pool, (candidate) => candidate.choices[mutable.id] === op),
    })),
  };
}

/** The choices a focus names, as candidate or as bare architecture; null for ops, layers, edges and nothing. */
export function choicesOf(focus: Focus | null, scene: Scene): Choices | null {
  if (focus === null) return null;
  const candidate = focusedCandidate(focus, scene.candidates);
  if (candidate !== null) return candidate.choices;
  return focus.archId === undefined ? null : scene.space.decode(focus.archId);
}

/** What a focus is about; null when it names nothing the inspector knows. `against` is the network a diff is made with. */
export function subjectOf(focus: Focus, scene: Scene, against: Choices | null = null): Subject | null {
  const choices = choicesOf(focus, scene);
  if (choices !== null) return networkSubject(scene, choices, focusedCandidate(focus, scene.candidates), against);
  const edge = scene.alpha && edgeOfFocus(scene.alpha, focus);
  if (scene.alpha && edge) return edgeSubject(scene.alpha, edge, focus.op ?? null);
  const slot = focus.slot ?? null;
  const op =
    focus.op ??
    (slot !== null && focus.choice !== undefined ? choiceNames(scene.space, slot)[focus.choice] : undefined);
  if (op !== undefined) return opSubject(scene, op, slot);
  return slot === null ? null : slotSubject(scene, slot);
}
