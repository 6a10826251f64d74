/** Tables of the page: looked up, measured, edited, estimated, exported and imported, against a worker that keeps them in memory. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { inventedTable } from "@/algorithms/testing/inventedTable";
import { memoryTables } from "@/algorithms/testing/memoryTables";
import { AppError } from "@/lib/appError";
import { version } from "@/lib/version";
import type { LatencyTables } from "@/algorithms/method";
import type { LatencyTable } from "@/nas/latency/table";
import { writeTableJson } from "@/nas/latency/tableJson";
import type { BootInfo, Commands } from "@/session/protocol";
import { experimentStore, setGiven } from "./experiment";
import { exportArchitecture, importFile, offeredFormats } from "./exports";
import { cancelMeasure, editLatency, estimateMissing, followLatency, latencyStore, measureLatency, refreshLatency, useDevice as chooseDevice } from "./latency";
import { noLatency } from "./latencyState";
import { spaceOf } from "./network";
import { initialRun, runStore } from "./run";

/** The worker's side. */
const worker = { tables: memoryTables("here"), asked: [] as string[], measure: (): Promise<LatencyTable> => Promise.reject(new Error("not now")) };

async function answer<K extends keyof Commands>(kind: K, args: Commands[K]["args"]): Promise<unknown> {
  worker.asked.push(kind);
  const { config, table } = args as Partial<Commands["measureLatency"]["args"] & Commands["keepLatency"]["args"]>;
  const { tables } = worker;
  const space = config && spaceOf(config.space, config.size);
  if (kind === "latencyTable" && space) return tables.load(space, config["fbnet.tableBatch"], config["fbnet.device"]);
  if (kind === "latencyDevices" && space) return ["here", ...(await tables.labels(space, config["fbnet.tableBatch"])).filter((label) => label !== "here")];
  if (kind === "keepLatency" && table) return tables.save(table);
  if (kind === "measureLatency") {
    const measured = await worker.measure();
    await tables.save(measured);
    return { table: measured, notes: ["mind the noise"] };
  }
  return null;
}
vi.mock("./link", async (original) => ({ ...(await original<object>()), call: (...args: Parameters<typeof answer>) => answer(...args) }));

const space = spaceOf("fbnet-v1", "nano");
const device: LatencyTables["device"] = { label: "here", vendor: "", architecture: "", backend: "wasm", executor: "plan", threads: 1 };
const own: LatencyTable = { ...inventedTable(space, 1, device), app: version };
const phone: LatencyTable = { ...own, device: { ...own.device, label: "phone" } };
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const config = () => experimentStore.getState().config;
const state = () => latencyStore.getState();
const info = { backend: "wasm", executor: "plan", threads: 1 } as BootInfo;
const firstKey = own.entries[0]?.key ?? "";

followLatency();

beforeEach(async () => {
  worker.tables = bound(memoryTables("here"));
  worker.measure = () => Promise.resolve(own);
  setGiven({ algorithm: "fbnet-v1", size: "nano" });
  runStore.setState({ ...initialRun, info, boot: { ...initialRun.boot, status: "ready" } }, true);
  latencyStore.setState(noLatency, true);
  await refreshLatency();
  worker.asked = [];
});

/** Tables of this version of the app, found without a label. */
function bound(tables: LatencyTables): LatencyTables {
  return {
    device: tables.device,
    app: version,
    load: (of, batch, label) => tables.load(of, batch, label ?? "here"),
    save: (table) => tables.save(table),
    labels: (of, batch) => tables.labels(of, batch),
  };
}

describe("the table of the experiment", () => {
  it("is looked up anew when space, size, batch or device of the experiment change, and is asked for only where it applies", async () => {
    await worker.tables.save(own);
    await refreshLatency();
    expect(state()).toMatchObject({ table: { device: { label: "here" } }, devices: ["here"], problem: null });
    setGiven({ algorithm: "fbnet-v1", size: "tiny" });
    await settled();
    expect(state().table).toBeNull();
    setGiven({ algorithm: "fbnet-v1", size: "nano", "fbnet.tableBatch": 8 });
    await settled();
    expect(state().table).toBeNull();
    setGiven({ algorithm: "fbnet-v1", size: "nano" });
    await settled();
    expect(state().table).not.toBeNull();
    worker.asked = [];
    setGiven({ algorithm: "spos", size: "nano" });
    await settled();
    expect([worker.asked, state().table, state().devices]).toEqual([[], null, []]);
  });

  it("is not asked for before the device has started", async () => {
    runStore.setState({ info: null });
    await refreshLatency();
    expect(worker.asked).toEqual([]);
    await measureLatency(null);
    expect(state().problem).toMatch(/before the device has started/);
  });
});

describe("measuring", () => {
  it("shows the table, says what there is to know, and clears the progress", async () => {
    latencyStore.setState({ progress: { table: own, done: 1, total: 2 } });
    await measureLatency(null);
    expect(state()).toMatchObject({ progress: null, problem: null, table: { entries: { length: own.entries.length } } });
    expect(runStore.getState().messages.map(({ text }) => text)).toEqual(["mind the noise"]);
  });

  it("of this device ends the use of another's", async () => {
    await worker.tables.save(phone);
    await refreshLatency();
    chooseDevice("phone");
    await settled();
    expect([state().table?.device.label, state().devices]).toEqual(["phone", ["here", "phone"]]);
    await measureLatency(null);
    expect([config()["fbnet.device"], state().table?.device.label]).toEqual([null, "here"]);
  });

  it("that is cancelled is no problem; one that fails is", async () => {
    worker.measure = () => Promise.reject(new AppError("cancelled", "x"));
    await measureLatency(null);
    expect(state()).toMatchObject({ progress: null, problem: null });
    worker.measure = () => Promise.reject(new AppError("gpu.lost", "The GPU is gone.", { hint: "Reload." }));
    await measureLatency(null);
    expect(state().problem).toBe("The GPU is gone. Reload.");
    await cancelMeasure();
    expect(worker.asked).toContain("cancelMeasure");
  });
});

describe("a table in hand", () => {
  beforeEach(async () => {
    await worker.tables.save(own);
    await refreshLatency();
  });

  it("takes an entry by hand, marked, and only a time above 0", async () => {
    await editLatency(firstKey, 123);
    expect(state().table?.entries[0]).toEqual({ key: firstKey, us: 123, p10: 123, p90: 123, source: "edited" });
    await editLatency("head_i64_o10_h4", 7);
    expect(state().table?.fixed.at(-1)).toMatchObject({ us: 7, source: "edited" });
    for (const us of [0, -1, Number.NaN, Infinity]) {
      await editLatency(firstKey, us);
      expect(state().problem).toMatch(/above 0/);
      expect(state().table?.entries[0]?.us).toBe(123);
    }
    await editLatency("k9_nonsense", 5);
    expect(state().table?.entries).toHaveLength(own.entries.length);
  });

  it("has its holes filled from neighbours on request", async () => {
    await worker.tables.save({ ...own, entries: own.entries.slice(1) });
    await refreshLatency();
    expect(state().table?.entries).toHaveLength(own.entries.length - 1);
    await estimateMissing();
    expect(state().table?.entries.find(({ key }) => key === firstKey)?.source).toBe("estimated");
  });

  it("is chosen by label; this device's is none", () => {
    chooseDevice("phone");
    expect(config()["fbnet.device"]).toBe("phone");
    chooseDevice("here");
    expect(config()["fbnet.device"]).toBeNull();
  });
});

describe("files", () => {
  it("none is offered or exported before there is a table", async () => {
    expect(offeredFormats().map(({ format }) => format)).not.toContain("latency-table");
    expect(await exportArchitecture("latency-table")).toMatchObject({ ok: false, problem: { message: "There is no latency table yet." } });
  });

  it("round trip: exported, imported on a machine without one, applied", async () => {
    await worker.tables.save(own);
    await refreshLatency();
    expect(offeredFormats().map(({ format }) => format)).toContain("latency-table");
    const made = await exportArchitecture("latency-table");
    if (!made.ok) throw new Error(made.problem.message);
    expect(made.value).toMatchObject({ name: "fbnet-v1-nano-here.latency.json", mime: "application/json" });
    worker.tables = bound(memoryTables("here"));
    await refreshLatency();
    const read = await importFile(made.value.bytes);
    if (!read.ok) throw new Error(read.problem.message);
    expect(read.value.report).toMatchObject({ format: "latency-table", warnings: [], missing: [], label: "here" });
    await settled();
    expect(state().table).toBeNull();
    read.value.apply();
    await settled();
    expect(state().table?.entries.map(({ key }) => key)).toEqual(own.entries.map(({ key }) => key));
    expect(config()["fbnet.device"]).toBeNull();
  });

  it("another device's is told of, and applied it is what the next search weighs", async () => {
    const read = await importFile(writeTableJson({ ...phone, settings: { ...phone.settings, batch: 4 } }));
    if (!read.ok) throw new Error(read.problem.message);
    expect(read.value.report.warnings).toEqual([expect.stringMatching(/measured on another device, “phone”, not on “here”/), expect.stringMatching(/batch 4, not 1/)]);
    expect(config()["fbnet.device"]).toBeNull();
    read.value.apply();
    await settled();
    expect([config()["fbnet.device"], config()["fbnet.tableBatch"], state().table?.device.label]).toEqual(["phone", 4, "phone"]);
  });

  it("of another space, or hostile, is refused with a sentence, and nothing is kept", async () => {
    const why = async (text: string): Promise<string> => {
      const read = await importFile(text);
      return read.ok ? "" : read.problem.message;
    };
    expect(await why(writeTableJson(inventedTable(spaceOf("fbnet-v1", "small"))))).toMatch(/is of fbnet-v1 small, and/);
    expect(await why(writeTableJson(own).replace('"app"', '"__proto__": {}, "app"'))).toMatch(/__proto__/);
    setGiven({ algorithm: "darts", space: "darts-cell", size: "nano" });
    expect(await why(writeTableJson(own))).toMatch(/no layers that can be timed/);
    expect(worker.asked).not.toContain("keepLatency");
  });

  it("other files are read as before", async () => {
    const read = await importFile("0,1,2,0,2,1,1,2");
    expect(read).toMatchObject({ ok: true, value: { report: { format: "spos-vector" } } });
  });
});
