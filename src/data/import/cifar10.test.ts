/** Every official form gives the same shards; what is not CIFAR-10 is refused with one sentence and leaves nothing. */
import { describe, expect, it } from "vitest";
import { loadImages } from "../dataset";
import { IMAGE_BYTES, parseManifest, verifyManifestHash } from "../manifest";
import { memorySource } from "../source";
import {
  bytesInput,
  concat,
  fakeBatch,
  gzip,
  memorySink,
  tarHeader,
  toBinary,
  toPickle2,
  toPickle4,
  toTar,
  utf8,
  type MemorySink,
} from "../testing/cifarFixtures";
import { batchToParquet, toParquet, toPng } from "../testing/parquetFixture";
import { importCifar10 } from "./cifar10";
import type { ImportInput } from "./types";

const train1 = fakeBatch(30, 1);
const train2 = fakeBatch(20, 2);
const test = fakeBatch(10, 3);

/** In the official archives' spirit: batches out of order, the test batch in the middle, other files between. */
const binaryTar = toTar([
  { name: "cifar-10-batches-bin/", bytes: new Uint8Array(0), type: "5" },
  { name: "cifar-10-batches-bin/data_batch_2.bin", bytes: toBinary(train2) },
  { name: "cifar-10-batches-bin/readme.html", bytes: utf8("<html>") },
  { name: "cifar-10-batches-bin/test_batch.bin", bytes: toBinary(test) },
  { name: "cifar-10-batches-bin/data_batch_1.bin", bytes: toBinary(train1) },
]);
const pythonTar = toTar([
  { name: "cifar-10-batches-py/data_batch_1", bytes: toPickle2(train1) },
  { name: "cifar-10-batches-py/test_batch", bytes: toPickle2(test, "testing batch 1 of 1") },
  { name: "cifar-10-batches-py/data_batch_2", bytes: toPickle4(train2) },
]);

async function imported(inputs: ImportInput[], sink = memorySink()) {
  const result = await importCifar10(inputs, sink);
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.message}`);
  expect(sink.aborted).toBe(0);
  return { ...result.value, sink };
}

async function refused(inputs: ImportInput[], sink: MemorySink = memorySink()) {
  const result = await importCifar10(inputs, sink);
  expect(result.ok).toBe(false);
  expect(sink.aborted).toBe(1);
  expect(sink.files.size).toBe(0);
  expect(sink.committed).toBeNull();
  if (result.ok) throw new Error("unreachable");
  expect(result.problem.message).toMatch(/^[^\n]*\.$/);
  return result.problem.code;
}

describe("one data set, four forms", () => {
  it("binary and python archives give identical shards, in batch order", async () => {
    const binary = await imported([bytesInput("a.tar.gz", await gzip(binaryTar))]);
    const python = await imported([bytesInput("b.tgz", await gzip(pythonTar), 333)]);
    expect(python.manifest.sha256).toBe(binary.manifest.sha256);
    expect(binary.manifest.shards.map((shard) => shard.file)).toEqual([
      "train-1-000.bin",
      "train-2-000.bin",
      "test-0-000.bin",
    ]);
    expect(binary.manifest.splits).toEqual({ train: 50, test: 10 });
    expect(binary.original).toBe(false);
    expect(binary.warnings).toEqual(["CIFAR-10, 50 of 50,000 training images and 10 of 10,000 test images."]);
  });

  it("plain tar, loose batches, pickles and Parquet agree with the archive", async () => {
    const archive = await imported([bytesInput("a.tar", binaryTar)]);
    const loose = await imported([
      bytesInput("batches.meta.txt", utf8("airplane\n")),
      bytesInput("test_batch.bin", toBinary(test)),
      bytesInput("data_batch_2.bin", toBinary(train2)),
      { ...bytesInput("data_batch_1.bin", toBinary(train1)), size: null },
    ]);
    const pickles = await imported([
      bytesInput("data_batch_2", toPickle4(train2)),
      bytesInput("renamed", toPickle2(train1)),
      bytesInput("test_batch", toPickle2(test)),
    ]);
    const parquet = await imported([
      bytesInput("train-00000-of-00002.parquet", batchToParquet(train1, 7)),
      bytesInput("test-00000-of-00001.parquet", batchToParquet(test)),
      bytesInput("train-00001-of-00002.parquet", batchToParquet(train2)),
    ]);
    for (const other of [loose, pickles, parquet]) expect(other.manifest.shards).toEqual(archive.manifest.shards);
    expect(loose.original).toBeNull();
  });

  it("writes a valid manifest whose images load back pixel for pixel", async () => {
    const { manifest, sink } = await imported([bytesInput("a.tar.gz", await gzip(binaryTar))]);
    expect(sink.committed).toEqual(manifest);
    expect(parseManifest(JSON.parse(JSON.stringify(manifest))).ok).toBe(true);
    expect((await verifyManifestHash(manifest)).ok).toBe(true);
    const set = await loadImages(memorySource(manifest, sink.files), manifest, "train");
    expect([...set.labels.subarray(30, 40)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const record = 33;
    for (const [pixel, channel] of [
      [0, 0],
      [17, 1],
      [1023, 2],
    ] as const) {
      expect(set.images[record * IMAGE_BYTES + pixel * 3 + channel]).toBe(
        train2.planes[3 * IMAGE_BYTES + channel * 1024 + pixel],
      );
    }
  });

  it("reports mean and standard deviation of the training split", async () => {
    const { manifest } = await imported([bytesInput("data_batch_1.bin", toBinary(train1))]);
    const reds = Array.from({ length: 30 }, (_, i) => [
      ...train1.planes.subarray(i * IMAGE_BYTES, i * IMAGE_BYTES + 1024),
    ]).flat();
    const mean = reds.reduce((sum, value) => sum + value / 255, 0) / reds.length;
    const std = Math.sqrt(reds.reduce((sum, value) => sum + (value / 255 - mean) ** 2, 0) / reds.length);
    expect(manifest.normalisation.mean[0]).toBeCloseTo(mean, 7);
    expect(manifest.normalisation.std[0]).toBeCloseTo(std, 7);
  });

  it("cuts batches into shards of 1,000 and ignores a batch that comes twice", async () => {
    const large = fakeBatch(1203, 4);
    const seen: number[] = [];
    const sink = memorySink();
    const inputs = [bytesInput("data_batch_1.bin", toBinary(large)), bytesInput("data_batch_1", toPickle2(train1))];
    const result = await importCifar10(inputs, sink, { onProgress: ({ records }) => seen.push(records) });
    if (!result.ok) throw new Error(result.problem.message);
    expect(result.value.manifest.shards.map((shard) => shard.records)).toEqual([1000, 203]);
    expect(result.value.warnings[0]).toContain("“data_batch_1” was ignored");
    expect(seen.at(-1)).toBe(1203);
  });

  it("reads long member names (GNU) and names in pax headers", async () => {
    const deep = `${"deep/".repeat(30)}data_batch_1.bin`;
    const pax = `path=${"deeper/".repeat(20)}test_batch.bin\n`;
    const tar = toTar([
      { name: "././@LongLink", bytes: utf8(`${deep}\0`), type: "L" },
      { name: deep.slice(0, 100), bytes: toBinary(train1) },
      { name: "pax", bytes: utf8(`${pax.length + 4} ${pax}`), type: "x" },
      { name: "deeper", bytes: toBinary(test) },
    ]);
    expect((await imported([bytesInput("a.tar", tar)])).manifest.splits).toEqual({ train: 30, test: 10 });
  });
});

describe("refusals", () => {
  const tarOf = (name: string, bytes: Uint8Array) => bytesInput("a.tar", toTar([{ name, bytes }]));
  const withBytes = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
    const copy = bytes.slice();
    change(copy);
    return copy;
  };
  const pickleOf = (text: string) => bytesInput("data_batch_1", concat([Uint8Array.of(0x80, 2), utf8(text)]));

  it("truncated archives, at any depth", async () => {
    const packed = await gzip(binaryTar);
    expect(await refused([bytesInput("a.tar.gz", packed.subarray(0, packed.length - 5))])).toBe("truncated");
    expect(await refused([bytesInput("a.tar.gz", packed.subarray(0, packed.length >> 1))])).toBe("truncated");
    expect(await refused([bytesInput("a.tar", binaryTar.subarray(0, 40_000))])).toBe("truncated");
    expect(await refused([bytesInput("a.tar", binaryTar.subarray(0, binaryTar.length - 10240))])).toBe("truncated");
    const badCrc = withBytes(packed, (copy) => copy.set([1, 2, 3, 4], copy.length - 8));
    expect(await refused([bytesInput("a.tar.gz", badCrc)])).toBe("truncated");
    const pickle = toPickle2(train1);
    expect(await refused([bytesInput("data_batch_1", pickle.subarray(0, 5000))])).toBe("truncated");
    const parquet = batchToParquet(train1);
    expect(await refused([bytesInput("train.parquet", parquet.subarray(0, parquet.length - 9))])).toBe("truncated");
  });

  it("files that are something else", async () => {
    expect(await refused([bytesInput("a.tar.gz", utf8("<html>not found</html>"))])).toBe("not-tar");
    expect(await refused([bytesInput("a.tar.gz", await gzip(utf8("hello".repeat(1000))))])).toBe("not-tar");
    const nextHeader = 1024 + 512 * Math.ceil(toBinary(train2).length / 512);
    expect(
      await refused([
        bytesInput(
          "a.tar",
          withBytes(binaryTar, (copy) => copy.fill(1, nextHeader, nextHeader + 9)),
        ),
      ]),
    ).toBe("not-tar");
    expect(await refused([bytesInput("cat.jpg", utf8("JFIF"))])).toBe("no-batches");
    expect(await refused([tarOf("cifar-100-binary/train.bin", toBinary(test))])).toBe("no-batches");
    expect(await refused([bytesInput("readme.html", utf8("x"))])).toBe("no-batches");
    expect(await refused([])).toBe("no-batches");
  });

  it("wrong sizes and labels", async () => {
    expect(await refused([bytesInput("data_batch_1.bin", toBinary(train1).subarray(1))])).toBe("bad-size");
    expect(await refused([{ ...bytesInput("data_batch_1.bin", toBinary(train1).subarray(1)), size: null }])).toBe(
      "bad-size",
    );
    expect(await refused([bytesInput("data_batch_1.bin", new Uint8Array(0))])).toBe("bad-size");
    expect(await refused([tarOf("data_batch_1.bin", new Uint8Array(100))])).toBe("bad-size");
    const huge = concat([tarHeader("data_batch_1", 8 * 2 ** 30 - 1), new Uint8Array(4096)]);
    expect(await refused([bytesInput("a.tar", huge)])).toBe("bad-size");
    const labelled = toBinary({ ...train1, labels: Uint8Array.from(train1.labels, () => 10) });
    expect(await refused([bytesInput("data_batch_1.bin", labelled)])).toBe("bad-label");
    const badPickle = toPickle2({ ...train1, labels: Uint8Array.from(train1.labels, () => 99) });
    expect(await refused([bytesInput("data_batch_1", badPickle)])).toBe("bad-label");
  });

  it("hostile and broken pickles", async () => {
    expect(await refused([pickleOf("cos\nsystem\n(U\x02lstR.")])).toBe("unsafe-pickle");
    expect(await refused([pickleOf("cnumpy\nndarray\n(tR.")])).toBe("unsafe-pickle");
    expect(await refused([pickleOf("(ios\nsystem\n.")])).toBe("unsafe-pickle");
    expect(await refused([pickleOf("cbuiltins\neval\n.")])).toBe("unsafe-pickle");
    expect(await refused([pickleOf("}.")])).toBe("bad-pickle");
    expect(await refused([pickleOf("u.")])).toBe("bad-pickle");
    expect(await refused([pickleOf("h\x07.")])).toBe("bad-pickle");
    expect(await refused([pickleOf("\xff.")])).toBe("bad-pickle");
    expect(await refused([pickleOf("N".repeat(1_000_001))])).toBe("bad-pickle");
    const fewer = toPickle2({ ...train1, labels: train1.labels.subarray(1) });
    expect(await refused([bytesInput("data_batch_1", fewer)])).toBe("bad-pickle");
  });

  it("wrong images in Parquet", async () => {
    const large = toParquet([toPng(train1.planes, 33, 32)], [0], 1);
    expect(await refused([bytesInput("train.parquet", large)])).toBe("bad-image");
    const text = toParquet([utf8("not a picture, not at all, not a bit of it")], [0], 1);
    expect(await refused([bytesInput("train.parquet", text)])).toBe("bad-image");
    const png = toPng(train1.planes.subarray(0, IMAGE_BYTES));
    const damaged = withBytes(png, (copy) => copy.fill(7, 60, 90));
    expect(await refused([bytesInput("train.parquet", toParquet([damaged], [0], 1))])).toBe("bad-image");
    expect(await refused([bytesInput("train.parquet", toParquet([png], [10], 1))])).toBe("bad-label");
  });

  it("a gzip bomb stops at the limit", async () => {
    const block = new Uint8Array(1 << 20);
    let sent = 0;
    const bomb = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        if (sent++ === 0) controller.enqueue(tarHeader("filler", 8 * 2 ** 30 - 1));
        else if (sent < 700) controller.enqueue(block);
        else controller.close();
      },
    });
    const input: ImportInput = {
      name: "bomb.tar.gz",
      size: null,
      stream: () => bomb.pipeThrough(new CompressionStream("gzip")),
    };
    expect(await refused([input])).toBe("bad-size");
  });

  it("a full disk, a cancel and a broken sink", async () => {
    expect(await refused([bytesInput("a.tar", binaryTar)], memorySink(100_000))).toBe("quota");
    const broken = { ...memorySink(), write: () => Promise.reject(new Error("EACCES")) };
    const result = await importCifar10([bytesInput("a.tar", binaryTar)], broken);
    expect(result.ok ? "" : result.problem.code).toBe("storage");

    const stopping = new AbortController();
    const sink = memorySink();
    const cancelled = await importCifar10([bytesInput("a.tar.gz", await gzip(binaryTar), 500)], sink, {
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    expect(cancelled.ok ? "" : cancelled.problem.code).toBe("cancelled");
    expect(sink.aborted).toBe(1);
  });

  it("a cancel ends a read that never answers", async () => {
    const stopping = new AbortController();
    const sink = memorySink();
    const silent: ImportInput = { name: "a.tar.gz", size: null, stream: () => new ReadableStream<Uint8Array>() };
    const running = importCifar10([silent], sink, { signal: stopping.signal });
    stopping.abort();
    const result = await running;
    expect(result.ok ? "" : result.problem.code).toBe("cancelled");
  });
});
