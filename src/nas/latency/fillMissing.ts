/** Entries that a latency table lacks, estimated from those that it has. */
import type { LatencyBlock, LatencySpace } from "../space/types";
import type { LatencyReading, LatencyTable } from "./table";

/** What a key says of the work: `k3`, `k5` by kernel; other names by themselves. */
const kindOf = (key: string): string => key.split("_")[0] ?? key;

function blocksOf({ fixed, slots }: LatencySpace): ReadonlyMap<string, LatencyBlock> {
  const blocks = [...fixed, ...slots.flat().filter((block) => block !== null)];
  return new Map(blocks.map((block) => [block.key, block]));
}

interface Known extends LatencyBlock {
  readonly us: number;
}

/** Distance of two amounts of work: |ln of their ratio|. */
const distance = (a: number, b: number): number => Math.abs(Math.log(Math.max(1, a) / Math.max(1, b)));

function estimateOf(block: LatencyBlock, known: readonly Known[]): LatencyReading | null {
  const same = known.filter(({ key }) => kindOf(key) === kindOf(block.key));
  const [first, ...rest] = same.length > 0 ? same : known;
  if (first === undefined) return null;
  const nearest = rest.reduce((best, other) => (distance(other.macs, block.macs) < distance(best.macs, block.macs) ? other : best), first);
  const us = (nearest.us * Math.max(1, block.macs)) / Math.max(1, nearest.macs);
  return { key: block.key, us, p10: us, p90: us, source: "estimated" };
}

/**
 * The table with every key of the space: a missing one takes the time of the entry with the same kernel side (of any, where there is none) that is
 * nearest in multiply–adds, scaled by their ratio, and is marked `estimated`. Estimates are made from measured and edited entries only. A table
 * that has nothing of the space stays as it is.
 */
export function fillMissing(table: LatencyTable, space: LatencySpace): LatencyTable {
  const blocks = blocksOf(space);
  const have = new Set([...table.entries, ...table.fixed].map(({ key }) => key));
  const known = [...table.entries, ...table.fixed].flatMap(({ key, us, source }): Known[] => {
    const block = blocks.get(key);
    return block && us > 0 && source !== "estimated" ? [{ ...block, us }] : [];
  });
  const fixedKeys = new Set(space.fixed.map(({ key }) => key));
  const made = [...blocks.values()].filter(({ key }) => !have.has(key)).flatMap((block) => estimateOf(block, known) ?? []);
  return {
    ...table,
    entries: [...table.entries, ...made.filter(({ key }) => !fixedKeys.has(key))],
    fixed: [...table.fixed, ...made.filter(({ key }) => fixedKeys.has(key))],
  };
}
