/**
 * End-to-end tests run in both worlds a visitor may come from: Chromium without a WebGPU adapter (the default, a product
 * state of its own) and Chromium with its software adapter (`*.gpu.spec.ts` only: it is slow).
 */
import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";
import { findBrowser, launchFlags, NO_BROWSER } from "./src/cli/browser.mjs";

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

// This file is read again by every worker; the environment carries what must not differ between readings.
process.env["E2E_PORT"] ??= String(await freePort());
if (process.env["CHROME_PATH"] === undefined) {
  const browser = await findBrowser({ allowInstall: false });
  if (browser === null) throw new Error(NO_BROWSER);
  process.env["CHROME_PATH"] = browser.path;
}

const url = `http://localhost:${process.env["E2E_PORT"]}/`;
const executablePath = process.env["CHROME_PATH"];

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: process.env["PLAYWRIGHT_JSON_OUTPUT_NAME"] === undefined ? "list" : [["list"], ["json"]],
  use: { baseURL: url, viewport: { width: 1440, height: 900 }, trace: "off" },
  webServer: {
    command: `node src/cli/serve.mjs --port ${process.env["E2E_PORT"]}`,
    url,
    reuseExistingServer: false,
    timeout: 30_000,
  },
  projects: [
    {
      name: "no-adapter",
      testIgnore: /\.gpu\.spec\.ts$/,
      use: { launchOptions: { executablePath, args: launchFlags() } },
    },
    {
      name: "software-gpu",
      testMatch: /\.gpu\.spec\.ts$/,
      timeout: 300_000,
      use: { launchOptions: { executablePath, args: launchFlags({ softwareGpu: true }) } },
    },
  ],
});
