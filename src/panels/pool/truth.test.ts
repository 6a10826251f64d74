/** Predicted against true: distinct networks, τ-b and baselines recomputed on those shown. */
import { describe, expect, it } from "vitest";
import type { Candidate } from "@/nas/candidate";
import { fakeCandidate } from "@/nas/fakeCandidate";
import { makeSpace } from "@/nas/space/registry";
import { describeTruth } from "./describe";
import { buildTruth, ceilingTau, type TruthTable } from "./truth";
import { gaugePosition, gaugeTicks, layoutTruth } from "./truthLayout";

const space = makeSpace("macro8", "nano");
const ids = ["00000000", "10000000", "11000000", "22000000", "22200000", "22222222"];
const table: TruthTable = {
  ids,
  accuracy: Float64Array.of(0.45, 0.8, 0.85, 0.9, 0.91, 0.93),
  macs: Float64Array.of(1, 3, 2, 4, 5, 6),
  params: Float64Array.of(1, 2, 3, 4, 5, 6),
  rows: 6,
  original: true,
};

function evaluated(scores: readonly number[], over: Partial<Candidate> = {}): Candidate[] {
  return scores.map((accuracy, index) =>
    fakeCandidate({ index, id: ids[index] ?? "", choices: space.decode(ids[index] ?? "") ?? {}, ...over, accuracy }),
  );
}

describe("truth", () => {
  it("is 1 for the right order, −1 for the reverse, NaN without an order", () => {
    expect(buildTruth(space, table, evaluated([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])).tau).toBe(1);
    expect(buildTruth(space, table, evaluated([0.6, 0.5, 0.4, 0.3, 0.2, 0.1])).tau).toBe(-1);
    expect(buildTruth(space, table, evaluated([0.5])).tau).toBeNaN();
    expect(buildTruth(space, table, evaluated([0.5, 0.5, 0.5])).tau).toBeNaN();
    expect(buildTruth(space, table, []).points).toEqual([]);
  });

  it("recomputes the baselines on the networks shown, FLOPs from the table", () => {
    const model = buildTruth(space, table, evaluated([0.1, 0.2, 0.3]));
    expect(model.flopsTau).toBeCloseTo(1 / 3, 12);
    expect(model.layersTau).toBe(1);
    expect(buildTruth(space, table, evaluated([0.1, 0.2, 0.3, 0.4])).flopsTau).toBeCloseTo(4 / 6, 12);
    // Layers 0, 1, 2, 2: one tie, five concordant pairs.
    expect(buildTruth(space, table, evaluated([0.1, 0.2, 0.3, 0.4])).layersTau).toBeCloseTo(5 / Math.sqrt(5 * 6), 12);
  });

  it("counts a network once, whichever arms met it, and leaves out what the table lacks", () => {
    const both = [
      ...evaluated([0.1, 0.2, 0.3]),
      ...evaluated([0.1, 0.2, 0.3, 0.4], { arm: "random" }),
      fakeCandidate({ index: 9, id: "12121212" }),
      fakeCandidate({ index: 10, id: ids[5] ?? "", accuracy: null }),
    ];
    const model = buildTruth(space, table, both);
    expect(model.points).toHaveLength(4);
    expect([model.evolution, model.randomOnly]).toEqual([3, 1]);
  });

  it("warns below the layer count and marks narrower copies as proxy", () => {
    const bad = buildTruth(space, table, evaluated([0.6, 0.5, 0.4, 0.3, 0.2, 0.1]));
    expect([bad.isBelowLayers, bad.isProxy]).toEqual([true, true]);
    expect(describeTruth(bad)).toContain("Counting non-identity layers would have ranked these networks better");
    expect(describeTruth(bad)).toContain("τ-b −1.00 over 6 distinct networks (proxy)");
    const good = buildTruth(makeSpace("macro8", "full"), table, evaluated([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]));
    expect([good.isBelowLayers, good.isProxy]).toEqual([false, false]);
  });
});

describe("truth layout", () => {
  it("places points and the table's distribution inside the plot", () => {
    const model = buildTruth(space, table, evaluated([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]));
    const { plot, spots, background } = layoutTruth(model, { width: 500, height: 200 });
    expect(spots).toHaveLength(6);
    for (const { x, y } of spots) {
      expect(x >= plot.x && x <= plot.x + plot.width).toBe(true);
      expect(y >= plot.y && y <= plot.y + plot.height + 1e-9).toBe(true);
    }
    expect(Math.max(...background.map((b) => b.width))).toBeGreaterThan(0);
  });

  it("shows 0–1 of the gauge and holds worse than chance at its left end", () => {
    expect([gaugePosition(0.4), gaugePosition(-0.3), gaugePosition(NaN)]).toEqual([0.4, 0, null]);
    const ticks = gaugeTicks(buildTruth(space, table, evaluated([0.1, 0.2, 0.3])));
    expect(ticks.map((t) => t.letter).join("")).toBe("FLC");
    expect(ticks[2]?.at).toBe(ceilingTau);
  });
});
