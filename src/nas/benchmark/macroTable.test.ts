import { beforeAll, describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { macro8, macro8Cost } from "../space/macro8";
import { pickEvaluationSet } from "./evaluationSet";
import { MACRO_NETWORKS, macroBaselines, parseMacroTable, truthOf, type MacroTable } from "./macroTable";

type Rows = Record<string, unknown>;

const everyString = Array.from({ length: 6561 }, (_, i) => i.toString(3).padStart(8, "0"));
const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function canonical(id: string): string {
  const choices = macro8("full").decode(id);
  if (choices === null) throw new Error(id);
  return macro8("full").canonical(choices).id;
}

/** Rows as the benchmark writes them, accuracies made up: equal for equivalent strings. */
function madeUp(strings: readonly string[]): Rows {
  return Object.fromEntries(
    strings.map((id) => {
      const rng = rootKey(5).fold(canonical(id)).stream();
      const runs = [0, 1, 2].map(() => 40 + 50 * rng.next());
      const mean = runs.reduce((a, b) => a + b, 0) / 3;
      const std = Math.sqrt(runs.reduce((a, b) => a + (b - mean) ** 2, 0) / 3);
      const { params, macs } = macro8Cost(id, "full");
      return [id, { test_acc: runs, mean_acc: mean, std, params, flops: macs }];
    }),
  );
}

function parsed(rows: unknown): MacroTable {
  const table = parseMacroTable(bytesOf(rows));
  if (!table.ok) throw new Error(table.problem.message);
  return table.value;
}

function refused(rows: unknown): string {
  const table = parseMacroTable(rows instanceof Uint8Array ? rows : bytesOf(rows));
  expect(table.ok).toBe(false);
  if (table.ok) return "";
  expect(table.problem.code).toBe("import.unreadable");
  return table.problem.message;
}

let whole: Rows;
let table: MacroTable;
beforeAll(() => {
  whole = madeUp(everyString);
  table = parsed(whole);
});

describe("parseMacroTable", () => {
  it("reads the whole table, distinct networks only", () => {
    expect([table.strings, table.networks.size, table.label, table.official]).toEqual([
      6561,
      MACRO_NETWORKS,
      "6,561 of 6,561",
      false,
    ]);
    const row = whole["01201201"] as { mean_acc: number; params: number };
    expect(truthOf(table, "01201201")).toEqual(truthOf(table, "01210210"));
    expect(truthOf(table, "01201201")?.accuracy).toBeCloseTo(row.mean_acc / 100, 12);
    expect(truthOf(table, "01201201")?.params).toBe(1283434);
    expect(truthOf(table, "nonsense")).toBe(null);
  });

  it("counts a part, in both forms", () => {
    const some = everyString.filter((_, i) => i % 9 === 0);
    expect(parsed(madeUp(some)).label).toBe("729 of 6,561");
    const short = Object.fromEntries(
      some.map((id, i) => [
        id,
        [
          i % 2 ? null : (madeUp([id])[id] as { mean_acc: number }).mean_acc,
          macro8Cost(id, "full").params,
          macro8Cost(id, "full").macs,
        ],
      ]),
    );
    expect(parsed(short).strings).toBe(365);
    expect(truthOf(parsed(short), "00000000")?.std).toBe(null);
    expect(truthOf(parsed(short), everyString[9] ?? "")).toBe(null);
  });

  it("refuses wrong rows by name", () => {
    const row = whole["22212220"] as Rows;
    const change = (part: Rows): string => refused({ "22212220": { ...row, ...part } });
    expect(change({ params: 1985515 })).toContain("Row 22212220 of the table costs “1985515” parameters");
    expect(change({ flops: 1 })).toContain("the network has 1985514 and 85164544");
    expect(change({ mean_acc: 12 })).toContain("its runs give");
    expect(change({ test_acc: [1, 2] })).toContain("three accuracies");
    expect(change({ test_acc: [1, 2, null] })).toContain("three accuracies");
    expect(change({ std: -1 })).toContain("standard deviation");
    expect(refused({ "2221222": row })).toContain("eight digits");
    expect(refused({ "22212220": 3 })).toContain("neither");
    expect(
      refused({
        "22212220": row,
        "22212202": { ...(whole["22212202"] as Rows), test_acc: [50, 50, 50], mean_acc: 50 },
      }),
    ).toContain("same network");
    expect(refused({ "00000000": [null, 387882, 7713280] })).toContain("no accuracies");
    expect(refused({ "00000000": [101, 387882, 7713280] })).toContain("not a percentage");
  });

  it("refuses hostile files", () => {
    expect(refused(new Uint8Array(9 * 1048576))).toContain("9.0 MB");
    expect(refused(new Uint8Array([0xff]))).toContain("UTF-8");
    expect(refused(JSON.stringify(whole).slice(0, 5000))).toContain("cut off");
    expect(refused("[".repeat(100000))).toContain("nested");
    expect(refused("[1]")).toContain("object of rows");
    expect(refused("{}")).toContain("no rows");
    expect(refused(`{"__proto__": [1,2,3]}`)).toContain("__proto__");
    expect(refused(Object.fromEntries(Array.from({ length: 7000 }, (_, i) => [`k${i}`, 1])))).toContain("7000 rows");
  });
});

describe("pickEvaluationSet", () => {
  it("takes half from all, half from the best quarter, disjoint and repeatable", () => {
    const set = pickEvaluationSet(table, 200, rootKey(1).stream());
    const ids = [...set.uniform, ...set.top].map((truth) => truth.id);
    expect([set.uniform.length, set.top.length, new Set(ids).size]).toEqual([100, 100, 200]);
    const ranked = [...table.networks.values()].map((truth) => truth.accuracy).sort((a, b) => b - a);
    const threshold = ranked[992] ?? 1;
    expect(set.top.every((truth) => truth.accuracy >= threshold)).toBe(true);
    expect(set.uniform.filter((truth) => truth.accuracy >= threshold).length).toBeLessThan(50);
    const reversed = parsed(Object.fromEntries(Object.entries(whole).reverse()));
    expect(pickEvaluationSet(reversed, 200, rootKey(1).stream())).toEqual(set);
    expect(pickEvaluationSet(table, 200, rootKey(2).stream())).not.toEqual(set);
  });

  it("gives what a small table has", () => {
    const small = parsed(madeUp(["00000000", "11111111", "22222222", "10000000"]));
    const set = pickEvaluationSet(small, 200, rootKey(1).stream());
    expect([set.uniform.length, set.top.length]).toEqual([4, 0]);
    expect(macroBaselines(set.uniform).activeLayers.reduce((a, b) => a + b)).toBe(17);
  });
});
