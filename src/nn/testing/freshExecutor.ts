/** Only for tests: a new executor for every test of a suite, which must leave nothing behind. */
import { afterEach, beforeEach, expect } from "vitest";
import type { Executor } from "../executor";

export function freshExecutor(make: () => Promise<Executor>, take: (fresh: Executor) => void): void {
  let current: Executor | null = null;
  beforeEach(async () => {
    current = await make();
    take(current);
  });
  afterEach(() => {
    current?.dispose();
    expect(current?.memory().tensors).toBe(0);
  });
}
