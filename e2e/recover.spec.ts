/** What goes wrong must cost nothing that was there: the worker dies, the disk is full, the loss explodes. */
import {
  endless,
  expectPanelState,
  history,
  keepWorkers,
  open,
  play,
  reachError,
  reachStep,
  start,
  stateOf,
  story,
  visitReady,
} from "./support/app";
import { expect, test, type Page } from "./support/test";

/** What the page sees of a crash: an error event, then silence. */
async function killWorker(page: Page): Promise<void> {
  await page.evaluate(() => {
    const worker = window.e2eWorkers.at(-1);
    worker?.terminate();
    worker?.dispatchEvent(new ErrorEvent("error", { message: "crashed" }));
  });
}

test("a worker that dies is reported, nothing on screen is lost, and Resume goes on to the same end", async ({
  page,
}) => {
  await keepWorkers(page);
  await visitReady(page);
  await open(page);
  await play(page);
  const unbroken = await story(page);

  await open(page);
  await play(page, { step: 8 });
  await page.evaluate(() => window.nasPlayground.checkpoint());
  await start(page);
  await reachStep(page, 10);
  await killWorker(page);

  const error = await reachError(page);
  expect(error.code).toBe("worker.dead");
  const card = page.getByRole("alert");
  await expect(card).toContainText("Resume");
  expect((await history(page, "loss"))["step"]?.length).toBeGreaterThanOrEqual(8);
  await expect(page.locator('[data-panel="curves"]')).not.toHaveAttribute("data-state", /empty|loading|error/);
  await expect(page.locator('[data-panel="path"]')).not.toHaveAttribute("data-state", /empty|loading|error/);

  await card.getByRole("button", { name: "Resume" }).click();
  await page.waitForFunction(
    () => window.nasPlayground.state().error === null && window.nasPlayground.state().step >= 8,
  );
  expect((await play(page)).outcome).toBe("complete");
  expect(await story(page)).toEqual(unbroken);
});

test("a full disk is a note, and the run goes on", async ({ page, context, baseURL }) => {
  await visitReady(page);
  const devtools = await context.newCDPSession(page);
  const origin = new URL(baseURL ?? "").origin;
  const { usage } = await devtools.send("Storage.getUsageAndQuota", { origin });
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + 10_000 });
  await open(page);
  expect((await play(page)).outcome).toBe("complete");
  await expect(page.getByRole("list", { name: "Messages" })).toContainText("Couldn't save: browser storage is full.");
  const asked = await page.evaluate(() =>
    window.nasPlayground.checkpoint().then(
      () => null,
      (error: { code: string }) => error.code,
    ),
  );
  expect(asked).toBe("storage.quota");
  expect((await stateOf(page)).metrics?.test?.n).toBe(2000);
  expect((await stateOf(page)).error).toBeNull();

  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  expect(await page.evaluate(() => window.nasPlayground.checkpoint())).toMatch(/^run-/);
});

test("a loss that is not a number stops the run at its step, and what came before can be resumed", async ({ page }) => {
  await visitReady(page);
  await open(page, endless);
  await play(page, { step: 5 });
  const kept = await page.evaluate(() => window.nasPlayground.checkpoint());
  const losses = (await history(page, "loss"))["loss"];

  // The hard limit stops 1e9; at ten, weight decay alone makes every weight nine times as large in each step.
  const clamped = await open(page, { ...endless, "train.clip": 0, "train.wd": 1, "train.lr": 1e9 });
  expect(clamped.config["train.lr"]).toBe(10);
  expect(clamped.notes.map((note) => note.key)).toContain("train.lr");
  const played = await page.evaluate(() =>
    window.nasPlayground.play({ step: 500 }).then(
      ({ outcome }) => outcome as string,
      (e: { code: string }) => e.code,
    ),
  );
  expect(played).toBe("train.nan");
  const error = await reachError(page);
  expect(error.message).toMatch(/^Loss became (NaN|infinite) at step [\d,]+\.$/);
  const card = page.getByRole("alert");
  await expect(card).toContainText(error.message);
  await expectPanelState(page, "path", "paused");
  await expect(page.locator('[data-panel="curves"]')).not.toHaveAttribute("data-state", /empty|loading|error/);
  expect((await history(page, "loss"))["step"]?.length).toBeGreaterThan(0);
  expect(await page.evaluate(() => window.nasPlayground.exportAs("arch").then((text) => typeof text))).toBe("string");

  // Its own last checkpoint is the beginning of the phase; that of the run before is as good as ever.
  await card.getByRole("button", { name: "Resume" }).click();
  await page.waitForFunction(() => window.nasPlayground.state().error === null);
  await expect(card).toBeHidden();
  const resumed = await page.evaluate((id) => window.nasPlayground.resume(id), kept);
  expect(resumed).toMatchObject({ step: 5, error: null });
  await expect.poll(async () => (await history(page, "loss"))["loss"]).toEqual(losses);
  expect(await play(page, { step: 6 })).toMatchObject({ step: 6, error: null });
});
