/** The same on WebGPU, computed by Chromium's software adapter: boots by name, agrees with the reference, trains two steps. */
import { history, open, play, stateOf, tiny, visitReady } from "./support/app";
import { expect, test } from "./support/test";

test("WebGPU by name boots, agrees with the reference and trains", async ({ page }) => {
  await visitReady(page, { ...tiny, backend: "webgpu" });
  const { backend, adapter, hardware } = await stateOf(page);
  expect({ backend, hardware }).toEqual({ backend: "webgpu", hardware: false });
  expect(adapter).toMatch(/swiftshader/i);

  const checks = await page.evaluate(() => window.nasPlayground.checkBackend());
  expect(checks.length).toBeGreaterThan(10);
  expect(checks.filter((check) => !check.pass)).toEqual([]);

  await open(page, { ...tiny, backend: "webgpu" });
  await play(page, { step: 2 });
  const { loss } = await history(page, "loss");
  expect(loss).toHaveLength(2);
  expect(loss?.every((value) => Number.isFinite(value) && value > 1 && value < 5)).toBe(true);
  expect((await stateOf(page)).error).toBeNull();
});

test("a software adapter is never taken unasked", async ({ page }) => {
  await visitReady(page);
  const { backend, reason } = await stateOf(page);
  expect(backend).toBe("wasm");
  expect(reason).toContain("software");
});
