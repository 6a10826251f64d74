/** From shards to one block of images: every byte that training sees has passed length, SHA-256 and label checks here. */
import { AppError } from "@/lib/appError";
import { sha256Hex, type Bytes } from "./bytes";
import { IMAGE_BYTES, type DatasetManifest, type ShardEntry, type Split } from "./manifest";
import { shardError, type ShardSource } from "./source";

/** One split in memory. Record r's image lies at `r × 3072`, its label at `labels[r]`. */
export interface ImageSet {
  /** count × 32 × 32 × 3, NHWC, RGB, uint8, one buffer. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly count: number;
  /** Where each shard's records begin, in manifest order. */
  readonly shards: readonly { readonly file: string; readonly start: number; readonly count: number }[];
}

export interface LoadOptions {
  /** Only these shards (a first preview); the set is then not the split that a run trains on. */
  readonly shards?: readonly string[];
  /** Records read so far and in all. */
  onProgress?(done: number, total: number): void;
  readonly signal?: AbortSignal;
}

/** Throw `data.shard` unless the bytes are what the manifest promises: length, SHA-256, labels below `classCount`. */
export async function checkShard(bytes: Bytes, entry: ShardEntry, classCount: number): Promise<void> {
  if (bytes.length !== entry.bytes) {
    throw shardError(entry.file, `has ${bytes.length} bytes instead of ${entry.bytes}`);
  }
  if ((await sha256Hex(bytes)) !== entry.sha256)
    throw shardError(entry.file, "does not have the SHA-256 of its manifest");
  for (let i = entry.records * IMAGE_BYTES; i < bytes.length; i++) {
    if ((bytes[i] as number) >= classCount) {
      throw shardError(entry.file, `has label ${bytes[i]} in a data set of ${classCount} classes`);
    }
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError("cancelled", "Loading the data was cancelled.", { recoverable: true });
}

/**
 * Load one split whole, in manifest order. The manifest must have been parsed.
 * Throws `AppError` `data.shard` naming the first shard that is missing or damaged, `cancelled` when aborted.
 */
export async function loadImages(
  source: ShardSource,
  manifest: DatasetManifest,
  split: Split,
  options: LoadOptions = {},
): Promise<ImageSet> {
  const wanted = options.shards === undefined ? null : new Set(options.shards);
  const entries = manifest.shards.filter(
    (shard) => shard.split === split && (wanted === null || wanted.has(shard.file)),
  );
  const count = entries.reduce((sum, entry) => sum + entry.records, 0);
  const images = new Uint8Array(count * IMAGE_BYTES);
  const labels = new Uint8Array(count);
  const shards: { file: string; start: number; count: number }[] = [];
  let start = 0;
  for (const entry of entries) {
    throwIfAborted(options.signal);
    const bytes = await source.shard(entry.file);
    await checkShard(bytes, entry, manifest.classes.length);
    throwIfAborted(options.signal);
    const cut = entry.records * IMAGE_BYTES;
    images.set(bytes.subarray(0, cut), start * IMAGE_BYTES);
    labels.set(bytes.subarray(cut), start);
    shards.push({ file: entry.file, start, count: entry.records });
    start += entry.records;
    options.onProgress?.(start, count);
  }
  return { images, labels, count, shards };
}
