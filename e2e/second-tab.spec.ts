/** One tab trains. A second one says so, shows everything, and takes over once the first is done. */
import { endless, open, reachStep, start, stateOf, tiny, trainButton, visit, visitReady } from "./support/app";
import { expect, test } from "./support/test";

test("the second tab says that the first one trains, and may train once that is closed", async ({ context, page }) => {
  await visitReady(page, endless);
  await start(page);
  await reachStep(page, 1);

  const second = await context.newPage();
  await visit(second, tiny);
  await expect(second.getByRole("list", { name: "Messages" })).toContainText("Another tab is training");
  await expect(trainButton(second)).toHaveAttribute("aria-disabled", "true");
  await expect(second.locator('[data-panel="path"]')).toBeVisible();

  await second.evaluate(() => window.nasPlayground.ready);
  const refused = await second.evaluate(
    (config) =>
      window.nasPlayground.open(config).then(
        () => null,
        (error: { code: string }) => error.code,
      ),
    tiny,
  );
  expect(refused).toBe("tab.busy");
  const before = (await stateOf(page)).step;
  await reachStep(page, before + 1);

  await page.close();
  await expect(trainButton(second)).toHaveAttribute("aria-disabled", "false");
  // The browser hands the lock over when the closed page's worker is really gone.
  await expect(() => open(second)).toPass({ timeout: 15_000 });
  await start(second);
  await reachStep(second, 1);
});
