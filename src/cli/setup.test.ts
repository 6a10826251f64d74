import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isStale } from "./build.mjs";
import { copyDatasets } from "./datasetsPlugin.mjs";
import { needsData, needsInstall, nodeProblem } from "./setup.mjs";
import { closingLine, countOne, countPlaywright, countVitest, withCrash } from "./test.mjs";

let root = "";
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "setup-test-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Write a file whose time is `seconds` after a fixed moment. */
function file(name: string, seconds: number, text = ""): void {
  const full = path.join(root, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  utimesSync(full, 1_700_000_000 + seconds, 1_700_000_000 + seconds);
}

describe("set-up", () => {
  it.each(["v20.19.0", "v20.20.2", "v22.0.0", "v24.1.0"])("accepts Node %s", (version) => expect(nodeProblem(version)).toBeNull());
  it.each(["v18.20.0", "v20.18.3", "v8.0.0"])("refuses Node %s in one sentence", (version) => expect(nodeProblem(version)).toContain("20.19"));

  it("installs when there is nothing, or the lockfile is newer", () => {
    file("package-lock.json", 10);
    expect(needsInstall(root)).toBe(true);
    file("node_modules/.package-lock.json", 5);
    expect(needsInstall(root)).toBe(true);
    file("node_modules/.package-lock.json", 20);
    expect(needsInstall(root)).toBe(false);
  });

  it("makes the data set unless the pinned one is there", () => {
    expect(needsData(root)).toBe(true);
    file("datasets/emoji10/manifest.json", 0, '{"sha256":"00"}');
    expect(needsData(root)).toBe(true);
    file("datasets/emoji10/manifest.json", 0, '{"sha256":"bf1b0de28644d114001abf7094536c07f23d89269fafa956303aa41f13f33856"}');
    expect(needsData(root)).toBe(false);
  });
});

describe("the build", () => {
  it("is stale without dist, and when a source is newer; tests do not count", () => {
    file("src/main.tsx", 0);
    utimesSync(path.join(root, "src"), 1_700_000_000, 1_700_000_000);
    expect(isStale(root)).toBe(true);
    file("dist/index.html", 10);
    expect(isStale(root)).toBe(false);
    file("src/a.test.ts", 20);
    utimesSync(path.join(root, "src"), 1_700_000_000, 1_700_000_000);
    expect(isStale(root)).toBe(false);
    file("index.html", 20);
    expect(isStale(root)).toBe(true);
  });

  it("takes finished data sets along, and nothing else", () => {
    file("datasets/index.json", 0, "{}");
    file("datasets/cli.ts", 0);
    file("datasets/a/manifest.json", 0, "{}");
    file("datasets/a/train-000.bin", 0, "x");
    file("datasets/a/notes.txt", 0);
    file("datasets/b-unfinished/train-000.bin", 0);
    expect(copyDatasets(path.join(root, "datasets"), path.join(root, "out"))).toEqual(["a"]);
    expect(copyDatasets(path.join(root, "out"), path.join(root, "again"))).toEqual(["a"]);
    expect(isStale(path.join(root, "again"))).toBe(true);
    expect(needsInstall(path.join(root, "out"))).toBe(true);
  });
});

describe("totals of npm test", () => {
  it("count a crash as a failure, never as a pass", () => {
    expect(countOne(0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(countOne(2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(withCrash({ passed: 9, failed: 0, skipped: 0 }, 1).failed).toBe(1);
    expect(withCrash({ passed: 9, failed: 2, skipped: 0 }, 1).failed).toBe(2);
  });

  it("count a test file that cannot be loaded", () => {
    const report = {
      numPassedTests: 3,
      numFailedTests: 1,
      numPendingTests: 1,
      numTodoTests: 1,
      testResults: [
        { status: "failed", assertionResults: [{ status: "failed" }] },
        { status: "failed", assertionResults: [] },
        { status: "passed", assertionResults: [{ status: "passed" }] },
      ],
    };
    expect(countVitest(report)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });

  it("count a flaky end-to-end test as failed", () => {
    const report = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 }, errors: [{}] };
    expect(countPlaywright(report)).toEqual({ passed: 4, failed: 3, skipped: 2 });
  });

  it("end in one plain line", () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
    expect(closingLine({ passed: 12, failed: 1, skipped: 3 })).toBe("12 passed, 1 failed, 3 skipped");
  });
});
