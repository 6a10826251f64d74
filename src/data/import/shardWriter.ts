/** Records in, shards out: one shard's buffer in memory, statistics of the training split on the way, the manifest at the end. */
import { sha256Hex, type Bytes } from "../bytes";
import {
  datasetHash,
  IMAGE_BYTES,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  RECORD_BYTES,
  recordsOf,
  SHARD_RECORDS,
  type DatasetManifest,
  type Rgb,
  type ShardEntry,
  type Split,
} from "../manifest";
import { CIFAR10_NORMALISATION } from "../normalise";
import { storing } from "./failure";
import type { ShardSink } from "./types";

const PLANE = 1024;

/** A batch of the source: training batches count from 1, the test batch is 0 when there is one. */
export interface BatchId {
  readonly split: Split;
  readonly batch: number;
}

const round8 = (x: number): number => Math.round(x * 1e8) / 1e8;

export class ShardWriter {
  /** Images taken in so far. */
  records = 0;
  private readonly sink: ShardSink;
  private readonly shards: { entry: ShardEntry; batch: number; part: number }[] = [];
  private readonly sum: [number, number, number] = [0, 0, 0];
  private readonly squares: [number, number, number] = [0, 0, 0];
  private trainRecords = 0;
  private current: BatchId = { split: "train", batch: 0 };
  private part = 0;
  private filled = 0;
  private buffer: Bytes = new Uint8Array(SHARD_RECORDS * RECORD_BYTES);

  constructor(sink: ShardSink) {
    this.sink = sink;
  }

  begin(id: BatchId): void {
    this.current = id;
    this.part = 0;
    this.filled = 0;
  }

  /** Add one image of three planes (R, G, B, each row by row) at `src[at]`. True: the shard is full, `flush` before the next. */
  addPlanar(label: number, src: Uint8Array, at: number): boolean {
    const out = this.buffer;
    let to = this.filled * IMAGE_BYTES;
    for (let i = at; i < at + PLANE; i++, to += 3) {
      out[to] = src[i] as number;
      out[to + 1] = src[i + PLANE] as number;
      out[to + 2] = src[i + 2 * PLANE] as number;
    }
    return this.finish(label);
  }

  /** Add one image whose pixels have `channels` interleaved samples, of which the first three are R, G, B. */
  addInterleaved(label: number, pixels: ArrayLike<number>, channels: number): boolean {
    const out = this.buffer;
    let to = this.filled * IMAGE_BYTES;
    for (let p = 0; p < PLANE; p++, to += 3) {
      for (let c = 0; c < 3; c++) out[to + c] = pixels[p * channels + c] as number;
    }
    return this.finish(label);
  }

  private finish(label: number): boolean {
    if (this.current.split === "train") this.measure(this.filled * IMAGE_BYTES);
    this.buffer[SHARD_RECORDS * IMAGE_BYTES + this.filled] = label;
    this.records++;
    return ++this.filled === SHARD_RECORDS;
  }

  private measure(from: number): void {
    const { buffer, sum, squares } = this;
    for (let i = from; i < from + IMAGE_BYTES; i += 3) {
      const [r, g, b] = [buffer[i] as number, buffer[i + 1] as number, buffer[i + 2] as number];
      sum[0] += r;
      sum[1] += g;
      sum[2] += b;
      squares[0] += r * r;
      squares[1] += g * g;
      squares[2] += b * b;
    }
    this.trainRecords++;
  }

  /** Write what is buffered, if anything, as the next shard of the current batch. */
  async flush(): Promise<void> {
    if (this.filled === 0) return;
    const { split, batch } = this.current;
    const records = this.filled;
    let bytes = this.buffer;
    if (records < SHARD_RECORDS) {
      bytes = new Uint8Array(records * RECORD_BYTES);
      bytes.set(this.buffer.subarray(0, records * IMAGE_BYTES));
      const labels = SHARD_RECORDS * IMAGE_BYTES;
      bytes.set(this.buffer.subarray(labels, labels + records), records * IMAGE_BYTES);
    } else {
      this.buffer = new Uint8Array(SHARD_RECORDS * RECORD_BYTES); // the sink may keep the full one
    }
    const file = `${split}-${batch}-${String(this.part).padStart(3, "0")}.bin`;
    const sha256 = await sha256Hex(bytes);
    await storing(() => this.sink.write(file, bytes));
    this.shards.push({ entry: { file, split, records, bytes: bytes.length, sha256 }, batch, part: this.part });
    this.part++;
    this.filled = 0;
  }

  private normalisation(): DatasetManifest["normalisation"] {
    if (this.trainRecords === 0) return CIFAR10_NORMALISATION;
    const samples = this.trainRecords * PLANE;
    const channel = (c: 0 | 1 | 2): { mean: number; std: number } => {
      const mean = this.sum[c] / samples;
      const variance = this.squares[c] / samples - mean * mean;
      // A set of one flat colour has no spread; a quarter of a grey level keeps the table finite.
      return { mean: round8(mean / 255), std: Math.max(0.001, round8(Math.sqrt(Math.max(0, variance)) / 255)) };
    };
    const [r, g, b] = [channel(0), channel(1), channel(2)];
    const mean: Rgb = [r.mean, g.mean, b.mean];
    const std: Rgb = [r.std, g.std, b.std];
    return { mean, std };
  }

  /** The manifest of everything written: training before test, batches by number, whatever order they came in. */
  async manifest(identity: Pick<DatasetManifest, "id" | "name" | "classes" | "provenance">): Promise<DatasetManifest> {
    const rank = (split: Split): number => (split === "train" ? 0 : 1);
    const shards = [...this.shards]
      .sort((a, b) => rank(a.entry.split) - rank(b.entry.split) || a.batch - b.batch || a.part - b.part)
      .map((shard) => shard.entry);
    return {
      format: MANIFEST_FORMAT,
      version: MANIFEST_VERSION,
      id: identity.id,
      name: identity.name,
      image: { width: 32, height: 32, channels: 3, dtype: "uint8", layout: "NHWC" },
      shardLayout: "images-then-labels",
      classes: identity.classes,
      splits: { train: recordsOf({ shards }, "train"), test: recordsOf({ shards }, "test") },
      shardGroups: "none",
      normalisation: this.normalisation(),
      sha256: await datasetHash(shards),
      shards,
      provenance: identity.provenance,
    };
  }
}
