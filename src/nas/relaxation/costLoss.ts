/**
 * Losses that join cross entropy and an expected cost (spec fbnet 1.4 and 2.3), with both partial derivatives. Costs are in the unit of the table:
 * microseconds of a latency, or MACs/1000; ln needs it above 1, so it is clamped to e from below.
 */

/**
 * `paper`: α·CE·(ln LAT)^β, arXiv 1812.03443 eq. 2. `inner`: α·CE·ln(LAT^β), a widespread reading in which β is only a factor. `additive`:
 * CE + α·LAT^β. `additiveLog`: CE + α·(ln LAT)^β. `normalised`: CE + α·LAT/β, FBNetV2's λ with β the cost of the largest member.
 */
export const costLossKinds = ["paper", "inner", "additive", "additiveLog", "normalised"] as const;
export type CostLossKind = (typeof costLossKinds)[number];

export interface CostLossConstants {
  readonly alpha: number;
  readonly beta: number;
}

export interface CostLoss {
  readonly loss: number;
  /** ∂loss/∂CE: what the cross entropy's gradient is scaled by. */
  readonly dCe: number;
  readonly dCost: number;
}

export function costLoss(kind: CostLossKind, ce: number, cost: number, { alpha, beta }: CostLossConstants): CostLoss {
  const at = Math.max(Math.E, cost);
  // Clamped, the cost no longer moves the loss.
  const moves = cost >= Math.E ? 1 : 0;
  const log = Math.log(at);
  switch (kind) {
    case "paper":
      return { loss: alpha * ce * log ** beta, dCe: alpha * log ** beta, dCost: (moves * alpha * beta * ce * log ** (beta - 1)) / at };
    case "inner":
      return { loss: alpha * beta * ce * log, dCe: alpha * beta * log, dCost: (moves * alpha * beta * ce) / at };
    case "additive":
      return { loss: ce + alpha * at ** beta, dCe: 1, dCost: moves * alpha * beta * at ** (beta - 1) };
    case "additiveLog":
      return { loss: ce + alpha * log ** beta, dCe: 1, dCost: (moves * alpha * beta * log ** (beta - 1)) / at };
    case "normalised":
      return { loss: ce + (alpha * cost) / beta, dCe: 1, dCost: alpha / beta };
    default:
      return kind satisfies never;
  }
}
