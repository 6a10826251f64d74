/** A network as blocks and layers with what each costs, from its space and choices: pure. Sums of the parts equal the network's cost. */
import type { Accuracy } from "@/nas/candidate";
import { nodeCosts } from "@/nas/cost";
import type { GraphNode, Op, Shape } from "@/nas/graph";
import type { Space } from "@/nas/space/types";
import type { NetworkOnShow } from "@/store/network";
import { text } from "@/viz/copy";

const words = text.network;

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

export interface BlockModel {
  readonly id: string;
  /** "Layer 3", "Stem". */
  readonly label: string;
  /** Index of the slot; null for stem and head. */
  readonly slot: number | null;
  /** Op that stands here; null for stem and head. */
  readonly op: string | null;
  /** Id of the stage, null for stem and head. */
  readonly stage: string | null;
  /** Empty where the choice is a pass-through. */
  readonly layers: readonly LayerModel[];
  /** Output of the block. */
  readonly shape: Shape;
  readonly params: number;
  readonly macs: number;
}

export interface NetworkModel {
  readonly id: string;
  readonly source: NetworkOnShow["source"];
  readonly space: string;
  readonly supernet: Accuracy | null;
  readonly retrained: Accuracy | null;
  readonly params: number;
  readonly macs: number;
  /** In order of computation. */
  readonly blocks: readonly BlockModel[];
  readonly stages: readonly { readonly id: string; readonly label: string }[];
  /** Node ids: reads and is read. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}

/** An op in words, with what a reader needs to tell two of a kind apart. */
export function opWords(attrs: Op): string {
  const window = (k: number, stride: number): string => `${k}×${k}${stride > 1 ? `, stride ${stride}` : ""}`;
  switch (attrs.op) {
    case "conv":
      return `conv ${window(attrs.k, attrs.stride)}${attrs.groups > 1 ? `, ${attrs.groups} groups` : ""}`;
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

const stageId = (stage: number): string => `stage.${stage}`;

/** Nodes without a slot belong to the stem before the first slot's node and to the head after it. */
function blockIdOf(node: GraphNode, firstSlotNode: number): string {
  return node.slot ?? (node.id < firstSlotNode ? "stem" : "head");
}

/** Throws what the space throws when the choices are not a member's. */
export function networkModel(shown: NetworkOnShow, space: Space): NetworkModel {
  const { choices, id } = shown.arch;
  const graph = space.graph(choices);
  const costs = nodeCosts(graph);
  const firstSlotNode = graph.nodes.find((node) => node.slot !== null)?.id ?? graph.nodes.length;
  const layersOf = new Map<string, LayerModel[]>();
  for (const node of graph.nodes) {
    const block = blockIdOf(node, firstSlotNode);
    const { params, macs } = costs[node.id] ?? { params: 0, macs: 0 };
    const layers = layersOf.get(block) ?? [];
    layersOf.set(block, layers);
    layers.push({ node: node.id, name: node.name, what: opWords(node.attrs), shape: node.shape, params, macs });
  }
  const block = (of: Pick<BlockModel, "id" | "label" | "slot" | "op" | "stage">, shape: Shape): BlockModel => {
    const layers = layersOf.get(of.id) ?? [];
    const sum = (key: "params" | "macs"): number => layers.reduce((total, layer) => total + layer[key], 0);
    return { ...of, layers, shape: layers.at(-1)?.shape ?? shape, params: sum("params"), macs: sum("macs") };
  };
  const fixed = (blockId: "stem" | "head"): BlockModel =>
    block({ id: blockId, label: words[blockId], slot: null, op: null, stage: null }, []);
  const blocks = [
    fixed("stem"),
    ...space.slots.map((slot, index) => {
      const op = String(choices[slot.mutable] ?? "");
      return block({ id: slot.mutable, label: slot.label, slot: index, op, stage: stageId(slot.stage) }, [
        slot.hout,
        slot.hout,
        slot.cout,
      ]);
    }),
    fixed("head"),
  ].filter((b) => b.slot !== null || b.layers.length > 0);
  return {
    id,
    source: shown.source,
    space: space.name,
    supernet: shown.supernetAccuracy,
    retrained: shown.retrainedAccuracy,
    params: blocks.reduce((total, b) => total + b.params, 0),
    macs: blocks.reduce((total, b) => total + b.macs, 0),
    blocks,
    stages: [...new Set(space.slots.map((slot) => slot.stage))].map((stage) => ({
      id: stageId(stage),
      label: words.stage(stage + 1),
    })),
    edges: graph.nodes.flatMap((node) => node.inputs.map((from) => [from, node.id] as const)),
  };
}
