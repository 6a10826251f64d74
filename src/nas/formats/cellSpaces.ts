/** The spaces that are made of cells instead of layers, as the formats see them. */
import type { Space } from "../space/types";

/** Pairs of cells (spec darts 1). */
export const cellSpaceId = "darts-cell";
/** One cell of four states (spec darts 10). */
export const bench201Id = "nasbench201-cell";

/** Nodes of the cells that a space of pairs of cells searches. */
export function nodesOf(space: Pick<Space, "mutables">): number {
  return space.mutables.filter(({ id }) => /^normal\/op_\d+_0$/.test(id)).length;
}
