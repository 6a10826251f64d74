/** Reference values on WebGPU, computed by the software adapter in the page of `npm run parity`: a subset that takes about a minute. */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { pageRunner, servePage } from "../src/cli/parity/page/driver";

type Json = Record<string, unknown>;

const read = (kind: string): Json => JSON.parse(readFileSync(new URL(`../src/golden/${kind}`, import.meta.url), "utf8")) as Json;
const without = (file: Json, ...keys: string[]): Json => Object.fromEntries(Object.entries(file).filter(([key]) => !keys.includes(key)));

/** Kinds whole, but of the search network its forward pass and both architecture gradients only. */
const files: readonly (readonly [kind: string, file: Json])[] = [
  ...["ops_dil_conv", "ops_pool_skip_none", "ops_preprocess_extra", "ops_sep_conv", "batch_norm", "mixed_op", "cell_search_normal_after_reduce", "nasbench201", "loss", "optim_sgd", "optim_adam", "misc", "eval_net"].map((name) => [`darts/${name}.json`, read(`darts/${name}.json`)] as const),
  ["darts/search_net.json", without(read("darts/search_net.json"), "trace_first_order", "trace_second_order")],
];

test("reference values on WebGPU", async ({ page }) => {
  const server = await servePage();
  try {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(server.url);
    await page.waitForFunction("globalThis.parity !== undefined");
    const run = await pageRunner(page);
    const failed: string[] = [];
    let passed = 0;
    for (const [kind, file] of files)
      for (const { name, status, note } of await run(kind, file, () => Promise.reject(new Error("this kind needs no other")))) {
        if (status === "pass") passed++;
        else failed.push(`${kind} ${name}: ${note ?? status}`);
      }
    expect(failed).toEqual([]);
    expect(errors).toEqual([]);
    expect(passed).toBeGreaterThan(60);
  } finally {
    await server.close();
  }
});
