/** Network → boxes and edges at the chosen level of detail → placed picture. Pure. */
import { type DagBox, type DagEdge, dagLayout, type DagPicture } from "@/viz/dagLayout";
import { text } from "@/viz/copy";
import { macsText } from "@/viz/format";
import { type BlockModel, type NetworkModel, shapeText } from "./model";

const words = text.network;

export interface DiagramOptions {
  /** Stages drawn as one box. */
  readonly collapsed: ReadonlySet<string>;
  /** One box a block, or one an operation (norms and activations join the box before them). */
  readonly detail: "block" | "op";
  readonly direction: "TB" | "LR";
}

export interface DiagramBox extends DagBox {
  readonly kind: "stage" | "block" | "op";
  /** Id of the block that it shows or is a part of, or of the stage. */
  readonly block: string;
  readonly title: string;
  readonly note: string;
  /** Op of the slot, for colour and code. */
  readonly op: string | null;
  readonly slot: number | null;
  readonly edge: BlockModel["edge"];
}

export interface Diagram {
  readonly boxes: readonly DiagramBox[];
  readonly edges: readonly DagEdge[];
}

const sizes = {
  stage: { width: 196, height: 40 },
  block: { width: 196, height: 30 },
  op: { width: 244, height: 24 },
} as const;
const joining = new Set(["batch norm", "ReLU", "ReLU6"]);
const shortNames: Readonly<Record<string, string>> = { "batch norm": "BN" };

interface Part {
  readonly id: string;
  readonly block: number;
}

/**
 * Every node's part: the first node of a conv–norm–activation run stands for it. A block without layers is a part of its own,
 * put on the edges that pass it by, so that a skipped layer stays visible.
 */
function partsOf(model: NetworkModel): {
  partOf: ReadonlyMap<number, Part>;
  empty: readonly Part[];
  titles: ReadonlyMap<string, string>;
} {
  const reads = new Map<number, number[]>();
  const readers = new Map<number, number>();
  for (const [from, to] of model.edges) {
    reads.set(to, [...(reads.get(to) ?? []), from]);
    readers.set(from, (readers.get(from) ?? 0) + 1);
  }
  const partOf = new Map<number, Part>();
  const titles = new Map<string, string>();
  const empty: Part[] = [];
  model.blocks.forEach((block, index) => {
    // Off a chain a pass-through is the edge itself.
    if (block.layers.length === 0 && model.isChain) empty.push({ id: `empty:${block.id}`, block: index });
    for (const layer of block.layers) {
      const [input, ...others] = reads.get(layer.node) ?? [];
      const before = input === undefined ? undefined : partOf.get(input);
      const joins =
        joining.has(layer.what) && others.length === 0 && before?.block === index && readers.get(input ?? -1) === 1;
      const part = joins && before ? before : { id: `op:${layer.node}`, block: index };
      partOf.set(layer.node, part);
      const title = shortNames[layer.what] ?? layer.what;
      titles.set(part.id, joins ? `${titles.get(part.id) ?? ""} · ${title}` : title);
    }
  });
  return { partOf, empty, titles };
}

function partEdges(
  model: NetworkModel,
  partOf: ReadonlyMap<number, Part>,
  empty: readonly Part[],
): (readonly [Part, Part])[] {
  let edges = model.edges.flatMap(([from, to]) => {
    const [a, b] = [partOf.get(from), partOf.get(to)];
    return a && b && a.id !== b.id ? [[a, b] as const] : [];
  });
  for (const part of empty) {
    edges = edges.flatMap(([a, b]) =>
      a.block < part.block && part.block < b.block
        ? [
            [a, part],
            [part, b],
          ]
        : [[a, b]],
    );
  }
  return edges;
}

/** Boxes and edges of a network at a level of detail, in order of computation and without doubles. */
export function diagram(model: NetworkModel, { collapsed, detail }: DiagramOptions): Diagram {
  const { partOf, empty, titles } = partsOf(model);
  const idOf = ({ id, block }: Part): string => {
    const { stage, id: blockId } = model.blocks[block] as BlockModel;
    return stage !== null && collapsed.has(stage) ? stage : detail === "op" ? id : blockId;
  };
  const shapes = new Map(model.blocks.flatMap((b) => b.layers.map((l) => [l.node, shapeText(l.shape)] as const)));
  const boxes = new Map<string, DiagramBox>();
  const put = (part: Part, node: number | null): void => {
    const block = model.blocks[part.block] as BlockModel;
    const id = idOf(part);
    const group = block.stage;
    if (id === block.stage) {
      if (!boxes.has(id)) boxes.set(id, stageBox(model, id));
    } else if (detail === "block") {
      boxes.set(id, {
        id,
        ...sizes.block,
        group,
        kind: "block",
        block: block.id,
        title: block.label,
        note: shapeText(block.shape),
        op: block.op,
        slot: block.slot,
        edge: block.edge,
      });
    } else {
      // The last node of a part has the part's output shape.
      const note = node === null ? "" : (shapes.get(node) ?? "");
      const title = node === null ? words.passThrough : (titles.get(id) ?? "");
      boxes.set(id, {
        id,
        ...sizes.op,
        group,
        kind: "op",
        block: block.id,
        title,
        note,
        op: block.op,
        slot: block.slot,
        edge: block.edge,
      });
    }
  };
  model.blocks.forEach((block, index) => {
    for (const layer of block.layers) {
      const part = partOf.get(layer.node);
      if (part) put(part, layer.node);
    }
    const own = empty.find((part) => part.block === index);
    if (own) put(own, null);
  });
  const edges = new Map<string, DagEdge>();
  for (const [a, b] of partEdges(model, partOf, empty)) {
    const [from, to] = [idOf(a), idOf(b)];
    if (from !== to) edges.set(`${from}>${to}`, { from, to });
  }
  return { boxes: [...boxes.values()], edges: [...edges.values()] };
}

function stageBox(model: NetworkModel, stage: string): DiagramBox {
  const blocks = model.blocks.filter((block) => block.stage === stage);
  const macs = blocks.reduce((sum, block) => sum + block.macs, 0);
  const label = model.stages.find((s) => s.id === stage)?.label ?? stage;
  return {
    id: stage,
    ...sizes.stage,
    group: null,
    kind: "stage",
    block: stage,
    title: model.isChain ? `${label} · ${words.layersIn(blocks.length)}` : label,
    note: `${shapeText(blocks.at(-1)?.shape ?? [])} · ${macsText(macs)}`,
    op: null,
    slot: null,
    edge: null,
  };
}

export interface DiagramPicture extends DagPicture {
  readonly byId: ReadonlyMap<string, DiagramBox>;
}

/** The diagram placed; boxes of an expanded stage share a frame. */
export function diagramPicture(model: NetworkModel, options: DiagramOptions): DiagramPicture {
  const { boxes, edges } = diagram(model, options);
  const picture = dagLayout(boxes, edges, {
    direction: options.direction,
    rankGap: 18,
    nodeGap: 16,
    padding: 6,
    margin: 24,
  });
  return { ...picture, byId: new Map(boxes.map((box) => [box.id, box])) };
}

/** Scale and shift at which the picture starts: as wide as fits and readable, from its beginning. */
export function startTransform(
  picture: Pick<DagPicture, "width" | "height">,
  width: number,
  height: number,
  direction: "TB" | "LR",
): { k: number; x: number; y: number } {
  const [w, h] = [Math.max(1, picture.width), Math.max(1, picture.height)];
  const whole = Math.min(width / w, height / h);
  const k = Math.min(1, Math.max(whole, 0.7, direction === "TB" ? width / w : height / h));
  return {
    k,
    x: direction === "TB" || w * k <= width ? (width - w * k) / 2 : 0,
    y: direction === "LR" || h * k <= height ? (height - h * k) / 2 : 0,
  };
}

/** Scale and shift that show all of it. */
export function wholeTransform(
  picture: Pick<DagPicture, "width" | "height">,
  width: number,
  height: number,
): { k: number; x: number; y: number } {
  const k = Math.min(1.5, width / Math.max(1, picture.width), height / Math.max(1, picture.height));
  return { k, x: (width - picture.width * k) / 2, y: (height - picture.height * k) / 2 };
}
