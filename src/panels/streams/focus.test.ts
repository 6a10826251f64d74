/** Rows and ops as the page's focus, ink by focus, zoom, slide, calm labels and the picture of the heat view. */
import { describe, expect, it } from "vitest";
import type { AlphaGroup } from "@/nas/space/types";
import { rowSoftmax } from "@/store/alphaHistory";
import { fakeAlphaGroups, fakeAlphaValues } from "../testing/fakeAlpha";
import { fakeContext } from "../testing/fakeDom";
import { type DrawStyle, drawStreams } from "./draw";
import { edgeOf, focusOf, inkLevel, isOpLit, isRowLit, zoomSpan } from "./focus";
import { heatPixels, heatTop } from "./heat";
import { labelsOf, waitFor } from "./labels";
import { layoutPanel } from "./layout";
import { buildStreams, type StreamRow } from "./model";
import { nextSlide, noSlide, slideMs, stretchAt } from "./slide";
import { makeData } from "./useStreamsData";

const cells = fakeAlphaGroups(2);
const layers: readonly AlphaGroup[] = [
  {
    id: "layers",
    label: "Layers",
    param: "alpha.layers",
    rows: [{ label: "Layer 1" }, { label: "Layer 2" }],
    ops: ["identity", "mb3_k3"],
    none: null,
  },
];
const columns = fakeAlphaValues(cells, { columns: 20 }).map((raw, i) => ({
  step: i,
  raw,
  weights: rowSoftmax(raw, cells),
}));
const at = columns[19] as (typeof columns)[0];
const model = buildStreams({
  groups: cells,
  at,
  derivation: null,
  isDerived: false,
  sort: "position",
  whole: [0, 19],
  zoom: null,
});
const row = (i: number): StreamRow => model.rows[i] as StreamRow;

describe("focus", () => {
  it("names edge and op; of a layer also the slot, so that the path panel lights up", () => {
    expect(focusOf(cells, row(7), 3)).toEqual({ edge: { group: 1, row: 2 }, op: "skip_connect" });
    expect(focusOf(cells, row(7), null)).toEqual({ edge: { group: 1, row: 2 } });
    expect(focusOf(layers, { group: 0, row: 1 }, 0)).toEqual({
      edge: { group: 0, row: 1 },
      op: "identity",
      slot: 1,
      choice: 0,
    });
  });

  it("understands a slot as a layer, and only where there are layers", () => {
    expect(edgeOf({ slot: 1 }, layers)).toEqual({ group: 0, row: 1 });
    expect(edgeOf({ slot: 1 }, cells)).toBeNull();
    expect(edgeOf({ edge: { group: 1, row: 0 } }, cells)).toEqual({ group: 1, row: 0 });
  });

  it("dims everything else; the rest of the row in focus stays readable", () => {
    const both = { edge: { group: 0, row: 2 }, op: "skip_connect" };
    expect([
      inkLevel(both, model, row(2), 3),
      inkLevel(both, model, row(2), 4),
      inkLevel(both, model, row(1), 3),
    ]).toEqual([0, 1, 2]);
    const op = { op: "skip_connect" };
    expect([inkLevel(op, model, row(2), 3), inkLevel(op, model, row(2), 4)]).toEqual([0, 2]);
    expect(inkLevel({}, model, row(2), 4)).toBe(0);
    expect([isRowLit(op, cells, row(0)), isRowLit(both, cells, row(0)), isRowLit(both, cells, row(2))]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("is not moved by an op that is not here", () => {
    expect(isOpLit({ op: "mb3_k3" }, cells, "skip_connect")).toBe(true);
    expect(isOpLit({ op: "none" }, cells, "skip_connect")).toBe(false);
  });
});

describe("zoomSpan", () => {
  it("keeps the step it is about in place and stays inside the run", () => {
    expect(zoomSpan([0, 100], 50, 0.5, [0, 100])).toEqual([25, 75]);
    expect(zoomSpan([0, 100], 100, 0.5, [0, 100])).toEqual([50, 100]);
    expect(zoomSpan([50, 100], 100, 2, [0, 100])).toBeNull();
    expect(zoomSpan([10, 12], 11, 0.5, [0, 100])).toEqual([9, 13]);
  });
});

describe("slide", () => {
  it("begins where the old column stood and comes to rest", () => {
    const rest = nextSlide(noSlide, [0, 40], 100, 0, false);
    expect(rest.stretch).toBe(1);
    const slide = nextSlide(rest, [0, 44], 100, 1000, false);
    expect(stretchAt(slide, 1000)).toBeCloseTo(1.1, 6);
    expect(stretchAt(slide, 1000 + slideMs / 2)).toBeCloseTo(1.0125, 6);
    expect(stretchAt(slide, 1000 + slideMs)).toBe(1);
  });

  it("does not move for reduced motion, another run, or what nobody could see", () => {
    const rest = { ...noSlide, span: [0, 40] as const };
    expect(nextSlide(rest, [0, 44], 100, 0, true).stretch).toBe(1);
    expect(nextSlide(rest, [0, 4], 100, 0, false).stretch).toBe(1);
    expect(nextSlide(rest, [0, 400], 100, 0, false).stretch).toBe(1);
    expect(nextSlide({ ...noSlide, span: [0, 1000] }, [0, 1004], 100, 0, false).stretch).toBe(1);
    const moving = nextSlide(rest, [0, 44], 100, 0, false);
    expect(nextSlide(moving, [0, 44], 100, 100, false)).toBe(moving);
  });
});

describe("labels", () => {
  it("change at most twice a second, at once when nothing moves", () => {
    expect([waitFor(1000, 1100, false), waitFor(1000, 1500, false), waitFor(1000, 1100, true)]).toEqual([400, 0, 0]);
  });

  it("stay with their row when rows are sorted", () => {
    const sorted = buildStreams({
      groups: cells,
      at,
      derivation: null,
      isDerived: false,
      sort: "entropy",
      whole: [0, 19],
      zoom: null,
    });
    expect(labelsOf(sorted)).toEqual(labelsOf(model));
    expect(labelsOf(model)[1]?.[2]).toEqual({ winner: row(7).winner, weight: row(7).weights[row(7).winner] });
  });
});

describe("heat", () => {
  const { sampled } = makeData(model, columns, "heat");
  const pixels = heatPixels(model, sampled, {}, "light");

  it("has a line for every op, the last of a stack on top", () => {
    expect([pixels.width, pixels.height]).toEqual([sampled.bins, 80]);
    expect(pixels.lines.slice(0, 3)).toEqual([0, 8, 16]);
    const lightness = (line: number): number => pixels.data[4 * (line * pixels.width + pixels.width - 1)] ?? 0;
    // Darker is more: in the last column the lines of a row are ordered as its shares are.
    const byShare = [...row(0).order].sort((a, b) => (row(0).weights[b] ?? 0) - (row(0).weights[a] ?? 0));
    const byInk = [...row(0).order].sort(
      (a, b) => lightness(7 - row(0).order.indexOf(a)) - lightness(7 - row(0).order.indexOf(b)),
    );
    expect(byInk[0]).toBe(byShare[0]);
  });

  it("scales to the largest share, in tenths", () => {
    expect(heatTop({ values: Float32Array.of(0.1, 0.31) })).toBeCloseTo(0.4, 6);
    expect(heatTop({ values: Float32Array.of(0.05) })).toBeCloseTo(0.2, 6);
    expect(heatTop({ values: Float32Array.of(1) })).toBe(1);
  });

  it("fades what is out of focus", () => {
    const faint = heatPixels(model, sampled, { edge: { group: 0, row: 1 } }, "light");
    const sum = (data: Uint8ClampedArray, line: number): number =>
      data.slice(4 * line * pixels.width, 4 * (line + 1) * pixels.width).reduce((a, b) => a + b, 0);
    expect(sum(faint.data, 0)).toBeGreaterThan(sum(pixels.data, 0));
    expect(sum(faint.data, 8)).toBe(sum(pixels.data, 8));
  });
});

describe("draw", () => {
  it("paints every stack once, within its box", () => {
    const { context, calls } = fakeContext();
    const layout = layoutPanel(model, { width: 820, height: 240 }, "streams", null);
    const inks = [0, 1, 2].map(() => cells.map(({ ops }) => ops.map((op) => op)));
    const style = {
      theme: "light",
      tokens: {} as DrawStyle["tokens"],
      inks,
      focus: {},
      scale: 1,
      isPast: false,
    } as const;
    drawStreams(context, layout, model, makeData(model, columns, "streams"), style);
    expect(calls.filter(({ name }) => name === "fillRect")).toHaveLength(10);
    expect(calls.filter(({ name }) => name === "fill")).toHaveLength(10 * 7);
    const ys = calls.filter(({ name }) => name === "lineTo").map(({ args }) => Number(args[1]));
    expect(ys.every(Number.isFinite)).toBe(true);
    const [first] = layout.rows;
    const top = Math.min(...layout.rows.map(({ box }) => box.y));
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(top - 1e-3);
    expect(first?.box.y).toBe(top);
  });
});
