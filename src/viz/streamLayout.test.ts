/** Resampling, stacking and fitting, on numbers small enough to check by hand. */
import { describe, expect, it } from "vitest";
import { dropOps, evenness, fitGrid, sampleColumns, stackRows } from "./streamLayout";

const column = (step: number, ...weights: number[]) => ({ step, weights });
const rows = (length: number) => ({ length });

describe("sampleColumns", () => {
  it("takes the mean of columns closer than the bins, and the newest as it is at the end", () => {
    const columns = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((step) => column(step, step));
    // Bins at 0, 4, 8: around 4 lie the steps 2 to 5.
    expect([...sampleColumns(columns, 1, 3, [0, 8]).values]).toEqual([0.5, 3.5, 8]);
  });

  it("draws straight lines between columns further apart, number by number", () => {
    const { values } = sampleColumns([column(0, 0, 1), column(8, 1, 0)], 2, 5, [0, 8]);
    expect([...values]).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25, 0]);
  });

  it("holds the nearest column before the first and after the last", () => {
    expect([...sampleColumns([column(4, 2), column(6, 3)], 1, 5, [0, 8]).values]).toEqual([2, 2, 2, 3, 3]);
    expect([...sampleColumns([column(5, 7)], 1, 3, [5, 5]).values]).toEqual([7, 7, 7]);
  });

  it("ends on the newest column not after the end of a narrower span", () => {
    const columns = [column(0, 0), column(10, 1), column(20, 2)];
    expect(sampleColumns(columns, 1, 4, [0, 15]).values.at(-1)).toBe(1);
    expect(sampleColumns(columns, 1, 4, [0, 20]).values.at(-1)).toBe(2);
  });

  it("keeps shares shares", () => {
    const columns = Array.from({ length: 97 }, (_, i) => column(3 * i, i / 97, 1 - i / 97));
    const { values } = sampleColumns(columns, 2, 61, [0, 288]);
    for (let b = 0; b < 61; b++) expect((values[b] ?? 0) + (values[61 + b] ?? 0)).toBeCloseTo(1, 6);
  });
});

describe("dropOps", () => {
  it("takes one op out of each row of a group and scales the rest to 1; other groups stay", () => {
    const values = Float32Array.of(0.5, 0.25, 0.25, 0.2, 0.8);
    dropOps(values, 1, [{ rows: rows(1), ops: rows(3) }, { rows: rows(1), ops: rows(2) }], [0, null]); // prettier-ignore
    expect([...values]).toEqual([0, 0.5, 0.5, Math.fround(0.2), Math.fround(0.8)]);
  });

  it("spreads evenly what a row that is all of that op leaves", () => {
    const values = Float32Array.of(1, 0, 0);
    dropOps(values, 1, [{ rows: rows(1), ops: rows(3) }], [0]);
    expect([...values]).toEqual([0, 0.5, 0.5]);
  });
});

describe("stackRows", () => {
  it("adds up in stacking order, row by row, bin by bin", () => {
    const values = Float32Array.of(0.25, 0.5, 0.75, 0.5, 1, 0, 0, 1);
    const upper = stackRows({ bins: 2, from: 0, to: 1, values }, [{ rows: rows(2), ops: rows(2) }], [[1, 0]]);
    expect([...upper]).toEqual([0.75, 0.5, 1, 1, 0, 1, 1, 1]);
  });
});

describe("evenness", () => {
  it("is 1 for even shares, 0 for one that has all, and reads any stride", () => {
    expect(evenness([0.25, 0.25, 0.25, 0.25], 0, 4)).toBeCloseTo(1, 12);
    expect(evenness([0, 1, 0], 0, 3)).toBe(0);
    expect(evenness([1], 0, 1)).toBe(0);
    expect(evenness([9, 0.5, 9, 0.5, 9], 1, 2, 2)).toBeCloseTo(1, 12);
    // −(0.9 ln 0.9 + 0.1 ln 0.1) ÷ ln 2
    expect(evenness([0.9, 0.1], 0, 2)).toBeCloseTo(0.4689955936, 9);
  });
});

describe("fitGrid", () => {
  it("fills every place where it can", () => {
    expect(fitGrid(14, 808, 116)).toMatchObject({ columns: 7, rows: 2 });
    expect(fitGrid(5, 808, 90)).toMatchObject({ columns: 5, rows: 1 });
    expect(fitGrid(6, 500, 400)).toMatchObject({ columns: 2, rows: 3 });
    const { columns, rows: lines } = fitGrid(20, 1100, 500);
    expect(columns * lines).toBe(20);
  });

  it("always has a place for every cell", () => {
    for (let count = 1; count <= 30; count++)
      for (const [width, height] of [
        [500, 150],
        [820, 250],
        [300, 700],
      ] as const) {
        // prettier-ignore
        const { columns, rows: lines, cellWidth, cellHeight } = fitGrid(count, width, height);
        expect(columns * lines).toBeGreaterThanOrEqual(count);
        expect(columns * cellWidth).toBeLessThanOrEqual(width + 1e-9);
        expect(lines * cellHeight).toBeLessThanOrEqual(height + 1e-9);
      }
  });
});
