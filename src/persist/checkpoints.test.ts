import { describe, expect, it } from "vitest";
import { memoryCheckpoints, opfsCheckpoints, type CheckpointContent, type CheckpointStore } from "./checkpoints";
import { readFile, removeFile, writeFile } from "./opfsFiles";
import { fakeDirectory, type FakeOptions } from "./testing/fakeDirectory";

const content = (step: number): CheckpointContent => ({
  meta: { step, config: { seed: 7, list: [1, null, "ü"] } },
  tensors: new Map([
    ["a", Float32Array.of(step, NaN, -0, 1e-38)],
    ["a#momentum", new Float32Array(700).fill(step)],
    ["none", new Float32Array(0)],
  ]),
});
const clock = (): number => Date.UTC(2025, 0, 1);
const writers = ["stream+move", "stream", "sync"] as const;
const stores: [string, () => Promise<CheckpointStore>][] = [
  ["memory", () => Promise.resolve(memoryCheckpoints(clock))],
  ...writers.map((writer): [string, () => Promise<CheckpointStore>] => [
    `directory, ${writer}`,
    () => opfsCheckpoints(fakeDirectory({ writer }), clock),
  ]),
];

describe.each(stores)("checkpoint store in %s", (_, open) => {
  it("is empty at first", async () => {
    const store = await open();
    expect([await store.latest(), await store.list(), await store.load()]).toEqual([null, [], null]);
    await expect(store.load("run/none")).rejects.toMatchObject({ code: "checkpoint.missing" });
  });

  it("gives back what was saved, bit by bit", async () => {
    const store = await open();
    const info = await store.save("run/one", content(1));
    expect(info).toMatchObject({ id: "run/one", savedAt: "2025-01-01T00:00:00.000Z", meta: content(1).meta });
    const loaded = await store.load("run/one");
    expect(loaded).toEqual({ info, ...content(1) });
    expect(Object.is(loaded?.tensors.get("a")?.[2], -0)).toBe(true);
    expect(await store.latest()).toEqual(info);
  });

  it("orders by saving, over runs, and replaces an id", async () => {
    const store = await open();
    await Promise.all([
      store.save("z/1", content(1)),
      store.save("a/1", content(2)),
      store.save("z/2", content(3)),
      store.save("z/1", content(4)),
    ]);
    expect((await store.list()).map(({ id, meta }) => [id, meta["step"]])).toEqual([
      ["a/1", 2],
      ["z/2", 3],
      ["z/1", 4],
    ]);
    expect((await store.load())?.meta["step"]).toBe(4);
    await store.remove("z/1");
    await store.remove("z/1");
    expect((await store.latest())?.id).toBe("z/2");
  });

  it("prunes to the last three and the best", async () => {
    const store = await open();
    for (let i = 0; i < 7; i++) await store.save(`run/${i}`, content(i));
    await store.save("other/0", content(9));
    expect(await store.prune({ last: 3, ids: ["run/1"] }, "run")).toEqual(["run/0", "run/2", "run/3"]);
    expect((await store.list()).map(({ id }) => id)).toEqual(["run/1", "run/4", "run/5", "run/6", "other/0"]);
    expect(await store.prune({ last: 1 })).toHaveLength(4);
  });

  it("takes no id that could leave its folder", async () => {
    const store = await open();
    for (const id of ["../x", "a/b/c", "a", "a/..", "", "a/b.json"])
      await expect(store.save(id, content(1))).rejects.toMatchObject({ code: "bug" });
  });
});

describe.each(writers)("a directory with %s", (writer) => {
  it("keeps the last whole checkpoint wherever writing breaks off, and sweeps the rest", async () => {
    let finished = false;
    for (let writes = 0; !finished; writes++) {
      const options: FakeOptions = { writer };
      const root = fakeDirectory(options);
      await (await opfsCheckpoints(root, clock)).save("run/a", content(1));
      options.writesLeft = writes;
      const store = await opfsCheckpoints(root, clock);
      finished = await store.save("run/a", content(2)).then(
        () => true,
        () => false,
      );
      options.writesLeft = Infinity;
      const again = await opfsCheckpoints(root, clock);
      expect((await again.load())?.meta["step"]).toBe(finished ? 2 : 1);
      expect(Object.keys(root.files())).toHaveLength(2);
    }
  });

  it("reports a full disk as storage.quota and keeps what was there", async () => {
    const options: FakeOptions = { writer };
    const root = fakeDirectory(options);
    const store = await opfsCheckpoints(root, clock);
    await store.save("run/a", content(1));
    options.quota = Object.values(root.files()).reduce((a, b) => a + b, 500);
    await expect(store.save("run/b", content(2))).rejects.toMatchObject({ code: "storage.quota", recoverable: true });
    expect((await store.list()).map(({ id }) => id)).toEqual(["run/a"]);
    expect(Object.keys(root.files())).toHaveLength(2);
  });

  it("does not load damaged checkpoints", async () => {
    const root = fakeDirectory({ writer });
    const store = await opfsCheckpoints(root, clock);
    for (const name of ["a", "b", "c"]) await store.save(`run/${name}`, content(1));
    root.corrupt("checkpoints/run/c.3.json");
    root.corrupt("checkpoints/run/b.2.safetensors");
    await expect(store.load("run/b")).rejects.toThrow("is damaged");
    expect((await store.load())?.info.id).toBe("run/a");
    expect((await store.list()).map(({ id }) => id)).toEqual(["run/a", "run/b"]);
  });

  it("replaces a named blob whole", async () => {
    const options: FakeOptions = { writer };
    const root = fakeDirectory(options);
    expect([await readFile(root, "table.json"), await removeFile(root, "table.json")]).toEqual([null, false]);
    await writeFile(root, "table.json", new Uint8Array(3000).fill(1));
    options.quota = 4000;
    await expect(writeFile(root, "table.json", new Uint8Array(3000).fill(2))).rejects.toMatchObject({
      code: "storage.quota",
    });
    expect(await readFile(root, "table.json")).toEqual(new Uint8Array(3000).fill(1));
    await writeFile(root, "table.json", new Uint8Array(new SharedArrayBuffer(8)));
    expect(await readFile(root, "table.json")).toEqual(new Uint8Array(8));
    expect([root.files(), await removeFile(root, "table.json"), root.files()]).toEqual([{ "table.json": 8 }, true, {}]);
  });
});
