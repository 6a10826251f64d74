/** Which parts a network falls into: one block a layer of an op-choice space, or, in networks of cells, one an input, op and sum of every cell. */
import { inputKey } from "@/nas/cell/choices";
import { type CellKind, edgeRow } from "@/nas/cell/genotype";
import { cellKindsOf } from "@/nas/cell/networks";
import type { Graph, GraphNode, Shape } from "@/nas/graph";
import type { Choices } from "@/nas/mutable";
import { optionName } from "@/nas/space/optionNames";
import type { AlphaGroup, SlotInfo, Space } from "@/nas/space/types";
import type { Focus } from "@/store/view";
import { text } from "@/viz/copy";

const words = text.network;

/** A part of a network before its layers are known. */
export interface BlockPlace {
  readonly id: string;
  /** "Layer 3", "Stem", "4←1" of a cell. */
  readonly label: string;
  /** Index of the slot; null for everything but layers of an op-choice space. */
  readonly slot: number | null;
  /** Edge of a cell, as rows of α are numbered. */
  readonly edge: NonNullable<Focus["edge"]> | null;
  /** Kind of the cell that it stands in, where there are kinds. */
  readonly kind: CellKind | null;
  /** Op that stands here; null where nothing was chosen. */
  readonly op: string | null;
  /** Id of the stage or cell; null for stem, head and what joins stages. */
  readonly stage: string | null;
}

export interface Parts {
  /** In order of computation. */
  readonly places: readonly BlockPlace[];
  readonly stages: readonly { readonly id: string; readonly label: string }[];
  readonly blockOf: (node: GraphNode) => string;
  /** Output of a block that has no layers. */
  readonly shapeOf: (place: BlockPlace) => Shape;
  /** Whether blocks follow one another: a block without layers then stands on the way all the same. */
  readonly isChain: boolean;
}

const fixed = (id: "stem" | "head"): BlockPlace => ({
  ...{ id, label: words[id], slot: null, edge: null, kind: null, op: null, stage: null },
});

function layerParts(space: Space, graph: Graph, choices: Choices): Parts {
  const firstSlotNode = graph.nodes.find((node) => node.slot !== null)?.id ?? graph.nodes.length;
  const stageId = (stage: number): string => `stage.${stage}`;
  // Several numbers decide about one block (`stage.1.block.0.kernel`, `….channels`): it is one part all the same.
  const isOp = new Map(space.mutables.map(({ id, kind }) => [id, kind === "op"]));
  const partOf = (id: string): string => (isOp.get(id) !== true && id.includes(".") ? id.slice(0, id.lastIndexOf(".")) : id);
  const byPart = new Map<string, SlotInfo[]>();
  for (const slot of space.slots) byPart.set(partOf(slot.mutable), [...(byPart.get(partOf(slot.mutable)) ?? []), slot]);
  const layers = [...byPart].map(([id, slots]): BlockPlace => {
    const [first] = slots;
    const alone = slots.length === 1;
    const named = slots.map(({ mutable }) => optionName(mutable, choices[mutable]));
    // Its width stands for a block; the other numbers go with the name: "Block 1.1 e3 k5".
    const width = Math.max(0, slots.findIndex(({ mutable }) => mutable.endsWith(".channels")));
    const others = named.filter((_, i) => i !== width);
    return {
      ...{ id, slot: alone ? space.slots.indexOf(first as SlotInfo) : null, edge: null, kind: null },
      label: alone ? (first?.label ?? id) : [...(first?.label.split(" ").slice(0, 2) ?? [id]), ...others].join(" "),
      stage: first === undefined || first.stage < 0 ? null : stageId(first.stage),
      op: named[width] ?? "",
    };
  });
  const computed = new Set(graph.nodes.flatMap((node) => (node.slot === null ? [] : [partOf(node.slot)])));
  // An input that is read as it is needs no part.
  const shown = layers.filter(({ id, stage }) => stage !== null || computed.has(id));
  return {
    // Where the stem is decided about too, it is a slot of that name.
    places: [...(layers.some(({ id }) => id === "stem") ? [] : [fixed("stem")]), ...shown, fixed("head")],
    stages: [...new Set(space.slots.map((slot) => slot.stage))].filter((stage) => stage >= 0).map((stage) => ({
      id: stageId(stage),
      label: words.stage(stage + 1),
    })),
    // Nodes without a slot belong to the stem before the first slot's node and to the head after it.
    blockOf: (node) => (node.slot === null ? null : partOf(node.slot)) ?? (node.id < firstSlotNode ? "stem" : "head"),
    shapeOf: ({ id }) => {
      const info = byPart.get(id)?.at(-1);
      return info === undefined ? [] : [info.hout, info.hout, info.cout];
    },
    isChain: true,
  };
}

const CELL = /^(cells\.(\d+))\.(.+)$/;
const OP = /^(?:ops|edges)\.\d+/;

/** Part of a cell that a node's name stands in: `pre0`, `ops.3`, `node4`, `out`; all of a residual block is one part. */
function partOfCell(rest: string): string {
  const op = OP.exec(rest);
  if (op) return op[0];
  if (rest.startsWith("pre")) return rest.slice(0, 4);
  return /^(?:node\d+|out)/.exec(rest)?.[0] ?? "";
}

/** Edge that a choice decides about: `normal/op_4_1` with its state, or `cell/1_3`. */
function edgeOf(
  groups: readonly AlphaGroup[],
  choices: Choices,
  key: string,
): { from: number; to: number; group: number } {
  const op = /^(normal|reduce)\/op_(\d+)_(\d)$/.exec(key);
  if (op) {
    const [kind, to, slot] = [op[1] as CellKind, Number(op[2]), Number(op[3])];
    return { from: Number(choices[inputKey(kind, to, slot)]), to, group: groups.findIndex(({ id }) => id === kind) };
  }
  const pair = /_?(\d+)_(\d+)$/.exec(key);
  return { from: Number(pair?.[1]), to: Number(pair?.[2]), group: 0 };
}

/** Keys of the ops of a cell of a kind, in the order in which they are computed, with the node that they feed. */
function opKeys(
  choices: Choices,
  kind: CellKind | null,
): readonly { readonly key: string; readonly part: string; readonly to: number }[] {
  const keys = Object.keys(choices).filter((key) =>
    kind === null ? key.startsWith("cell/") : key.startsWith(`${kind}/op_`),
  );
  const folder = kind === null ? "edges" : "ops";
  return keys.map((key, i) => ({ key, part: `${folder}.${i}`, to: Number(key.split("_")[1]) }));
}

/** Places of one cell: inputs, then node by node its ops and their sum, then the concatenation. */
function placesOfCell(space: Space, choices: Choices, path: string, kind: CellKind | null): BlockPlace[] {
  const groups = space.mixed?.groups ?? [];
  const none = { slot: null, edge: null, kind, op: null, stage: path };
  const ops = opKeys(choices, kind);
  const pre =
    kind === null ? [] : [0, 1].map((i): BlockPlace => ({ ...none, id: `${path}.pre${i}`, label: words.cellInput(i) }));
  const nodes = [...new Set(ops.map(({ to }) => to))].flatMap((to): BlockPlace[] => [
    ...ops
      .filter((op) => op.to === to)
      .map(({ key, part }): BlockPlace => {
        const { from, group } = edgeOf(groups, choices, key);
        const row = group < 0 ? -1 : rowOf(groups[group], from, to, kind);
        const edge = row < 0 ? null : { group, row };
        return { ...none, id: `${path}.${part}`, label: `${to}←${from}`, edge, op: String(choices[key]) };
      }),
    { ...none, id: `${path}.node${to}`, label: words.cellNode(to) },
  ]);
  return [...pre, ...nodes, { ...none, id: `${path}.out`, label: words.cellOutput }];
}

function rowOf(group: AlphaGroup | undefined, from: number, to: number, kind: CellKind | null): number {
  return kind !== null ? edgeRow(from, to) : (group?.rows.findIndex((row) => row.from === from && row.to === to) ?? -1);
}

function cellParts(space: Space, graph: Graph, choices: Choices): Parts {
  const found = graph.nodes.map((node) => CELL.exec(node.name));
  const paths = [...new Set(found.flatMap((match) => (match === null ? [] : [match[1] ?? ""])))];
  const isPair = Object.keys(choices).some((key) => key.startsWith("normal/"));
  const kinds = isPair ? cellKindsOf(paths.length) : paths.map(() => null);
  // Between the stages of NAS-Bench-201 stand blocks without any choice.
  const isResidual = new Set(found.flatMap((match) => (match?.[3]?.startsWith("conv_a") ? [match[1] ?? ""] : [])));
  const cells = paths.filter((path) => !isResidual.has(path));
  const firstCellNode = found.findIndex((match) => match !== null);
  const places = paths.flatMap((path, i): BlockPlace[] =>
    isResidual.has(path)
      ? [{ id: `${path}.`, label: words.residual, slot: null, edge: null, kind: null, op: null, stage: null }]
      : placesOfCell(space, choices, path, kinds[i] ?? null),
  );
  return {
    places: [fixed("stem"), ...places, fixed("head")],
    stages: cells.map((path, i) => ({ id: path, label: words.cell(i + 1, kinds[paths.indexOf(path)] ?? null) })),
    blockOf: (node) => {
      const match = found[node.id];
      if (match) return `${match[1]}.${partOfCell(match[3] ?? "")}`;
      return node.id < firstCellNode ? "stem" : "head";
    },
    shapeOf: () => [],
    isChain: false,
  };
}

/** Parts of the network of a member. */
export function partsOf(space: Space, graph: Graph, choices: Choices): Parts {
  return space.slots.length > 0 ? layerParts(space, graph, choices) : cellParts(space, graph, choices);
}
