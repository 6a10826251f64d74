/**
 * Places a directed graph in layers (dagre) and draws a frame round each group. Deterministic: equal input, equal picture.
 * Groups are framed afterwards instead of using dagre's compound mode, which may throw on edges that end in a group.
 */
import { Graph, layout } from "@dagrejs/dagre";

export interface DagBox {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Boxes of one group get a common frame; null = none. */
  readonly group: string | null;
}

export interface DagEdge {
  readonly from: string;
  readonly to: string;
}

export interface DagOptions {
  /** Reading direction: top to bottom or left to right. */
  readonly direction: "TB" | "LR";
  readonly rankGap: number;
  readonly nodeGap: number;
  /** Space between a group's boxes and its frame. */
  readonly padding: number;
  /** Space round the picture; frames reach into it by `padding`. */
  readonly margin: number;
}

export interface PlacedBox {
  readonly id: string;
  /** Top left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedEdge extends DagEdge {
  readonly points: readonly (readonly [number, number])[];
}

export interface DagPicture {
  readonly boxes: readonly PlacedBox[];
  readonly edges: readonly PlacedEdge[];
  readonly groups: readonly PlacedBox[];
  readonly width: number;
  readonly height: number;
}

function frames(boxes: readonly DagBox[], placed: ReadonlyMap<string, PlacedBox>, padding: number): PlacedBox[] {
  const bounds = new Map<string, [number, number, number, number]>();
  for (const { id, group } of boxes) {
    const box = placed.get(id);
    if (group === null || !box) continue;
    const [x0, y0, x1, y1] = bounds.get(group) ?? [Infinity, Infinity, -Infinity, -Infinity];
    bounds.set(group, [
      Math.min(x0, box.x),
      Math.min(y0, box.y),
      Math.max(x1, box.x + box.width),
      Math.max(y1, box.y + box.height),
    ]);
  }
  return [...bounds].map(([id, [x0, y0, x1, y1]]) => ({
    id,
    x: x0 - padding,
    y: y0 - padding,
    width: x1 - x0 + 2 * padding,
    height: y1 - y0 + 2 * padding,
  }));
}

/** Lays out boxes and edges; edges between unknown boxes are left out. */
export function dagLayout(boxes: readonly DagBox[], edges: readonly DagEdge[], options: DagOptions): DagPicture {
  const { margin } = options;
  const graph = new Graph({ multigraph: false, compound: false });
  graph.setGraph({
    rankdir: options.direction,
    ranksep: options.rankGap,
    nodesep: options.nodeGap,
    marginx: margin,
    marginy: margin,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  const known = edges.filter(({ from, to }) => graph.hasNode(from) && graph.hasNode(to) && from !== to);
  for (const { from, to } of known) graph.setEdge(from, to, {});
  layout(graph);

  const placed = new Map<string, PlacedBox>();
  for (const { id, width, height } of boxes) {
    const at: { x?: number; y?: number } = graph.node(id);
    placed.set(id, { id, x: (at.x ?? 0) - width / 2, y: (at.y ?? 0) - height / 2, width, height });
  }
  const placedEdges = known.map(({ from, to }) => {
    const label: { points?: { x: number; y: number }[] } = graph.edge(from, to);
    return { from, to, points: (label.points ?? []).map(({ x, y }) => [x, y] as const) };
  });
  const size: { width?: number; height?: number } = graph.graph();
  return {
    boxes: [...placed.values()],
    edges: placedEdges,
    groups: frames(boxes, placed, options.padding),
    width: Number.isFinite(size.width) ? (size.width ?? 0) : 0,
    height: Number.isFinite(size.height) ? (size.height ?? 0) : 0,
  };
}
