import { describe, expect, it } from "vitest";
import { defaultsFor } from "@/store/keys";
import { fakeRun } from "../testing/fakeRun";
import { dataTable, describeData } from "./describe";
import { cellAfter, tilesPerRow } from "./layout";
import { type BrowserState, creditsOf, dataModel, imageBytes, type RowState } from "./model";

const run = fakeRun({ steps: 1 });
const browser: BrowserState = { split: "validation", augment: false, page: 0 };
const ready = (total: number, first = 0): RowState => ({
  status: "ready",
  total,
  images: new Uint8Array(3 * imageBytes),
  records: Int32Array.of(first, first + 1, first + 2),
});
const model = (rows: RowState[], over: Partial<BrowserState> = {}) => {
  const made = dataModel({
    info: run.info,
    plan: run.plan,
    method: run.config,
    browser: { ...browser, ...over },
    perRow: 3,
    rows,
  });
  if (!made) throw new Error("no model");
  return made;
};

describe("data model", () => {
  it("has a loading row for every class before anything arrives", () => {
    const m = model([]);
    expect(m.rows.length).toBe(10);
    expect(m.rows.every((row) => row.state.status === "loading")).toBe(true);
    expect([m.hasPrevious, m.hasNext]).toEqual([false, false]);
  });

  it("counts parts by the plan, and without one by what arrived", () => {
    expect(model([]).splitCounts).toEqual({ weights: 7000, validation: 1000, test: 2000 });
    const alone = dataModel({
      info: run.info,
      plan: null,
      method: run.config,
      browser,
      perRow: 3,
      rows: Array.from({ length: 10 }, () => ready(80)),
    });
    expect(alone?.splitCounts).toEqual({ weights: null, validation: 800, test: 2000 });
  });

  it("pages until the largest class ends", () => {
    expect(model([ready(5)]).range).toBe("1–3 of 5 a class");
    const last = model([ready(5, 3)], { page: 1 });
    expect([last.range, last.hasPrevious, last.hasNext]).toEqual(["4–5 of 5 a class", true, false]);
  });

  it("is null without a data set", () => {
    expect(
      dataModel({ info: { ...run.info, dataset: null }, plan: null, method: run.config, browser, perRow: 3, rows: [] }),
    ).toBeNull();
  });

  it("names the middle part for what it does: α moves by it, or candidates are ranked by it", () => {
    expect(describeData(model([]), browser)).toContain("Validation on view");
    const mixed = defaultsFor("darts-cell", "nano", "darts");
    const made = (method: typeof mixed) =>
      dataModel({ info: run.info, plan: run.plan, method, browser, perRow: 3, rows: [] });
    expect(made(mixed)?.movesAlpha).toBe(true);
    expect(describeData({ ...model([]), movesAlpha: true }, browser)).toContain("α on view");
    expect(made({ ...mixed, "retrain.arch": "DARTS_V2" })?.movesAlpha).toBe(false);
  });

  it("says emoji pictures, not photos", () => {
    expect(model([]).counts).toContain("emoji pictures");
  });

  it("reads credits of any provenance without trusting its shape", () => {
    expect(
      creditsOf("cifar10", {
        credit: "Krizhevsky 2009",
        sources: [{ author: "A", version: 3, licence: "MIT" }, null, 7, "file.tar.gz"],
      }),
    ).toEqual(["Krizhevsky 2009", "A · MIT", "file.tar.gz"]);
    expect(creditsOf("emoji10", {})[0]).toContain("Twemoji");
    expect(creditsOf("x", { sources: { deep: [] } as unknown as string })).toEqual([]);
  });
});

describe("data layout", () => {
  it("fits 2× tiles and never fewer than three", () => {
    expect([tilesPerRow(0), tilesPerRow(280), tilesPerRow(820)]).toEqual([3, 3, 11]);
  });

  it("moves through the grid, skipping rows without tiles", () => {
    const columns = [3, 0, 2];
    expect(cellAfter("ArrowDown", { row: 0, column: 2 }, columns)).toEqual({ row: 2, column: 1 });
    expect(cellAfter("ArrowUp", { row: 2, column: 0 }, columns)).toEqual({ row: 0, column: 0 });
    expect(cellAfter("ArrowDown", { row: 2, column: 0 }, columns)).toEqual({ row: 2, column: 0 });
    expect(cellAfter("ArrowRight", { row: 0, column: 2 }, columns)).toEqual({ row: 0, column: 2 });
    expect(cellAfter("End", { row: 0, column: 0 }, columns)).toEqual({ row: 0, column: 2 });
    expect(cellAfter("x", { row: 0, column: 0 }, columns)).toBeNull();
  });
});

describe("data in words", () => {
  it("says what is on view and what did not arrive", () => {
    const sentence = describeData(model([ready(100), { status: "failed" }]), browser);
    expect(sentence).toContain("Emoji-10, built in: 8,000 training, 2,000 test emoji pictures in 10 classes.");
    expect(sentence).toContain("Validation on view, 1–3 of 100 a class.");
    expect(sentence).toContain("1 class did not arrive");
  });

  it("has one table row a class", () => {
    const { columns, rows } = dataTable(model([ready(100)]));
    expect(rows.length).toBe(10);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
    expect(rows[0]).toEqual(["animal", 100, "0 1 2"]);
  });
});
