/**
 * Which records train weights and which rank architectures. Splits fall on shard boundaries in manifest order, so
 * that a data set whose shards share no object never shows the same object on both sides.
 */
import type { ImageSet } from "./dataset";
import type { ShardGroups } from "./manifest";

/** Record indices of one {@link ImageSet}, ascending within each side. */
export interface RecordSplit {
  readonly weights: Int32Array;
  readonly architecture: Int32Array;
}

type ShardTable = Pick<ImageSet, "shards" | "count">;

/** Record indices `from` … `to − 1`. */
export function recordRange(from: number, to: number): Int32Array {
  return Int32Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/**
 * The first `tenths` tenths of the shards, rounded down, against the rest, at least one shard on each side.
 * A single shard is cut at `tenths` tenths of its records.
 */
export function splitByShards(set: ShardTable, tenths: number): RecordSplit {
  const shards = set.shards.length;
  let cut: number;
  if (shards <= 1) cut = Math.floor((set.count * tenths) / 10);
  else {
    const kept = Math.min(shards - 1, Math.max(1, Math.floor((shards * tenths) / 10)));
    cut = set.shards[kept]?.start ?? set.count;
  }
  return { weights: recordRange(0, cut), architecture: recordRange(cut, set.count) };
}

/**
 * One-shot methods and evolution: 90 % of the shards train the supernet and the rest rank candidates; 80 % where
 * shards are disjoint, because one such shard holds too few objects of a class. A single shard is always cut at 90 %.
 */
export function oneShotSplit(set: ShardTable, shardGroups: ShardGroups): RecordSplit {
  return splitByShards(set, shardGroups === "disjoint" && set.shards.length > 1 ? 8 : 9);
}

/**
 * `n` of the given records, taken evenly from their shards, from the front of each, in shard order. What a short shard cannot
 * give the others do; a remainder goes to the first shards. All records when there are no more than `n`.
 */
export function evenSubset(set: ShardTable, indices: Int32Array, n: number): Int32Array {
  if (n >= indices.length) return indices.slice();
  const groups = set.shards
    .map((shard) => indices.filter((record) => record >= shard.start && record < shard.start + shard.count))
    .filter((group) => group.length > 0);
  const quota = groups.map(() => 0);
  for (let left = Math.max(0, Math.floor(n)); left > 0;) {
    const open = groups.flatMap((group, g) => (group.length > (quota[g] as number) ? [g] : []));
    if (open.length === 0) break;
    const each = Math.max(1, Math.floor(left / open.length));
    for (const g of open) {
      const more = Math.min(each, left, (groups[g] as Int32Array).length - (quota[g] as number));
      quota[g] = (quota[g] as number) + more;
      left -= more;
    }
  }
  return Int32Array.from(groups.flatMap((group, g) => [...group.subarray(0, quota[g])]));
}
