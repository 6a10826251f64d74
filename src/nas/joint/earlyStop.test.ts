import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/jointnas.json";
import { earlyStop, rankThreshold } from "./earlyStop";

const { curves, spearmanToFinal, threshold, epoch } = golden.earlyStop;
const [rows = 0, columns = 0] = curves.shape;
const goldenCurves = Array.from({ length: rows }, (_, i) => curves.data.slice(i * columns, (i + 1) * columns));

describe("earlyStop", () => {
  it("finds the golden epoch by the golden correlations", () => {
    const found = earlyStop(goldenCurves);
    found.spearman.forEach((rho, e) => expect(rho).toBeCloseTo(spearmanToFinal[e] as number, 8));
    expect([found.epoch, found.threshold, threshold]).toEqual([epoch, rankThreshold, 0.92]);
    expect(found.kendall).toHaveLength(columns);
    expect([found.spearman.at(-1), found.kendall.at(-1)]).toEqual([1, 1]);
  });

  it("takes the first epoch that reaches the threshold, whatever comes after it", () => {
    // Ranks of three networks: right at epoch 2, wrong at 3, right at the end.
    const some = [[0.3, 0.1, 0.3, 0.1], [0.2, 0.2, 0.2, 0.2], [0.1, 0.3, 0.1, 0.3]];
    expect(earlyStop(some)).toMatchObject({ spearman: [-1, 1, -1, 1], kendall: [-1, 1, -1, 1], epoch: 2 });
  });

  it("goes on to the end where nothing before it does", () => {
    expect(earlyStop([[0.3, 0.2, 0.1], [0.1, 0.2, 0.3], [0.2, 0.3, 0.2]]).epoch).toBe(3);
  });

  it("takes what the threshold asks for", () => {
    expect([0.2, 0.7, 0.98, 1].map((t) => earlyStop(goldenCurves, t).epoch)).toEqual([1, 2, 6, 8]);
  });

  it("learns nothing from an epoch after which all are equal", () => {
    const found = earlyStop([[0.1, 0.2], [0.1, 0.3]]);
    expect([found.spearman[0], found.kendall[0], found.epoch]).toEqual([Number.NaN, Number.NaN, 2]);
  });

  it("compares as many epochs as all have", () => {
    expect(earlyStop([[0.1, 0.2, 0.9], [0.2, 0.3]])).toMatchObject({ spearman: [1, 1], epoch: 1 });
  });
});
