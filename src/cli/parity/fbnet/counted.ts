/** Networks that the reference files describe in numbers, as spaces of ours, and their counts by weights alone. */
import { fbnetSpace, type FbnetLayout } from "@/nas/space/fbnetV1";
import type { SinglePathSpace } from "@/nas/space/singlePath";
import type { LatencyBlock } from "@/nas/space/types";
import { weightsOf } from "@/nas/weightCounts";
import type { Comparison } from "../compare";

/** [params, macs], as the files write them. */
export type Pair = readonly [number, number];

/** A space of FBNet blocks with this layout, whose parts can be counted one by one. */
export function spaceOf(layout: FbnetLayout, keepPw: boolean): SinglePathSpace {
  return fbnetSpace({ id: "fbnet-reference", name: "FBNet", size: "full", layout, keepPw, capabilities: ["opChoice", "mix", "latency"] });
}

/** Weights and MACs of a part; nothing for an identity. */
export function pairOf(part: LatencyBlock | null | undefined): Pair {
  return part ? [weightsOf(part.graph()), part.macs] : [0, 0];
}

export function sumOf(pairs: readonly Pair[]): Pair {
  return pairs.reduce<Pair>((sum, pair) => [sum[0] + pair[0], sum[1] + pair[1]], [0, 0]);
}

/** Members of a space; counts beyond 2⁵³ are floating-point on both sides. */
export function compareCount(compare: Comparison, got: number, want: number): void {
  if (want <= Number.MAX_SAFE_INTEGER) compare.exact("members", got, want);
  else compare.number("members", got, want, 1e-12);
}
