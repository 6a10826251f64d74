/** The parity page in headless Chromium, for the backend that Node does not have. Builds the page from the sources and serves it. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { AppError } from "@/lib/appError";
import type { Runner } from "../backend";
import { findBrowser, launchFlags, NO_BROWSER } from "../../browser.mjs";
import { ROOT } from "../../process.mjs";
import { serve } from "../../serve.mjs";
import { type CaseResult, reasonOf } from "../types";

async function buildPage(outDir: string): Promise<void> {
  await build({
    root: path.join(ROOT, "src", "cli", "parity", "page"),
    configFile: false,
    base: "./",
    logLevel: "error",
    resolve: { alias: { "@": path.join(ROOT, "src") } },
    worker: { format: "es" },
    build: { target: "es2022", outDir, emptyOutDir: true, chunkSizeWarningLimit: 10_000, minify: false },
  });
}

/** The page at an address of its own, until it is closed. */
export async function servePage(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "nas-parity-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await buildPage(folder);
    const server = await serve({ dist: folder });
    return {
      url: server.url,
      close: async () => {
        await server.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

interface Opened {
  readonly browser: Browser;
  readonly page: Page;
}

/** On a graphics card where there is one, else on the software adapter. */
async function openBrowser(url: string, say: (sentence: string) => void): Promise<Opened> {
  const found = await findBrowser({ allowInstall: true });
  if (found === null) throw new AppError("backend.unavailable", NO_BROWSER);
  const start = async (args: string[]): Promise<Opened> => {
    const browser = await chromium.launch({ executablePath: found.path, args, timeout: 60_000 });
    const page = await browser.newPage();
    await page.goto(url, { timeout: 60_000 });
    await page.waitForFunction("globalThis.parity !== undefined", undefined, { timeout: 60_000 });
    return { browser, page };
  };
  const vulkan = process.platform === "linux" ? ["--enable-features=Vulkan"] : [];
  const first = await start([...launchFlags({ webgpu: true }), ...vulkan]);
  if (await first.page.evaluate(() => window.parity.isHardware())) return first;
  await first.browser.close();
  say("No hardware WebGPU adapter here: starting Chromium with its software adapter, which is slow.");
  return start(launchFlags({ softwareGpu: true }));
}

/** Calls of an open page: one kind at a time. */
export async function pageRunner(page: Page): Promise<Runner["run"]> {
  let current: (name: string) => Promise<unknown> = () => Promise.reject(new Error("No kind is running."));
  await page.exposeFunction("paritySibling", async (name: string) => JSON.stringify(await current(name)));
  return async (kind, value, sibling) => {
    current = sibling;
    const text = await page.evaluate(([which, file]) => window.parity.run(which, file), [kind, JSON.stringify(value)] as const);
    // A number that is not one crosses as null.
    const number = (v: number | null): number => v ?? Number.NaN;
    return (JSON.parse(text) as CaseResult[]).map((one) => ({ ...one, absError: number(one.absError), relError: number(one.relError) }));
  };
}

/** Build, serve, open. */
export async function openPage(say: (sentence: string) => void): Promise<Runner> {
  const server = await servePage();
  try {
    const { browser, page } = await openBrowser(server.url, say);
    page.on("pageerror", (error) => say(`Error in the page: ${reasonOf(error)}`));
    return {
      run: await pageRunner(page),
      close: async () => {
        await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
