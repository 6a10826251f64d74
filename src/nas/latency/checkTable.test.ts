import { describe, expect, it } from "vitest";
import { inventedTable, inventedUs } from "@/algorithms/testing/inventedTable";
import { makeSpace } from "../space/registry";
import { admitTable, checkTable, tableWarnings, type TableUse } from "./checkTable";
import { fillMissing } from "./fillMissing";
import { importTable } from "./importTable";
import { costsOf, type LatencyTable, neededKeys, sumOf } from "./table";
import { tableKey } from "./tableKey";

const nano = makeSpace("fbnet-v1", "nano");
const small = makeSpace("fbnet-v1", "small");
const table = inventedTable(nano);
const use: TableUse = { device: table.device, batch: 1, app: table.app };
const latency = nano.latency ?? { fixed: [], slots: [] };
const keys = neededKeys(latency);
const without = (gone: readonly string[], from: LatencyTable = table): LatencyTable => ({ ...from, entries: from.entries.filter(({ key }) => !gone.includes(key)), fixed: from.fixed.filter(({ key }) => !gone.includes(key)) });
const why = (given: LatencyTable, space = nano): string => {
  const admitted = admitTable(given, space, use);
  return admitted.ok ? "" : admitted.problem.message;
};
const warnings = (given: LatencyTable, space = nano): string[] => tableWarnings(checkTable(given, space, use), use);

describe("checkTable", () => {
  it("finds nothing wrong with a table of here", () => {
    expect(checkTable(table, nano, use)).toEqual({ understood: [...keys.fixed, ...keys.entries], missing: [], unused: [], badEntries: [], wrongSpace: null, otherDevice: null, otherSettings: [] });
    expect([why(table), warnings(table)]).toEqual(["", []]);
  });

  it("accepts another device's, another batch's and another version's only with a sentence each", () => {
    const other = { ...table, app: "0.0.9", device: { ...table.device, label: "pixel" }, settings: { ...table.settings, batch: 32 } };
    expect(why(other)).toBe("");
    expect(warnings(other).map((text) => /another device, “pixel”|batch 32, not 1|app 0\.0\.9, not test/.exec(text)?.[0])).toEqual(["another device, “pixel”", "batch 32, not 1", "app 0.0.9, not test"]);
    expect(checkTable({ ...table, device: { ...table.device, threads: 4 } }, nano, use).otherDevice).toBe("test");
    expect(warnings({ ...table, settings: { ...table.settings, bnFolded: false } })).toHaveLength(1);
  });

  it("accepts holes with the keys, as no search may use them", () => {
    const [first = "", second = ""] = keys.entries;
    const holes = without([first, second]);
    expect(checkTable(holes, nano, use).missing).toEqual([first, second]);
    expect(warnings(holes)[0]).toContain(`lacks 2 of ${keys.entries.length + keys.fixed.length} entries (${first}, ${second}): no search can use it`);
    expect(costsOf(holes, latency)).toBeNull();
  });

  it("refuses another space that does not cover this one, and takes one that does", () => {
    expect(why(inventedTable(small))).toMatch(/is of fbnet-v1 small, and \d+ of the 26 entries that fbnet-v1 nano needs are not in it/);
    expect(why(table, small)).toMatch(/is of fbnet-v1 nano/);
    const tiny = inventedTable(makeSpace("fbnet-v1", "tiny"));
    expect([why(tiny), warnings(tiny)]).toEqual(["", [expect.stringMatching(/says that it is of fbnet-v1 tiny/)]]);
  });

  it("refuses impossible times, other blocks, a table of nothing, and a space without layers to time", () => {
    const [first] = table.entries;
    const withFirst = (us: number): LatencyTable => ({ ...table, entries: [{ key: first?.key ?? "", us, p10: us, p90: us }, ...table.entries.slice(1)] });
    for (const us of [0, -1, Number.NaN, Infinity]) expect(why(withFirst(us))).toMatch(/cannot take the time/);
    expect(why({ ...table, settings: { ...table.settings, keepPw: false } })).toMatch(/without the first 1×1/);
    expect(why({ ...table, entries: [], fixed: [] })).toMatch(/none of the 26 entries/);
    expect(why(table, makeSpace("darts-cell", "nano") as never)).toMatch(/no layers that can be timed/);
  });
});

describe("importTable", () => {
  it("reports, and keeps what the space needs", () => {
    const more = { ...table, entries: [...table.entries, { key: "k9_e1_g1_s1_i8_o8_h8", us: 1, p10: 1, p90: 1 }] };
    const read = importTable({ table: more, unknownKeys: ["colour"] }, nano, use);
    if (!read.ok) throw new Error(read.problem.message);
    const { report, table: kept } = read.value;
    expect(kept).toEqual(table);
    expect(report).toMatchObject({ format: "latency-table", label: "test", space: { id: "fbnet-v1", size: "nano" }, missing: [], mapped: [], warnings: [] });
    expect(report.understood[0]).toBe("26 of 26 entries");
    expect(report.ignored.map(({ key }) => key)).toEqual(["“colour”", "“k9_e1_g1_s1_i8_o8_h8”"]);
  });

  it("takes a table of an equal space as one of this", () => {
    const read = importTable({ table: inventedTable(makeSpace("fbnet-v1", "tiny")), unknownKeys: [] }, nano, use);
    expect(read).toMatchObject({ ok: true, value: { table: { space: { size: "nano" } }, report: { mapped: ["fbnet-v1 tiny → fbnet-v1 nano"] } } });
  });
});

describe("fillMissing", () => {
  it("takes the nearest of the same kernel by multiply–adds, scaled, and marks it", () => {
    const gone = "k5_e3_g1_s1_i16_o16_h8";
    const macs = new Map(latency.slots.flat().flatMap((block) => (block ? [[block.key, block.macs] as const] : [])));
    const filled = fillMissing(without([gone]), latency);
    const entry = filled.entries.find(({ key }) => key === gone);
    const others = [...macs.keys()].filter((key) => key.startsWith("k5") && key !== gone);
    const far = (key: string): number => Math.abs(Math.log((macs.get(key) ?? 1) / (macs.get(gone) ?? 1)));
    const nearest = others.reduce((best, key) => (far(key) < far(best) ? key : best));
    const us = (inventedUs(macs.get(nearest) ?? 0) * (macs.get(gone) ?? 0)) / (macs.get(nearest) ?? 1);
    expect(entry).toEqual({ key: gone, us: expect.closeTo(us, 9) as number, p10: expect.closeTo(us, 9) as number, p90: expect.closeTo(us, 9) as number, source: "estimated" });
    expect(costsOf(filled, latency)).not.toBeNull();
    expect(filled.fixed).toEqual(table.fixed);
  });

  it("fills fixed parts too, never from estimates, and leaves a table of nothing alone", () => {
    const holes = without(["stem_s2_i3_o8_h32", "head_i64_o10_h4"]);
    const filled = fillMissing(holes, latency);
    expect(filled.fixed.filter(({ source }) => source === "estimated").map(({ key }) => key)).toEqual(["stem_s2_i3_o8_h32", "head_i64_o10_h4"]);
    const estimates = { ...table, entries: table.entries.map((entry) => ({ ...entry, source: "estimated" as const })), fixed: [] };
    expect(fillMissing(estimates, latency).fixed).toEqual([]);
    expect(fillMissing({ ...table, entries: [], fixed: [] }, latency).entries).toEqual([]);
  });

  it("changes nothing of a whole table", () => {
    expect(fillMissing(table, latency)).toEqual(table);
  });
});

describe("sums", () => {
  it("are the fixed parts and the chosen entries", () => {
    const costs = costsOf(table, latency);
    if (costs === null) throw new Error("no costs");
    const genes = [0, 1, 4, 3, 4];
    const parts = genes.map((gene, slot) => latency.slots[slot]?.[gene]).concat(latency.fixed);
    expect(sumOf(costs, genes)).toBeCloseTo(parts.reduce((sum, block) => sum + (block ? inventedUs(block.macs) : 0), 0), 9);
  });
});

describe("tableKey", () => {
  it("differs with everything that tables must not mix over", () => {
    const { device, settings, space } = table;
    const changes: LatencyTable[] = [
      table,
      ...([{ label: "x" }, { backend: "x" }, { executor: "x" }, { threads: 2 }] as const).map((change) => ({ ...table, device: { ...device, ...change } })),
      ...([{ batch: 2 }, { keepPw: false }, { bnFolded: false }] as const).map((change) => ({ ...table, settings: { ...settings, ...change } })),
      { ...table, app: "x" },
      { ...table, space: { ...space, size: "tiny" } },
    ];
    expect(new Set(changes.map(tableKey)).size).toBe(changes.length);
    const otherTimer: LatencyTable = { ...table, device: { ...device, timer: "timestamp", quantumUs: 3 } };
    expect(tableKey(otherTimer)).toBe(tableKey(table));
    for (const changed of changes) expect(tableKey(changed)).toMatch(/^[\w-]{1,80}$/);
  });
});
