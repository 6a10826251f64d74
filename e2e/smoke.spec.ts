/** The least that must be true: the built page loads, isolated, and says nothing on the error console. */
import { expect, test } from "@playwright/test";

test("the page loads, named and without errors", async ({ page }) => {
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));

  await page.goto("/");
  await expect(page).toHaveTitle(/NAS Playground/);
  await expect(page.locator("body")).not.toBeEmpty();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(errors).toEqual([]);
});
