/** Only for tests: a path of a space in which every op stands somewhere. */
import { makeSpace, type SpaceId } from "@/nas/space/registry";
import type { SizeId } from "@/nas/space/types";
import type { Graph } from "@/nas/graph";

export function everyOp(id: SpaceId, size: SizeId): Graph {
  const space = makeSpace(id, size);
  return space.graph(Object.fromEntries(space.mutables.map((m, i) => [m.id, m.choices[(i + 1) % m.choices.length] as string])));
}
