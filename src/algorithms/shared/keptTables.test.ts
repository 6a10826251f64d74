import { describe, expect, it } from "vitest";
import { makeSpace } from "@/nas/space/registry";
import { inventedTable } from "../testing/inventedTable";
import { KeptTables, memoryTexts } from "./keptTables";

const space = makeSpace("fbnet-v1", "nano");
const device = { label: "wasm 1 thread", vendor: "", architecture: "", backend: "wasm", executor: "plan", threads: 1 };
const table = { ...inventedTable(space, 1, device), app: "1" };
const labelled = (label: string) => ({ ...table, device: { ...table.device, label } });

describe("KeptTables", () => {
  it("finds the table of this device, batch and version only", async () => {
    const texts = memoryTexts();
    const tables = new KeptTables(texts, device, "1");
    await tables.save(table);
    expect(await tables.load(space, 1, null)).toMatchObject({ device: { label: "wasm 1 thread" } });
    expect(await tables.load(space, 32, null)).toBeNull();
    expect(await tables.load(makeSpace("fbnet-v1", "tiny"), 1, null)).toBeNull();
    expect(await new KeptTables(texts, device, "2").load(space, 1, null)).toBeNull();
    expect(await new KeptTables(texts, { ...device, threads: 2 }, "1").load(space, 1, null)).toBeNull();
  });

  it("finds others by label, of another version too, this version's first, else the newest", async () => {
    const tables = new KeptTables(memoryTexts(), device, "3");
    await tables.save({ ...labelled("phone"), app: "1" });
    await tables.save({ ...labelled("phone"), app: "2" });
    expect((await tables.load(space, 1, "phone"))?.app).toBe("2");
    await tables.save({ ...labelled("phone"), app: "3" });
    await tables.save({ ...labelled("phone"), app: "2" });
    expect((await tables.load(space, 1, "phone"))?.app).toBe("3");
    expect(await tables.load(space, 1, "tablet")).toBeNull();
    expect(await tables.load(space, 1, null)).toBeNull();
  });

  it("lists labels by space and batch, newest first, each once; saves at the same time lose none", async () => {
    const tables = new KeptTables(memoryTexts(), device, "1");
    await Promise.all(["a", "b", "a", "c"].map((label) => tables.save(labelled(label))));
    await tables.save(inventedTable(space, 32, { ...device, label: "d" }));
    expect(await tables.labels(space, 1)).toEqual(["c", "a", "b"]);
    expect(await tables.labels(space, 32)).toEqual(["d"]);
    expect(await tables.labels(makeSpace("fbnet-v1", "small"), 1)).toEqual([]);
  });

  it("takes what it cannot read for not kept", async () => {
    const texts = memoryTexts();
    const broken = new KeptTables({ get: async (key) => ((await texts.get(key)) === null ? null : "{broken"), set: (key, value) => texts.set(key, value) }, device, "1");
    await broken.save(table);
    expect([await broken.load(space, 1, null), await broken.load(space, 1, "wasm 1 thread"), await broken.labels(space, 1)]).toEqual([null, null, []]);
  });

  it("does not take a table for another's whose name in the storage is the same", async () => {
    const tables = new KeptTables({ get: () => Promise.resolve(texts.at(-1) ?? null), set: (_, value) => Promise.resolve(void texts.push(value)) }, device, "1");
    const texts: string[] = [];
    await tables.save(labelled("phone"));
    texts.pop();
    expect(await tables.load(space, 1, null)).toBeNull();
  });
});
