/** A search by architecture weights from the first α to exported cells, and cells that are brought along and only trained. */
import { type Config, expectPanelState, history, open, panel, play, stateOf, visit, visitReady } from "./support/app";
import { expect, type Page, test } from "./support/test";

/** A whole search of cells in a few seconds. */
const quick: Config = {
  algorithm: "darts",
  size: "nano",
  "train.batch": 8,
  "train.steps": 12,
  "retrain.batch": 16,
  "retrain.steps": 6,
  "eval.images": 64,
  "bn.recal": 1,
};

const dartsV2 = `DARTS_V2 = Genotype(
  normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
          ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)],
  normal_concat=[2, 3, 4, 5],
  reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1),
          ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)],
  reduce_concat=[2, 3, 4, 5])`;
const dartsV2Id = "n:s3.0+s3.1-s3.0+s3.1-s3.1+sk.0-sk.0+d3.2;r:mp.0+mp.1-sk.2+mp.1-mp.0+sk.2-sk.2+mp.1";

function exported(page: Page, format: string): Promise<string> {
  return page.evaluate((f) => window.nasPlayground.exportAs(f).then(String), format);
}

/** What a text says when it is read, and the id of the network that it then puts on show. */
async function imported(page: Page, text: string): Promise<{ format: string | null; refused: readonly string[] }> {
  return page.evaluate(async (data) => {
    const read = await window.nasPlayground.importFrom(data);
    if (read.ok) read.apply();
    return { format: read.format, refused: read.refused };
  }, text);
}

async function phases(page: Page): Promise<string[]> {
  return page
    .getByRole("list", { name: "Phases" })
    .getByRole("listitem")
    .evaluateAll((items) => items.map((item) => item.getAttribute("title") ?? ""));
}

test("α is told for every step, edge and op, and each row is a distribution", async ({ page }) => {
  await visitReady(page, quick);
  await expectPanelState(page, "cells", "empty");
  await expectPanelState(page, "streams", "empty");
  const { totals } = await open(page, quick);
  expect(totals).toMatchObject({ supernet: 12, recalibrate: 0, retrain: 6, test: 2000 });
  const there = await play(page, { phase: "search" });
  expect(there).toMatchObject({ outcome: "until", phase: "search", step: 12 });

  const alpha = await history(page, "alpha");
  const length = alpha["weight"]?.length ?? 0;
  expect(Object.values(alpha).map((column) => column.length)).toEqual(Array.from({ length: 5 }, () => length));
  // Two cells of five edges with eight ops each.
  expect(length % 80).toBe(0);
  expect(length / 80).toBeGreaterThanOrEqual(12);
  const sums = new Map<string, number>();
  for (let i = 0; i < length; i++) {
    const row = `${alpha["step"]?.[i]}/${alpha["group"]?.[i]}/${alpha["edge"]?.[i]}`;
    sums.set(row, (sums.get(row) ?? 0) + (alpha["weight"]?.[i] ?? Number.NaN));
  }
  expect(sums.size).toBe(length / 8);
  for (const [row, sum] of sums) expect(Math.abs(sum - 1), row).toBeLessThan(1e-5);
  expect([...new Set(alpha["group"])]).toEqual([0, 1]);
  expect(Math.max(...(alpha["edge"] ?? []))).toBe(4);
  // It begins with no opinion, and ends with one.
  const spread = (weights: readonly number[]): number => Math.max(...weights) - Math.min(...weights);
  expect(spread((alpha["weight"] ?? []).slice(0, 80))).toBeLessThan(0.002);
  expect(spread((alpha["weight"] ?? []).slice(-80))).toBeGreaterThan(0.01);

  await expectPanelState(page, "cells", "paused");
  await expectPanelState(page, "streams", "paused");
  expect(await phases(page)).toEqual(["Warm-up", "Search", "Derive", "Retrain", "Test"]);
});

test("the derived cells are scored, retrained, tested and go out in every format that knows cells", async ({
  page,
}) => {
  await visitReady(page, quick);
  await open(page, quick);
  const end = await play(page);
  expect(end).toMatchObject({ outcome: "complete", step: 18, error: null });
  const { metrics } = end;
  expect(metrics?.winner?.id).toMatch(/^n:.+;r:.+$/);
  expect(metrics?.derived?.id).toBe(metrics?.winner?.id);
  expect([metrics?.gap?.supernet.n, metrics?.gap?.derived.n, metrics?.test?.n]).toEqual([64, 64, 2000]);
  const [candidate, ...more] = await page.evaluate(() => window.nasPlayground.candidates());
  expect([candidate?.origin, more]).toEqual([{ kind: "derived", rule: "official" }, []]);
  expect(candidate?.id).toBe(metrics?.winner?.id);
  await expect(panel(page, "cells")).toContainText("n=64");
  await expect(panel(page, "network")).toContainText("n=2,000");

  const arch = JSON.parse(await exported(page, "arch")) as { choices: Record<string, unknown> };
  expect(arch.choices["normal/op_2_0"]).toEqual(expect.any(String));
  const texts = {
    genotype: await exported(page, "genotype"),
    nni: await exported(page, "nni"),
    "razor-cells": await exported(page, "razor-cells"),
    arch: JSON.stringify(arch),
  };
  expect(texts.genotype).toMatch(/Genotype\(\s*normal=\[/);
  expect(Object.keys(JSON.parse(texts.nni) as object)).toContain("normal/input_2_0");
  expect(texts["razor-cells"]).toMatch(/normal_n2:\s+chosen:/);
  // Each of them says the same cells again.
  for (const [format, text] of Object.entries(texts)) {
    expect((await imported(page, text)).refused, format).toEqual([]);
    expect(await exported(page, "genotype"), format).toBe(texts.genotype);
  }
  const refused = await page.evaluate(() =>
    window.nasPlayground.exportAs("spos-vector").then(
      () => null,
      (e: Error) => e.message,
    ),
  );
  expect(refused).not.toBeNull();
});

test("a published genotype is read, shown and trained on request; one click leads back to searching", async ({
  page,
}) => {
  await visitReady(page, quick);
  expect(await imported(page, dartsV2)).toMatchObject({ refused: [] });
  await expect(panel(page, "network")).toContainText("Imported network");
  await panel(page, "network").getByRole("button", { name: "Retrain this" }).click();
  await page.waitForFunction(() => window.nasPlayground.state().complete);

  const { config, metrics, totalSteps } = await stateOf(page);
  expect(config).toMatchObject({ "retrain.arch": dartsV2Id, space: "darts-cell", "retrain.steps": 6 });
  expect([metrics?.winner?.id, metrics?.winner?.supernet, metrics?.test?.n, totalSteps]).toEqual([
    dartsV2Id,
    null,
    2000,
    6,
  ]);
  expect(await phases(page)).toEqual(["Warm-up", "Retrain", "Test"]);
  await expect(page.getByRole("list", { name: "Messages" })).toContainText("nothing is searched");
  await expectPanelState(page, "cells", "live");

  await expect(page.getByText(`Retraining ${dartsV2Id}`)).toBeVisible();
  await page.getByRole("button", { name: /^Search instead/ }).click();
  await expect(page.getByText(/^Retraining n:/)).toBeHidden();
  expect(new URL(page.url()).hash).not.toContain("retrain.arch");
});

test("an architecture is named in the address, and one that is none is refused with a sentence", async ({ page }) => {
  await visitReady(page, { ...quick, "retrain.arch": "DARTS_V1" });
  await open(page, { ...quick, "retrain.arch": "DARTS_V1", "retrain.width": 4, "retrain.cells": 4 });
  const end = await play(page);
  expect(end).toMatchObject({ outcome: "complete", step: 6 });
  expect(end.metrics?.winner?.id).toMatch(/^n:s3\.1\+s3\.0-sk\.0\+s3\.1/);
  const refused = await page.evaluate(
    (config) =>
      window.nasPlayground.open({ ...config, "retrain.arch": "DARTS_V9" }).then(
        () => null,
        (e: Error) => e.message,
      ),
    quick,
  );
  expect(refused).toContain("DARTS_V9");
});

test("the stage follows the method and the space, and every panel stays within reach", async ({ page }) => {
  await visitReady(page, { size: "nano" });
  await expect(panel(page, "path")).toBeVisible();
  await page.getByRole("combobox", { name: "Algorithm" }).selectOption("darts");
  await expectPanelState(page, "cells", "empty");
  await expectPanelState(page, "streams", "empty");
  await expect(panel(page, "path")).toBeHidden();
  await expect(page.getByRole("combobox", { name: "Search space" })).toHaveValue("darts-cell");

  // A panel that does not apply says so and leads to one that does.
  await page.getByRole("tab", { name: "Candidate pool" }).click();
  await expectPanelState(page, "pool", "not-applicable");
  await panel(page, "pool").getByRole("button", { name: "See Cells" }).click();
  await expectPanelState(page, "streams", "empty");
  for (const [key, id] of [
    ["1", "path"],
    ["6", "streams"],
    ["7", "cells"],
  ] as const) {
    await panel(page, "curves").focus();
    await page.keyboard.press(key);
    await expect(panel(page, id)).toBeFocused();
  }

  await page.getByRole("combobox", { name: "Search space" }).selectOption("macro8");
  await expect(panel(page, "network")).toHaveCount(1);
  await expect(panel(page, "cells")).toBeHidden();
  await page.getByRole("combobox", { name: "Algorithm" }).selectOption("spos");
  await page.getByRole("combobox", { name: "Search space" }).selectOption("nasbench201-cell");
  await expect(panel(page, "pool")).toBeVisible();
  await expect(panel(page, "cells")).toBeVisible();
  await page.setViewportSize({ width: 1024, height: 768 });
  await expect(page.getByRole("tab", { name: "Cells" })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Sampled path" })).toBeHidden();
});

test("GDAS on layers, second-order DARTS on cells of one op an edge, and a sampled search of cells end well", async ({
  page,
}) => {
  test.setTimeout(240_000);
  await visit(page);
  const { "train.batch": batch, ...rest } = quick;
  const sampled = { "evo.pool": 4, "evo.generations": 1, "evo.random": "off", algorithm: "spos" };
  for (const config of [
    { ...rest, algorithm: "gdas", space: "macro8" },
    { ...rest, "train.batch": batch, "darts.order": 2, "train.steps": 4, space: "nasbench201-cell" },
    { ...rest, ...sampled, "train.steps": 10, space: "darts-cell" },
  ] as Config[]) {
    await page.evaluate(() => window.nasPlayground.ready);
    await open(page, config);
    const end = await play(page);
    expect(end, JSON.stringify(config)).toMatchObject({ outcome: "complete", error: null });
    expect(end.metrics?.test?.n).toBe(2000);
    const loss = await history(page, "loss");
    expect(loss["loss"]?.every(Number.isFinite)).toBe(true);
  }
  await expectPanelState(page, "pool", "live");
});
