/** Segments, percent and the sentence of the progress bar. */
import { describe, expect, it } from "vitest";
import { latestState } from "@/ui/testing/runFixture";
import { etaText, progressModel } from "./progressModel";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("progressModel", () => {
  it("has everything ahead before a run", () => {
    const model = progressModel(null);
    expect(model.segments.map((segment) => segment.state)).toEqual(Array.from({ length: 6 }, () => "ahead"));
    expect(plain(model.valueText)).toBe("0 %, not started");
    expect(model.skip).toBeNull();
  });

  it("fills the phases before the running one", () => {
    const model = progressModel(latestState({ phase: "search", done: 16, total: 64, progress: 0.41, eta: [120, 120] }));
    expect(model.segments.map((segment) => segment.state)).toEqual(["done", "done", "done", "now", "ahead", "ahead"]);
    expect(model.segments[3]?.fill).toBe(0.25);
    expect(model.percent).toBe(41);
    expect(plain(model.valueText)).toBe("41 %, Search, ~2 min left");
    expect(model.skip).toBe("Retrain now");
  });

  it("is full and without a button at the end", () => {
    const model = progressModel(latestState({ phase: "test", status: "complete", progress: 0.997 }));
    expect(model.percent).toBe(100);
    expect(model.eta).toBe("");
    expect(model.skip).toBeNull();
    expect(model.segments.every((segment) => segment.state === "done")).toBe(true);
  });

  it("survives a phase without work", () => {
    expect(progressModel(latestState({ done: 0, total: 0 })).segments[1]?.fill).toBe(0);
  });
});

it("writes a range until the estimate settles", () => {
  expect(plain(etaText([100, 260]))).toBe("2 min – 4 min");
  expect(plain(etaText([118, 122]))).toBe("~2 min");
  expect(etaText(null)).toBe("");
});
