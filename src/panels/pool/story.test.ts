/** Motion as data: births, turns, and when nothing moves; and the timeline behind the cursor. */
import { describe, expect, it } from "vitest";
import { fakeContext } from "../testing/fakeDom";
import { fakeRun } from "../testing/fakeRun";
import { drawPool } from "./draw";
import { layoutPool } from "./layout";
import { buildPoolModel } from "./model";
import { advanceStory, isMoving, noStory, travelled, turning, travelMs, turnMs } from "./story";
import { PoolTimeline } from "./timeline";
import type { Tokens } from "@/viz/tokens";

describe("story", () => {
  const first = advanceStory(noStory, [0, 1, 2], 0, 0, false);

  it("does not give birth to what was there at first sight", () => {
    expect(first.births.size).toBe(0);
    expect(isMoving(first, 0)).toBe(false);
  });

  it("lets a new candidate travel from its parent for 400 ms", () => {
    const story = advanceStory(first, [0, 1, 2, 3], 0, 1000, false);
    expect(travelled(story, 3, 1000)).toBe(0);
    expect(travelled(story, 3, 1000 + travelMs / 2)).toBeGreaterThan(0.5);
    expect(travelled(story, 3, 1000 + travelMs)).toBe(1);
    expect([isMoving(story, 1100), isMoving(story, 1000 + travelMs)]).toEqual([true, false]);
  });

  it("tells a turn of generations for 1.2 s: losers fade, parents pulse", () => {
    const story = advanceStory(first, [0, 1, 2, 3], 1, 5000, false);
    expect(turning(story, 5000)).toEqual({ fade: 1, pulse: 1 });
    expect(turning(story, 5000 + turnMs / 2).pulse).toBeCloseTo(1.6, 12);
    expect(turning(story, 5000 + turnMs)).toEqual({ fade: 0, pulse: 1 });
  });

  it("skips turns that come within a second, floods of candidates, and reduced motion", () => {
    const one = advanceStory(first, [0, 1, 2, 3], 1, 5000, false);
    expect(turning(advanceStory(one, [0, 1, 2, 3, 4], 2, 5500, false), 5600)).toEqual({ fade: 0, pulse: 1 });
    const flood = Array.from({ length: 40 }, (_, i) => i);
    expect(advanceStory(first, flood, 0, 1000, false).births.size).toBe(0);
    expect(isMoving(advanceStory(first, [0, 1, 2, 3], 1, 5000, true), 5000)).toBe(false);
  });

  it("starts over with another run", () => {
    expect(advanceStory(first, [0], 0, 9000, false)).toMatchObject({ known: 0, births: new Map() });
  });
});

describe("draw", () => {
  it("draws every mark, and a travelling child away from its place", () => {
    const run = fakeRun({ steps: 1, candidates: 40 });
    const base = {
      space: run.space,
      metric: "macs",
      limit: null,
      min: null,
      topk: 5,
      plannedGenerations: 4,
      rejected: { infeasible: 0, duplicate: 0 },
      focus: {},
      pinA: null,
      pinB: null,
    } as const;
    const layout = layoutPool(buildPoolModel({ ...base, candidates: run.candidates }), { width: 600, height: 200 });
    const style = { theme: "light", tokens: fakeTokens, scale: 1 } as const;
    const still = fakeContext();
    drawPool(still.context, layout, style, noStory, 0);
    const shapes = still.calls.filter((c) => c.name === "stroke");
    expect(shapes.length).toBe(layout.marks.length + layout.random.length + (layout.strip?.randomDots.length ?? 0));
    const child = layout.marks.find((p) => p.mark.shape === "crossover");
    if (!child) throw new Error("a crossover expected");
    const moving = fakeContext();
    drawPool(moving.context, layout, style, { ...noStory, births: new Map([[child.mark.candidate.index, 0]]) }, 0);
    const rects = (calls: typeof moving.calls) => JSON.stringify(calls.filter((c) => c.name === "rect"));
    expect(rects(moving.calls)).not.toBe(rects(still.calls));
  });
});

const fakeTokens = Object.fromEntries(
  [
    "bg",
    "surface",
    "raised",
    "ink",
    "ink2",
    "ink3",
    "line",
    "lineStrong",
    "grid",
    "accent",
    "accentInk",
    "warn",
    "bad",
    "good",
    "past",
  ].map((name) => [name, "#000"]),
) as Tokens;

describe("timeline", () => {
  it("knows how many candidates there were at a step and starts over with another run", () => {
    const timeline = new PoolTimeline();
    timeline.record(100, 3);
    timeline.record(100, 5);
    timeline.record(120, 9);
    expect([99, 100, 119, 120, 999].map((s) => timeline.countAt(s))).toEqual([0, 5, 5, 9, 9]);
    timeline.record(0, 0);
    expect(timeline.countAt(999)).toBe(0);
    timeline.record(50, 1);
    expect(timeline.countAt(50)).toBe(1);
  });
});
