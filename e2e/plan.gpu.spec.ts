/**
 * Every instruction of plans in a browser, from the sources: on WebGPU with the software adapter, and on WASM with two threads in a
 * worker, each held against the reference.
 */
import { expect, test } from "@playwright/test";
import { serveHarness } from "./harness/serve";
import type { Args } from "./harness/types";
import { Watch } from "./support/test";

const machines: readonly { readonly name: string; readonly args: Args; readonly inWorker: boolean }[] = [
  { name: "WebGPU", args: { machine: "webgpu" }, inWorker: false },
  { name: "WASM with two threads", args: { machine: "wasm", threads: "2" }, inWorker: true },
];

for (const { name, args, inWorker } of machines) {
  test(`${name} executes every instruction as the reference does`, async ({ page, context }) => {
    const server = await serveHarness({ module: "/e2e/harness/cases.ts" });
    try {
      const url = server.url({ ...args, quiet: "true" }, { inWorker });
      const watch = new Watch(new URL(url).origin);
      watch.follow(context);
      const lines: string[] = [];
      page.on("console", (message) => lines.push(message.text()));
      await page.goto(url);
      await page.waitForFunction(() => "harnessResult" in window);
      const outcome = await page.evaluate(() => window.harnessResult.catch((cause: unknown) => String(cause)));
      expect(
        lines.filter((line) => /^(FAIL|DEVICE)/.test(line)),
        outcome,
      ).toEqual([]);
      expect(JSON.parse(outcome)).toMatchObject({ machine: args["machine"] });
      watch.check();
    } finally {
      await server.close();
    }
  });
}
