/** What an importer reads from and writes to; front ends (page, worker, command line) implement these. */
import type { DatasetManifest } from "../manifest";

/** One file a user gave. */
export interface ImportInput {
  /** File name, a path's last part; used for messages and to tell batches apart, never to open anything. */
  readonly name: string;
  /** Bytes, when known. */
  readonly size: number | null;
  /** The bytes from the start; may be asked for more than once. */
  stream(): ReadableStream<Uint8Array>;
  /** Random access, for Parquet; without it the file is read into memory, up to a limit. */
  slice?(start: number, end: number): Promise<ArrayBuffer>;
}

/**
 * Where shards go. `commit` makes the new data set visible in one step and replaces an older one; until then nothing of it may
 * be seen. `abort` removes everything written since the sink was made and keeps the older data set.
 */
export interface ShardSink {
  write(file: string, bytes: Uint8Array): Promise<void>;
  commit(manifest: DatasetManifest): Promise<void>;
  abort(): Promise<void>;
}

export interface ImportProgress {
  /** Bytes of the inputs read so far. */
  readonly bytesRead: number;
  readonly totalBytes: number | null;
  /** Images written so far. */
  readonly records: number;
  /** What is being read, for the user. */
  readonly message: string;
}

export interface ImportOptions {
  onProgress?(progress: ImportProgress): void;
  readonly signal?: AbortSignal;
}

export interface ImportReport {
  readonly manifest: DatasetManifest;
  /** Things the user should know: partial counts, ignored duplicates. Whole sentences. */
  readonly warnings: readonly string[];
  /** Every input has a published checksum that it matches (true), one does not match (false), or none is known (null). */
  readonly original: boolean | null;
}
