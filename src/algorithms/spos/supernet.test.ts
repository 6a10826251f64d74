import { describe, expect, it } from "vitest";
import { macro8 } from "@/nas/space/macro8";
import { fromJson, initialState, toJson } from "./state";
import { bookLoss } from "./supernet";

describe("booking of losses", () => {
  const space = macro8("nano");
  const booked = () => {
    const state = initialState(space);
    state.path = new Int8Array(8);
    state.shares.fill(1 / 3);
    // Choice 0 everywhere, then choice 1 everywhere: two steps whose losses have been read.
    bookLoss(state, 2, Array.from({ length: 8 }, (_, slot) => 3 * slot));
    bookLoss(state, 4, Array.from({ length: 8 }, (_, slot) => 3 * slot + 1));
    return state;
  };

  it("counts a step when its loss is there, so that mean and spread are of the counted steps", () => {
    const { counts, lossSum, lossSquares } = booked();
    expect([counts[0], counts[1], counts[2]]).toEqual([1, 1, 0]);
    expect([(lossSum[0] as number) / (counts[0] as number), (lossSum[1] as number) / (counts[1] as number)]).toEqual([2, 4]);
    const mean = (lossSum[0] as number) / (counts[0] as number);
    expect((lossSquares[0] as number) / (counts[0] as number) - mean * mean).toBe(0);
  });

  it("expects what the sampler's shares say of the counted paths, also for several paths a step", () => {
    const state = booked();
    expect(state.expected[0]).toBeCloseTo(2 / 3, 12);
    // One strictly fair step: three paths, every choice once.
    bookLoss(state, 3, Array.from({ length: 24 }, (_, cell) => cell));
    for (let slot = 0; slot < 8; slot++) {
      const sum = (of: Float64Array) => of.subarray(3 * slot, 3 * slot + 3).reduce((a, b) => a + b, 0);
      expect(sum(state.expected)).toBeCloseTo(sum(state.counts), 12);
    }
  });

  it("survives a checkpoint", () => {
    const state = booked();
    expect(fromJson(JSON.parse(JSON.stringify(toJson(state))), space)).toEqual(state);
  });
});
