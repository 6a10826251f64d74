import { describe, expect, it } from "vitest";
import { cornerOf } from "./inherit";

const count = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i);

describe("the corner of a tensor", () => {
  it("of a vector is its front", () => {
    expect([...cornerOf(count(8), [8], [3])]).toEqual([0, 1, 2]);
  });

  it("of a kernel keeps the taps and the first channels of either side", () => {
    const [k, cin, cout] = [3, 4, 6];
    const all = count(k * k * cin * cout);
    const some = cornerOf(all, [k, k, cin, cout], [k, k, 2, 5]);
    for (let tap = 0; tap < k * k; tap++)
      for (let i = 0; i < 2; i++) for (let o = 0; o < 5; o++) expect(some[(tap * 2 + i) * 5 + o]).toBe((tap * cin + i) * cout + o);
  });

  it("of a depthwise kernel, whose last axis is one", () => {
    expect([...cornerOf(count(2 * 2 * 3), [2, 2, 3, 1], [2, 2, 2, 1])]).toEqual([0, 1, 3, 4, 6, 7, 9, 10]);
  });

  it("is the whole where nothing is cut, and refused where there is more than the whole", () => {
    expect([...cornerOf(count(6), [2, 3], [2, 3])]).toEqual([...count(6)]);
    expect(() => cornerOf(count(6), [2, 3], [2, 4])).toThrow(/corner/);
    expect(() => cornerOf(count(6), [6], [2, 3])).toThrow(/corner/);
  });
});
