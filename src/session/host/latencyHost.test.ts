import { afterEach, describe, expect, it } from "vitest";
import { memoryTexts } from "@/algorithms/shared/keptTables";
import { inventedTable } from "@/algorithms/testing/inventedTable";
import { tinyConfig } from "@/algorithms/testing/tinyRun";
import { version } from "@/lib/version";
import { makeSpace } from "@/nas/space/registry";
import type { Executor } from "@/nn/executor";
import type { FromWorker, Session } from "../protocol";
import { openTinySession, type TinySessionOptions } from "../testing/tinySession";
import { latencyDevice } from "./latencyHost";

const config = tinyConfig({ algorithm: "fbnet-v1", dataset: "tiny", backend: "wasm" });
const space = makeSpace("fbnet-v1", "nano");
const invented = inventedTable(space);
const phone = { ...invented, device: { ...invented.device, label: "phone" } };
const stem = "stem_s2_i3_o8_h32";

const opened: Session[] = [];
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close();
});

async function boot(options: TinySessionOptions = {}): Promise<{ session: Session; progress: Extract<FromWorker, { kind: "latencyProgress" }>[] }> {
  const session = openTinySession(options);
  opened.push(session);
  const progress: Extract<FromWorker, { kind: "latencyProgress" }>[] = [];
  session.subscribe((message) => {
    if (message.kind === "latencyProgress") progress.push(message);
  });
  await session.call("boot", { backend: "wasm", dataset: "tiny", threads: 0 });
  return { session, progress };
}

describe("latencyDevice", () => {
  const executor = { kind: "plan" } as Executor;
  it.each([
    [{ backend: "webgpu", device: "webgpu", adapter: "apple metal-3", threads: 1 }, { label: "apple metal-3 webgpu", vendor: "apple", architecture: "metal-3" }],
    [{ backend: "tfjs-webgpu", device: "webgpu", adapter: "nvidia™ ampere", threads: 1 }, { label: "nvidia ampere tfjs-webgpu", vendor: "nvidia", architecture: "ampere" }],
    [{ backend: "wasm", device: "wasm", adapter: "google swiftshader", threads: 1 }, { label: "wasm 1 thread", vendor: "", architecture: "" }],
    [{ backend: "wasm", device: "wasm", adapter: null, threads: 4 }, { label: "wasm 4 threads", threads: 4 }],
    [{ backend: "tfjs-cpu", device: "cpu", adapter: null, threads: 1 }, { label: "tfjs-cpu", backend: "tfjs-cpu", executor: "plan" }],
  ] as const)("%j", (choice, expected) => {
    expect(latencyDevice({ ...choice, executor })).toMatchObject(expected);
  });
});

describe("tables of the worker", () => {
  it("are kept by device and found again by the next worker", async () => {
    const storage = memoryTexts();
    const options = { change: { device: { gpu: null, storage } } };
    const { session } = await boot(options);
    expect(await session.call("latencyDevices", { config })).toEqual(["wasm 1 thread"]);
    expect(await session.call("latencyTable", { config })).toBeNull();
    await session.call("keepLatency", { table: phone });
    expect(await session.call("latencyDevices", { config })).toEqual(["wasm 1 thread", "phone"]);
    expect(await session.call("latencyTable", { config })).toBeNull();
    expect(await session.call("latencyTable", { config: { ...config, "fbnet.device": "phone" } })).toMatchObject({ device: { label: "phone" } });
    const next = await boot(options);
    expect(await next.session.call("latencyDevices", { config })).toEqual(["wasm 1 thread", "phone"]);
  });

  it("with impossible times are not kept", async () => {
    const { session } = await boot();
    await expect(session.call("keepLatency", { table: { ...phone, fixed: [{ key: stem, us: -1, p10: -1, p90: -1 }] } })).rejects.toMatchObject({ code: "config.invalid" });
    expect(await session.call("latencyDevices", { config })).toEqual(["wasm 1 thread"]);
  });

  it("are measured in slices, told of ten times a second, and kept; single entries into the kept one", async () => {
    const { session, progress } = await boot();
    const before = await session.call("memory", {});
    const from = performance.now();
    const { table } = await session.call("measureLatency", { config, keys: null });
    expect(progress.length).toBeLessThanOrEqual((performance.now() - from) / 100 + 1);
    expect(progress.length).toBeGreaterThan(2);
    const counts = progress.map(({ done, total, table: partial }) => [done, total, partial.entries.length + partial.fixed.length] as const);
    for (const [done, total, known] of counts) expect(done <= total && known <= 26).toBe(true);
    expect(counts.map(([done]) => done)).toEqual(counts.map(([done]) => done).sort((a, b) => a - b));
    expect(table).toMatchObject({ app: version, device: { label: "wasm 1 thread", backend: "wasm", executor: "plan", threads: 1, timer: "wall" }, fit: { n: 6 } });
    const kept = await session.call("latencyTable", { config });
    expect(kept?.entries.map(({ key }) => key)).toEqual(table.entries.map(({ key }) => key));
    const again = await session.call("measureLatency", { config, keys: [stem] });
    expect(again.table.entries).toEqual(kept?.entries);
    expect(again.table.fixed.find(({ key }) => key === stem)?.us).toBeGreaterThan(0);
    expect(again.table.fit.points?.map(({ id }) => id)).toEqual(kept?.fit.points?.map(({ id }) => id));
    expect(await session.call("memory", {})).toEqual(before);
  });

  it("measuring can be cancelled: what was kept stays", async () => {
    const { session, progress } = await boot();
    const before = await session.call("memory", {});
    const measuring = session.call("measureLatency", { config, keys: null });
    const failed = expect(measuring).rejects.toMatchObject({ code: "cancelled" });
    while (progress.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await session.call("cancelMeasure", {});
    await failed;
    expect(await session.call("latencyTable", { config })).toBeNull();
    expect(await session.call("memory", {})).toEqual(before);
  });

  it("opening a run ends a measurement, and the run is not disturbed by one", async () => {
    const { session } = await boot();
    await session.call("keepLatency", { table: { ...invented, app: version, device: { ...invented.device, label: "wasm 1 thread" } } });
    const first = session.call("measureLatency", { config, keys: null });
    const failed = expect(first).rejects.toMatchObject({ code: "cancelled" });
    const spos = tinyConfig({ dataset: "tiny", backend: "wasm", "train.steps": 2, "retrain.steps": 2, "evo.random": false, "evo.generations": 0, "bn.recal": 0 });
    await session.call("open", { config: spos });
    await failed;
    const playing = session.call("play", { until: null });
    const { table } = await session.call("measureLatency", { config, keys: [stem] });
    expect(table.entries.map(({ us }) => us)).toEqual(invented.entries.map(({ us }) => expect.closeTo(us, 2) as number));
    expect(await playing).toBe("complete");
  });
});
