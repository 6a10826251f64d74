import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { measureGraphs, type MeterProgress, type MeterResult } from "./latencyMeter";
import { type FakeMeasuring, fakeMeasuring, type FakeTimes, namedGraph } from "./testing/fakeStopwatch";

/** True times of single passes, µs. */
const truth: Readonly<Record<string, number>> = { a: 20, b: 60, c: 250, d: 4000 };
const jobs = Object.keys(truth).map((key) => ({ key, graph: () => namedGraph(key) }));
const passesTake = (key: string, passes: number): number => passes * (truth[key] ?? Number.NaN);

interface Measured {
  readonly result: MeterResult;
  readonly steps: MeterProgress[];
  readonly fake: FakeMeasuring;
}

async function measure(times: FakeTimes, { readings = 11, stepUs = 0.05 } = {}): Promise<Measured> {
  const fake = fakeMeasuring(times, stepUs);
  const meter = measureGraphs(fake.executor, jobs, { batch: 1, readings, warmup: 5, key: rootKey(3), now: fake.now });
  const steps: MeterProgress[] = [];
  for (;;) {
    const next = await meter.next();
    if (next.done) return { result: next.value, steps, fake };
    steps.push(next.value);
  }
}

const usOf = ({ readings }: MeterResult): Record<string, number> => Object.fromEntries([...readings].map(([key, { us }]) => [key, us]));
const close = (factor: number): Record<string, unknown> => Object.fromEntries(Object.entries(truth).map(([key, us]) => [key, expect.closeTo(us * factor, 6)]));

describe("by the wall clock", () => {
  it("removes what a run costs besides its passes", async () => {
    const { result } = await measure({ wall: (key, passes) => 2500 + passesTake(key, passes) });
    expect(usOf(result)).toEqual(close(1));
    expect(result).toMatchObject({ timer: { kind: "wall", quantumUs: 0, fellBack: false }, noisy: [], clamped: [] });
  });

  it("lets readings last ten round trips, fifty steps of the clock, a millisecond, and no longer than needed", async () => {
    const shortest = async (times: FakeTimes, stepUs: number): Promise<Record<string, number>> => {
      const { fake } = await measure(times, { stepUs });
      const last = fake.runs.slice(-8 * 11);
      return Object.fromEntries(Object.keys(truth).map((key) => [key, Math.min(...last.filter((run) => run.key === key).map(({ passes }) => times.wall(key, passes, 0)))]));
    };
    const within = (low: number, times: Record<string, number>): void => {
      for (const [key, us] of Object.entries(times)) {
        expect(us, key).toBeGreaterThanOrEqual(low);
        expect(us, key).toBeLessThan(Math.max(2 * low, 2 * (truth[key] ?? 0)));
      }
    };
    within(1000, await shortest({ wall: passesTake }, 0.05));
    within(5000, await shortest({ wall: passesTake }, 100));
    within(25_000, await shortest({ wall: (key, passes) => 2500 + passesTake(key, passes) }, 5));
  });

  it("warms every graph up five times, and reads all of them once a round in an order drawn anew", async () => {
    const { fake, steps } = await measure({ wall: passesTake }, { readings: 6 });
    for (const { key } of jobs) expect(fake.runs.slice(0, 20).filter((run) => run.key === key)).toHaveLength(5);
    const orders = Array.from({ length: 6 }, (_, round) => fake.runs.slice(fake.runs.length - 48 + 8 * round).slice(0, 8).filter((__, i) => i % 2 === 0).map(({ key }) => key).join("")); // prettier-ignore
    for (const order of orders) expect([...order].sort().join("")).toBe("abcd");
    expect(new Set(orders).size).toBeGreaterThan(1);
    expect(steps.filter(({ done }) => done > 0).map(({ done }) => done)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(steps.at(-1)).toMatchObject({ total: 24 });
    expect(fake.open()).toBe(0);
  });

  it("keeps to the median of a clock that is disturbed now and then, and shows the spread", async () => {
    // Every sixth run is interrupted for 3 ms.
    const { result } = await measure({ wall: (key, passes, call) => passesTake(key, passes) + (call % 6 === 0 ? 3000 : 0) }, { readings: 21 });
    for (const [key, us] of Object.entries(truth)) expect(result.readings.get(key)?.us, key).toBeCloseTo(us, 6);
    const a = result.readings.get("a");
    expect((a?.p90 ?? 0) - (a?.p10 ?? 0)).toBeGreaterThan(0);
  });

  it("looks a second time at what is noisy, in longer runs, and counts the calmer look", async () => {
    const rng = rootKey(9).stream();
    // Jitter of a fixed size: it weighs half as much in runs of twice the length.
    const { result, steps, fake } = await measure({ wall: (key, passes) => passesTake(key, passes) + (key === "a" ? 500 * rng.normal() : 0) }, { readings: 21 });
    expect(steps.at(-1)).toMatchObject({ done: 105, total: 105 });
    const passes = fake.runs.filter(({ key }) => key === "a").map((run) => run.passes);
    expect(passes.at(-2)).toBe(2 * (passes.at(-50) ?? 0));
    expect(steps.every(({ done, readings }) => done < 84 || readings().size === 4)).toBe(true);
    expect(result.readings.get("a")?.us).toBeGreaterThan(12);
    expect(result.readings.get("a")?.us).toBeLessThan(28);
  });

  it("never says nought or less: what drowns in noise gets the smallest time seen, and is named", async () => {
    // The second of two runs is always the quicker one: all differences are negative.
    const { result } = await measure({ wall: (key, passes, call) => (key === "a" ? 1500 - call * 1e-3 : passesTake(key, passes)) });
    expect(result.clamped).toEqual(["a"]);
    const a = result.readings.get("a");
    for (const us of [a?.us, a?.p10, a?.p90]) expect(us).toBeGreaterThan(0);
    expect(a?.p10).toBeLessThanOrEqual(a?.p90 ?? 0);
  });

  it("never says nought where the clock shows none either", async () => {
    const { result } = await measure({ wall: (key, passes) => (key === "a" ? 0 : passesTake(key, passes)) });
    expect(result.readings.get("a")?.us).toBeGreaterThan(0);
    expect(result.clamped).toEqual(["a"]);
  });
});

describe("by timestamps", () => {
  const wall = (key: string, passes: number): number => 2500 + 1.5 * passesTake(key, passes);

  it("takes kernels alone where they are fine enough", async () => {
    const { result, fake } = await measure({ wall, timestamp: (key, passes) => Math.round(50 * passesTake(key, passes) * 1.0003) / 50 });
    expect(result.timer).toEqual({ kind: "timestamp", quantumUs: expect.closeTo(0.02, 3) as number, fellBack: false });
    for (const [key, us] of Object.entries(truth)) expect(result.readings.get(key)?.us).toBeCloseTo(us * 1.0003, 1);
    expect(fake.runs.every(({ timer }) => timer === "timestamp")).toBe(true);
  });

  it.each([
    ["rounded to 100 µs", (us: number) => Math.round(us / 100) * 100, 100],
    ["rounded to nought", () => 0, 0],
  ] as const)("turns to the wall clock when they are %s", async (_, round, quantumUs) => {
    const { result, fake } = await measure({ wall, timestamp: (key, passes) => round(passesTake(key, passes)) });
    expect(result.timer).toMatchObject({ kind: "wall", fellBack: true });
    expect(result.timer.quantumUs % 100).toBe(quantumUs % 100);
    expect(usOf(result)).toEqual(close(1.5));
    expect(fake.open()).toBe(0);
  });
});

describe("a meter that is left", () => {
  it.each([1, 3, 6, 12, 30])("after %d steps frees everything", async (count) => {
    const fake = fakeMeasuring({ wall: passesTake });
    const meter = measureGraphs(fake.executor, jobs, { batch: 1, readings: 11, warmup: 5, key: rootKey(3), now: fake.now });
    for (let i = 0; i < count; i++) await meter.next();
    expect(fake.open()).toBeGreaterThan(0);
    await meter.return(undefined as never);
    expect(fake.open()).toBe(0);
  });

  it("by an error frees everything", async () => {
    const fake = fakeMeasuring({
      wall: (key, passes, call) => {
        if (call > 50) throw new Error("lost");
        return passesTake(key, passes);
      },
    });
    const meter = measureGraphs(fake.executor, jobs, { batch: 1, readings: 11, warmup: 5, key: rootKey(3), now: fake.now });
    await expect((async () => { while (!(await meter.next()).done); })()).rejects.toThrow("lost"); // prettier-ignore
    expect(fake.open()).toBe(0);
  });
});
