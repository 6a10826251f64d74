/** The study's page in headless Chromium on its software adapter, for the backend that Node does not have. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright";
import { build } from "vite";
import { findBrowser, launchFlags, NO_BROWSER } from "@/cli/browser.mjs";
import { ROOT } from "@/cli/process.mjs";
import { serve } from "@/cli/serve.mjs";
import { AppError } from "@/lib/appError";
import type { AdditivityRequest, AdditivityRun } from "./measure";

/** Built, served, opened and closed again. */
export async function measureInBrowser(requests: readonly AdditivityRequest[], onRun: (run: AdditivityRun) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "nas-latency-"));
  try {
    const found = await findBrowser({ allowInstall: true });
    if (found === null) throw new AppError("backend.unavailable", NO_BROWSER);
    await build({
      root: path.join(ROOT, "src", "studies", "latencyAdditivity"),
      configFile: false,
      base: "./",
      logLevel: "error",
      resolve: { alias: { "@": path.join(ROOT, "src") } },
      worker: { format: "es" },
      build: { target: "es2022", outDir: folder, emptyOutDir: true, chunkSizeWarningLimit: 10_000, minify: false },
    });
    const server = await serve({ dist: folder });
    const browser = await chromium.launch({ executablePath: found.path, args: launchFlags({ softwareGpu: true }), timeout: 60_000 });
    try {
      const page = await browser.newPage();
      await page.goto(server.url, { timeout: 60_000 });
      await page.waitForFunction("globalThis.latencyStudy !== undefined", undefined, { timeout: 60_000 });
      for (const request of requests) await onRun(JSON.parse(await page.evaluate((asked) => window.latencyStudy(asked), request)) as AdditivityRun);
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
