/** A network as blocks and layers with what each costs, from its space and choices: pure. Sums of the parts equal the network's cost. */
import type { Accuracy } from "@/nas/candidate";
import { nodeCosts } from "@/nas/cost";
import type { Op, Shape } from "@/nas/graph";
import type { NetworkOptions, Space } from "@/nas/space/types";
import type { NetworkOnShow } from "@/store/network";
import type { Focus } from "@/store/view";
import { type BlockPlace, partsOf } from "./blocks";

export interface LayerModel {
  /** Node id in the graph. */
  readonly node: number;
  readonly name: string;
  /** "conv 3×3, stride 2". */
  readonly what: string;
  readonly shape: Shape;
  readonly params: number;
  readonly macs: number;
}

export interface BlockModel extends BlockPlace {
  /** Empty where the choice is a pass-through. */
  readonly layers: readonly LayerModel[];
  /** Output of the block; empty where a block of a cell has no layers. */
  readonly shape: Shape;
  readonly params: number;
  readonly macs: number;
}

/** Ops of one kind of cell, or of all layers. */
export interface OpRow {
  /** "normal"; empty where there is one row. */
  readonly label: string;
  readonly ops: readonly { readonly op: string; readonly label: string }[];
}

export interface NetworkModel {
  readonly id: string;
  /** Id with which it can be trained alone; slots of a cell keep their order in it. */
  readonly archId: string;
  readonly source: NetworkOnShow["source"];
  readonly space: string;
  readonly supernet: Accuracy | null;
  readonly retrained: Accuracy | null;
  readonly params: number;
  readonly macs: number;
  /** In order of computation. */
  readonly blocks: readonly BlockModel[];
  readonly stages: readonly { readonly id: string; readonly label: string }[];
  /** What was chosen; a cell that is repeated stands once. */
  readonly ops: readonly OpRow[];
  readonly isChain: boolean;
  /** So many operations that stages are shown closed at first. */
  readonly isLarge: boolean;
  /** Node ids: reads and is read. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}

/** An op in words, with what a reader needs to tell two of a kind apart. */
export function opWords(attrs: Op): string {
  const window = (k: number, stride: number): string => `${k}×${k}${stride > 1 ? `, stride ${stride}` : ""}`;
  switch (attrs.op) {
    case "conv":
      return `conv ${attrs.across ? `${attrs.k}×${attrs.across.k}` : window(attrs.k, attrs.stride)}${attrs.groups > 1 ? `, ${attrs.groups} groups` : ""}`;
    case "depthwise":
      return `depthwise ${window(attrs.k, attrs.stride)}${attrs.dilation > 1 ? `, dilation ${attrs.dilation}` : ""}`;
    case "maxPool":
      return `max pool ${window(attrs.k, attrs.stride)}`;
    case "avgPool":
      return `mean pool ${window(attrs.k, attrs.stride)}`;
    case "batchNorm":
      return "batch norm";
    case "relu":
      return "ReLU";
    case "relu6":
      return "ReLU6";
    case "hswish":
      return "hard swish";
    case "hsigmoid":
      return "hard sigmoid";
    case "scale":
      return "scaled channels";
    case "mask":
      return "channel mask";
    case "mix":
      return `mixture of ${attrs.index.length}`;
    case "subsample":
      return `every pixel of a ${attrs.side}×${attrs.side} grid`;
    case "scatter":
      return `spread over ${attrs.side}×${attrs.side}`;
    case "resize":
      return `averaged to ${attrs.side}×${attrs.side}`;
    case "shift":
      return `shifted by ${attrs.by} ${attrs.by === 1 ? "pixel" : "pixels"}`;
    case "dropPath":
      return `drop path ${attrs.rate}`;
    case "globalAvgPool":
      return "global mean pool";
    case "slice":
      return `channels ${attrs.begin}–${attrs.begin + attrs.size - 1}`;
    case "stridedSlice":
      return attrs.step === 2 ? `${attrs.begin === 0 ? "even" : "odd"} channels` : `every ${attrs.step}th channel`;
    case "shuffle":
      return "channel shuffle";
    case "sigmoid":
    case "swish":
    case "linear":
    case "input":
    case "add":
    case "concat":
      return attrs.op;
    default:
      return attrs satisfies never;
  }
}

/** `16×16×24`, or `10` for a vector. */
export function shapeText(shape: Shape): string {
  return shape.join("×");
}

/** A network of more operations than this is shown with closed stages first. */
const LARGE = 400;

/** Throws what the space throws when the choices are not a member's, or cannot be built. */
export function networkModel(shown: NetworkOnShow, space: Space, options: NetworkOptions = {}): NetworkModel {
  const { choices, id } = shown.arch;
  const graph = space.network?.(choices, options) ?? space.graph(choices);
  const costs = nodeCosts(graph);
  const parts = partsOf(space, graph, choices);
  const layersOf = new Map<string, LayerModel[]>();
  for (const node of graph.nodes) {
    const block = parts.blockOf(node);
    const { params, macs } = costs[node.id] ?? { params: 0, macs: 0 };
    const layers = layersOf.get(block) ?? [];
    layersOf.set(block, layers);
    layers.push({ node: node.id, name: node.name, what: opWords(node.attrs), shape: node.shape, params, macs });
  }
  const blockOf = (place: BlockPlace): BlockModel => {
    const layers = layersOf.get(place.id) ?? [];
    const sum = (key: "params" | "macs"): number => layers.reduce((total, layer) => total + layer[key], 0);
    const shape = layers.at(-1)?.shape ?? parts.shapeOf(place);
    return { ...place, layers, shape, params: sum("params"), macs: sum("macs") };
  };
  const blocks = parts.places.map(blockOf).filter((block) => block.op !== null || block.layers.length > 0);
  return {
    id,
    archId: space.encode(choices),
    source: shown.source,
    space: space.name,
    supernet: shown.supernetAccuracy,
    retrained: shown.retrainedAccuracy,
    params: blocks.reduce((total, b) => total + b.params, 0),
    macs: blocks.reduce((total, b) => total + b.macs, 0),
    blocks,
    stages: parts.stages,
    ops: opRows(blocks, parts.isChain),
    isChain: parts.isChain,
    isLarge: graph.nodes.length > LARGE,
    edges: graph.nodes.flatMap((node) => node.inputs.map((from) => [from, node.id] as const)),
  };
}

/** The first cell of a kind stands for all. */
function opRows(blocks: readonly BlockModel[], isChain: boolean): OpRow[] {
  const kinds = new Map<string, { stage: string | null; ops: { op: string; label: string }[] }>();
  for (const block of blocks) {
    const { op, label, stage } = block;
    if (op === null) continue;
    const kind = block.kind ?? "";
    const row = kinds.get(kind) ?? { stage, ops: [] };
    kinds.set(kind, row);
    if (isChain || row.stage === stage) row.ops.push({ op, label });
  }
  return [...kinds].map(([label, { ops }]) => ({ label, ops }));
}

/** What pointing at a block means everywhere; null for parts that nobody chose. */
export function focusOfBlock({ slot, edge, op }: Pick<BlockModel, "slot" | "edge" | "op">): Focus | null {
  if (slot !== null) return { slot, ...(op === null ? {} : { op }) };
  return edge === null || op === null ? null : { edge, op };
}

/** Whether a focus means a block; null when it means no block at all, so that nothing is dimmed. */
export function isLit({ slot, edge, op }: Pick<BlockModel, "slot" | "edge" | "op">, focus: Focus): boolean | null {
  if (focus.edge) return edge?.group === focus.edge.group && edge.row === focus.edge.row && (focus.op ?? op) === op;
  if (focus.slot !== undefined) return slot === focus.slot;
  return focus.op === undefined ? null : op === focus.op;
}

/**
 * Ids of the blocks and stages that a focus means; a closed stage stands for its blocks. Null where it means none of this network, so that
 * nothing is dimmed.
 */
export function litParts({ blocks }: Pick<NetworkModel, "blocks">, focus: Focus): ReadonlySet<string> | null {
  const lit = blocks.filter((block) => isLit(block, focus) === true);
  return lit.length === 0 ? null : new Set(lit.flatMap(({ id, stage }) => (stage === null ? [id] : [id, stage])));
}
