import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inventedTable } from "@/algorithms/testing/inventedTable";
import { makeSpace } from "../space/registry";
import type { LatencyTable } from "./table";
import { latencyTableIn, parseTableTree, readTableJson, TABLE_FORMAT, writeTableJson } from "./tableJson";
import { satisfies } from "./testing/schemaCheck";

const schema = JSON.parse(readFileSync(new URL("../../../public/schemas/latency-table.schema.json", import.meta.url), "utf8")) as Record<string, unknown>;
const space = makeSpace("fbnet-v1", "nano");
const made = inventedTable(space);
const table: LatencyTable = {
  ...made,
  device: { ...made.device, label: "apple metal-3 webgpu", timer: "timestamp", quantumUs: 0.041 },
  entries: made.entries.map((entry, i) => (i === 2 ? { ...entry, us: 312.5, p10: 301, p90: 340.25, source: "edited" } : { ...entry, us: 12.5, p10: 11, p90: 14.125 })),
  fit: { a: 1.5, b: 1.02, r: 0.97, n: 1, points: [{ id: "01234", sum: 100, measured: 103.5 }] },
};
type Tree = Record<string, unknown> & { entries: Record<string, unknown>[]; device: Record<string, unknown>; settings: Record<string, unknown> };
const tree = (): Tree => JSON.parse(writeTableJson(table)) as Tree;
const problem = (value: unknown): string => {
  const read = parseTableTree(value);
  return read.ok ? "" : read.problem.message;
};

describe("a table that was written", () => {
  it("reads as it was, satisfies the published schema, and looks as the specification shows it", () => {
    const text = writeTableJson(table);
    expect(readTableJson(text)).toEqual({ ok: true, value: { table: { ...table, fixed: table.fixed.map((entry) => ({ ...entry, us: Number(entry.us.toFixed(3)), p10: Number(entry.p10.toFixed(3)), p90: Number(entry.p90.toFixed(3)) })) }, unknownKeys: [] } });
    expect(satisfies(schema, JSON.parse(text))).toBe(true);
    expect(Object.keys(tree())).toEqual(["format", "version", "unit", "app", "device", "settings", "space", "entries", "fixed", "fit"]);
    expect(Object.keys(tree().device)).toEqual(["label", "vendor", "architecture", "backend", "executor", "threads", "timer", "quantumUs"]);
    expect(Object.keys(tree().settings)).toEqual(["batch", "dtype", "warmup", "runs", "bnFolded", "keepPw", "layout"]);
  });

  it("keeps a time of less than a nanosecond above 0", () => {
    const tiny = { ...table, entries: [{ key: "skip_s2_i8_o12_h16", us: 1e-7, p10: 1e-8, p90: 1e-7 }] };
    expect(readTableJson(writeTableJson(tiny))).toMatchObject({ ok: true, value: { table: { entries: [{ us: 0.001, p10: 0.001 }] } } });
  });

  it("may leave out what can be guessed, and says which keys it does not know", () => {
    const short = { format: TABLE_FORMAT, version: 1, unit: "us", device: { label: "Pixel 6" }, settings: { batch: 1, dtype: "float32" }, space: { id: "fbnet-v1", size: "nano" }, entries: [{ key: "k3", us: 4 }], fixed: [], colour: "red" };
    expect(satisfies(schema, short)).toBe(true);
    expect(parseTableTree(short)).toMatchObject({ ok: true, value: { unknownKeys: ["colour"], table: { device: { label: "Pixel 6", threads: 1, timer: "wall" }, entries: [{ key: "k3", us: 4, p10: 4, p90: 4 }], fit: { b: 1, n: 0 } } } });
  });
});

/** What is refused by reader and schema alike. */
const refused: readonly (readonly [string, (t: Tree) => unknown, RegExp])[] = [
  ["another format", (t) => ({ ...t, format: "x" }), /not a latency table/],
  ["another version", (t) => ({ ...t, version: 2 }), /version “2”; this app reads version 1/],
  ["milliseconds", (t) => ({ ...t, unit: "ms" }), /in “ms”; times must be in microseconds/],
  ["a negative time", (t) => ({ ...t, entries: [{ ...t.entries[0], us: -5 }] }), /impossible time: “k3_e1_g1_s1_i8_o12_h16” \(-5\)/],
  ["nought for something", (t) => ({ ...t, entries: [{ ...t.entries[0], us: 0, p10: 0 }] }), /impossible time/],
  ["nought for a skip that changes the shape", (t) => ({ ...t, entries: [{ key: "skip_s1_i8_o12_h16", us: 0, p10: 0, p90: 0 }] }), /impossible time/],
  ["a text for a time", (t) => ({ ...t, entries: [{ ...t.entries[0], us: "5" }] }), /“entries\.0\.us” is not what it should be: expected number/],
  ["no time (NaN is null in JSON)", (t) => ({ ...t, entries: [{ ...t.entries[0], us: null }] }), /entries\.0\.us/],
  ["a time that is infinite", (t) => ({ ...t, entries: [{ ...t.entries[0], us: Infinity }] }), /impossible time/],
  ["a device without a label", (t) => ({ ...t, device: { ...t.device, label: "  " } }), /device\.label.*printable ASCII/],
  ["a label that the setup could not hold", (t) => ({ ...t, device: { ...t.device, label: "none" } }), /device\.label/],
  ["other numbers than float32", (t) => ({ ...t, settings: { ...t.settings, dtype: "int8" } }), /settings\.dtype/],
  ["batch 0", (t) => ({ ...t, settings: { ...t.settings, batch: 0 } }), /settings\.batch/],
  ["an unknown size", (t) => ({ ...t, space: { id: "fbnet-v1", size: "huge" } }), /space\.size/],
  ["keys with blanks", (t) => ({ ...t, entries: [{ ...t.entries[0], key: "a b" }] }), /entries\.0\.key/],
  ["too many entries", (t) => ({ ...t, entries: Array.from({ length: 5001 }, (_, i) => ({ ...t.entries[0], key: `k${i}` })) }), /entries/],
  ["a correlation of 2", (t) => ({ ...t, fit: { a: 0, b: 1, r: 2, n: 3 } }), /fit\.r/],
];

describe("a table that is refused", () => {
  it.each(refused)("%s", (_, change, message) => {
    const changed = change(tree());
    expect(problem(changed)).toMatch(message);
    expect(satisfies(schema, changed)).toBe(false);
  });

  it("for what a schema cannot say: a key twice, quantiles the wrong way round", () => {
    const [first] = tree().entries;
    expect(problem({ ...tree(), entries: [first, first] })).toMatch(/has the entry .* twice/);
    expect(problem({ ...tree(), entries: [{ ...first, p10: 20, p90: 10 }] })).toMatch(/impossible time/);
  });

  it("1e999 reads as infinite and is refused", () => {
    expect(readTableJson(writeTableJson(table).replace('"us":12.5', '"us":1e999'))).toMatchObject({ ok: false, problem: { message: expect.stringMatching(/impossible time/) as string } });
  });

  it("a skip that passes its input on may take nothing", () => {
    const free = { ...tree(), entries: [{ key: "skip_s1_i16_o16_h8", us: 0, p10: 0, p90: 0 }] };
    expect(problem(free)).toBe("");
    expect(satisfies(schema, free)).toBe(true);
  });
});

describe("latencyTableIn", () => {
  const text = writeTableJson(table);
  it("leaves what is no table to other readers", () => {
    for (const other of ["", "0,1,2", "{", '{"format":"nas-playground/architecture"}', `{"a":"${TABLE_FORMAT}"}`, new Uint8Array([0xff, 0xfe])]) expect(latencyTableIn(other)).toBeNull();
  });

  it("reads bytes and text", () => {
    expect(latencyTableIn(text)).toMatchObject({ ok: true });
    expect(latencyTableIn(new TextEncoder().encode(`\uFEFF${text}`))).toMatchObject({ ok: true });
  });

  it("refuses hostile ones with a sentence", () => {
    const why = (source: string): string => {
      const read = latencyTableIn(source);
      return read === null || read.ok ? "" : read.problem.message;
    };
    expect(why(text.replace('"unit"', '"__proto__": {"x":1}, "unit"'))).toMatch(/key “__proto__”, which no latency table has/);
    expect(why(text.replace('"fit":', `"deep": ${"[".repeat(40)}${"]".repeat(40)}, "fit":`))).toMatch(/nested more than 32 levels deep; no latency table is/);
    expect(why(text.slice(0, -5))).toMatch(/not valid JSON/);
    expect(why(text.replace('"app": "test",', '"app": "test", "app": "other",'))).toMatch(/key “app” is there twice/);
    expect(Object.prototype).not.toHaveProperty("x");
  });
});
