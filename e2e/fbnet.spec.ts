/** Searches that weigh what a network costs on this device: a table measured live, θ, samples, masks, and a joint search with its predictor. */
import { type Config, expectPanelState, history, open, panel, play, stateOf, visitReady } from "./support/app";
import { expect, type Page, test } from "./support/test";

/** A whole search in a few seconds. */
const quick: Config = {
  algorithm: "fbnet-v1",
  size: "nano",
  "train.batch": 32,
  "train.steps": 130,
  "fbnet.samples": 2,
  "retrain.batch": 16,
  "retrain.steps": 6,
  "eval.images": 64,
  "bn.recal": 1,
};

function exported(page: Page, format: string): Promise<string> {
  return page.evaluate((f) => window.nasPlayground.exportAs(f).then(String), format);
}

test("a table is measured, θ moves after the warm-up, and the winner goes out with its latency", async ({ page }) => {
  await visitReady(page, quick);
  await expectPanelState(page, "theta", "empty");
  const { totals } = await open(page, quick);
  // Two epochs of weights, then a pass of θ.
  expect(totals).toMatchObject({ supernet: 130 + 31, recalibrate: 0, search: 3, retrain: 6, test: 2000 });
  await play(page, { phase: "search" });
  const cost = await history(page, "cost");
  expect(new Set(Object.values(cost).map((column) => column.length)).size).toBe(1);
  expect(cost["expected"]?.every((us) => us > 0)).toBe(true);
  // The only epoch that moves θ is the first of the annealing.
  expect(new Set(cost["tau"])).toEqual(new Set([5]));
  const alpha = await history(page, "alpha");
  const last = (alpha["weight"] ?? []).slice(-25);
  expect(Math.max(...last) - Math.min(...last)).toBeGreaterThan(0.01);
  expect(new Set(alpha["group"])).toEqual(new Set([0]));
  expect(Math.max(...(alpha["edge"] ?? []))).toBe(4);
  await expectPanelState(page, "theta", "paused");
  await expectPanelState(page, "latency", "paused");

  await play(page);
  const state = await stateOf(page);
  expect(state.complete).toBe(true);
  const arch = JSON.parse(await exported(page, "arch")) as { metrics: { latencyMs: number; retrainedAccuracy: { n: number } } };
  expect(arch.metrics.latencyMs).toBeGreaterThan(0);
  expect(arch.metrics.retrainedAccuracy.n).toBe(2000);
  const table = JSON.parse(await exported(page, "latency-table")) as { format: string; unit: string; entries: { us: number }[] };
  expect(table).toMatchObject({ format: "nas-playground/latency-table", unit: "us" });
  expect(table.entries.length).toBeGreaterThan(10);
  expect(table.entries.every(({ us }) => us > 0)).toBe(true);
});

test("the table of another device is used only after its report is accepted, one with a negative time never", async ({ page }) => {
  await visitReady(page, quick);
  await open(page, { ...quick, "train.steps": 1 });
  await play(page, { phase: "supernet" });
  const text = await exported(page, "latency-table");
  const other = JSON.parse(text) as { device: { label: string }; entries: { key: string; us: number }[] };
  other.device.label = "a phone";
  const report = await page.evaluate(async (data) => {
    const read = await window.nasPlayground.importFrom(data);
    const before = { ok: read.ok, warnings: read.warnings, refused: read.refused };
    if (read.ok) read.apply();
    return before;
  }, JSON.stringify(other));
  expect(report.ok).toBe(true);
  expect(report.warnings.join(" ")).toContain("a phone");
  const negative = { ...other, entries: other.entries.map((entry, i) => (i === 0 ? { ...entry, us: -1 } : entry)) };
  const refused = await page.evaluate((data) => window.nasPlayground.importFrom(data).then((read) => ({ ok: read.ok, refused: read.refused })), JSON.stringify(negative));
  expect(refused.ok).toBe(false);
  expect(refused.refused.join(" ")).toContain("-1");
  // A hole is told, and nothing is searched until it is filled on request.
  const holed = { ...other, device: { ...other.device, label: "another phone" }, entries: other.entries.slice(1) };
  const told = await page.evaluate(async (data) => {
    const read = await window.nasPlayground.importFrom(data);
    if (read.ok) read.apply();
    return read.warnings.join(" ");
  }, JSON.stringify(holed));
  expect(told).toContain(other.entries[0]?.key ?? "");
  await open(page, { ...quick, "fbnet.device": "another phone" }).catch(() => undefined);
  await page.evaluate(() => window.nasPlayground.play().catch(() => undefined));
  expect((await stateOf(page)).error?.message).toMatch(/lacks 1 entry/);
});

test("a target below the cheapest network names that network's cost", async ({ page }) => {
  await visitReady(page, quick);
  await open(page, { ...quick, "fbnet.target": 1e-6 });
  await page.evaluate(() => window.nasPlayground.play().catch(() => undefined));
  const { error } = await stateOf(page);
  expect(error?.message).toMatch(/cannot be reached: the cheapest network of this space costs [\d.e-]+ ms/);
});

test("channels, kernels and resolution are searched by masks", async ({ page }) => {
  const config: Config = { ...quick, algorithm: "fbnet-v2" };
  await visitReady(page, config);
  await open(page, config);
  await play(page);
  const state = await stateOf(page);
  expect(state.complete).toBe(true);
  const alpha = await history(page, "alpha");
  expect(new Set(alpha["group"])).toEqual(new Set([0]));
  // Every decision is an edge of its own, and a distribution.
  const sums = new Map<string, number>();
  for (let i = 0; i < (alpha["weight"] ?? []).length; i++) {
    const row = `${alpha["step"]?.[i]}/${alpha["edge"]?.[i]}`;
    sums.set(row, (sums.get(row) ?? 0) + (alpha["weight"]?.[i] ?? Number.NaN));
  }
  for (const [row, sum] of sums) expect(Math.abs(sum - 1), row).toBeLessThan(1e-5);
  await expectPanelState(page, "theta", "live");
  await panel(page, "theta").focus();
});

test("a joint search trains pairs, ranks them and takes the recipe along", async ({ page }) => {
  const config: Config = { ...quick, algorithm: "fbnet-v3", "fbnet3.m": 3, "fbnet3.rounds": 1, "fbnet3.pool": 50, "retrain.steps": 4 };
  test.setTimeout(180_000);
  await visitReady(page, config);
  await open(page, config);
  await play(page);
  const state = await stateOf(page);
  expect(state.complete).toBe(true);
  const arch = JSON.parse(await exported(page, "arch")) as { provenance: { recipe?: Record<string, unknown> }; metrics: { retrainedAccuracy: { n: number } } };
  expect(arch.provenance.recipe).toBeTruthy();
  expect(arch.metrics.retrainedAccuracy.n).toBe(2000);
  await expectPanelState(page, "joint", "live");
});
