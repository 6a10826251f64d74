/**
 * Runs one TypeScript module in headless Chromium, from the sources:
 *
 *   npx tsx e2e/harness/run.ts /e2e/harness/cases.ts [--software-gpu] [--not-isolated] [--worker] [--arg key=value …]
 *
 * The module's `default(args, log)` is called; its lines and the console go to stdout, what it returns is printed as JSON.
 * Exit code 1 when it throws, when the page has an error, or when the browser dies.
 */
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { findBrowser, launchFlags, NO_BROWSER } from "../../src/cli/browser.mjs";
import { serveHarness } from "./serve";
import type { Args } from "./types";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "software-gpu": { type: "boolean", default: false },
    isolated: { type: "boolean", default: true },
    "not-isolated": { type: "boolean", default: false },
    worker: { type: "boolean", default: false },
    arg: { type: "string", multiple: true, default: [] },
  },
});

function argsOf(pairs: readonly string[]): Args {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, "true"] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

async function main(): Promise<number> {
  const [named] = positionals;
  if (named === undefined) {
    console.error("Name the module to run, as in: npx tsx e2e/harness/run.ts /e2e/harness/cases.ts");
    return 2;
  }
  const module = named.startsWith("/") ? named : `/${named}`;
  const found = await findBrowser();
  if (found === null) throw new Error(NO_BROWSER);
  const server = await serveHarness({ module, isolated: !values["not-isolated"] });
  const browser = await chromium.launch({
    executablePath: found.path,
    args: launchFlags({ softwareGpu: values["software-gpu"] }),
  });
  let errors = 0;
  try {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "debug") return; // Vite's own client
      const isPlain = message.type() === "log" || message.type() === "info";
      console.log(isPlain ? message.text() : `[${message.type()}] ${message.text()}`);
    });
    page.on("pageerror", (error) => {
      errors++;
      console.error(`[page error] ${error.stack ?? error.message}`);
    });
    await page.goto(server.url(argsOf(values.arg), { inWorker: values.worker }));
    await page.waitForFunction(() => "harnessResult" in window);
    const result = await page.evaluate(() => window.harnessResult);
    if (result !== "null") console.log(JSON.stringify(JSON.parse(result), null, 2));
  } finally {
    await browser.close();
    await server.close();
  }
  return errors > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (cause: unknown) => {
    console.error(cause instanceof Error ? cause.message : cause);
    process.exit(1);
  },
);
