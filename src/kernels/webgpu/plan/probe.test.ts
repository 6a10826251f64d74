/** The choice of variants: what is measured, kept, and ignored. Timings are doubles; the variants themselves are tested in the browser (e2e/harness/variants.ts). */
import { describe, expect, it } from "vitest";
import type { Tuning } from "./kernelDef";
import { probeTuning, type ProbeStorage, type Timed } from "./probe";
import { defaultTuning, forHardware } from "./tuning";

const hardware = { vendor: "acme", architecture: "anvil", device: "1", description: "Anvil 1", isFallbackAdapter: false };

/** A device that is only asked for its adapter. */
const deviceOf = (adapterInfo: Partial<GPUAdapterInfo>): GPUDevice => ({ adapterInfo: { ...hardware, ...adapterInfo } }) as unknown as GPUDevice;

function memory(kept = new Map<string, string>()): ProbeStorage & { readonly kept: Map<string, string> } {
  return {
    kept,
    get: (key) => Promise.resolve(kept.get(key) ?? null),
    set: (key, value) => {
      kept.set(key, value);
      return Promise.resolve();
    },
  };
}

/** Milliseconds by a rule, and how often it was asked. */
function timer(rule: (tuning: Tuning, family: string) => number): Timed & { count: number } {
  const timed = Object.assign(
    (_: GPUDevice, tuning: Tuning, family: string) => {
      timed.count++;
      return Promise.resolve(rule(tuning, family));
    },
    { count: 0 },
  );
  return timed;
}

describe("probeTuning", () => {
  it("takes what is clearly faster, keeps it, and measures an adapter once", async () => {
    const storage = memory();
    const timed = timer(({ sharedProduct, pixels }, family) => (family === "wide" && sharedProduct ? 5 : family === "convolution" && pixels === 8 ? 6 : 10));
    const found = await probeTuning(deviceOf({}), storage, timed);
    expect(found).toEqual({ ...forHardware, sharedProduct: true, pixels: 8 });
    expect(storage.kept.size).toBe(1);
    const asked = timed.count;
    expect(await probeTuning(deviceOf({}), storage, timed)).toEqual(found);
    expect(timed.count).toBe(asked);
    await probeTuning(deviceOf({ device: "2" }), storage, timed);
    expect(timed.count).toBeGreaterThan(asked);
  });

  it("leaves the default where the gain is noise", async () => {
    const timed = timer((tuning) => (tuning.tileRows === forHardware.tileRows ? 10 : 9.7));
    expect(await probeTuning(deviceOf({}), memory(), timed)).toEqual(forHardware);
  });

  it.each([["not JSON"], ["null"], ["[]"], ['{"tileRows":4}'], ['{"tileRows":5,"tileColumns":2,"pixels":4,"lines":2,"sharedProduct":false,"splitThreads":8192}']])(
    "measures again when what was kept is %s",
    async (text) => {
      const storage = memory();
      await probeTuning(deviceOf({}), storage, timer(() => 10));
      for (const key of storage.kept.keys()) storage.kept.set(key, text);
      const timed = timer(() => 10);
      expect(await probeTuning(deviceOf({}), storage, timed)).toEqual(forHardware);
      expect(timed.count).toBeGreaterThan(0);
    },
  );

  it("measures no software adapter, and nothing that cannot be kept", async () => {
    const timed = timer(() => 10);
    const software = deviceOf({ vendor: "google", architecture: "swiftshader" });
    expect(await probeTuning(software, memory(), timed)).toEqual(defaultTuning(software));
    expect(await probeTuning(deviceOf({}), null, timed)).toEqual(forHardware);
    expect(timed.count).toBe(0);
  });

  it("falls back to the default when the storage or a measurement fails", async () => {
    const broken: ProbeStorage = { get: () => Promise.reject(new Error("no")), set: () => Promise.reject(new Error("no")) };
    expect(await probeTuning(deviceOf({}), broken, timer(() => 10))).toEqual(forHardware);
    const failing: Timed = () => Promise.reject(new Error("device lost"));
    expect(await probeTuning(deviceOf({}), memory(), failing)).toEqual(forHardware);
    const full: ProbeStorage = { get: () => Promise.resolve(null), set: () => Promise.reject(new Error("full")) };
    expect(await probeTuning(deviceOf({}), full, timer(({ lines }) => (lines === 4 ? 1 : 10)))).toEqual({ ...forHardware, lines: 4 });
  });

  it("stops trying when its time is over", async () => {
    let clock = 0;
    const timed = timer(() => {
      clock += 1000;
      return 10;
    });
    expect(await probeTuning(deviceOf({}), memory(), timed, () => clock)).toEqual(forHardware);
    expect(timed.count).toBeLessThanOrEqual(4);
  });
});
