/**
 * The README's pictures, from real runs: `npx tsx e2e/tour.ts [--table PATH] [--only spos|darts|fbnet]` (PATH: the NAS-Bench-Macro file, for the
 * truth picture). Builds the app, trains at nano, and takes each panel while it is live.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { findBrowser, launchFlags } from "../src/cli/browser.mjs";
import { flag, serve } from "../src/cli/serve.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = fileURLToPath(new URL("tour/", import.meta.url));
const tablePath = flag(process.argv.slice(2), "table");
const only = flag(process.argv.slice(2), "only");

type Automated = Window & { readonly nasPlayground: { ready: Promise<unknown>; play(until?: unknown): Promise<unknown>; pause(): Promise<unknown>; open(config: unknown): Promise<unknown> } };

async function shoot(page: Page, panel: string, name: string): Promise<void> {
  await page.locator(`section[data-panel="${panel}"]`).first().screenshot({ path: `${folder}${name}.png` });
}

/** Start playing without waiting for the end, and let some of it happen. */
async function playOn(page: Page, until: object): Promise<void> {
  await page.evaluate((u) => (window as unknown as Automated).nasPlayground.play(u), until);
  await page.evaluate(() => void (window as unknown as Automated).nasPlayground.play());
  await page.waitForFunction(() => document.querySelector('section[data-panel="path"]')?.getAttribute("data-state") === "live");
}

async function takeLight(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.ready);
  await playOn(page, { step: 300 });
  await shoot(page, "path", "path");
  await playOn(page, { generation: 3 });
  await shoot(page, "pool", "pool");
  await page.screenshot({ path: `${folder}search-light.png` });
  await page.getByRole("tab", { name: "Data" }).first().click();
  await page.waitForTimeout(1500);
  await shoot(page, "data", "data");
  await playOn(page, { phase: "retrain", step: 300 });
  await shoot(page, "curves", "curves");
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.play());
  await page.locator('section[data-panel="data"] button[data-cell]').first().click();
  await page.getByRole("button", { name: "Network on the full stage (F)" }).click();
  await page.getByRole("button", { name: "Diagram" }).or(page.locator("section[data-panel=network] svg")).first().waitFor();
  await page.waitForTimeout(1500);
  await shoot(page, "network", "network");
  await page.keyboard.press("Escape");
  if (tablePath === undefined) return;
  await page.evaluate((text) => {
    const dropped = new DataTransfer();
    dropped.items.add(new File([text], "nas-bench-macro_cifar10.json", { type: "application/json" }));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
  }, readFileSync(tablePath, "utf8"));
  await page.getByText("τ-b", { exact: false }).first().waitFor();
  await shoot(page, "pool", "truth");
}

async function takeDark(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.ready);
  await playOn(page, { step: 200 });
  await page.screenshot({ path: `${folder}train-dark-1024.png` });
}

/** A differentiable search at its middle and derived. */
async function takeDarts(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.ready);
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.play({ step: 400 }));
  await page.waitForTimeout(1000);
  await page.screenshot({ path: `${folder}darts-light.png` });
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.play({ phase: "test" }));
  await page.waitForTimeout(3000);
  await shoot(page, "cells", "darts-derived");
}

/** FBNet's three versions: θ and the table while it searches, masks, and the pairs of a joint search with their predictor. */
async function takeFbnet(page: Page, name: string, until: object): Promise<void> {
  await page.evaluate(() => (window as unknown as Automated).nasPlayground.ready);
  await page.evaluate((u) => (window as unknown as Automated).nasPlayground.play(u), until);
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `${folder}${name}.png` });
}

mkdirSync(folder, { recursive: true });
execFileSync("npx", ["vite", "build"], { cwd: root, stdio: "inherit" });
const server = await serve();
const found = await findBrowser();
if (!found) throw new Error("There is no browser: set CHROME_PATH.");
const browser = await chromium.launch({ executablePath: found.path, args: launchFlags() });
try {
  const open = async (hash: string, size: { readonly width: number; readonly height: number }, colorScheme: "light" | "dark"): Promise<Page> => {
    const page = await browser.newPage({ viewport: size, colorScheme });
    await page.goto(`${server.url}${hash}`);
    return page;
  };
  const [desk, projector] = [{ width: 1440, height: 900 }, { width: 1024, height: 768 }];
  const takes = (part: string): boolean => only === undefined || only === null || only === part;
  if (takes("spos")) {
    await takeLight(await open("", desk, "light"));
    await takeDark(await open("", projector, "dark"));
  }
  if (takes("darts")) await takeDarts(await open("#v=1&alg=darts", desk, "light"));
  if (takes("fbnet")) {
    await takeFbnet(await open("#v=1&alg=fbnet-v1", desk, "light"), "fbnet-light", { step: 900 });
    await takeFbnet(await open("#v=1&alg=fbnet-v2", desk, "light"), "fbnet-masks", { step: 1000 });
    await takeFbnet(await open("#v=1&alg=fbnet-v3", desk, "light"), "fbnet-joint", { phase: "retrain" });
  }
} finally {
  await browser.close();
  await server.close();
}
