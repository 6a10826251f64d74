/** The table of spaces that can be searched here; a new space is one file and one row. */
import { dartsCell } from "./dartsCell";
import { fbnetV1 } from "./fbnetV1";
import { fbnetV2 } from "./fbnetV2";
import { fbnetV3 } from "./fbnetV3";
import { macro8 } from "./macro8";
import { nasbench201 } from "./nasbench201";
import { spos } from "./spos";
import type { SizeId, Space } from "./types";

const spaces = { macro8, spos, "darts-cell": dartsCell, "nasbench201-cell": nasbench201, "fbnet-v1": fbnetV1, "fbnet-v2": fbnetV2, "fbnet-v3": fbnetV3 } as const;

export type SpaceId = keyof typeof spaces;

export const spaceIds: readonly SpaceId[] = ["macro8", "spos", "darts-cell", "nasbench201-cell", "fbnet-v1", "fbnet-v2", "fbnet-v3"];

export function isSpaceId(id: string): id is SpaceId {
  return Object.hasOwn(spaces, id);
}

/** A space by id and size; equal arguments give the same object. */
export function makeSpace(id: SpaceId, size: SizeId): Space {
  return spaces[id](size);
}
