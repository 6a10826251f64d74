/** What a joint search spends on one pair, for panels that say what their numbers rest on. */
import { jointData } from "@/algorithms/defaults";
import type { RunConfig } from "@/algorithms/configKeys";

/** Images that each pair is trained on. */
export function pairImages({ size }: Pick<RunConfig, "size">): number {
  return jointData[size].train;
}
