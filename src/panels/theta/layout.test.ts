/** Geometry of the op probabilities: widths by share, bands by probability, what lies under a point, and the sizes that the panel gets. */
import { beforeEach, describe, expect, it } from "vitest";
import type { SizeId } from "@/nas/space/types";
import { history } from "@/store/history";
import { luminance, inkOn } from "@/viz/thetaInk";
import { fakeFbnet } from "../testing/fakeFbnet";
import { resetStores } from "../testing/fakeRun";
import { layerPrices } from "./costs";
import { bandText, columnAt, labelLevel, layoutColumns, layoutTiles, linePath, planBody, rangeOf, shareWidths, tileAt } from "./layout";
import { bandsOf } from "./masks";
import { buildTheta, type ThetaModel } from "./model";
import { fillings, pixelAt, wrap } from "./WhyFigure";

beforeEach(resetStores);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function modelOf(size: SizeId): ThetaModel {
  const { space, groups, table } = fakeFbnet({ size, columns: 10 });
  const at = history.alpha.latest();
  if (!at) throw new Error("no column");
  return buildTheta({ groups, at, prices: layerPrices(space, "latency", table), metric: "latency" });
}

describe("widths", () => {
  it("follow the shares where all are wide enough", () => {
    expect(shareWidths([1, 2, 1], 100, 10)).toEqual([25, 50, 25]);
  });

  it("hold what is too thin at the least, and divide the rest", () => {
    const widths = shareWidths([0.9, 0.09, 0.01, 0], 100, 10);
    expect(widths[2]).toBe(10);
    expect(widths[3]).toBe(10);
    expect(widths[1]).toBe(10);
    expect(widths[0]).toBe(70);
    expect(sum(shareWidths([0.5, 0.3, 0.15, 0.05], 200, 26))).toBeCloseTo(200, 9);
  });

  it("are even where nothing is known, or where there is no room for the least", () => {
    expect(shareWidths([0, 0], 100, 10)).toEqual([50, 50]);
    expect(shareWidths([5, 1, 1], 30, 20)).toEqual([10, 10, 10]);
    expect(shareWidths([], 30, 20)).toEqual([]);
  });
});

describe("columns", () => {
  it.each(["nano", "small", "full"] as const)("fill the width in order, %s", (size) => {
    const model = modelOf(size);
    const { columns } = layoutColumns(model, { width: 580, height: 240 });
    expect(columns.map(({ index }) => index)).toEqual([-1, ...model.layers.map((_, i) => i)]);
    const last = columns.at(-1);
    expect((last?.box.x ?? 0) + (last?.box.width ?? 0)).toBeCloseTo(570, 3);
    for (const [i, { box }] of columns.entries()) {
      const next = columns[i + 1];
      if (next) expect(next.box.x).toBeGreaterThan(box.x + box.width);
      expect(box.width).toBeGreaterThan(12);
    }
  });

  it("are as wide as the layers' shares, among those that are not held", () => {
    const model = modelOf("nano");
    const { columns } = layoutColumns(model, { width: 900, height: 240 });
    const free = columns.filter(({ index, box }) => index >= 0 && box.width > 32);
    const perShare = free.map(({ index, box }) => box.width / (model.layers[index]?.share ?? 1));
    expect(free.length).toBeGreaterThan(2);
    expect(Math.max(...perShare) / Math.min(...perShare)).toBeCloseTo(1, 6);
  });

  it("keep the fixed parts thin, however much they cost", () => {
    const model = modelOf("nano");
    const dear = layoutColumns({ ...model, fixed: { cost: 1, share: 0.9 } }, { width: 580, height: 240 });
    expect(dear.columns[0]?.box.width).toBeCloseTo(3.4 * 13, 6);
  });

  it("stack bands as tall as they are likely, without gaps", () => {
    const model = modelOf("nano");
    for (const { index, box, bands } of layoutColumns(model, { width: 580, height: 240 }).columns.slice(1)) {
      for (const { op, height } of bands) expect(height / box.height).toBeCloseTo(model.layers[index]?.weights[op] ?? 0, 5);
      expect(sum(bands.map(({ height }) => height))).toBeCloseTo(box.height, 3);
      expect(Math.min(...bands.map(({ y }) => y))).toBeCloseTo(box.y, 3);
    }
  });

  it("are found under a point: band, foot, fixed parts, nothing", () => {
    const model = modelOf("nano");
    const layout = layoutColumns(model, { width: 580, height: 240 });
    const column = layout.columns[2];
    const band = column?.bands[0];
    if (!column || !band) throw new Error("no column");
    expect(columnAt(layout, column.box.x + 2, band.y + band.height / 2)).toEqual({ index: 1, op: band.op });
    expect(columnAt(layout, column.box.x + 2, layout.foot + 10)).toEqual({ index: 1, op: null });
    expect(columnAt(layout, layout.columns[0]?.box.x ?? 0, 50)).toEqual({ index: -1, op: null });
    expect(columnAt(layout, 2, 50)).toBeNull();
  });

  it("say what there is room for", () => {
    expect(bandText(20, 100, 13)).toBe("none");
    expect(bandText(100, 10, 13)).toBe("none");
    expect(bandText(100, 20, 13)).toBe("line");
    expect(bandText(40, 20, 13)).toBe("code");
    expect(bandText(34, 40, 13)).toBe("two");
    expect(bandText(34, 40, 13, 5)).toBe("code");
  });
});

describe("body", () => {
  it("keeps the rail beside where it is wide, below where it is only tall, and drops it where it is neither", () => {
    expect(planBody({ width: 820, height: 250 })).toMatchObject({ side: "right", picture: { height: 250 } });
    expect(planBody({ width: 480, height: 500 })).toMatchObject({ side: "below", picture: { width: 480, height: 350 } });
    expect(planBody({ width: 480, height: 270 })).toMatchObject({ side: "none", picture: { width: 480, height: 270 } });
  });
});

describe("tiles", () => {
  it.each([12, 22, 40])("stand apart inside the picture: %s", (count) => {
    const { tiles } = layoutTiles(count, { width: 580, height: 240 });
    expect(tiles).toHaveLength(count);
    for (const { box, heat, now } of tiles) {
      expect(box.x + box.width).toBeLessThanOrEqual(580);
      expect(box.y + box.height).toBeLessThanOrEqual(240);
      expect(heat.x + heat.width).toBeLessThan(now.x);
      expect(now.x + now.width).toBeCloseTo(box.x + box.width, 6);
    }
  });

  it("keep a readable ratio even where the number of decisions has awkward divisors", () => {
    for (const count of [12, 22, 23, 40]) {
      const { tiles } = layoutTiles(count, { width: 574, height: 470 });
      expect((tiles[0]?.heat.width ?? 0) / (tiles[0]?.heat.height ?? 1)).toBeLessThan(5);
    }
  });

  it("are found with the band and the place in time", () => {
    const layout = layoutTiles(4, { width: 580, height: 240 });
    const { heat, now } = layout.tiles[1] ?? {};
    if (!heat || !now) throw new Error("no tile");
    const bands = () => bandsOf([0.25, 0.75], null);
    expect(tileAt(layout, heat.x + heat.width / 2, heat.y + heat.height - 2, bands)).toEqual({ index: 1, option: 0, at: 0.5 });
    expect(tileAt(layout, now.x + 2, now.y + 2, bands)).toEqual({ index: 1, option: 1, at: null });
    expect(tileAt(layout, heat.x + 1, heat.y - 5, bands)).toMatchObject({ index: 1, option: null });
    expect(tileAt(layout, 1, 1, bands)).toBeNull();
  });

  it("have the longest labels at which all leave room for the number", () => {
    const labels = [
      ["Block 2.1 expansion", "2.1 expansion", "2.1 e"],
      ["Stem", "Stem", "stem"],
    ];
    expect([200, 120, 60, 10].map((width) => labelLevel(labels, width, 13))).toEqual([0, 1, 2, 2]);
    expect(labelLevel([], 100, 13)).toBe(0);
  });
});

describe("charts", () => {
  it("break a line at what is no number", () => {
    const path = linePath([[0, 1], [1, Number.NaN], [2, 3], [3, 4]], (x) => x, (y) => y); // prettier-ignore
    expect(path).toBe("M0.0,1.0M2.0,3.0L3.0,4.0");
  });

  it("hold all values with air, never below zero", () => {
    expect(rangeOf([])).toEqual([0, 1]);
    const [low, high] = rangeOf([0.01, 10, Number.NaN]);
    expect(low).toBe(0);
    expect(high).toBeGreaterThan(10);
  });
});

describe("zeros between the pixels", () => {
  const all = Array.from({ length: 64 }, (_, i) => [Math.floor(i / 8), i % 8] as const);

  it("puts every pixel back where it was read; the border does not; copies fill all", () => {
    for (const [row, column] of all) expect(fillings.scattered(row, column)).toBe(pixelAt(row, column));
    expect(all.filter(([row, column]) => fillings.scattered(row, column) !== null)).toHaveLength(16);
    expect(all.filter(([row, column]) => pixelAt(row, column) !== null && fillings.border(row, column) === pixelAt(row, column)).length).toBeLessThan(16);
    expect(all.every(([row, column]) => fillings.nearest(row, column) !== null)).toBe(true);
    for (const [row, column] of all) {
      const read = pixelAt(row, column);
      if (read !== null) expect(fillings.nearest(row, column)).toBe(read);
    }
  });

  it("meets four values at most in a window of nine", () => {
    const counts = all.map(([row, column]) => {
      const around = [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => fillings.scattered(row + r, column + c)));
      return around.filter((index) => index !== null).length;
    });
    expect(Math.max(...counts)).toBe(4);
  });

  it("wraps words", () => {
    expect(wrap("a few words here", 9)).toEqual(["a few", "words", "here"]);
    expect(wrap("", 9)).toEqual([]);
  });
});

describe("ink on a fill", () => {
  it("takes the one that stands out more", () => {
    expect(luminance("#ffffff")).toBeCloseTo(1);
    expect(luminance("rgb(255, 0, 0)")).toBeCloseTo(0.2126);
    expect(inkOn("#ffffff")).toBe("#14171c");
    expect(inkOn("rgb(10, 41, 94)")).toBe("#ffffff");
  });
});
