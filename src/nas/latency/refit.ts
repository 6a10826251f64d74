/** The additivity check of a table whose entries have changed: the same whole networks, with what the entries say now. */
import type { Space } from "../space/types";
import { fitOf } from "./fit";
import { costsOf, type LatencyCosts, type LatencyTable, sumOf } from "./table";

/** Sum of the costs over a member by its gene string; null when it is none, or has no sum. */
export function sumOfMember(costs: LatencyCosts, space: Space, id: string): number | null {
  const choices = space.decode(id);
  if (choices === null) return null;
  const sum = sumOf(costs, space.mutables.map((mutable) => mutable.choices.findIndex((choice) => choice === choices[mutable.id])));
  return Number.isFinite(sum) ? sum : null;
}

/** The table with the sums of its points, and so its fit, by its present entries. With holes in it the fit stays. */
export function refit(table: LatencyTable, space: Space): LatencyTable {
  const costs = space.latency ? costsOf(table, space.latency) : null;
  const { points = [] } = table.fit;
  if (costs === null || points.length === 0) return table;
  const again = points.flatMap(({ id, measured }) => {
    const sum = sumOfMember(costs, space, id);
    return sum === null ? [] : [{ id, sum, measured }];
  });
  return { ...table, fit: fitOf(again) };
}
