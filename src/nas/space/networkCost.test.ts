import { describe, expect, it } from "vitest";
import { costOf } from "../cost";
import { choicesOfGenotype } from "../cell/choices";
import { publishedGenotypes } from "../cell/published";
import { networkCost } from "./networkCost";
import { makeSpace } from "./registry";

describe("the price of what is trained", () => {
  const space = makeSpace("darts-cell", "nano");
  const choices = choicesOfGenotype(publishedGenotypes.DARTS_V2);

  it("is the size's where nothing else is asked for", () => {
    expect(networkCost(space, choices)).toEqual(space.cost(choices));
    expect(networkCost(makeSpace("macro8", "nano"), makeSpace("macro8", "nano").decode("11111111") ?? {}, { width: 4 }).macs).toBeGreaterThan(0);
  });

  it("is that of the paper's network at its width and depth, whatever training adds", () => {
    const full = makeSpace("darts-cell", "full");
    const cost = networkCost(full, choices, { width: 36, cells: 20, auxiliary: 0.4, dropPath: 0.2 });
    expect([cost.params, cost.macs]).toEqual([3_349_342, 528_359_040]);
    expect(networkCost(space, choices, { width: 12 })).toEqual(costOf(space.network?.(choices, { width: 12 }) ?? space.graph(choices)));
    expect(networkCost(space, choices, { width: 12 }).params).toBeGreaterThan(space.cost(choices).params);
  });
});
