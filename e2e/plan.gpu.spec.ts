/**
 * Plans in a browser, from the sources: every instruction on WebGPU with the software adapter and on WASM with two threads in a worker, whole
 * networks on the WebGPU executor, its stopwatches, and the plan's kernels in plain tfjs code.
 */
import { expect, test } from "@playwright/test";
import { serveHarness } from "./harness/serve";
import type { Args } from "./harness/types";
import { Watch } from "./support/test";

interface Job {
  readonly name: string;
  readonly module: string;
  readonly args: Args;
  readonly inWorker: boolean;
  readonly expected: Record<string, unknown>;
}

const cases = "/e2e/harness/cases.ts";
const jobs: readonly Job[] = [
  { name: "WebGPU executes every instruction as the reference does", module: cases, args: { machine: "webgpu" }, inWorker: false, expected: { machine: "webgpu" } },
  { name: "WASM with two threads executes every instruction as the reference does", module: cases, args: { machine: "wasm", threads: "2" }, inWorker: true, expected: { machine: "wasm" } },
  { name: "the plan executor on WebGPU computes whole networks; steps make no GPU objects", module: "/e2e/harness/executors.ts", args: {}, inWorker: false, expected: { objects: 0, grown: 0 } },
  { name: "stopwatches of both executors on WebGPU", module: "/e2e/harness/stopwatch.ts", args: {}, inWorker: false, expected: {} },
  { name: "the plan's kernels work in plain tfjs code with tf.grad", module: "/e2e/harness/tfjsOps.ts", args: {}, inWorker: false, expected: {} },
];

for (const { name, module, args, inWorker, expected } of jobs) {
  test(name, async ({ page, context }) => {
    const server = await serveHarness({ module });
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
      expect(outcome).toMatch(/^\{/);
      expect(JSON.parse(outcome)).toMatchObject(expected);
      watch.check();
    } finally {
      await server.close();
    }
  });
}
