/** The network on show in the network panel: the run's winner, an imported architecture, or a sample the reader picked. */
import { createStore } from "zustand/vanilla";
import type { Accuracy } from "@/nas/candidate";
import type { ArchFile } from "@/nas/formats/archJson";
import { makeSpace } from "@/nas/space/registry";
import type { SpaceId } from "@/algorithms/configKeys";
import type { Arch, SizeId, Space } from "@/nas/space/types";

export interface NetworkOnShow {
  readonly source: "winner" | "imported" | "sample" | "pinned";
  readonly spaceId: SpaceId;
  readonly size: SizeId;
  readonly arch: Arch;
  readonly supernetAccuracy: Accuracy | null;
  readonly retrainedAccuracy: Accuracy | null;
  /** The architecture file it came from, kept whole so that exporting it again loses nothing. */
  readonly file?: ArchFile;
}

export const networkStore = createStore<{ readonly shown: NetworkOnShow | null }>()(() => ({ shown: null }));

export function showNetwork(shown: NetworkOnShow | null): void {
  networkStore.setState({ shown });
}

const cache = new Map<string, Space>();

/** Spaces are pure and a little costly to build: one instance per id and size. */
export function spaceOf(id: SpaceId, size: SizeId): Space {
  const key = `${id}/${size}`;
  let space = cache.get(key);
  if (!space) cache.set(key, (space = makeSpace(id, size)));
  return space;
}
