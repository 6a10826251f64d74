/** Masks of FBNetV2 against their definition and the reference values. */
import { describe, expect, it } from "vitest";
import golden from "@/golden/fbnet/dmask.json";
import { maskGradient, maskOf } from "./masks";

describe("channel masks", () => {
  it("keep the first channels of every option, by its weight", () => {
    expect([...maskOf([0.25, 0.5, 0.25], [1, 2, 4], 4)]).toEqual([1, 0.75, 0.25, 0.25]);
    expect([...maskOf([0, 1], [2, 4], 6)]).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it.each(golden.cases.map((one, i) => [i, one] as const))("equal the reference, case %i", (_, { g, options, mask }) => {
    const got = maskOf(g.data, options, mask.data.length);
    got.forEach((value, c) => expect(value).toBeCloseTo(mask.data[c] ?? Number.NaN, 7));
  });

  it("pass back the sum over the channels that an option keeps", () => {
    expect([...maskGradient([1, 2, 4, 8], [1, 2, 4])]).toEqual([1, 3, 15]);
    // Σ dM·M is linear in g: its slope is the gradient.
    const [dMask, widths] = [[0.3, -1, 2, 0.5, 7], [2, 3, 5]];
    const value = (g: readonly number[]): number => maskOf(g, widths, 5).reduce((sum, m, c) => sum + m * (dMask[c] ?? 0), 0);
    maskGradient(dMask, widths).forEach((slope, i) => expect(value(widths.map((__, k) => Number(k === i)))).toBeCloseTo(slope, 12));
  });

  it("of too few numbers are no numbers", () => {
    expect([...maskOf([1], [2, 4], 2)]).toEqual([Number.NaN, Number.NaN]);
    expect([...maskGradient([1], [2])]).toEqual([Number.NaN]);
  });
});
