/** The address is input: what it does not know is reported, what cannot be is clamped, what cannot run says so and offers the next thing. */
import {
  expectPanelState,
  reachError,
  reachStep,
  sentences,
  start,
  stateOf,
  tiny,
  visit,
  visitReady,
} from "./support/app";
import { expect, test } from "./support/test";

test("unknown keys are reported and kept out, impossible values are clamped with a note", async ({ page }) => {
  await visitReady(page, { ...tiny, "evo.prob": 7, "train.batch": -3, seed: "many", colour: "red", "evo.popl": 9 });
  const said = await sentences(page);
  for (const word of ["colour", "evo.popl", "evo.prob", "train.batch", "seed"]) expect(said).toContain(word);
  await start(page);
  await reachStep(page, 1);
  const { config, notes } = await stateOf(page);
  expect(config).toMatchObject({ "evo.prob": 1, "train.batch": 1, seed: 7, "train.steps": 20 });
  expect(Object.keys(config ?? {})).not.toContain("colour");
  expect(
    notes
      .filter((note) => note.kind === "unknown")
      .map((note) => note.key)
      .sort(),
  ).toEqual(["colour", "evo.popl"]);
});

test("hostile keys and broken escapes harm nothing", async ({ page }) => {
  await page.goto(`./#v=1&__proto__=1&constructor=2&%E0%A4%A=3&train.steps=%00&seed=${"9".repeat(5000)}&size=nano&=&&`);
  await page.evaluate(() => window.nasPlayground.ready);
  expect((await stateOf(page)).boot).toBe("ready");
  expect(await page.evaluate(() => "polluted" in {} || Object.keys(Object.prototype).length > 0)).toBe(false);
  expect(await sentences(page)).toContain("constructor");
});

test("a limit below the cheapest network names that network's cost", async ({ page }) => {
  await visitReady(page, { ...tiny, "evo.limit": "1k" });
  await page.locator('[data-control="train"]').click();
  const error = await reachError(page);
  expect(error.code).toBe("search.infeasible");
  const card = page.getByRole("alert");
  await expect(card).toContainText("No network meets the limit.");
  await expect(card).toContainText(/cheapest.*\d+(\.\d+)? ?[kM]|\d+(\.\d+)? ?[kM].*cheapest/i);
  // Raising the limit is all it takes.
  const cheapest = await page.evaluate(() =>
    window.nasPlayground
      .open({ size: "nano", "train.steps": 20, "evo.limit": "none" })
      .then((run) => run.config["evo.limit"]),
  );
  expect(cheapest).toBeNull();
  await expect(card).toBeHidden();
});

test("a backend asked for by name that is not there says so and offers the next", async ({ page }) => {
  await visit(page, { ...tiny, backend: "webgpu" });
  const refused = await page.evaluate(() =>
    (window.nasPlayground.ready as Promise<unknown>).then(
      () => null,
      (error: Error) => error.message,
    ),
  );
  expect(refused).toContain("WebGPU");
  const card = page.getByRole("alert");
  await expect(card).toHaveAttribute("data-error", "backend.unavailable");
  await expect(card).toContainText(/WASM/);
  for (const id of ["path", "pool", "curves"]) await expect(page.locator(`[data-panel="${id}"]`)).toBeVisible();
  // The sentence is true: on WASM the same experiment trains.
  await page.evaluate((config) => window.nasPlayground.open({ ...config, backend: "wasm" }), tiny);
  await start(page);
  await reachStep(page, 1);
  await expectPanelState(page, "path", "live");
});

test("a shared link restores the setup; autostart presses Train and is not passed on", async ({ page, context }) => {
  await visitReady(
    page,
    { ...tiny, seed: 11, "evo.limit": "1.2M", "spos.sampler": "fair" },
    { theme: "dark", panel: "pool" },
  );
  await page.getByRole("textbox", { name: "Seed" }).fill("12");
  await page.getByRole("textbox", { name: "Seed" }).press("Enter");
  await expect.poll(() => page.url()).toContain("seed=12");
  const link = page.url();
  await page.close();

  const other = await context.newPage();
  await other.goto(`${link}&autostart=1`);
  await reachStep(other, 2);
  const { config } = await stateOf(other);
  expect(config).toMatchObject({ ...tiny, "evo.random": false, seed: 12, "evo.limit": 1.2e6, "spos.sampler": "fair" });
  await expect(other.locator("html")).toHaveAttribute("data-theme", "dark");
  // What is shared next is the setup, not the press.
  await other.getByRole("textbox", { name: "Seed" }).fill("13");
  await other.getByRole("textbox", { name: "Seed" }).press("Enter");
  await expect.poll(() => other.url()).toContain("seed=13");
  expect(other.url()).not.toContain("autostart");
  expect(other.url()).toContain("theme=dark");
  await expectPanelState(other, "path", "stale");
});
