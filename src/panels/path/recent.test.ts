/** At most four paths a second, none lost from the count. */
import { describe, expect, it } from "vitest";
import { minGapMs, noRecent, takeSample, trailLength } from "./recent";

const at = (step: number, sampled = 5) => ({ step, path: Int8Array.of(step % 3, 1), sampled });

describe("takeSample", () => {
  it("shows a path, then counts what comes within 250 ms", () => {
    let recent = takeSample(noRecent, at(1), 0, false);
    expect(recent).toMatchObject({ paths: [[1, 1]], of: 5 });
    recent = takeSample(recent, at(2), 100, false);
    recent = takeSample(recent, at(3), 200, false);
    expect(recent).toMatchObject({ paths: [[1, 1]], of: 5, waiting: 10 });
    recent = takeSample(recent, at(4), minGapMs, false);
    expect(recent).toMatchObject({
      paths: [
        [1, 1],
        [1, 1],
      ],
      of: 15,
      waiting: 0,
    });
  });

  it("counts a repeated frame once and ignores frames without a path", () => {
    const first = takeSample(noRecent, at(1), 0, false);
    expect(takeSample(first, at(1), 900, false)).toBe(first);
    expect(takeSample(first, { step: 2, path: [], sampled: 0 }, 900, false)).toBe(first);
    const counted = takeSample(first, at(2), 10, false);
    expect(takeSample(counted, at(2), 20, false).waiting).toBe(counted.waiting);
  });

  it("shows the last path of a paused run at once", () => {
    const first = takeSample(noRecent, at(1), 0, false);
    expect(takeSample(first, at(2), 10, true).paths[0]).toEqual([2, 1]);
  });

  it("shows the last path when the pause repeats a step that was only counted", () => {
    const counted = takeSample(takeSample(noRecent, at(1), 0, false), at(2), 10, false);
    expect(takeSample(counted, at(2), 20, true)).toMatchObject({
      paths: [
        [2, 1],
        [1, 1],
      ],
      of: 5,
      waiting: 0,
    });
  });

  it("keeps a bounded trail and starts over with another run", () => {
    let recent = noRecent;
    for (let step = 1; step <= 30; step++) recent = takeSample(recent, at(step), step * 1000, false);
    expect(recent.paths).toHaveLength(trailLength + 1);
    expect(takeSample(recent, at(1), 31_000, false).paths).toHaveLength(1);
  });
});
