/** A network as the inspector lists it: one cell a layer, or one an op of a pair of cells, in rows that a reader can tell apart. */
import { genotypeOfChoices } from "@/nas/cell/choices";
import { cellKinds, cellPairs } from "@/nas/cell/genotype";
import type { Choices } from "@/nas/mutable";
import { optionName } from "@/nas/space/optionNames";
import type { Space } from "@/nas/space/types";

export interface LayerCell {
  /** "Layer 3"; "normal 4" of the ops that node 4 adds up; "2←0" of a cell with one op an edge. */
  readonly label: string;
  readonly op: string;
  /** State that the op reads, where that is a choice too. */
  readonly from: number | null;
  /** Op of the network compared with, where op or state differ; null when equal or nothing is compared. */
  readonly was: string | null;
  readonly wasFrom: number | null;
  /** Row of a strip, and the group in it that the op belongs to. */
  readonly row: string;
  readonly group: string;
}

/** Ops one after the other, in groups of so many. */
export interface StripRow {
  readonly label: string;
  readonly sizes: readonly number[];
}

type Place = Omit<LayerCell, "was" | "wasFrom">;

function placesOf(space: Space, choices: Choices): Place[] {
  const genotype = space.slots.length === 0 ? genotypeOfChoices(choices) : null;
  if (genotype?.ok)
    return cellKinds.flatMap((kind) =>
      cellPairs(genotype.value[kind]).map(({ op, from }, k): Place => {
        const node = 2 + Math.floor(k / 2);
        return { label: `${kind} ${node}`, op, from, row: kind, group: String(node) };
      }),
    );
  const rows = space.mixed?.groups[0]?.rows;
  return space.mutables.map((mutable, i): Place => {
    const label = space.slots[i]?.label ?? rows?.[i]?.label ?? String(i);
    const group = space.slots.length > 0 ? "" : String(rows?.[i]?.to ?? "");
    return { label, op: optionName(mutable.id, choices[mutable.id]), from: null, row: "", group };
  });
}

/** Layers of a network, marked where they differ from another one's. */
export function layersOf(space: Space, choices: Choices, against: Choices | null): LayerCell[] {
  const others = against === null ? null : placesOf(space, against);
  // By place, not by position: another cell may have another number of nodes.
  const keyed = (places: readonly Place[]): (readonly [string, Place])[] => {
    const seen = new Map<string, number>();
    return places.map((place) => {
      const nth = seen.get(place.label) ?? 0;
      seen.set(place.label, nth + 1);
      return [`${place.label}/${nth}`, place];
    });
  };
  const byPlace = others && new Map(keyed(others));
  return keyed(placesOf(space, choices)).map(([key, place]): LayerCell => {
    const other = byPlace?.get(key);
    const differs = byPlace !== null && (other?.op !== place.op || other.from !== place.from);
    return { ...place, was: differs ? (other?.op ?? "none") : null, wasFrom: differs ? (other?.from ?? null) : null };
  });
}

/** Consecutive layers of equal row and group together. */
export function stripRows(layers: readonly LayerCell[]): StripRow[] {
  const rows: { label: string; sizes: number[]; group: string }[] = [];
  for (const { row, group } of layers) {
    const last = rows.at(-1);
    if (last?.label !== row) rows.push({ label: row, sizes: [1], group });
    else if (last.group === group) last.sizes.push((last.sizes.pop() ?? 0) + 1);
    else {
      last.sizes.push(1);
      last.group = group;
    }
  }
  return rows.map(({ label, sizes }) => ({ label, sizes }));
}

/** What a gene of a space decides about, for sentences about mutations: "Layer 3", "normal 4", "2←0". */
export function geneLabel(space: Space, gene: number): string {
  const id = space.mutables[gene]?.id ?? "";
  const node = /^(normal|reduce)\/(?:op|input)_(\d+)_/.exec(id);
  if (node) return `${node[1]} ${node[2]}`;
  return space.slots[gene]?.label ?? space.mixed?.groups[0]?.rows[gene]?.label ?? String(gene + 1);
}
