/** What lies under the pointer: a quadtree a layout, built on the first question. */
import { quadtree, type Quadtree } from "d3";
import type { Candidate } from "@/nas/candidate";

export interface Spot {
  readonly candidate: Candidate;
  readonly x: number;
  readonly y: number;
}

const trees = new WeakMap<readonly Spot[], Quadtree<Spot>>();

/** Nearest spot within reach, in pixels; null when there is none. The list is taken to stay as it is. */
export function spotAt(spots: readonly Spot[], x: number, y: number, reach = 14): Candidate | null {
  let tree = trees.get(spots);
  if (!tree) {
    tree = quadtree<Spot>()
      .x((spot) => spot.x)
      .y((spot) => spot.y)
      .addAll([...spots]);
    trees.set(spots, tree);
  }
  return tree.find(x, y, reach)?.candidate ?? null;
}
