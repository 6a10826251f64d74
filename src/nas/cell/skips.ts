/** When a derived cell has too many skip connections (spec DARTS 5.4 and 5.5). Pure. */

/** `many`: three of eight ops or more. `collapsed`: six of eight. */
export type SkipLevel = "ok" | "many" | "collapsed";

/**
 * Other numbers of kept ops in proportion, rounded up. Only cells that are stacked at full size are judged: reduction cells and layers may skip
 * as they like. A `limit` that the reader set takes the place of the three.
 */
export function skipLevel(groupId: string, skips: number, kept: number, limit: number | null = null): SkipLevel {
  if ((groupId !== "normal" && groupId !== "cell") || skips === 0 || kept === 0) return "ok";
  if (skips >= Math.ceil((6 * kept) / 8)) return "collapsed";
  return (limit === null ? skips >= Math.ceil((3 * kept) / 8) : skips > limit) ? "many" : "ok";
}
