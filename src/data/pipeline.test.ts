/** From shards to batches: checks on loading, splits, augmentation against a naive rendering, batches as a function of the step. */
import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { augmentInto, drawAugmentation, type AugmentDraws, type AugmentOptions } from "./augment";
import { plainBatches, trainBatcher } from "./batcher";
import { toOwnBytes } from "./bytes";
import { loadImages, type ImageSet } from "./dataset";
import { importCifar10 } from "./import/cifar10";
import { IMAGE_BYTES } from "./manifest";
import { CIFAR10_NORMALISATION, makeTable, normalisationOf } from "./normalise";
import { memorySource } from "./source";
import { evenSubset, oneShotSplit, splitByShards } from "./split";
import { bytesInput, fakeBatch, memorySink, toBinary } from "./testing/cifarFixtures";

async function smallSource() {
  const sink = memorySink();
  const inputs = [1, 2, 3].map((n) => bytesInput(`data_batch_${n}.bin`, toBinary(fakeBatch(10 + n, n))));
  const result = await importCifar10(inputs, sink);
  if (!result.ok) throw new Error(result.problem.message);
  return { manifest: result.value.manifest, files: sink.files };
}

function fakeSet(...counts: number[]): ImageSet {
  const count = counts.reduce((sum, n) => sum + n, 0);
  let start = 0;
  const shards = counts.map((n, i) => ({ file: `train-${i}.bin`, start: (start += n) - n, count: n }));
  return {
    images: fakeBatch(count, 9).planes,
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    count,
    shards,
  };
}

const table = makeTable(CIFAR10_NORMALISATION.mean, CIFAR10_NORMALISATION.std);
const full: AugmentOptions = { crop: 4, flip: true, cutout: 16 };

describe("loadImages", () => {
  it("loads a split in manifest order and reports progress", async () => {
    const { manifest, files } = await smallSource();
    const progress: number[] = [];
    const set = await loadImages(memorySource(manifest, files), manifest, "train", {
      onProgress: (done) => progress.push(done),
    });
    expect(set.count).toBe(36);
    expect(set.shards.map(({ start, count }) => [start, count])).toEqual([
      [0, 11],
      [11, 12],
      [23, 13],
    ]);
    expect(progress).toEqual([11, 23, 36]);
    const preview = await loadImages(memorySource(manifest, files), manifest, "train", { shards: ["train-2-000.bin"] });
    expect(preview.images).toEqual(set.images.slice(11 * IMAGE_BYTES, 23 * IMAGE_BYTES));
    expect((await loadImages(memorySource(manifest, files), manifest, "test")).count).toBe(0);
  });

  it("names a shard that is missing, short, changed or has an impossible label", async () => {
    const { manifest, files } = await smallSource();
    const file = "train-2-000.bin";
    const bytes = files.get(file) ?? new Uint8Array(0);
    const changed = toOwnBytes(bytes.slice());
    changed[5] = (changed[5] ?? 0) ^ 1;
    const load = (broken: Map<string, Uint8Array<ArrayBuffer>>, classes = manifest.classes) =>
      loadImages(memorySource(manifest, broken), { ...manifest, classes }, "train");
    const without = new Map(files);
    without.delete(file);
    await expect(load(without)).rejects.toMatchObject({ code: "data.shard", message: `Shard ${file} is missing.` });
    await expect(load(new Map(files).set(file, bytes.slice(1)))).rejects.toMatchObject({ code: "data.shard" });
    await expect(load(new Map(files).set(file, changed))).rejects.toThrow(`Shard ${file} does not have the SHA-256`);
    await expect(load(files, ["a", "b"])).rejects.toThrow("has label 2 in a data set of 2 classes");
  });

  it("stops when aborted", async () => {
    const { manifest, files } = await smallSource();
    const signal = AbortSignal.abort();
    await expect(loadImages(memorySource(manifest, files), manifest, "train", { signal })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});

describe("splits", () => {
  const sizes = (set: ImageSet, groups: "none" | "disjoint") => {
    const { weights, architecture } = oneShotSplit(set, groups);
    expect([...weights, ...architecture]).toEqual(Array.from({ length: set.count }, (_, i) => i));
    return [weights.length, architecture.length];
  };

  it("one-shot: the examples of Emoji-10 and CIFAR-10", () => {
    const shards = (n: number, records: number) => fakeTable(Array.from({ length: n }, () => records));
    expect(sizes(shards(10, 1000), "disjoint")).toEqual([8000, 2000]);
    expect(sizes(shards(50, 1000), "none")).toEqual([45_000, 5000]);
    expect(sizes(shards(10, 1000), "none")).toEqual([9000, 1000]);
    expect(sizes(shards(5, 100), "none")).toEqual([400, 100]);
    expect(sizes(shards(2, 10), "none")).toEqual([10, 10]);
    expect(sizes(shards(1, 1000), "none")).toEqual([900, 100]);
    expect(sizes(shards(1, 1000), "disjoint")).toEqual([900, 100]);
    expect(splitByShards(shards(10, 1000), 5).weights.length).toBe(5000);
  });

  function fakeTable(counts: number[]): ImageSet {
    let start = 0;
    const shards = counts.map((count, i) => ({ file: `${i}`, start: (start += count) - count, count }));
    return { images: new Uint8Array(0), labels: new Uint8Array(0), count: start, shards };
  }

  it("evenSubset takes from the front of each shard", () => {
    const set = fakeTable([5, 5, 2, 5]);
    const ranking = Int32Array.from([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect([...evenSubset(set, ranking, 6)]).toEqual([5, 6, 10, 11, 12, 13]);
    expect([...evenSubset(set, ranking, 8)]).toEqual([5, 6, 7, 10, 11, 12, 13, 14]);
    expect([...evenSubset(set, ranking, 7)]).toEqual([5, 6, 7, 10, 11, 12, 13]);
    expect([...evenSubset(set, ranking, 2)]).toEqual([5, 10]);
    expect([...evenSubset(set, ranking, 100)]).toEqual([...ranking]);
    expect([...evenSubset(set, ranking, 0)]).toEqual([]);
  });
});

describe("augmentation", () => {
  /** The textbook way: pad, crop, flip, normalise, cut out, one step after another. */
  function naive(
    images: Uint8Array,
    record: number,
    draws: AugmentDraws,
    { crop, cutout }: AugmentOptions,
  ): Float32Array {
    const padded = (y: number, x: number, c: number): number =>
      y < crop || x < crop || y >= 32 + crop || x >= 32 + crop
        ? 0
        : (images[record * IMAGE_BYTES + ((y - crop) * 32 + x - crop) * 3 + c] as number);
    const out = new Float32Array(IMAGE_BYTES);
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        const column = draws.flip ? 31 - x : x;
        const isCut =
          cutout > 0 && Math.abs(y + 0.5 - draws.cutY) < cutout / 2 && Math.abs(x + 0.5 - draws.cutX) < cutout / 2;
        for (let c = 0; c < 3; c++) {
          const value = padded(y + draws.dy + crop, column + draws.dx + crop, c) / 255;
          const normal = (value - (CIFAR10_NORMALISATION.mean[c] as number)) / (CIFAR10_NORMALISATION.std[c] as number);
          out[(y * 32 + x) * 3 + c] = isCut ? 0 : normal;
        }
      }
    }
    return out;
  }

  it("equals pad, crop, flip, normalise, cutout done one by one", () => {
    const { images } = fakeSet(3);
    const rng = rootKey(5).stream();
    for (let i = 0; i < 40; i++) {
      const draws = drawAugmentation(rng, full);
      const out = new Float32Array(2 * IMAGE_BYTES);
      augmentInto(out, IMAGE_BYTES, images, i % 3, table, draws, full);
      expect(out.subarray(IMAGE_BYTES)).toEqual(naive(images, i % 3, draws, full));
      expect(out.subarray(0, IMAGE_BYTES).every((value) => value === 0)).toBe(true);
    }
  });

  it("draws cover offsets −4 … 4, both directions and the whole image", () => {
    const rng = rootKey(6).stream();
    const draws = Array.from({ length: 2000 }, () => drawAugmentation(rng, full));
    for (const pick of [(d: AugmentDraws) => d.dy, (d: AugmentDraws) => d.dx]) {
      expect([...new Set(draws.map(pick))].sort((a, b) => a - b)).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
    }
    expect(new Set(draws.map((d) => d.cutY)).size).toBe(32);
    const flips = draws.filter((d) => d.flip).length;
    expect(flips).toBeGreaterThan(900);
    expect(flips).toBeLessThan(1100);
  });

  it("uses the fixed constants for CIFAR-10 and the manifest's for others", () => {
    const normalisation = { mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] } as const;
    expect(normalisationOf({ id: "cifar10", normalisation })).toBe(CIFAR10_NORMALISATION);
    expect(normalisationOf({ id: "emoji10", normalisation })).toBe(normalisation);
  });
});

describe("batches", () => {
  const set = fakeSet(10, 13);
  const indices = Int32Array.from({ length: 20 }, (_, i) => i + 2);
  const make = (batch: number, seed = 1) =>
    trainBatcher({ set, indices, batch, table, key: rootKey(seed), augment: full });

  it("a step's batch does not depend on what was asked before", () => {
    const [one, other] = [make(6), make(6)];
    expect(one.stepsPerEpoch).toBe(3);
    const inOrder = Array.from({ length: 9 }, (_, step) => one.fill(step).images.slice());
    for (const step of [8, 0, 4, 3, 7]) expect(other.fill(step).images).toEqual(inOrder[step]);
    expect(make(6, 2).fill(0).images).not.toEqual(inOrder[0]);
  });

  it("an epoch shows each record at most once, in a new order each time", () => {
    const plain = { crop: 0, flip: false, cutout: 0 };
    const batcher = trainBatcher({ set, indices, batch: 5, table, key: rootKey(3), augment: plain });
    const all = plainBatches({ set, indices, batch: 20, table }).fill(0);
    const rows = Array.from({ length: 20 }, (_, i) => all.images.slice(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES).join());
    const epoch = (e: number): number[] =>
      [0, 1, 2, 3].flatMap((s) => {
        const { images, labels } = batcher.fill(e * 4 + s);
        return Array.from({ length: 5 }, (_, i) => {
          const row = rows.indexOf(images.slice(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES).join());
          expect(labels[i]).toBe(set.labels[indices[row] as number]);
          return row;
        });
      });
    const [first, second] = [epoch(0), epoch(1)];
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(second).not.toEqual(first);
  });

  it("fewer records than a batch make one batch of all", () => {
    const batcher = make(64);
    expect([batcher.stepsPerEpoch, batcher.fill(0).size]).toEqual([1, 20]);
  });

  it("plain batches keep the order and end with a short one", () => {
    const batches = plainBatches({ set, indices, batch: 8, table });
    expect(batches.count).toBe(3);
    const last = batches.fill(2);
    expect([last.size, last.labels.length, last.images.length]).toEqual([4, 4, 4 * IMAGE_BYTES]);
    expect([...last.labels]).toEqual([18, 19, 20, 21].map((record) => set.labels[record]));
    expect(last.images[4]).toBe(table[256 + (set.images[18 * IMAGE_BYTES + 4] as number)]);
  });

  it("an empty split is refused with a reason", () => {
    expect(() => plainBatches({ set, indices: new Int32Array(0), batch: 8, table })).toThrow("has no images");
  });
});
