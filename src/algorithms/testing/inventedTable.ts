/** A latency table without a device, from multiply–adds alone: tests of searches want equal times on every machine, and at once. */
import { noFit } from "@/nas/latency/fit";
import { wantedSettings } from "@/nas/latency/checkTable";
import { type LatencyReading, type LatencyTable, neededKeys } from "@/nas/latency/table";
import type { Space } from "@/nas/space/types";
import type { LatencyTables } from "../method";
import { memoryTables, testApp } from "./memoryTables";

/** 2.5 multiply–adds a nanosecond and 5 µs for starting: the stand-in of spec fbnet 4. */
export const inventedUs = (macs: number): number => macs / 2500 + 5;

export function inventedTable(space: Space, batch = 1, device: LatencyTables["device"] = memoryTables().device): LatencyTable {
  const { fixed = [], slots = [] } = space.latency ?? {};
  const macs = new Map([...fixed, ...slots.flat().filter((block) => block !== null)].map((block) => [block.key, block.macs]));
  const needed = space.latency ? neededKeys(space.latency) : { entries: [], fixed: [] };
  const readingOf = (key: string): LatencyReading => {
    const us = inventedUs(batch * (macs.get(key) ?? 0));
    return { key, us, p10: us, p90: us };
  };
  return {
    app: testApp,
    device: { ...device, timer: "wall", quantumUs: 0 },
    settings: wantedSettings(space, batch, { warmup: 0, runs: 1 }),
    space: { id: space.id, size: space.size },
    entries: needed.entries.map(readingOf),
    fixed: needed.fixed.map(readingOf),
    fit: noFit,
  };
}

/** Tables in which that of the space is kept already, so that a run measures nothing. */
export function inventedTables(space: Space, batch = 1): LatencyTables {
  const tables = memoryTables();
  const table = inventedTable(space, batch);
  return {
    device: tables.device,
    app: tables.app,
    load: async (of, images, label) => (await tables.load(of, images, label)) ?? (label === null && of.id === space.id && of.size === space.size && images === batch ? table : null),
    save: (kept) => tables.save(kept),
    labels: (of, images) => tables.labels(of, images),
  };
}
