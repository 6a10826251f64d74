/** Where the labels of a derived cell stand: each on its own edge, clear of the states and of one another as far as there is room. Pure. */
import { type CellCurve, type CellNodeMark, type Point, pointAt } from "./cellLayout";

/** Half the size of a label of so many characters, at 11 px. */
const half = { perCharacter: 3.4, margin: 2, height: 7 };
/** Places along an edge, the preferred first. */
const places = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.8];

interface Box {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

function overlap(a: Box, b: Box): number {
  const across = a.halfWidth + b.halfWidth - Math.abs(a.x - b.x);
  const down = a.halfHeight + b.halfHeight - Math.abs(a.y - b.y);
  return across > 0 && down > 0 ? across * down : 0;
}

/**
 * Places labels one after the other, each where it overlaps least with what is there already; equal places go to the one nearer the middle.
 *
 * @param taken Other small marks, 7 px around these points.
 * @returns Middles of the labels, in the order of the edges.
 */
export function placeLabels(
  edges: readonly { readonly curve: CellCurve; readonly text: string }[],
  nodes: readonly CellNodeMark[],
  taken: readonly Point[] = [],
): Point[] {
  const boxes: Box[] = [
    ...nodes.map(({ x, y, r, label }) => ({ x, y, halfWidth: label.length > 2 ? 26 : r, halfHeight: r })),
    ...taken.map(({ x, y }) => ({ x, y, halfWidth: 7, halfHeight: 7 })),
  ];
  return edges.map(({ curve, text }) => {
    const size = { halfWidth: text.length * half.perCharacter + half.margin, halfHeight: half.height };
    let best: { readonly box: Box; readonly cost: number } | null = null;
    for (const t of places) {
      const box = { ...pointAt(curve, t), ...size };
      const cost = boxes.reduce((sum, other) => sum + overlap(box, other), 0);
      if (best === null || cost < best.cost) best = { box, cost };
    }
    const { x, y } = best?.box ?? curve.mid;
    if (best) boxes.push(best.box);
    return { x, y };
  });
}
