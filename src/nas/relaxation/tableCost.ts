/** Costs that add up over layers, as a sum of expectations: measured latencies, and counts of spaces with a price table (spec fbnet 1.4, 1.5). */
import { AppError } from "@/lib/appError";
import type { LatencyCosts } from "../latency/table";
import type { SinglePathSpace } from "../space/singlePath";
import type { Space } from "../space/types";
import type { CostModel } from "./costModel";

/** fixed + Σ_l Σ_i p_{l,i}·slots[l][i]: a term of its own for what every member has, then one a layer. */
export function tableModel({ fixed, slots }: LatencyCosts): CostModel {
  return {
    rows: slots.map((choices) => choices.length),
    forms: slots.map((values, row) => ({ row, values })),
    terms: [{ times: fixed, forms: [] }, ...slots.map((_, row) => ({ times: 1, forms: [row] }))],
  };
}

const isPriced = (space: Space): space is SinglePathSpace => "costTable" in space;

/** Thousands of MACs or of parameters by layer and candidate: what stands in for a latency. Throws `bug` for a space without a price table. */
export function countCosts(space: Space, metric: "macs" | "params"): LatencyCosts {
  if (!isPriced(space)) throw new AppError("bug", `${space.id} has no price table`);
  const { base, slots } = space.costTable;
  return { fixed: base[metric] / 1000, slots: slots.map((costs) => costs.map((cost) => cost[metric] / 1000)) };
}
