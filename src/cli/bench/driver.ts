/** The bench page in a browser, as a handful of calls. Builds the page from the sources into a temporary folder and serves it isolated. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { AppError } from "@/lib/appError";
import { findBrowser, launchFlags, NO_BROWSER } from "../browser.mjs";
import { ROOT } from "../process.mjs";
import { serve } from "../serve.mjs";
import type { BenchBackend, Bound, CaseInfo, Compared, Counts, PageFacts, PeerName, Roofline, Started, Timing } from "./types";

/** What the run may ask of the page. Everything may reject; `key` names a worker. */
export interface BenchDriver {
  facts(): Promise<PageFacts>;
  cases(): Promise<readonly CaseInfo[]>;
  roofline(backend: BenchBackend, quick: boolean): Promise<Roofline>;
  limit(bound: Bound): Promise<number>;
  start(key: string, peer: PeerName, backend: BenchBackend, name: string, threads: number): Promise<Started>;
  compare(a: string, b: string): Promise<Compared>;
  run(key: string, times: number): Promise<Timing>;
  counts(key: string): Promise<Counts>;
  stop(key: string): Promise<void>;
  torchCase(name: string): Promise<string>;
  close(): Promise<void>;
}

type PageCalls = Omit<BenchDriver, "close">;

async function buildPage(outDir: string): Promise<void> {
  await build({
    root: path.join(ROOT, "e2e", "bench"),
    configFile: false,
    base: "./",
    logLevel: "error",
    resolve: { alias: { "@": path.join(ROOT, "src") } },
    worker: { format: "es" },
    build: { target: "es2022", outDir, emptyOutDir: true, chunkSizeWarningLimit: 10_000 },
  });
}

interface Opened {
  readonly browser: Browser;
  readonly page: Page;
}

/** WebGPU on hardware where there is some, else on the software adapter. */
async function openBrowser(url: string, backend: BenchBackend, say: (sentence: string) => void): Promise<Opened> {
  const found = await findBrowser({ allowInstall: true });
  if (found === null) throw new AppError("backend.unavailable", NO_BROWSER);
  const start = async (args: string[]): Promise<Opened> => {
    // Ctrl-C is ours: what there is gets printed before the browser goes.
    const browser = await chromium.launch({ executablePath: found.path, args, timeout: 60_000, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
    const page = await browser.newPage();
    await page.goto(url, { timeout: 60_000 });
    await page.waitForFunction("globalThis.bench !== undefined", undefined, { timeout: 60_000 });
    return { browser, page };
  };
  if (backend === "wasm") return start(launchFlags());
  const vulkan = process.platform === "linux" ? ["--enable-features=Vulkan"] : [];
  const first = await start([...launchFlags({ webgpu: true }), ...vulkan]);
  const { adapter } = (await first.page.evaluate("globalThis.bench.facts()")) as PageFacts;
  if (adapter !== null && !adapter.fallback) return first;
  await first.browser.close();
  say("No hardware WebGPU adapter here: starting Chromium with its software adapter, which is slow.");
  return start(launchFlags({ softwareGpu: true }));
}

/** Build, serve, open. The caller closes. */
export async function openBench(backend: BenchBackend, say: (sentence: string) => void): Promise<BenchDriver> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "nas-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await buildPage(folder);
    const server = await serve({ dist: folder });
    const { browser, page } = await openBrowser(server.url, backend, say);
    const ask = <K extends keyof PageCalls>(call: K, ...args: Parameters<PageCalls[K]>): ReturnType<PageCalls[K]> =>
      // As text: what crosses is data, and nothing of this program runs in the page.
      page.evaluate(`globalThis.bench[${JSON.stringify(call)}](...${JSON.stringify(args)})`) as ReturnType<PageCalls[K]>;
    return {
      facts: () => ask("facts"),
      cases: () => ask("cases"),
      roofline: (...args) => ask("roofline", ...args),
      limit: (...args) => ask("limit", ...args),
      start: (...args) => ask("start", ...args),
      compare: (...args) => ask("compare", ...args),
      run: (...args) => ask("run", ...args),
      counts: (...args) => ask("counts", ...args),
      stop: (...args) => ask("stop", ...args),
      torchCase: (...args) => ask("torchCase", ...args),
      close: async () => {
        await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, 10_000))]);
        await server.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
