import { describe, expect, it } from "vitest";
import { Pacer } from "./pacer";

/** A GPU on which every unit takes `ms`, one after the other; submitting takes one millisecond. Time passes only when somebody waits. */
function fakeGpu(ms: number) {
  let now = 0;
  let free = 0;
  const fences: { readonly at: number; readonly resolve: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  const pacer = new Pacer({ now: () => now, fence: () => new Promise((resolve) => fences.push({ at: free, resolve })) });
  let most = 0;
  const submit = async (): Promise<number> => {
    now++;
    free = Math.max(free, now) + ms;
    let waited: number | null = null;
    void pacer.submitted().then((value) => (waited = value));
    await settle();
    while (fences[0] && fences[0].at <= now) fences.shift()?.resolve();
    await settle();
    while (waited === null) {
      const next = fences.shift();
      if (!next) throw new Error("waits for nothing");
      now = Math.max(now, next.at);
      next.resolve();
      await settle();
    }
    most = Math.max(most, fences.length);
    return waited;
  };
  return { submit, most: () => most, inFlight: () => fences.length };
}

describe("pacing", () => {
  it.each([[2, 3], [30, 3], [45, 2], [60, 1], [1000, 1]])("of units of %d ms leaves at most %d in flight", async (ms, limit) => {
    const gpu = fakeGpu(ms);
    for (let i = 0; i < 40; i++) await gpu.submit();
    expect(gpu.most()).toBeLessThanOrEqual(limit);
    expect(gpu.inFlight()).toBeGreaterThan(0);
  });

  it("follows units that become longer", async () => {
    let slow = false;
    let now = 0;
    const release: (() => void)[] = [];
    const pacer = new Pacer({
      now: () => now,
      fence: () => {
        const done = new Promise<void>((resolve) => release.push(resolve));
        if (!slow) release.shift()?.();
        return done;
      },
    });
    for (let i = 0; i < 10; i++) {
      now += 1;
      expect(await pacer.submitted()).toBe(0);
    }
    slow = true;
    let returned = 0;
    const submit = (): void => void pacer.submitted().then(() => returned++);
    submit();
    submit();
    submit();
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(3);
    submit();
    await new Promise((resolve) => setImmediate(resolve));
    // The fourth waits for the first.
    expect(returned).toBe(3);
    now += 2000;
    release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(4);
    // It took long: now only one may be in flight.
    submit();
    release.splice(0, 2).forEach((done) => done());
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(4);
    while (release.length > 0) release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(5);
  });

  it("is not held up by a device that is lost", async () => {
    const pacer = new Pacer({ now: () => 0, fence: () => Promise.reject(new Error("lost")) });
    for (let i = 0; i < 5; i++) expect(await pacer.submitted()).toBe(0);
  });
});
