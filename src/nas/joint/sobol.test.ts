import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { sobolDimensions, sobolPoints } from "./sobol";

// Points and direction numbers themselves are held to the reference file by the parity command's own test.
describe("quasi-random points", () => {
  it("put one of 2^k points into every interval of length 2^-k, in each of 32 dimensions", () => {
    const stream = sobolPoints(sobolDimensions, rootKey(1).stream());
    // x_0, the corner, is left out.
    const points = [new Float64Array(sobolDimensions), ...Array.from({ length: 63 }, () => stream.next())];
    for (let d = 0; d < sobolDimensions; d++) expect([...new Set(points.map((x) => Math.floor(64 * (x[d] as number))))].length).toBe(64);
  });

  it("draw what lies beyond the numbered dimensions, and nothing else", () => {
    const [wide, plain] = [sobolPoints(sobolDimensions + 2, rootKey(1).stream()), sobolPoints(sobolDimensions, rootKey(2).stream())];
    const rng = rootKey(1).stream();
    for (let i = 0; i < 5; i++) expect([...wide.next()]).toEqual([...plain.next(), rng.next(), rng.next()]);
  });
});
