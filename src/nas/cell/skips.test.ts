import { describe, expect, it } from "vitest";
import { skipLevel } from "./skips";

describe("skips of a derived cell", () => {
  it.each([
    ["normal", 2, 8, null, "ok"],
    ["normal", 3, 8, null, "many"],
    ["normal", 5, 8, null, "many"],
    ["normal", 6, 8, null, "collapsed"],
    ["normal", 1, 4, null, "ok"],
    ["normal", 2, 4, null, "many"],
    ["normal", 3, 4, null, "collapsed"],
    ["cell", 6, 6, null, "collapsed"],
    ["reduce", 8, 8, null, "ok"],
    ["layers", 8, 8, null, "ok"],
    ["normal", 3, 8, 3, "ok"],
    ["normal", 2, 8, 1, "many"],
    ["normal", 0, 0, null, "ok"],
  ] as const)("%s: %d of %d, limit %s, is %s", (id, skips, kept, limit, level) => expect(skipLevel(id, skips, kept, limit)).toBe(level));
});
