/** One CIFAR-10 batch, binary or pickled, from a byte reader into shards. */
import { IMAGE_BYTES, RECORD_BYTES } from "../manifest";
import type { ByteReader } from "./byteReader";
import { quoted, stop, throwIfCancelled } from "./failure";
import { CIFAR10_CLASSES } from "./known";
import { MAX_PICKLE_BYTES, pickledString, readPickle, type PickledArray, type PickleValue } from "./pickle";
import type { BatchId, ShardWriter } from "./shardWriter";

/** Records read at a time. */
const RUN = 64;

export interface BatchName extends BatchId {
  readonly binary: boolean;
}

/** Split and number from a member's or file's name (`…/data_batch_3.bin`, `test_batch`); null for other names. */
export function parseBatchName(name: string): BatchName | null {
  const match = /(?:^|[/\\])(?:data_batch_(\d{1,3})|test_batch)(\.bin)?$/.exec(name);
  if (match === null) return null;
  const binary = match[2] !== undefined;
  return match[1] === undefined
    ? { split: "test", batch: 0, binary }
    : { split: "train", batch: Number(match[1]), binary };
}

/** What a batch is read with: where to put it, whom to tell, when to stop. */
export interface BatchContext {
  readonly writer: ShardWriter;
  readonly signal: AbortSignal | undefined;
  onRecords(): void;
}

function requireLabel(label: unknown, name: string, record: number): number {
  if (typeof label === "number" && Number.isInteger(label) && label >= 0 && label < CIFAR10_CLASSES.length)
    return label;
  return stop(
    "bad-label",
    `${quoted(name)} gives image ${record + 1} the label ${String(label)}; CIFAR-10 has 0 to 9.`,
  );
}

/** Read `size` bytes of 3,073-byte records; `size` null: to the end. The caller has called `writer.begin`. */
export async function readBinaryBatch(
  reader: ByteReader,
  name: string,
  size: number | null,
  context: BatchContext,
): Promise<void> {
  const badSize = (bytes: number): never =>
    stop("bad-size", `${quoted(name)} has ${bytes} bytes, which is not a whole number of 3,073-byte records.`);
  if (size !== null && (size === 0 || size % RECORD_BYTES !== 0)) badSize(size);
  let record = 0;
  for (;;) {
    throwIfCancelled(context.signal);
    const want = Math.min(RUN * RECORD_BYTES, size === null ? Infinity : size - record * RECORD_BYTES);
    const chunk = await reader.takeUpTo(want);
    const last = chunk.length < want || want === 0;
    if (size !== null && chunk.length < want) stop("truncated", `${quoted(name)} ends too early.`);
    if (chunk.length % RECORD_BYTES !== 0) badSize(record * RECORD_BYTES + chunk.length);
    for (let at = 0; at < chunk.length; at += RECORD_BYTES, record++) {
      const label = requireLabel(chunk[at], name, record);
      if (context.writer.addPlanar(label, chunk, at + 1)) await context.writer.flush();
    }
    context.onRecords();
    if (last || (size !== null && record * RECORD_BYTES === size)) break;
  }
  if (record === 0) badSize(0);
  await context.writer.flush();
}

/** A pickled batch's bytes, at most 64 MB. `size` null: to the end. */
export async function takePickle(reader: ByteReader, name: string, size: number | null): Promise<Uint8Array> {
  const tooLarge = (): never => stop("bad-size", `${quoted(name)} is far larger than a CIFAR-10 batch.`);
  if (size !== null) return size > MAX_PICKLE_BYTES ? tooLarge() : reader.take(size);
  const bytes = await reader.takeUpTo(MAX_PICKLE_BYTES + 1);
  return bytes.length > MAX_PICKLE_BYTES ? tooLarge() : bytes;
}

export interface PickledBatch {
  readonly labels: readonly PickleValue[];
  /** n × 3072, each row R, G, B planes. */
  readonly planes: Uint8Array;
  /** `training batch 1 of 5`, `testing batch 1 of 1`; null when missing. */
  readonly batchLabel: string | null;
}

function isArray(value: PickleValue | undefined): value is PickledArray {
  return value !== null && typeof value === "object" && "kind" in value && value.kind === "array";
}

/** Take data and labels out of a pickled dictionary, insisting on uint8, C order and matching sizes. */
export function parsePickledBatch(bytes: Uint8Array, name: string): PickledBatch {
  const bad = (why: string): never =>
    stop("bad-pickle", `${quoted(name)} is not a CIFAR-10 batch in pickle form (${why}).`);
  const batch = readPickle(bytes, name);
  if (!(batch instanceof Map)) return bad("no dictionary");
  const [data, labels] = [batch.get("data"), batch.get("labels")];
  if (!isArray(data) || !Array.isArray(labels)) return bad("no “data” and “labels”");
  if (!["u1", "|u1", "uint8"].includes(data.dtype) || data.fortran) return bad("pixels that are not bytes in C order");
  const [count, width, ...more] = data.shape;
  if (count === undefined || width !== IMAGE_BYTES || more.length > 0)
    return bad(`an array of shape ${data.shape.join(" × ")}`);
  if (data.data.length !== count * IMAGE_BYTES || labels.length !== count || count === 0)
    return bad("sizes that do not match");
  return { labels, planes: data.data, batchLabel: pickledString(batch.get("batch_label")) };
}

/** Write a pickled batch's images. The caller has called `writer.begin`. */
export async function writePickledBatch(batch: PickledBatch, name: string, context: BatchContext): Promise<void> {
  for (let record = 0; record < batch.labels.length; record++) {
    const label = requireLabel(batch.labels[record], name, record);
    if (context.writer.addPlanar(label, batch.planes, record * IMAGE_BYTES)) await context.writer.flush();
    if (record % RUN === RUN - 1) {
      throwIfCancelled(context.signal);
      context.onRecords();
    }
  }
  await context.writer.flush();
  context.onRecords();
}
