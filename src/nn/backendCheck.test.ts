import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "@/kernels/backends";
import { compareBackend } from "./backendCheck";
import { checkNetworkGolden } from "./backendCheckGolden";
import { runCheckNetwork } from "./backendCheckNetwork";
import { createTfjsExecutor } from "./tfjsExecutor/executor";
import type { Executor } from "./executor";

for (const backend of ["tfjs-cpu", "tfjs-wasm"] as const)
  describe(backend, () => {
    let executor: Executor;
    beforeAll(async () => {
      await initBackend(backend);
      executor = createTfjsExecutor(backend);
    });
    afterEach(() => executor.dispose());

    it("agrees with the reference and leaks nothing", async () => {
      const rows = await compareBackend(executor);
      expect(rows.filter((row) => !row.pass)).toEqual([]);
      expect(rows.length).toBeGreaterThan(20);
      executor.dispose();
      expect(executor.memory().tensors).toBe(0);
    });

    if (backend === "tfjs-cpu")
      it("the stored results are those of the cpu executor", async () => {
        const got = await runCheckNetwork(executor);
        for (const name of ["losses", "runningLogits", "recalibratedLogits", "adamLosses"] as const)
          got[name].forEach((value, i) => expect(value).toBeCloseTo(checkNetworkGolden[name][i] as number, 5));
      });
  });
