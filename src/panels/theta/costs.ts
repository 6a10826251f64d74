/** Costs by layer and candidate in the unit that the run weighs, the target in that unit, and both in words. Pure. */
import { costsOf, type LatencyCosts, type LatencyTable } from "@/nas/latency/table";
import { countCosts } from "@/nas/relaxation/tableCost";
import type { Space } from "@/nas/space/types";
import { plainTarget } from "@/nas/relaxation/searchLoss";
import type { ExperimentState } from "@/store/experiment";
import { text as copy } from "@/viz/copy";
import { costText } from "@/viz/copy/latency";

export type Config = ExperimentState["config"];
export type CostMetric = Config["fbnet.metric"];

/** What a run's metric is; masks have no latency table. */
export function metricOf(config: Pick<Config, "algorithm" | "fbnet.metric">): CostMetric {
  const metric = config["fbnet.metric"];
  return config.algorithm === "fbnet-v2" && metric === "latency" ? "macs" : metric;
}

/** A cost inside a sentence: `296 k MACs`. */
export function costWords(value: number, metric: CostMetric): string {
  return metric === "latency" ? costText(value, metric) : `${costText(value, metric)} ${copy.theta.metric[metric]}`;
}

/** `fbnet.target` in µs, MACs or parameters, as the search reads it. */
export function targetOf(config: Pick<Config, "algorithm" | "fbnet.metric" | "fbnet.target">): number | null {
  const target = config["fbnet.target"];
  return target === null ? null : plainTarget(metricOf(config), target);
}

export interface LayerPrices {
  /** µs, MACs or parameters. */
  readonly costs: LatencyCosts;
  /** What is counted: MACs stand in for a latency that has no table yet. */
  readonly metric: CostMetric;
}

/** Prices by slot and choice; null for a space that has none by layer. */
export function layerPrices(space: Space, metric: CostMetric, table: LatencyTable | null): LayerPrices | null {
  if (metric === "latency" && table && space.latency && table.space.id === space.id && table.space.size === space.size) {
    const costs = costsOf(table, space.latency);
    if (costs) return { costs, metric };
  }
  if (!("costTable" in space)) return null;
  const counted = metric === "params" ? "params" : "macs";
  const { fixed, slots } = countCosts(space, counted);
  return { costs: { fixed: 1000 * fixed, slots: slots.map((row) => row.map((cost) => 1000 * cost)) }, metric: counted };
}
