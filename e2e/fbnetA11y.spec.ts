/** WCAG 2.2 AA by axe on the stages of searches that weigh a cost, and of the joint search: empty, live, paused, past, stale and complete. */
import { type Config, expectPanelState, open, panel, play, reachStep, start, visitReady } from "./support/app";
import { arrange, scan, scanTabs, wide } from "./support/axe";
import { expect, type Page, test } from "./support/test";

const quick: Config = { size: "nano", "train.steps": 130, "fbnet.samples": 2, "retrain.steps": 4, "eval.images": 64, "bn.recal": 1 };

/** The same data as a table, in these panels. */
async function openTables(page: Page, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await panel(page, id).focus();
    await page.keyboard.press("t");
    await expect(panel(page, id).getByRole("table").first()).toBeVisible();
  }
}

/** Each view of a panel, by its own switch. */
async function scanViews(page: Page, id: string, views: readonly string[]): Promise<void> {
  await arrange(page, "light", wide);
  for (const name of views) {
    await panel(page, id).getByRole("radio", { name }).or(panel(page, id).getByRole("tab", { name })).or(panel(page, id).getByRole("button", { name, exact: true })).first().click();
    await scan(page, `${id}: ${name}`, { sizes: [wide], part: `[data-panel="${id}"]` });
  }
}

test("no findings in a search that weighs latency", async ({ page }) => {
  test.setTimeout(300_000);
  const config: Config = { ...quick, algorithm: "fbnet-v1" };
  await visitReady(page, { ...config, "train.steps": 100_000 });
  await expectPanelState(page, "latency", "empty");
  await scan(page, "no table yet");

  await arrange(page, "light", wide);
  await page.getByText("Slow", { exact: true }).click();
  await start(page);
  await reachStep(page, 2);
  await expectPanelState(page, "theta", "live");
  await scan(page, "searching");
  await page.evaluate(() => window.nasPlayground.pause());
  await scanTabs(page, "searching", ["Op probabilities", "Latency table", "Data", "Network"]);

  await arrange(page, "light", wide);
  await page.getByRole("textbox", { name: "Seed" }).fill("8");
  await page.getByRole("textbox", { name: "Seed" }).press("Enter");
  await expectPanelState(page, "theta", "stale");
  await scan(page, "stale", { sizes: [wide], part: "#stage" });

  await open(page, config);
  await play(page);
  await scan(page, "complete", { sizes: [wide] });
  await scanViews(page, "latency", ["Check", "Cost", "Table"]);
  await panel(page, "theta").focus();
  await page.keyboard.press(",");
  await expectPanelState(page, "theta", "past");
  await scan(page, "past", { sizes: [wide], part: "#stage" });
  await page.keyboard.press("l");
  await openTables(page, ["theta", "latency"]);
  await scan(page, "as tables", { sizes: [wide], part: "#stage" });
});

test("no findings among masks", async ({ page }) => {
  test.setTimeout(240_000);
  await visitReady(page, { ...quick, algorithm: "fbnet-v2" });
  await scan(page, "masks, empty", { sizes: [wide], part: "#stage" });
  await open(page, { ...quick, algorithm: "fbnet-v2" });
  await play(page);
  await scan(page, "masks", { part: "#stage" });
  await arrange(page, "light", wide);
  for (const name of ["Latency table", "Candidate pool", "Architecture weights"]) {
    await page.getByRole("tab", { name }).click();
    await scan(page, `${name} beside masks`, { sizes: [wide], part: "#stage" });
  }
  await openTables(page, ["theta"]);
  await scan(page, "masks as a table", { sizes: [wide], part: "#stage" });
});

test("no findings in a joint search", async ({ page }) => {
  test.setTimeout(300_000);
  const config: Config = { ...quick, algorithm: "fbnet-v3", "train.steps": 16, "fbnet3.m": 3, "fbnet3.rounds": 2, "fbnet3.pool": 50 };
  await visitReady(page, config);
  await expectPanelState(page, "joint", "empty");
  await scan(page, "no pairs yet", { sizes: [wide], part: "#stage" });
  await open(page, config);
  await play(page);
  await scan(page, "joint");
  await scanViews(page, "joint", ["Recipes", "Stages", "Predictor"]);
  await openTables(page, ["joint"]);
  await scan(page, "joint as a table", { sizes: [wide], part: "#stage" });
});
