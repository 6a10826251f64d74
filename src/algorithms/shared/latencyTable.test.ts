import { afterAll, describe, expect, it } from "vitest";
import { inventedTable } from "@/algorithms/testing/inventedTable";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { tinyConfig, tinyData, tinyExecutor } from "@/algorithms/testing/tinyRun";
import { rootKey } from "@/lib/rng";
import { sumOfMember } from "@/nas/latency/refit";
import { costsOf, type LatencyTable, neededKeys } from "@/nas/latency/table";
import { makeSpace } from "@/nas/space/registry";
import type { Executor } from "@/nn/executor";
import { fakeMeasuring } from "@/nn/testing/fakeStopwatch";
import type { RunConfig } from "../configKeys";
import type { LatencyTables, MethodEnv, MethodEvent } from "../method";
import { measureTable, tableTicks } from "./latencyTable";

const space = makeSpace("fbnet-v1", "nano");
const keys = neededKeys(space.latency ?? { fixed: [], slots: [] });
const executors: Executor[] = [];
afterAll(() => executors.forEach((executor) => executor.dispose()));

interface Asked {
  readonly table: LatencyTable;
  readonly events: readonly MethodEvent[];
  readonly ticks: number;
  readonly counts: readonly (readonly [number, number])[];
}

/** A clock that moves 7 ms a look. */
const clock = (): (() => number) => {
  let time = 0;
  return () => (time += 7);
};

async function ask(latency: LatencyTables, executor: Executor, change: Partial<RunConfig> = {}): Promise<Asked> {
  const events: MethodEvent[] = [];
  const counts: [number, number][] = [];
  const config = { ...tinyConfig({ algorithm: "fbnet-v1" }), ...change };
  const env: MethodEnv = { config, space, executor, latency, data: tinyData(), key: rootKey(1), now: clock(), emit: (event) => events.push(event), spend: () => undefined };
  const ticking = tableTicks(env, (done, total) => counts.push([done, total]));
  for (let ticks = 0; ; ticks++) {
    const next = await ticking.next();
    if (next.done) return { table: next.value, events, ticks, counts };
    expect(next.value).toEqual({ boundary: "chunk" });
  }
}

const reportsOf = (events: readonly MethodEvent[]) => events.flatMap((event) => (event.kind === "report" && event.report.kind === "table" ? [event.report] : []));
/** No graph of the space has a name, so all take equally long. */
const instant = () => fakeMeasuring({ wall: (_, passes) => 40 * passes });
const never = { executor: {} as Executor };

describe("tableTicks", () => {
  it("takes a kept table without measuring, and tells it once", async () => {
    const tables = memoryTables();
    await tables.save(inventedTable(space));
    const { table, events, ticks } = await ask(tables, never.executor);
    expect(table.entries.map(({ key }) => key)).toEqual(keys.entries);
    expect([ticks, reportsOf(events)]).toEqual([1, [{ kind: "table", table, done: 1, total: 1, own: true }]]);
  });

  it("measures this device otherwise, keeps the table, and tells of it as it fills, ten times a second", async () => {
    const tables = memoryTables();
    const fake = instant();
    const { table, events, ticks, counts } = await ask(tables, fake.executor);
    expect([table.entries.map(({ key }) => key), table.fixed.map(({ key }) => key)]).toEqual([keys.entries, keys.fixed]);
    for (const { us, p10, p90 } of [...table.entries, ...table.fixed]) expect([us, p10, p90].map((t) => Math.round(t))).toEqual([40, 40, 40]);
    expect(table).toMatchObject({ app: "test", space: { id: "fbnet-v1", size: "nano" }, device: { label: "test", timer: "wall" }, settings: { batch: 1, warmup: 5, runs: 11, keepPw: true } });
    expect(table.fit.n).toBe(6);
    const reports = reportsOf(events);
    expect(counts.at(-1)).toEqual([11 * 32, 11 * 32]);
    // 7 ms a look, one or two looks a tick.
    expect(reports.length).toBeLessThan((ticks * 14) / 100 + 3);
    expect(reports.length).toBeGreaterThan(10);
    expect(reports.every(({ own }) => own)).toBe(true);
    const sizes = reports.map((report) => report.table.entries.length);
    expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
    expect(reports.at(-1)).toMatchObject({ done: 1, total: 1, table });
    expect((await tables.load(space, 1, null))?.entries).toEqual(table.entries.map((entry) => ({ ...entry, us: expect.closeTo(entry.us, 2) as number, p10: expect.closeTo(entry.p10, 2) as number, p90: expect.closeTo(entry.p90, 2) as number })));
    expect(fake.open()).toBe(0);
    const again = await ask(tables, never.executor);
    expect(again.ticks).toBe(1);
  });

  it("measures only what a kept table of this device lacks", async () => {
    const tables = memoryTables();
    const whole = inventedTable(space);
    await tables.save({ ...whole, entries: whole.entries.slice(3), fit: { a: 1, b: 2, r: 0.5, n: 0 } });
    const { table, counts } = await ask(tables, instant().executor);
    expect(counts.at(-1)).toEqual([33, 33]);
    expect(table.entries.slice(0, 3).map(({ us }) => Math.round(us))).toEqual([40, 40, 40]);
    expect(table.entries[3]?.us).toBeCloseTo(whole.entries[3]?.us ?? 0, 2);
  });

  it("never mixes batches", async () => {
    const tables = memoryTables();
    await tables.save(inventedTable(space, 32));
    const { counts, table } = await ask(tables, instant().executor);
    expect([counts.at(-1), table.settings.batch]).toEqual([[11 * 32, 11 * 32], 1]);
    expect((await ask(tables, never.executor, { "fbnet.tableBatch": 32 })).table.settings.batch).toBe(32);
  });

  it("takes a named device's table, and refuses one that is not there or has holes, saying which there are", async () => {
    const tables = memoryTables();
    const whole = inventedTable(space);
    const phone = { ...whole, device: { ...whole.device, label: "pixel 6" } };
    await tables.save(phone);
    const taken = await ask(tables, never.executor, { "fbnet.device": "pixel 6" });
    expect([taken.table.device.label, reportsOf(taken.events)[0]?.own]).toEqual(["pixel 6", false]);
    await expect(ask(tables, never.executor, { "fbnet.device": "nokia" })).rejects.toMatchObject({ code: "config.invalid", message: expect.stringMatching(/no latency table of “nokia” for fbnet-v1 nano at batch 1\. Tables are kept of “pixel 6”/) as string });
    await tables.save({ ...phone, entries: phone.entries.slice(2) });
    await expect(ask(tables, never.executor, { "fbnet.device": "pixel 6" })).rejects.toMatchObject({ code: "config.invalid", message: expect.stringMatching(/“pixel 6” lacks 2 entries/) as string });
  });

  it("takes this device's own name for this device", async () => {
    const { table } = await ask(memoryTables(), instant().executor, { "fbnet.device": "test" });
    expect(table.device.label).toBe("test");
  });

  it("says when the timestamps were too coarse", async () => {
    const { events, table } = await ask(memoryTables(), fakeMeasuring({ wall: (_, passes) => 40 * passes, timestamp: (_, passes) => 100 * Math.round((40 * passes) / 100) }).executor);
    expect(events.flatMap((event) => (event.kind === "note" ? [event.message] : []))[0]).toMatch(/timestamps read nothing but 0, too coarse for single blocks/);
    expect(table.device.timer).toBe("wall");
  });

  it("leaves nothing on the device when the run is stopped", async () => {
    const fake = instant();
    const env = { config: tinyConfig({ algorithm: "fbnet-v1" }), space, executor: fake.executor, latency: memoryTables(), data: tinyData(), key: rootKey(1), now: clock(), emit: () => undefined, spend: () => undefined };
    const ticking = tableTicks(env, () => undefined);
    for (let i = 0; i < 100; i++) await ticking.next();
    expect(fake.open()).toBeGreaterThan(0);
    await ticking.return(undefined as never);
    expect(fake.open()).toBe(0);
    expect(await env.latency.load(space, 1, null)).toBeNull();
  });
});

describe("measureTable", () => {
  const request = { space, device: memoryTables().device, batch: 1, app: "test", again: null } as const;

  it("times the real thing: every entry above 0, wholes near their sums, nothing left behind", async () => {
    const executor = await tinyExecutor();
    executors.push(executor);
    const { table } = await measureTable({ ...request, executor, networks: 3 }, { onProgress: () => undefined, breathe: () => Promise.resolve(), signal: new AbortController().signal });
    const all = [...table.entries, ...table.fixed];
    expect(all).toHaveLength(26);
    for (const { us, p10, p90 } of all) {
      expect(us).toBeGreaterThan(0);
      expect(us).toBeLessThan(50_000);
      expect(p10).toBeLessThanOrEqual(p90);
    }
    const { points = [] } = table.fit;
    expect(points).toHaveLength(3);
    const costs = costsOf(table, space.latency ?? { fixed: [], slots: [] });
    for (const { id, sum, measured } of points) {
      expect(sum).toBe(costs && sumOfMember(costs, space, id));
      // Other tests share the machine.
      expect(measured / sum).toBeGreaterThan(0.1);
      expect(measured / sum).toBeLessThan(10);
    }
    expect(executor.memory()).toEqual({ tensors: 0, bytes: 0 });
  });

  it("ends when it is cancelled", async () => {
    const fake = instant();
    const stop = new AbortController();
    let seen = 0;
    const measuring = measureTable({ ...request, executor: fake.executor }, { onProgress: () => (++seen === 50 ? stop.abort() : undefined), breathe: () => Promise.resolve(), signal: stop.signal });
    await expect(measuring).rejects.toMatchObject({ code: "cancelled" });
    expect([seen, fake.open()]).toEqual([50, 0]);
  });

  it("refuses a space without layers to time", async () => {
    await expect(measureTable({ ...request, space: makeSpace("darts-cell", "nano"), executor: never.executor }, { onProgress: () => undefined, breathe: () => Promise.resolve(), signal: new AbortController().signal })).rejects.toMatchObject({ code: "config.invalid" });
  });
});
