import { describe, expect, it } from "vitest";
import { sumOf } from "../latency/table";
import { fbnetV1 } from "../space/fbnetV1";
import { nasbench201 } from "../space/nasbench201";
import { expectedCost } from "./costModel";
import { countCosts, tableModel } from "./tableCost";

const oneHot = (genes: readonly number[], rows: readonly number[]): number[][] => rows.map((options, row) => Array.from({ length: options }, (_, i) => Number(genes[row] === i)));

describe("tableModel", () => {
  const costs = { fixed: 60, slots: [[10, 20, 0], [5, 7]] };

  it("adds layers to what is fixed", () => {
    const { total, terms, gradient } = expectedCost(tableModel(costs), [[0.5, 0.25, 0.25], [0.5, 0.5]]);
    expect(terms).toEqual([60, 10, 6]);
    expect(total).toBe(76);
    expect(gradient.map((row) => [...row])).toEqual(costs.slots);
  });

  it("is the table's sum at certainty", () => {
    const model = tableModel(costs);
    for (const genes of [[0, 0], [1, 1], [2, 0]]) expect(expectedCost(model, oneHot(genes, model.rows)).total).toBe(sumOf(costs, genes));
  });
});

describe("countCosts", () => {
  it.each(["macs", "params"] as const)("%s: thousands, equal to the member's price", (metric) => {
    const space = fbnetV1("nano");
    const costs = countCosts(space, metric);
    for (const genes of [[0, 1, 2, 3, 4], [4, 4, 4, 4, 4], [2, 3, 0, 3, 1]]) expect(sumOf(costs, genes)).toBeCloseTo(space.cost(space.fromGenes(genes))[metric] / 1000, 9);
  });

  it("refuses a space without a price table", () => {
    expect(() => countCosts(nasbench201("nano"), "macs")).toThrow("no price table");
  });
});
