import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseParityFlags } from "./flags";
import { compareMacroTable } from "./nasBenchMacro";
import { formatCase, tally, totalsLine } from "./report";
import { type Handlers, runnerHere } from "./backend";
import { type KnownKinds, runParity } from "./run";
import { compareSubnetFiles } from "./subnetFiles";

let root = "";
beforeAll(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "parity-test-"));
  const put = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  put("a/built.json", '["one","two"]');
  put("a/README.md", "not a case");
  put("a/broken.json", "{");
  put("a/later.json", "{}");
  put("b/unknown.json", "{}");
  put("c/asks.json", '"there.json"');
  put("c/lacks.json", '"gone.json"');
  put("c/leaves.json", '"../empty.json"');
  put("c/there.json", '["beside"]');
  put("constructor", "{}");
  put("empty.json", "[]");
  put("throws.json", "{}");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const names: Handlers[string] = () =>
  Promise.resolve((value) =>
    Promise.resolve((Array.isArray(value) ? value : []).map((name) => ({ name: String(name), absError: 0, relError: 0, tolerance: 1e-5, status: "pass" as const }))),
  );
const beside: Handlers[string] = () =>
  Promise.resolve(async (value, { sibling }) => {
    const name = JSON.stringify(await sibling(String(value)));
    return [{ name, absError: 0, relError: 0, tolerance: 0, status: "pass" as const }];
  });
const handlers: Handlers = { "c/asks.json": beside, "c/lacks.json": beside, "c/leaves.json": beside, "c/there.json": names, "a/built.json": names, "empty.json": names, "throws.json": () => Promise.reject(new Error("no module")) };
const known: KnownKinds = { handlers, pending: { "a/later.json": "DARTS" } };
const here = runnerHere("cpu", handlers);

async function run(only?: string) {
  const outcome = await runParity(root, { only, run: here.run }, undefined, known);
  if (!outcome.ok) throw new Error(outcome.problem.message);
  return outcome.value;
}

describe("parity", () => {
  it("finds kinds by path and gives each an outcome", async () => {
    const lines = await run();
    const outcomes = lines.map((line) => `${line.kind} ${line.name} ${line.status}`);
    expect(outcomes).toEqual([
      "a/broken.json (file) fail",
      "a/built.json one pass",
      "a/built.json two pass",
      "a/later.json (all cases) pending",
      "b/unknown.json (file) fail",
      'c/asks.json ["beside"] pass',
      "c/lacks.json (file) fail",
      "c/leaves.json (file) fail",
      "c/there.json beside pass",
      "empty.json (file) fail",
      "throws.json (file) fail",
    ]);
    expect(totalsLine(tally(lines))).toBe("4 passed, 6 failed, 1 skipped");
    expect(lines[0]?.note).toContain("not readable JSON");
    expect(lines[3]?.note).toContain("DARTS");
    expect(lines[4]?.note).toContain("not known");
    expect(lines[6]?.note).toContain("This kind needs gone.json beside it");
    expect(lines[7]?.note).toContain("empty.json beside it, which is not there");
    expect(lines[10]?.note).toContain("no module");
  });

  it("keeps the kinds whose path begins with --only", async () => {
    expect((await run("a/b")).map((line) => line.kind)).toEqual(["a/broken.json", "a/built.json", "a/built.json"]);
    expect((await runParity(root, { only: "z", run: here.run }, undefined, known)).ok).toBe(false);
    expect((await runParity(path.join(root, "nowhere"), { only: undefined, run: here.run }, undefined, known)).ok).toBe(false);
  });

  it("refuses what it does not know on the command line", () => {
    expect(parseParityFlags(["--golden", "x", "--only=darts", "--backend", "wasm"])).toMatchObject({ ok: true, value: { golden: "x", only: "darts", backend: "wasm" } });
    for (const args of [["--goldn", "x"], ["--backend", "gpu"], ["stray"], ["--json"]]) {
      const parsed = parseParityFlags(args);
      expect(parsed.ok).toBe(false);
      if (!parsed.ok) expect(parsed.problem.message).toMatch(/^[^\n]*Allowed: --golden DIR[^\n]*$/);
    }
  });

  it("writes one line a case", () => {
    const line = formatCase({ kind: "k.json", name: "n", absError: 0.5, relError: 1e-3, tolerance: 1e-5, status: "fail", note: "too far" });
    expect(line).toMatch(/^k\.json\s+n\s+5\.00e-1\s+1\.00e-3\s+1\.00e-5\s+fail\s+too far$/);
  });
});

describe("nas-bench-macro.json", () => {
  const costOf = (arch: string) => ({ params: 100 + Number(arch), macs: 7 });

  it("compares rows of any number, in either form, and leaves accuracies alone", () => {
    const table = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [i.toString(3).padStart(8, "0"), [i % 2 ? null : 90.1, 100 + Number(i.toString(3)), 7]]));
    const cases = compareMacroTable(table, costOf);
    expect(cases.map((c) => c.status)).toEqual(["pass", "pass"]);
    expect(compareMacroTable({ "00000000": { params: 100, flops: 7, mean_acc: 50 } }, costOf)[0]?.status).toBe("pass");
  });

  it("names the first row that differs, with its error", () => {
    const [result] = compareMacroTable({ "00000000": [null, 100, 7], "00000001": [null, 101, 14] }, costOf);
    expect(result).toMatchObject({ status: "fail", absError: 7, relError: 0.5 });
    expect(result?.note).toContain("00000001: macs 7, expected 14");
  });

  it.each([[[]], [null], [{}], [{ "0000000": [null, 1, 2] }], [{ "00000000": [null, "1", 2] }], [{ "00000000": 5 }]])("does not pass %j", (value) => {
    expect(compareMacroTable(value, costOf).filter((c) => c.status === "pass")).toEqual([]);
  });
});

describe("subnet-files.json", () => {
  const entry = (space: string, expected: unknown) => ({ format: "razor-1x", space, entries: {}, expect: expected });
  const razor = { params: 1, macs: 2, flops: 3 };

  it("passes only when every expected count is there and equal", () => {
    const outcome = (ours: unknown, expected: unknown = { razor, megvii: { params: 5 } }) =>
      compareSubnetFiles({ a: entry("spos-x", expected) }, () => ours)[0]?.status;
    expect(outcome({ razor, megvii: { params: 5, macs: 6 } })).toBe("pass");
    expect(outcome({ razor })).toBe("fail");
    expect(outcome({ razor: { ...razor, macs: 4 }, megvii: { params: 5 } })).toBe("fail");
    expect(outcome({ razor }, {})).toBe("fail");
    expect(outcome("pending")).toBe("pending");
  });

  it("fails unknown spaces, malformed entries and a pricing that throws, each by name", () => {
    const cases = compareSubnetFiles({ a: entry("other", { razor }), b: 3, c: entry("spos-x", undefined), d: entry("ofa-x", { razor }) }, () => {
      throw new Error("no such op");
    });
    expect(cases.map((c) => `${c.name} ${c.status}`)).toEqual(["a fail", "b fail", "c fail", "d fail"]);
    expect(cases[3]?.note).toContain("no such op");
  });
});
