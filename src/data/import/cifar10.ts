/**
 * The one CIFAR-10 importer, behind the command line and the page: any official form in, shards and a manifest out.
 * What a file is is told from its content; memory holds one shard, one chunk and, for pickles, one batch.
 */
import { groupDigits } from "../bytes";
import type { DatasetManifest } from "../manifest";
import { fail, ok, type Problem, type Result } from "@/lib/result";
import { ByteReader, openInput, type OpenInput } from "./byteReader";
import {
  parseBatchName,
  parsePickledBatch,
  readBinaryBatch,
  takePickle,
  writePickledBatch,
  type BatchContext,
} from "./cifarBatch";
import { ImportFailure, importProblem, quoted, stop, storing, throwIfCancelled } from "./failure";
import { gunzip } from "./gunzip";
import { archiveCheck, CIFAR10_CLASSES, CIFAR10_COUNTS, CIFAR10_CREDIT, isOriginalPickle } from "./known";
import { readParquet } from "./parquet";
import { ShardWriter, type BatchId } from "./shardWriter";
import { isTarHeader, readTar } from "./tar";
import type { ImportInput, ImportOptions, ImportReport, ShardSink } from "./types";

type Form = "gzip" | "tar" | "parquet" | "pickle" | "binary" | "ignored" | "unknown";

/** Files of an extracted folder that hold no images. */
const COMPANIONS = /(?:^|[/\\])(?:batches\.meta(?:\.txt)?|readme\.html|\.[^/\\]*)$/i;

function detectForm(head: Uint8Array, name: string): Form {
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (COMPANIONS.test(name)) return "ignored";
  if (starts(0x1f, 0x8b)) return "gzip";
  if (isTarHeader(head)) return "tar";
  if (starts(0x50, 0x41, 0x52, 0x31)) return "parquet";
  const batch = parseBatchName(name);
  if (batch?.binary) return "binary";
  if (starts(0x80) && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) return "pickle";
  return "unknown";
}

/** Train or test, and the part, from a Parquet file's name (`test-00000-of-00001.parquet`). */
function parquetBatch(name: string): BatchId & { readonly guessed: boolean } {
  const part = Number(/-(\d{1,3}|0\d{4})-of-\d+/.exec(name)?.[1] ?? 0);
  if (/test/i.test(name)) return { split: "test", batch: part, guessed: false };
  return { split: "train", batch: part + 1, guessed: !/train/i.test(name) };
}

/** One run of the importer: what it has seen, and how each form is read. */
class ImportJob {
  readonly warnings: string[] = [];
  readonly writer: ShardWriter;
  private readonly options: ImportOptions;
  private readonly totalBytes: number | null;
  private readonly seen = new Set<string>();
  private readonly origins: (boolean | null)[] = [];
  private bytesRead = 0;
  private message = "";

  constructor(inputs: readonly ImportInput[], sink: ShardSink, options: ImportOptions) {
    this.options = options;
    this.writer = new ShardWriter(sink);
    this.totalBytes = inputs.reduce<number | null>(
      (sum, { size }) => (sum === null || size === null ? null : sum + size),
      0,
    );
  }

  get original(): boolean | null {
    if (this.origins.includes(false)) return false;
    return this.origins.length === 0 || this.origins.includes(null) ? null : true;
  }

  private readonly report = (): void => {
    this.options.onProgress?.({
      bytesRead: this.bytesRead,
      totalBytes: this.totalBytes,
      records: this.writer.records,
      message: this.message,
    });
  };

  private get context(): BatchContext {
    return { writer: this.writer, signal: this.options.signal, onRecords: this.report };
  }

  /** Start a batch, unless it has been read already. */
  private begin(id: BatchId, name: string): boolean {
    const key = `${id.split}-${id.batch}`;
    if (this.seen.has(key)) {
      this.warnings.push(`${quoted(name)} was ignored: that batch had been read already.`);
      return false;
    }
    this.seen.add(key);
    this.writer.begin(id);
    this.message = `Reading ${name.replace(/^.*[/\\]/s, "").slice(0, 80)}`;
    this.report();
    return true;
  }

  async read(input: ImportInput): Promise<void> {
    const check = archiveCheck(input.size);
    const open = openInput(input, this.options.signal, (chunk) => {
      this.bytesRead += chunk.length;
      check.update(chunk);
    });
    try {
      const reader = new ByteReader(open.pull, input.name);
      const form = detectForm(await reader.peek(512), input.name);
      if (form === "gzip") {
        await this.readGzip(reader, input.name);
        this.origins.push(check.isOriginal());
      } else if (form === "tar") {
        await this.readArchive(reader, input.name);
        this.origins.push(null);
      } else if (form === "parquet") {
        const before = this.bytesRead;
        if (check.needed) await reader.drain();
        this.bytesRead = before; // progress counts rows, the slow part
        await this.readParquet(input);
        this.origins.push(check.isOriginal());
      } else await this.readLoose(form, reader, input);
    } finally {
      await open.close();
    }
  }

  private async readGzip(packed: ByteReader, name: string): Promise<void> {
    const unpacked: OpenInput = gunzip(packed.asPull(), name);
    try {
      const reader = new ByteReader(unpacked.pull, name);
      if (!isTarHeader(await reader.peek(512))) stop("not-tar", `${quoted(name)} does not contain a tar archive.`);
      await this.readArchive(reader, name);
    } finally {
      await unpacked.close();
    }
  }

  private async readArchive(reader: ByteReader, archive: string): Promise<void> {
    let batches = 0;
    await readTar(reader, archive, async (name, size, member) => {
      const id = parseBatchName(name);
      if (id === null) return;
      batches++;
      if (!this.begin(id, name)) return;
      if (id.binary) await readBinaryBatch(member, name, size, this.context);
      else await writePickledBatch(parsePickledBatch(await takePickle(member, name, size), name), name, this.context);
    });
    if (batches === 0) stop("no-batches", `${quoted(archive)} has no CIFAR-10 batches in it.`);
  }

  private async readParquet(input: ImportInput): Promise<void> {
    const id = parquetBatch(input.name);
    if (!this.begin(id, input.name)) return;
    if (id.guessed)
      this.warnings.push(
        `The name of ${quoted(input.name)} says neither “train” nor “test”; it was taken for training images.`,
      );
    const before = this.bytesRead;
    await readParquet(input, this.context, (share) => {
      this.bytesRead = before + Math.round(share * (input.size ?? 0));
      this.report();
    });
  }

  /** A batch that lies in no archive. */
  private async readLoose(form: Form, reader: ByteReader, input: ImportInput): Promise<void> {
    const { name, size } = input;
    if (form === "ignored") {
      if (size !== null) this.bytesRead += Math.max(0, size - this.bytesRead);
      return;
    }
    const id = parseBatchName(name);
    if (form === "binary" && id !== null) {
      this.origins.push(null);
      if (this.begin(id, name)) await readBinaryBatch(reader, name, size, this.context);
      return;
    }
    if (form === "pickle") {
      const bytes = await takePickle(reader, name, size);
      const batch = parsePickledBatch(bytes, name);
      const labelled = id ?? batchFromLabel(batch.batchLabel);
      if (labelled === null)
        stop("no-batches", `${quoted(name)} does not say which batch it is; name it data_batch_1 or test_batch.`);
      this.origins.push(isOriginalPickle(bytes));
      if (this.begin(labelled, name)) await writePickledBatch(batch, name, this.context);
      return;
    }
    if (/\.(tar|tgz|gz)$/i.test(name)) stop("not-tar", `${quoted(name)} is not a tar archive, or it is damaged.`);
    stop("no-batches", `${quoted(name)} is not a CIFAR-10 archive, batch or Parquet file.`);
  }

  /** Warnings about counts, known only at the end. */
  finish(manifest: DatasetManifest): readonly string[] {
    const { train, test } = manifest.splits;
    if (train !== CIFAR10_COUNTS.train || test !== CIFAR10_COUNTS.test) {
      this.warnings.push(
        `CIFAR-10, ${groupDigits(train)} of 50,000 training images and ${groupDigits(test)} of 10,000 test images.`,
      );
    }
    if (train === 0) this.warnings.push("There are no training images, so nothing can be trained on this copy.");
    if (test === 0) this.warnings.push("There are no test images, so the final network cannot be tested on this copy.");
    return this.warnings;
  }
}

function batchFromLabel(label: string | null): BatchId | null {
  const match = /^(?:training batch (\d{1,3}) of \d+|testing batch 1 of 1)$/.exec(label ?? "");
  if (match === null) return null;
  return match[1] === undefined ? { split: "test", batch: 0 } : { split: "train", batch: Number(match[1]) };
}

function toProblem(cause: unknown, signal: AbortSignal | undefined): Problem {
  if (cause instanceof ImportFailure) return cause.problem;
  if (signal?.aborted) return importProblem("cancelled", "The import was cancelled.");
  const why = cause instanceof Error ? cause.message : String(cause);
  return importProblem("truncated", `The file could not be read (${why}).`);
}

async function run(inputs: readonly ImportInput[], sink: ShardSink, options: ImportOptions): Promise<ImportReport> {
  if (inputs.length === 0) stop("no-batches", "No file was given.");
  const job = new ImportJob(inputs, sink, options);
  for (const input of inputs) await job.read(input);
  if (job.writer.records === 0) stop("no-batches", "The files hold no CIFAR-10 images.");
  const manifest = await job.writer.manifest({
    id: "cifar10",
    name: "CIFAR-10",
    classes: CIFAR10_CLASSES,
    provenance: { source: inputs.map((input) => input.name), original: job.original, credit: CIFAR10_CREDIT },
  });
  throwIfCancelled(options.signal);
  await storing(() => sink.commit(manifest));
  return { manifest, warnings: job.finish(manifest), original: job.original };
}

/**
 * Import CIFAR-10 from archives, extracted batches or Parquet files, in any mixture; partial sets are welcome. Never throws:
 * a file that is truncated, damaged, hostile or something else, a full disk or a cancel gives a `Problem` of one sentence, after
 * `sink.abort()` has removed what was written.
 */
export async function importCifar10(
  inputs: readonly ImportInput[],
  sink: ShardSink,
  options: ImportOptions = {},
): Promise<Result<ImportReport>> {
  try {
    return ok(await run(inputs, sink, options));
  } catch (cause) {
    try {
      await sink.abort();
    } catch {
      // What could not be removed now is swept later; the reason to stop is what the user should see.
    }
    return fail(toProblem(cause, options.signal));
  }
}
