/** CIFAR-10 dropped on the page: decoded, kept in this browser, trained on; a damaged archive leaves nothing behind. */
import { concat, fakeBatch, gzip, toBinary, toTar } from "../src/data/testing/cifarFixtures";
import { open, panel, play, privateFiles, sentences, stateOf, tiny, visitReady } from "./support/app";
import { drop } from "./support/drop";
import { expect, test } from "./support/test";

/** A small look-alike of cifar-10-binary.tar.gz. */
function archive(): Promise<Uint8Array> {
  return gzip(
    toTar([
      { name: "cifar-10-batches-bin/data_batch_1.bin", bytes: toBinary(fakeBatch(300, 1)) },
      { name: "cifar-10-batches-bin/data_batch_2.bin", bytes: toBinary(fakeBatch(300, 2)) },
      { name: "cifar-10-batches-bin/test_batch.bin", bytes: toBinary(fakeBatch(100, 3)) },
    ]),
  );
}

test("a dropped archive becomes a data set that survives a reload and can be trained on", async ({ page }) => {
  await visitReady(page, tiny);
  // What the progress bar said, noted as it changes: it is gone in a moment.
  await page.evaluate(() => {
    const seen = ((window as unknown as { e2eProgress: string[] }).e2eProgress = []) as string[];
    new MutationObserver(() => {
      const bar = document.querySelector('[role="progressbar"][aria-label="Import progress"]');
      if (bar) seen.push(bar.getAttribute("aria-valuetext") ?? "");
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await page.getByRole("tab", { name: "Data" }).click();
  await drop(page, [{ name: "cifar-10-binary.tar.gz", bytes: await archive(), type: "application/gzip" }]);
  await page.waitForFunction(() => window.nasPlayground.state().dataset === "cifar10");
  expect(
    await page.evaluate(() => (window as unknown as { e2eProgress: string[] }).e2eProgress.length),
  ).toBeGreaterThan(0);
  const said = await sentences(page);
  expect(said).toContain("CIFAR-10 is ready");
  expect(said).toContain("600 of 50,000 training images");
  await expect(panel(page, "data")).toContainText("airplane");
  expect((await privateFiles(page)).filter((name) => name.startsWith("datasets/cifar10-")).length).toBeGreaterThan(1);

  await page.reload();
  await page.evaluate(() => window.nasPlayground.ready);
  expect((await stateOf(page)).dataset).toBe("cifar10");
  const { config } = await open(page, { ...tiny, dataset: "cifar10" });
  expect(config["dataset"]).toBe("cifar10");
  expect(await play(page, { step: 2 })).toMatchObject({ outcome: "until", step: 2, error: null, dataset: "cifar10" });
});

test("a truncated archive, and one that is none, are refused with one sentence and leave nothing", async ({ page }) => {
  await visitReady(page, tiny);
  const whole = await archive();
  const messages = page.getByRole("list", { name: "Messages" });
  const attempts = [
    { name: "cut.tar.gz", bytes: whole.slice(0, Math.floor(whole.length / 2)) },
    {
      name: "labels.tar.gz",
      bytes: await gzip(
        toTar([{ name: "data_batch_1.bin", bytes: Uint8Array.from(toBinary(fakeBatch(10, 1))).fill(200, 0, 1) }]),
      ),
    },
    { name: "notes.tar.gz", bytes: await gzip(concat([new TextEncoder().encode("not a tar archive")])) },
  ];
  for (const file of attempts) {
    await drop(page, [file]);
    const line = messages.getByRole("listitem").filter({ hasText: /Warning/ });
    await expect(line).toHaveCount(1);
    await expect(line).toContainText(/\.( |$)/);
    await line.getByRole("button").click();
    await expect(line).toHaveCount(0);
    expect(
      (await privateFiles(page)).filter((name) => name.startsWith("datasets/cifar10")),
      file.name,
    ).toEqual([]);
    expect((await stateOf(page)).dataset).toBe("emoji10");
    expect((await stateOf(page)).error).toBeNull();
  }
  await open(page);
  expect((await play(page, { step: 1 })).step).toBe(1);
});
