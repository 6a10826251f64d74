/** Sorting and CSV of the tables behind the panels. */
import { describe, expect, it } from "vitest";
import { sortRows, toCsv } from "./tableData";

const rows = [
  ["b10", 3],
  ["b9", Number.NaN],
  ["a", 20],
] as const;

describe("sortRows", () => {
  it("sorts numbers by value and text with its numbers in order", () => {
    expect(sortRows(rows, { column: 1, descending: false }).map((row) => row[0])).toEqual(["b10", "a", "b9"]);
    expect(sortRows(rows, { column: 0, descending: true }).map((row) => row[0])).toEqual(["b10", "b9", "a"]);
    expect(sortRows(rows, null)).toBe(rows);
  });
});

describe("toCsv", () => {
  it("quotes what needs quotes and defuses formulas", () => {
    expect(
      toCsv({
        columns: ["id", "note"],
        rows: [
          ["a,b", 'say "hi"'],
          ["=1+1", -3],
        ],
      }),
    ).toBe('id,note\r\n"a,b","say ""hi"""\r\n\'=1+1,-3');
  });
});
