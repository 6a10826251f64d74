/** What the settings of a search that weighs a cost mean for its loss (spec fbnet 1.4, 1.5): said here once, for the search and for what shows it. */
import type { CostLossConstants, CostLossKind } from "./costLoss";

/** α of `paper` and `inner`, and the exponent of the kinds whose weight is α. */
export const paperAlpha = 0.2;
export const paperBeta = 0.6;

/** `weight`: β of `paper`, α of the additive kinds, λ of `normalised`, without effect in `inner`. `most`: cost of the dearest member, loss unit. */
export function lossConstants(kind: CostLossKind, weight: number, most: number): CostLossConstants {
  switch (kind) {
    case "paper":
      return { alpha: paperAlpha, beta: weight };
    case "inner":
      return { alpha: paperAlpha, beta: paperBeta };
    case "additive":
    case "additiveLog":
      return { alpha: weight, beta: paperBeta };
    case "normalised":
      return { alpha: weight, beta: most };
    default:
      return kind satisfies never;
  }
}

/** A target as it is typed, in µs, MACs or parameters: milliseconds of a latency; of counts, numbers below a thousand are millions. */
export function plainTarget(metric: "latency" | "macs" | "params", typed: number): number {
  if (metric === "latency") return typed * 1000;
  return typed < 1000 ? typed * 1e6 : typed;
}
