/** WCAG 2.2 AA by axe in every state of a run, every dialog, both themes and both layouts; and the page by keyboard alone. */
import {
  endless,
  expectPanelState,
  open,
  panel,
  play,
  reachStatus,
  reachStep,
  start,
  stateOf,
  tiny,
  trainButton,
  visitReady,
} from "./support/app";
import { arrange, projector, scan, scanTabs, wide } from "./support/axe";
import { drop, utf8 } from "./support/drop";
import { expect, type Page, test } from "./support/test";
import { inventedTable } from "./support/truth";

test("no findings while a run is empty, live, paused, looked back at, stale and failed", async ({ page }) => {
  test.setTimeout(240_000);
  await visitReady(page, endless);
  await scan(page, "empty");

  // Slow: one step a second leaves the processor to axe.
  await arrange(page, "light", wide);
  await page.getByText("Slow", { exact: true }).click();
  await start(page);
  await reachStep(page, 2);
  await expectPanelState(page, "path", "live");
  await scan(page, "live");

  await page.evaluate(() => window.nasPlayground.pause());
  await scan(page, "paused");

  await arrange(page, "light", wide);
  await page.getByRole("tab", { name: "Data" }).click();
  await expect(
    panel(page, "data")
      .getByRole("button", { name: /image \d+$/ })
      .first(),
  ).toBeVisible();
  await scan(page, "data browser", { sizes: [wide], part: '[data-panel="data"]' });
  await page.getByRole("tab", { name: "Setup" }).click();

  await panel(page, "path").focus();
  await page.keyboard.press(",");
  await expectPanelState(page, "path", "past");
  await scan(page, "past");
  await page.keyboard.press("l");

  await arrange(page, "light", wide);
  await page.getByRole("textbox", { name: "Seed" }).fill("8");
  await page.getByRole("textbox", { name: "Seed" }).press("Enter");
  await expectPanelState(page, "path", "stale");
  await scan(page, "stale", { sizes: [wide] });

  await page.evaluate(
    (config) => window.nasPlayground.open({ ...config, "evo.limit": 1000 }).catch(() => undefined),
    tiny,
  );
  await expect(page.getByRole("alert")).toBeVisible();
  await scan(page, "error", { sizes: [wide] });
});

test("no findings when a run is complete, with the truth beside it, and in every dialog", async ({ page }) => {
  test.setTimeout(240_000);
  await visitReady(page);
  await open(page);
  await play(page);
  await scan(page, "complete");
  await scanTabs(page, "complete");

  await arrange(page, "light", wide);
  for (const id of ["path", "pool", "curves", "network"]) {
    await panel(page, id).focus();
    await page.keyboard.press("t");
    await expect(panel(page, id).getByRole("table").first()).toBeVisible();
  }
  await scan(page, "tables", { sizes: [wide] });
  for (const id of ["path", "pool", "curves", "network"]) {
    await panel(page, id).focus();
    await page.keyboard.press("t");
  }

  await panel(page, "pool").getByRole("button", { name: "Truth" }).click();
  await expect(panel(page, "pool")).toContainText("not part of this app");
  await scan(page, "truth, no table", { sizes: [wide], part: '[data-panel="pool"]' });
  await drop(page, [{ name: "table.json", bytes: inventedTable() }]);
  await expect(panel(page, "pool")).toContainText("by layer count");
  await scan(page, "truth", { part: '[data-panel="pool"]' });
  await arrange(page, "light", wide);
  await page.getByRole("button", { name: "Truth" }).click();

  const dialogs = [
    { name: "export", show: () => page.keyboard.press("e") },
    { name: "help", show: () => page.keyboard.press("?") },
    { name: "about", show: () => page.getByRole("button", { name: "About" }).click() },
    { name: "import", show: () => drop(page, [{ name: "net.txt", bytes: utf8("[1, 0, 2, 1, 0, 2, 1, 0]") }]) },
  ];
  for (const { name, show } of dialogs) {
    await arrange(page, "light", wide);
    await panel(page, "path").focus();
    await show();
    await expect(page.getByRole("dialog")).toBeVisible();
    await scan(page, `${name} dialog`, { part: "[role=dialog]" });
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
  }

  await arrange(page, "light", projector);
  for (const name of ["Open setup", "Open focus and pins"]) {
    await page.getByRole("button", { name }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await scan(page, name, { sizes: [projector], part: "[role=dialog]" });
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
  }
});

test("no findings in a search by architecture weights, while it searches and when its cells are derived", async ({
  page,
}) => {
  test.setTimeout(300_000);
  const search = { algorithm: "darts", size: "nano", "train.batch": 8, "eval.images": 64, "bn.recal": 1 };
  const tabs = ["Cells", "Architecture weights", "Data", "Network"];
  await visitReady(page, { ...search, "train.steps": 100_000 });
  await expectPanelState(page, "cells", "empty");
  await scan(page, "no α yet");

  await arrange(page, "light", wide);
  await page.getByText("Slow", { exact: true }).click();
  await start(page);
  await reachStep(page, 2);
  await expectPanelState(page, "cells", "live");
  await scan(page, "searching");
  await page.evaluate(() => window.nasPlayground.pause());
  await scanTabs(page, "searching", tabs);
  await arrange(page, "light", wide);
  for (const name of ["Sampled path", "Candidate pool"]) {
    await page.getByRole("tab", { name }).click();
    await scan(page, `${name} does not apply`, { sizes: [wide], part: "#stage" });
  }

  await page.evaluate(
    (config) => window.nasPlayground.open({ ...config, "train.steps": 12, "retrain.steps": 4 }),
    search,
  );
  await play(page);
  await page.getByRole("tab", { name: "Architecture weights" }).click();
  await scan(page, "derived");
  await scanTabs(page, "derived", tabs);
  await arrange(page, "light", wide);
  for (const id of ["cells", "streams", "network"]) {
    await panel(page, id).focus();
    await page.keyboard.press("t");
    await expect(panel(page, id).getByRole("table").first()).toBeVisible();
  }
  await scan(page, "tables of a search by α", { sizes: [wide] });
});

/** What has the focus: a panel's own root, or nothing of that kind. */
function focusedPanel(page: Page): Promise<string | null> {
  return page.evaluate(() =>
    document.activeElement instanceof HTMLElement ? (document.activeElement.dataset["panel"] ?? null) : null,
  );
}

test("the keyboard reaches every panel and does what the help says", async ({ page }) => {
  await visitReady(page, endless);
  const reached = new Set<string>();
  for (let i = 0; i < 140 && reached.size < 4; i++) {
    await page.keyboard.press("Tab");
    const id = await focusedPanel(page);
    if (id !== null) reached.add(id);
  }
  expect([...reached].sort()).toEqual(["curves", "network", "path", "pool"]);
  for (const [key, id] of [
    ["1", "path"],
    ["2", "pool"],
    ["3", "curves"],
    ["4", "data"],
    ["5", "network"],
    ["6", "streams"],
    ["7", "cells"],
    ["8", "theta"],
    ["9", "latency"],
    ["0", "joint"],
  ] as const) {
    await page.keyboard.press(key);
    await expect.poll(() => focusedPanel(page)).toBe(id);
  }

  await page.keyboard.press("1");
  await page.keyboard.press("Space");
  await reachStatus(page, "running");
  await reachStep(page, 2);
  await page.keyboard.press("Space");
  await reachStatus(page, "paused");
  const { step } = await stateOf(page);
  await page.keyboard.press(".");
  await page.waitForFunction((s) => window.nasPlayground.state().step === s, step + 1);

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  // Keys belong to the dialog now: nothing behind it moves.
  await page.keyboard.press("r");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  expect((await stateOf(page)).step).toBe(step + 1);

  await panel(page, "path").focus();
  await page.keyboard.press("t");
  await expect(panel(page, "path").getByRole("table")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel(page, "path").getByRole("table")).toBeHidden();
  await page.keyboard.press("f");
  await expect(page.getByRole("button", { name: "Back to all panels (F)" })).toBeVisible();
  await expect(panel(page, "path")).toBeVisible();
  await page.keyboard.press("f");
  await expect(panel(page, "pool")).toBeVisible();

  // Typing is not commanding.
  await page.getByRole("textbox", { name: "Seed" }).focus();
  await page.keyboard.type("r ");
  expect((await stateOf(page)).step).toBe(step + 1);
});

test("nothing scrolls the page where everything has its place", async ({ page }) => {
  await visitReady(page, { ...tiny, colour: "red", "evo.prob": 9, seed: "x" });
  for (const size of [{ width: 1440, height: 760 }, wide, projector]) {
    await page.setViewportSize(size);
    for (const name of ["header, section, main", "footer"]) await expect(page.locator(name).first()).toBeInViewport();
    const scroll = await page.evaluate(() => {
      const root = document.scrollingElement as HTMLElement;
      return {
        right: root.scrollWidth - root.clientWidth,
        down: root.scrollHeight - root.clientHeight,
        panels: [...document.querySelectorAll("[data-panel]")].map((p) => p.getBoundingClientRect().height),
      };
    });
    expect(scroll, JSON.stringify(size)).toMatchObject({ right: 0, down: 0 });
    for (const height of scroll.panels) expect(height).toBeGreaterThan(70);
    await expect(trainButton(page)).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole("contentinfo")).toBeInViewport({ ratio: 1 });
  }
});
