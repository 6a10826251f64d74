/** The commit protocol over both ways browsers write: a data set is there whole or not at all. */
import { describe, expect, it } from "vitest";
import { loadImages } from "./dataset";
import { importCifar10 } from "./import/cifar10";
import { opfsDatasets, type OpfsDatasets } from "./opfs";
import { replaceFile } from "./opfsFiles";
import { readManifest } from "./source";
import { bytesInput, fakeBatch, toBinary } from "./testing/cifarFixtures";
import { fakeRoot } from "./testing/fakeDirectory";

/** What browsers hand out fits the interface (checked by the compiler). */
export const acceptsRealHandles = (root: FileSystemDirectoryHandle): OpfsDatasets => opfsDatasets(root);

const batch = (records: number) => bytesInput("data_batch_1.bin", toBinary(fakeBatch(records, records)));

describe.each(["sync", "stream"] as const)("OPFS data sets, %s writes", (mode) => {
  const setUp = () => {
    const fake = fakeRoot(mode);
    let n = 0;
    return { fake, datasets: opfsDatasets(fake.root, () => `v${++n}`) };
  };

  it("imports, lists, loads back after a restart, replaces, removes", async () => {
    const { fake, datasets } = setUp();
    expect(await datasets.list()).toEqual([]);
    expect((await importCifar10([batch(30)], await datasets.sink("cifar10"))).ok).toBe(true);
    expect(fake.open).toBe(0);

    const later = opfsDatasets(fake.root);
    await later.sweep();
    expect(await later.list()).toMatchObject([{ id: "cifar10", name: "CIFAR-10", train: 30, test: 0 }]);
    const source = await later.source("cifar10");
    if (source === null) throw new Error("no source");
    const manifest = await readManifest(source);
    if (!manifest.ok) throw new Error(manifest.problem.message);
    expect((await loadImages(source, manifest.value, "train")).count).toBe(30);

    expect((await importCifar10([batch(40)], await datasets.sink("cifar10"))).ok).toBe(true);
    expect(await datasets.list()).toMatchObject([{ train: 40 }]);
    expect(fake.paths().filter((path) => path.includes("-v1/"))).toEqual([]);

    await datasets.remove("cifar10");
    expect(await datasets.source("cifar10")).toBeNull();
    expect(fake.paths()).toEqual(["datasets/index.json"]);
  });

  it("a refused import leaves the older version and nothing else", async () => {
    const { fake, datasets } = setUp();
    await importCifar10([batch(30)], await datasets.sink("cifar10"));
    const before = fake.paths();
    const torn = bytesInput("data_batch_2.bin", toBinary(fakeBatch(5, 5)).subarray(1));
    expect((await importCifar10([batch(40), torn], await datasets.sink("cifar10"))).ok).toBe(false);
    expect(fake.paths()).toEqual(before);
    expect(fake.open).toBe(0);
  });

  it("a full disk is `quota`, and leaves nothing", async () => {
    const { fake, datasets } = setUp();
    fake.space = 50_000;
    const result = await importCifar10([batch(30)], await datasets.sink("cifar10"));
    expect(result.ok ? "" : result.problem.code).toBe("quota");
    expect(fake.paths()).toEqual([]);
    expect(fake.open).toBe(0);
  });

  it("sweeps what a crash left, but not what is being written", async () => {
    const { fake, datasets } = setUp();
    await importCifar10([batch(30)], await datasets.sink("cifar10"));
    const crashed = await opfsDatasets(fake.root, () => "crashed").sink("cifar10");
    await crashed.write("train-1-000.bin", new Uint8Array(9));
    const running = await datasets.sink("other");
    await running.write("train-1-000.bin", new Uint8Array(9));
    await datasets.sweep();
    const folders = new Set(fake.paths().map((path) => path.split("/")[1]));
    expect([...folders].sort()).toEqual(["cifar10-v1", "index.json", "other-v2"]);
  });

  it("a damaged index is rebuilt from the manifests", async () => {
    const { fake, datasets } = setUp();
    await importCifar10([batch(30)], await datasets.sink("cifar10"));
    await replaceFile(await fake.root.getDirectoryHandle("datasets"), "index.json", '{"version":1,');
    await datasets.sweep();
    expect(await datasets.list()).toMatchObject([{ id: "cifar10", train: 30 }]);
  });

  it("`source` of an unknown or odd id is null", async () => {
    const { datasets } = setUp();
    await importCifar10([batch(30)], await datasets.sink("cifar10"));
    for (const id of ["nothing", "__proto__", "constructor", ""]) expect(await datasets.source(id)).toBeNull();
  });
});
