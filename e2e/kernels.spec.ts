/** Every primitive against stored reference values, on the backends that need no GPU. */
import { stateOf, visitReady } from "./support/app";
import { expect, test } from "./support/test";

for (const [backend, name] of [
  ["wasm", "wasm"],
  ["tfjs-wasm", "tfjs-wasm"],
  ["cpu", "tfjs-cpu"],
] as const) {
  test(`all primitives agree with the reference on ${backend}`, async ({ page }) => {
    await visitReady(page, { backend, size: "nano" });
    expect((await stateOf(page)).backend).toBe(name);
    const checks = await page.evaluate(() => window.nasPlayground.checkBackend());
    expect(checks.length).toBeGreaterThan(10);
    expect(checks.filter((check) => !check.pass)).toEqual([]);
  });
}
