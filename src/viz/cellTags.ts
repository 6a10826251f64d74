/** Where the names of a cell's edges stand when every edge has one: on its own curve, clear of states, of other names and of other edges. */
import { type CellCurve, type Point, pointAt } from "./cellLayout";

/** A rectangle by its middle. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** An edge that wants a tag, and the room that the tag takes at a point. */
export interface Tagged {
  readonly curve: CellCurve;
  boxAt(point: Point): Box;
}

/** Space that two boxes keep. */
const gap = 3;
/** What it costs a tag to hide a point of another edge: less than to touch a box, more than to leave the middle. */
const hiddenCost = 12;
/** Points of an edge that are looked at. */
const samples = 40;

/** Where along its curve a tag may stand, the middle first. */
const places = [0.5, 0.46, 0.54, 0.42, 0.58, 0.38, 0.62, 0.34, 0.66, 0.3, 0.7, 0.26, 0.74, 0.22, 0.78] as const;

/** Shared area of two boxes, each half the gap larger than it is; 0 when they keep their distance. */
export function overlap(a: Box, b: Box): number {
  const on = (p: number, q: number, size: number): number => Math.max(0, size / 2 + gap - Math.abs(p - q));
  return on(a.x, b.x, a.width + b.width) * on(a.y, b.y, a.height + b.height);
}

function holds({ x, y, width, height }: Box, point: Point): boolean {
  return Math.abs(point.x - x) < width / 2 && Math.abs(point.y - y) < height / 2;
}

function lengthOf({ points }: CellCurve): number {
  return Math.hypot((points[6] ?? 0) - (points[0] ?? 0), (points[7] ?? 0) - (points[1] ?? 0));
}

/** A box for every edge, in the order of the edges. Short edges have the least room and choose first; equal input gives equal places. */
export function placeTags(edges: readonly Tagged[], states: readonly Box[]): Box[] {
  const taken = [...states];
  const lines = edges.map(({ curve }) => Array.from({ length: samples + 1 }, (_, i) => pointAt(curve, i / samples)));
  const placed: Box[] = [];
  const order = edges
    .map((_, i) => i)
    .sort((a, b) => lengthOf((edges[a] as Tagged).curve) - lengthOf((edges[b] as Tagged).curve));
  for (const i of order) {
    const { curve, boxAt } = edges[i] as Tagged;
    const boxes = places.map((t) => boxAt(pointAt(curve, t)));
    const costs = boxes.map((box) => {
      const touched = taken.reduce((sum, other) => sum + overlap(box, other), 0);
      const hidden = lines.reduce(
        (sum, line, j) => sum + (j === i ? 0 : line.filter((point) => holds(box, point)).length),
        0,
      );
      return touched + hidden * hiddenCost;
    });
    const best = boxes[costs.indexOf(Math.min(...costs))] as Box;
    placed[i] = best;
    taken.push(best);
  }
  return placed;
}
