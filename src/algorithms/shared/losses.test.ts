import { describe, expect, it } from "vitest";
import type { MethodEnv, MethodEvent } from "../method";
import { LossReader } from "./losses";

function reader(losses: readonly number[]) {
  const events: MethodEvent[] = [];
  const env = {
    executor: { takeLosses: () => Promise.resolve(Float32Array.from(losses)) },
    now: () => 0,
    emit: (event: MethodEvent) => events.push(event),
    spend: () => undefined,
  } as unknown as MethodEnv;
  const alphas: number[][] = [];
  return { events, alphas, losses: new LossReader(env, () => undefined, (groups) => alphas.push(groups.flatMap((g) => [...g]))) };
}

describe("reading in batches", () => {
  it("reports the loss of the weight step alone, wherever the inner passes stand", async () => {
    const { losses, events } = reader([9, 1, 2, 8]);
    losses.addInner("supernet", 1, 1);
    losses.add("supernet", 1, 0.1);
    losses.add("supernet", 2, 0.1);
    losses.addInner("supernet", 2, 1);
    await losses.read();
    expect(events).toEqual([1, 2].map((n) => ({ kind: "loss", step: n, phase: "supernet", loss: n, lr: 0.1 })));
  });

  it("tells α of all groups as one column", async () => {
    const { losses, events, alphas } = reader([]);
    losses.addAlpha(5, Promise.resolve([Float32Array.of(1, 2), Float32Array.of(3)]));
    await losses.read();
    expect(events).toEqual([{ kind: "alpha", step: 5, values: Float32Array.of(1, 2, 3) }]);
    expect(alphas).toEqual([[1, 2, 3]]);
  });
});

describe("what is not a number", () => {
  it.each([Number.NaN, Infinity])("an architecture weight of %s ends the run with its step, now and at every later read", async (bad) => {
    const { losses, alphas } = reader([]);
    losses.addAlpha(7, Promise.resolve([Float32Array.of(1, bad)]));
    for (let i = 0; i < 2; i++) await expect(losses.read()).rejects.toMatchObject({ code: "train.nan", step: 7, recoverable: true, message: expect.stringMatching(/α.*step 7/) });
    expect(alphas).toEqual([]);
  });

  it("a loss inside the step ends it too", async () => {
    const { losses } = reader([Number.NaN]);
    losses.addInner("supernet", 3, 1);
    await expect(losses.read()).rejects.toMatchObject({ code: "train.nan", step: 3 });
  });

  it("is forgotten with what is discarded", async () => {
    const { losses } = reader([]);
    losses.addAlpha(1, Promise.reject(new Error("the device is gone")));
    await losses.discard();
    await expect(losses.read()).resolves.toBeUndefined();
  });
});
