/** A stranger's first minute: something to see before any script, Train, the first path and loss, six phases, a network with its accuracy. */
import { gzipSync } from "node:zlib";
import type { APIRequestContext } from "@playwright/test";
import { expectPanelState, panel, stateOf, tiny, trainButton, visit, visitReady } from "./support/app";
import { expect, test } from "./support/test";

/** Scripts that the page needs before it is interactive, gzipped. */
const SCRIPT_BUDGET_BYTES = 200 * 1024;

test("the outline stands before any script runs", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, ...(baseURL === undefined ? {} : { baseURL }) });
  const page = await context.newPage();
  await page.goto("./");
  await expect(page.getByRole("heading", { name: "NAS Playground" })).toBeVisible();
  for (const name of ["Setup", "Sampled path", "Candidate pool", "Focus"])
    await expect(page.getByText(name, { exact: true })).toBeVisible();
  await context.close();
});

/** Scripts that must be here before the page can start: those the document names, and what they import statically. */
async function eagerScripts(request: APIRequestContext, base: string): Promise<Record<string, number>> {
  const html = await (await request.get(base)).text();
  const named = [...html.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]+\.js)"/g)].map(
    ([, url]) => new URL(url ?? "", base).href,
  );
  const sizes: Record<string, number> = {};
  const queue = [...named];
  for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
    const name = url.replace(/^.*\//, "");
    if (name in sizes) continue;
    const body = await (await request.get(url)).body();
    sizes[name] = gzipSync(body, { level: 9 }).length;
    // `import("…")` has a bracket; these have none.
    for (const [, path] of body.toString("utf8").matchAll(/\b(?:from|import)\s*["'](\.\.?\/[^"']+\.js)["']/g))
      queue.push(new URL(path ?? "", url).href);
  }
  return sizes;
}

test("no more script than the budget is needed before the page starts", async ({ request, baseURL }) => {
  const sizes = await eagerScripts(request, baseURL ?? "");
  expect(Object.keys(sizes).length).toBeGreaterThan(0);
  const total = Object.values(sizes).reduce((a, b) => a + b, 0);
  test
    .info()
    .annotations.push({
      type: "initial JS (gz)",
      description: `${Math.round(total / 1024)} KB: ${JSON.stringify(sizes)}`,
    });
  expect(total, `gzipped bytes of ${JSON.stringify(sizes)}`).toBeLessThanOrEqual(SCRIPT_BUDGET_BYTES);
});

test("Train leads through all phases to a network with its accuracy", async ({ page }) => {
  await visitReady(page, tiny);
  for (const id of ["path", "pool", "curves", "network"]) await expect(panel(page, id)).toBeVisible();
  await expectPanelState(page, "curves", "empty");

  await trainButton(page).click();
  await expectPanelState(page, "path", "live");
  await page.waitForFunction(() => window.nasPlayground.history("loss")["step"]?.length);
  await expectPanelState(page, "curves", "live");

  await page.waitForFunction(() => window.nasPlayground.state().complete, undefined, { timeout: 90_000 });
  await expect(page.getByRole("progressbar", { name: "Progress of the run" })).toHaveAttribute("aria-valuenow", "100");
  const { metrics, step, dataset } = await stateOf(page);
  expect(dataset).toBe("emoji10");
  expect(step).toBe(30);
  expect(metrics?.test?.n).toBe(2000);

  const network = panel(page, "network");
  await expect(network).toContainText(metrics?.winner?.id ?? "no winner");
  await expect(network).toContainText("n=2,000");
  await expect(network).toContainText(`${(100 * (metrics?.test?.value ?? 0)).toFixed(1)}`);
  const visited = await page.evaluate(() => [...new Set(window.nasPlayground.history("loss")["phase"])]);
  expect(visited).toEqual([1, 4]);
});

test("Train pressed before the engine is ready starts by itself", async ({ page }) => {
  await visit(page, tiny);
  await trainButton(page).click();
  await page.waitForFunction(() => window.nasPlayground.state().step >= 1);
});
