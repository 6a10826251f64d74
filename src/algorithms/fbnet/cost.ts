/**
 * The cost side of a stochastic search: which expectation is weighed (a latency table, MACs or parameters), from where on it counts (the target), and
 * how it enters the loss (spec fbnet 1.4, 2.3).
 */
import { AppError } from "@/lib/appError";
import { type LatencyCosts, costsOf, type LatencyTable } from "@/nas/latency/table";
import { costLoss } from "@/nas/relaxation/costLoss";
import { type CostModel, expectedCost } from "@/nas/relaxation/costModel";
import { lossConstants, plainTarget } from "@/nas/relaxation/searchLoss";
import { countCosts, tableModel } from "@/nas/relaxation/tableCost";
import type { Space } from "@/nas/space/types";
import type { CostMetric, RunConfig } from "../configKeys";

export interface SearchCost {
  readonly metric: CostMetric;
  /** In the loss's unit: µs, or thousands of MACs or parameters of layers; plain counts of masks. */
  readonly model: CostModel;
  /** Loss unit times this is µs, MACs or parameters. */
  readonly scale: number;
  /** Cost of the dearest member, loss unit. */
  readonly most: number;
  /** Of the cheapest. */
  readonly least: number;
}

/** Costs by layer and candidate in the loss's unit. Throws `bug` when the table does not fit; it was checked when it was taken. */
export function layerCosts(space: Space, metric: CostMetric, table: LatencyTable | null): LatencyCosts {
  if (metric !== "latency") return countCosts(space, metric);
  const costs = table && space.latency ? costsOf(table, space.latency) : null;
  if (costs === null) throw new AppError("bug", "a latency search without a table");
  return costs;
}

export function costOfLayers(space: Space, metric: CostMetric, table: LatencyTable | null): SearchCost {
  const costs = layerCosts(space, metric, table);
  const sum = (pick: (row: readonly number[]) => number): number => costs.slots.reduce((total, row) => total + pick(row), costs.fixed);
  return { metric, model: tableModel(costs), scale: metric === "latency" ? 1 : 1000, most: sum((row) => Math.max(...row)), least: sum((row) => Math.min(...row)) };
}

export function costOfMasks(space: Space, config: RunConfig): SearchCost {
  const metric = config["fbnet.metric"] === "params" ? "params" : "macs";
  if (!space.masked) throw new AppError("bug", `${space.id} has no masks`);
  const { model, max } = space.masked.cost(config["fbnet2.share"], metric);
  const { min } = space.extremes(metric);
  return { metric, model, scale: 1, most: max, least: space.cost(min.choices)[metric] };
}

/** `fbnet.target` in the loss's unit. */
export function targetOf({ metric, scale }: Pick<SearchCost, "metric" | "scale">, config: Pick<RunConfig, "fbnet.target">): number | null {
  const target = config["fbnet.target"];
  return target === null ? null : plainTarget(metric, target) / scale;
}

const units: Readonly<Record<CostMetric, (value: number) => string>> = {
  latency: (us) => `${(us / 1000).toPrecision(3)} ms`,
  macs: (n) => `${(n / 1e6).toPrecision(3)} M MACs`,
  params: (n) => `${(n / 1e3).toPrecision(4)} k parameters`,
};

export function costText({ metric, scale }: Pick<SearchCost, "metric" | "scale">, value: number): string {
  return units[metric](value * scale);
}

/** Throws `config.invalid` when nothing in the space is as cheap as the target. */
export function refuseUnreachable(cost: SearchCost, config: RunConfig): void {
  const target = targetOf(cost, config);
  if (target === null || target >= cost.least) return;
  throw new AppError("config.invalid", `The target of ${costText(cost, target)} cannot be reached: the cheapest network of this space costs ${costText(cost, cost.least)}.`, {
    recoverable: true,
    hint: `Take fbnet.target of ${costText(cost, cost.least)} or more, or none.`,
  });
}

export interface StepLoss {
  /** What the gradients of the cross entropy are multiplied by. */
  readonly scale: number;
  /** ∂L/∂weights of the cost term, by row. */
  readonly slopes: readonly Float64Array[];
  /** Expected cost of the draw, loss unit. */
  readonly expected: number;
}

/** The joint loss at a cross entropy and a draw; the cost ends to press at the target. */
export function stepLoss(cost: SearchCost, config: RunConfig, ce: number, weights: readonly ArrayLike<number>[]): StepLoss {
  const { total, gradient } = expectedCost(cost.model, weights);
  const target = targetOf(cost, config);
  const presses = target === null || total > target;
  const { dCe, dCost } = costLoss(config["fbnet.loss"], ce, presses ? total : target, lossConstants(config["fbnet.loss"], config["fbnet.weight"], cost.most));
  return { scale: dCe, slopes: gradient.map((row) => (presses ? row.map((slope) => slope * dCost) : new Float64Array(row.length))), expected: total };
}

/** Cost that P_θ expects, loss unit: no noise, no temperature. */
export function expectation(cost: SearchCost, probabilities: readonly ArrayLike<number>[]): number {
  return expectedCost(cost.model, probabilities).total;
}
