/**
 * `npm test`: every stage in order, each streamed and bounded, and one plain last line with the totals. Types, lint and
 * the build count as one test each; a stage that ends badly without naming a failed test counts as one failure, so a
 * crash can never look like a pass.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { findBrowser, NO_BROWSER } from "./browser.mjs";
import { die, isMain, runNode, tool } from "./process.mjs";
import { flag } from "./serve.mjs";

const MINUTE = 60_000;

/** Counts of one stage. @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** A stage without a report of its own: one test. */
export function countOne(code) {
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** A bad end that no counted failure explains is a failure. */
export function withCrash(counts, code) {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** Vitest's JSON report; a file that could not be loaded has no tests and counts as one failure. */
export function countVitest(report) {
  const brokenFiles = report.testResults.filter((file) => file.status === "failed" && !file.assertionResults.some((t) => t.status === "failed"));
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Playwright's JSON report: a test that passed only when repeated counts as failed, and so does an error outside tests. */
export function countPlaywright(report) {
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected, failed: unexpected + flaky + report.errors.length, skipped };
}

/** The plain last line. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

function readReport(file, count, code) {
  try {
    return withCrash(count(JSON.parse(readFileSync(file, "utf8"))), code);
  } catch {
    process.stdout.write("The stage ended without a readable report.\n");
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function stages(scratch) {
  const report = (name) => path.join(scratch, `${name}.json`);
  const plain = (args) => async () => countOne((await runNode(args, { limitMs: 15 * MINUTE })).code);
  return {
    types: plain([tool("typescript", "bin/tsc"), "--noEmit", "-p", "."]),
    lint: plain([tool("eslint", "bin/eslint.js"), "."]),
    unit: async () => {
      const args = [tool("vitest", "vitest.mjs"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report("unit")}`];
      const { code } = await runNode(args, { limitMs: 30 * MINUTE });
      return readReport(report("unit"), countVitest, code);
    },
    parity: async () => {
      const total = { passed: 0, failed: 0, skipped: 0 };
      for (const backend of ["wasm", "cpu"]) {
        const file = report(`parity-${backend}`);
        const args = ["--import", "tsx", path.join("src", "cli", "parity.ts"), "--backend", backend, "--json", file];
        const { code } = await runNode(args, { limitMs: 15 * MINUTE });
        const counts = readReport(file, ({ passed, failed, skipped }) => ({ passed, failed, skipped }), code);
        for (const key of Object.keys(total)) total[key] += counts[key];
      }
      return total;
    },
    build: plain([tool("vite", "bin/vite.js"), "build", "--logLevel", "warn"]),
    e2e: async () => {
      const browser = await findBrowser({ allowInstall: true });
      if (browser === null) {
        process.stdout.write(`${NO_BROWSER}\n`);
        return countOne(1);
      }
      process.stdout.write(`Browser: ${browser.path} (${browser.source})\n`);
      const { code } = await runNode([tool("@playwright/test", "cli.js"), "test"], {
        limitMs: 45 * MINUTE,
        env: { CHROME_PATH: browser.path, PLAYWRIGHT_JSON_OUTPUT_NAME: report("e2e") },
      });
      return readReport(report("e2e"), countPlaywright, code);
    },
  };
}

async function main(args) {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "nas-playground-test-"));
  const all = stages(scratch);
  const chosen = flag(args, "only")?.split(",").map((name) => name.trim()) ?? Object.keys(all);
  const unknown = chosen.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) die(`There is no stage "${unknown}". Stages: ${Object.keys(all).join(", ")}.`, 2);
  const stray = args.find((arg, i) => arg !== "--only" && !arg.startsWith("--only=") && args[i - 1] !== "--only");
  if (stray !== undefined) die(`Unknown argument ${stray}. Allowed: --only STAGE[,STAGE…] with ${Object.keys(all).join(", ")}.`, 2);

  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const name of Object.keys(all).filter((stage) => chosen.includes(stage))) {
    process.stdout.write(`\n── ${name}\n`);
    const startedMs = performance.now();
    const counts = await all[name]();
    for (const key of Object.keys(total)) total[key] += counts[key];
    lines.push(`${name.padEnd(8)}${closingLine(counts)}  (${Math.round((performance.now() - startedMs) / 1000)} s)`);
  }
  rmSync(scratch, { recursive: true, force: true });
  process.stdout.write(`\n${lines.join("\n")}\n\n${closingLine(total)}\n`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

if (isMain(import.meta.url)) await main(process.argv.slice(2));
