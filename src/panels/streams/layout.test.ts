/** Geometry of the four views at every size they must fit, and what lies where. */
import { describe, expect, it } from "vitest";
import type { AlphaGroup } from "@/nas/space/types";
import { rowSoftmax } from "@/store/alphaHistory";
import type { StreamBox } from "@/viz/streamLayout";
import { fakeAlphaGroups, fakeAlphaValues } from "../testing/fakeAlpha";
import { hitAt, stepAt, xAt } from "./hit";
import { layoutPanel, soloLabels } from "./layout";
import { buildStreams, type StreamsModel, streamViews } from "./model";
import { makeData } from "./useStreamsData";

const layers = (count: number, ops: string[]): AlphaGroup[] => [
  {
    id: "layers",
    label: "Layers",
    param: "alpha.layers",
    rows: Array.from({ length: count }, (_, i) => ({ label: `Layer ${i + 1}` })),
    ops,
    none: null,
  },
];
const shapes: Readonly<Record<string, readonly AlphaGroup[]>> = {
  "two nodes": fakeAlphaGroups(2),
  "four nodes": fakeAlphaGroups(4),
  "20 layers": layers(20, ["shuffle_3x3", "shuffle_5x5", "shuffle_7x7", "shuffle_xception"]),
  "8 layers": layers(8, ["identity", "mb3_k3", "mb6_k5"]),
};

function modelOf(
  groups: readonly AlphaGroup[],
  columns = 20,
): { model: StreamsModel; columns: ReturnType<typeof columnsOf> } {
  const all = columnsOf(groups, columns);
  const at = all[all.length - 1] as (typeof all)[0];
  return {
    columns: all,
    model: buildStreams({
      groups,
      at,
      derivation: null,
      isDerived: false,
      sort: "position",
      whole: [0, at.step],
      zoom: null,
    }),
  };
}

function columnsOf(groups: readonly AlphaGroup[], count: number) {
  return fakeAlphaValues(groups, { columns: count }).map((raw, i) => ({
    step: 10 * i,
    raw,
    weights: rowSoftmax(raw, groups),
  }));
}

const sizes = [
  [476, 150],
  [820, 240],
  [820, 460],
  [968, 456],
  [1100, 510],
] as const;

describe.each(Object.entries(shapes))("%s", (_, groups) => {
  const { model } = modelOf(groups);

  it.each(sizes)("fits %d × %d in every view, nothing on top of another", (width, height) => {
    for (const view of streamViews) {
      const layout = layoutPanel(model, { width, height }, view, null);
      const boxes = [...layout.rows, ...layout.charts].map(({ box }) => box);
      expect(boxes).toHaveLength(view === "entropy" ? groups.length : model.rows.length);
      const isOut = ({ x, y, width: w, height: h }: StreamBox): boolean =>
        x < 0 || y < 0 || x + w > width || y + h > height || w <= 0 || h <= 0;
      expect(boxes.filter(isOut)).toEqual([]);
      const meet = (a: StreamBox, b: StreamBox): boolean =>
        a.x + a.width > b.x + 1e-6 &&
        b.x + b.width > a.x + 1e-6 &&
        a.y + a.height > b.y + 1e-6 &&
        b.y + b.height > a.y + 1e-6;
      expect(boxes.filter((a, k) => boxes.slice(k + 1).some((b) => meet(a, b)))).toEqual([]);
      for (const tick of layout.ticks) expect(tick.y).toBeLessThanOrEqual(height);
    }
  });
});

describe("streams", () => {
  it("are two lines of seven for fourteen edges, one cell above the other", () => {
    const { model } = modelOf(fakeAlphaGroups(4));
    for (const [width, height] of [
      [820, 240],
      [820, 460],
      [968, 456],
    ] as const) {
      // prettier-ignore
      const { rows } = layoutPanel(model, { width, height }, "streams", null);
      expect(new Set(rows.map(({ box }) => box.x)).size).toBe(7);
      expect(new Set(rows.map(({ box }) => box.y)).size).toBe(4);
    }
  });

  it("give one row the whole picture", () => {
    const { model } = modelOf(fakeAlphaGroups(4));
    const { rows, isSolo, heads } = layoutPanel(model, { width: 820, height: 240 }, "streams", 17);
    expect(rows).toHaveLength(1);
    expect(isSolo).toBe(true);
    expect(heads[0]?.label).toBe("Reduction cell · 3←1");
    expect(rows[0]?.box.width).toBeGreaterThan(600);
    // Other views show all.
    expect(layoutPanel(model, { width: 820, height: 240 }, "heat", 17).rows).toHaveLength(28);
  });

  it("name the largest bands of a single row, apart from each other", () => {
    const weights = Float32Array.of(0.02, 0.04, 0.5, 0.44);
    const labels = soloLabels({ x: 0, y: 0, width: 10, height: 100 }, { order: [0, 1, 2, 3], weights });
    expect(labels.map(({ op }) => op)).toEqual([2, 3, 1]);
    expect(labels.map(({ y }) => Math.round(y))).toEqual([69, 22, 96]);
  });
});

describe("now", () => {
  it("takes the larger squares: ops to the right, or rows in a line", () => {
    const { model } = modelOf(fakeAlphaGroups(2));
    expect(layoutPanel(model, { width: 820, height: 240 }, "now", null).rows[0]?.axis).toBe("right");
    const { model: wide } = modelOf(fakeAlphaGroups(4));
    expect(layoutPanel(wide, { width: 820, height: 240 }, "now", null).rows[0]?.axis).toBe("up");
  });

  it("gives the largest share its whole square", () => {
    const { model } = modelOf(fakeAlphaGroups(2), 100);
    const { unit, rows } = layoutPanel(model, { width: 820, height: 240 }, "now", null);
    const most = Math.max(...model.rows.map((row) => row.weights[row.winner] ?? 0));
    expect(unit * Math.sqrt(Math.max(0.5, most))).toBeCloseTo((rows[0]?.box.height ?? 0) - 2, 6);
  });
});

describe("hits", () => {
  const { model, columns } = modelOf(fakeAlphaGroups(2), 60);
  const size = { width: 820, height: 240 };

  it("find the band of a stream, with its step", () => {
    const layout = layoutPanel(model, size, "streams", null);
    const data = makeData(model, columns, "streams");
    const placed = layout.rows[3];
    const row = model.rows[3];
    if (!placed || !row) throw new Error("no row");
    const { box } = placed;
    let sum = 0;
    for (const op of row.order) {
      const share = row.weights[op] ?? 0;
      const y = box.y + (1 - sum - share / 2) * box.height;
      sum += share;
      expect(hitAt(layout, model, data, box.x + box.width - 0.01, y)).toMatchObject({ index: 3, op });
    }
    expect(hitAt(layout, model, data, box.x + box.width / 2, box.y + 5)?.step).toBeCloseTo(295, 6);
    // Its name above it stands for the row.
    expect(hitAt(layout, model, data, box.x + 3, box.y - 5)).toEqual({ index: 3, op: null, step: null });
    expect(hitAt(layout, model, data, 1, 1)).toBeNull();
  });

  it("find squares and heat lines in stacking order", () => {
    const now = layoutPanel(model, size, "now", null);
    const square = now.rows[6];
    if (!square) throw new Error("no row");
    const side = square.box.width / 8;
    expect(hitAt(now, model, null, square.box.x + 7.5 * side, square.box.y + 2)).toEqual({
      index: 6,
      op: 0,
      step: null,
    });
    const heat = layoutPanel(model, size, "heat", null);
    const band = heat.rows[6];
    if (!band) throw new Error("no row");
    expect(hitAt(heat, model, null, band.box.x + 1, band.box.y + 0.1)).toMatchObject({ index: 6, op: 0 });
    expect(hitAt(heat, model, null, band.box.x + 1, band.box.y + band.box.height - 0.1)).toMatchObject({
      index: 6,
      op: 4,
    });
  });

  it("find the nearest line of entropy", () => {
    const layout = layoutPanel(model, size, "entropy", null);
    const data = makeData(model, columns, "entropy");
    const box = layout.charts[1]?.box;
    const least = model.rows.reduce(
      (best, row, i) => (row.group === 1 && row.entropy < (model.rows[best]?.entropy ?? 2) ? i : best),
      5,
    );
    if (!box) throw new Error("no chart");
    const y = box.y + (1 - (model.rows[least]?.entropy ?? 0)) * box.height;
    expect(hitAt(layout, model, data, box.x + box.width, y)).toMatchObject({ index: least, op: null });
    expect(hitAt(layout, model, data, box.x + 5, box.y + box.height)).toBeNull();
  });

  it("go from steps to pixels and back, inside the box", () => {
    const box = { x: 10, y: 0, width: 100, height: 10 };
    expect(xAt(box, [100, 200], 150)).toBe(60);
    expect(stepAt(box, [100, 200], 60)).toBe(150);
    expect(xAt(box, [100, 200], 900)).toBe(110);
    expect(xAt(box, [5, 5], 5)).toBe(110);
  });
});
