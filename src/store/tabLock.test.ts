import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** Web Locks of one origin, shared by tabs; `steal` says that another tab holds the lock. */
function fakeLocks() {
  const held = new Set<string>();
  const waiting: { name: string; run: () => void }[] = [];
  const take = async (name: string, work: (lock: object | null) => unknown): Promise<void> => {
    held.add(name);
    await work({ name });
    held.delete(name);
    const next = waiting.findIndex((w) => w.name === name);
    if (next >= 0) waiting.splice(next, 1)[0]?.run();
  };
  return {
    held,
    free: (name: string) => {
      held.delete(name);
      waiting.splice(0).forEach((w) => w.run());
    },
    locks: {
      request: async (name: string, a: unknown, b?: unknown) => {
        const options = typeof a === "function" ? {} : (a as { ifAvailable?: boolean });
        const work = (typeof a === "function" ? a : b) as (lock: object | null) => unknown;
        await Promise.resolve();
        if (!held.has(name)) return take(name, work);
        if (options.ifAvailable) return work(null);
        return new Promise<void>((resolve) => waiting.push({ name, run: () => void take(name, work).then(resolve) }));
      },
      query: () => Promise.resolve({ held: [...held].map((name) => ({ name })) }),
    },
  };
}

const lockName = "nas-playground-training";
const tab = async () => {
  vi.resetModules();
  return import("./tabLock");
};

let origin: ReturnType<typeof fakeLocks>;
beforeEach(() => {
  origin = fakeLocks();
  vi.stubGlobal("navigator", { locks: origin.locks });
});
afterEach(() => void vi.unstubAllGlobals());

describe("one tab trains", () => {
  it("the first takes the lock and keeps it; the second is told; after a release it may", async () => {
    const [one, two] = [await tab(), await tab()];
    expect(await one.takeTrainingLock()).toBe(true);
    expect(await one.takeTrainingLock()).toBe(true);
    expect([await one.isAnotherTabTraining(), await two.isAnotherTabTraining()]).toEqual([false, true]);
    expect(await two.takeTrainingLock()).toBe(false);
    one.releaseTrainingLock();
    await vi.waitFor(() => expect(origin.held.size).toBe(0));
    expect(await two.takeTrainingLock()).toBe(true);
  });

  it("asked twice at once, the same tab is not told that it is in its own way", async () => {
    const one = await tab();
    expect(await Promise.all([one.takeTrainingLock(), one.takeTrainingLock()])).toEqual([true, true]);
    one.releaseTrainingLock();
    await vi.waitFor(() => expect(origin.held.size).toBe(0));
  });

  it("is told when the other is done", async () => {
    const [one, two] = [await tab(), await tab()];
    await one.takeTrainingLock();
    const done = vi.fn();
    two.whenTrainingEnds(done);
    await Promise.resolve();
    expect(done).not.toHaveBeenCalled();
    one.releaseTrainingLock();
    await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1));
    // Asking was not taking.
    await vi.waitFor(() => expect(origin.held.has(lockName)).toBe(false));
  });

  it("and may train at once, for the lock is free when it is told", async () => {
    const [one, two] = [await tab(), await tab()];
    await one.takeTrainingLock();
    const taken = new Promise<boolean>((resolve) => two.whenTrainingEnds(() => void two.takeTrainingLock().then(resolve)));
    await Promise.resolve();
    one.releaseTrainingLock();
    expect(await taken).toBe(true);
  });
});

describe("without locks", () => {
  it("every tab may train", async () => {
    vi.stubGlobal("navigator", {});
    const one = await tab();
    expect([await one.takeTrainingLock(), await one.isAnotherTabTraining()]).toEqual([true, false]);
    one.releaseTrainingLock();
  });

  it("a sandboxed frame, where asking is an error, trains too", async () => {
    const refuse = () => Promise.reject(new DOMException("no", "SecurityError"));
    vi.stubGlobal("navigator", { locks: { request: refuse, query: refuse } });
    const one = await tab();
    expect([await one.isAnotherTabTraining(), await one.takeTrainingLock()]).toEqual([false, true]);
    expect(() => one.whenTrainingEnds(() => undefined)).not.toThrow();
  });
});
