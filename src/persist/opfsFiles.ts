/**
 * Named blobs in a directory of the origin-private file system: read, write, remove. A write goes to a temporary name and is moved
 * when complete, so a reader sees the old bytes or the new ones, never a part. Works in workers and windows.
 */
import { AppError } from "@/lib/appError";

export type Bytes = Uint8Array<ArrayBuffer>;

interface SyncFile {
  write(bytes: Bytes, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface WritableFile {
  write(bytes: Bytes): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** The part of `FileSystemFileHandle` that is used. `move` is missing in some browsers. */
export interface FileLike {
  getFile(): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;
  createWritable?(): Promise<WritableFile>;
  createSyncAccessHandle?(): Promise<SyncFile>;
  move?(name: string): Promise<void>;
}

/** The part of `FileSystemDirectoryHandle` that is used. */
export interface DirectoryLike {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<DirectoryLike>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileLike>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
  entries(): AsyncIterable<[string, { readonly kind: "file" | "directory" }]>;
}

/** Ending of files that were never finished; swept on sight. */
export const TEMPORARY = ".part";

function hasName(cause: unknown, name: string): boolean {
  return typeof cause === "object" && cause !== null && "name" in cause && cause.name === name;
}

function isMissing(cause: unknown): boolean {
  return hasName(cause, "NotFoundError");
}

/** Storage failures as {@link AppError}: `storage.quota` when space ran out. */
export function toStorageError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (hasName(cause, "QuotaExceededError")) {
    return new AppError("storage.quota", "The browser has no space left to keep this.", {
      hint: "Free space on the disk, or remove data sets and old runs.",
      recoverable: true,
      cause,
    });
  }
  return new AppError("bug", "The browser's file storage failed.", { recoverable: true, cause });
}

async function writeWhole(file: FileLike, bytes: Bytes): Promise<void> {
  if (file.createWritable !== undefined) {
    const stream = await file.createWritable();
    try {
      await stream.write(bytes);
    } catch (cause) {
      await stream.abort().catch(() => undefined);
      throw cause;
    }
    await stream.close();
    return;
  }
  if (file.createSyncAccessHandle === undefined)
    throw new AppError("bug", "This browser cannot write private files here.");
  const sync = await file.createSyncAccessHandle();
  try {
    sync.truncate(0);
    for (let at = 0; at < bytes.length;) {
      const written = sync.write(bytes.subarray(at), { at });
      if (written <= 0) throw new DOMException("No bytes were written.", "QuotaExceededError");
      at += written;
    }
    sync.flush();
  } finally {
    sync.close();
  }
}

/** The file's bytes; null when there is none. */
export async function readFile(directory: DirectoryLike, name: string): Promise<Bytes | null> {
  try {
    const file = await (await directory.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw toStorageError(cause);
  }
}

/** Remove a file or, with everything in it, a directory; true when there was one. */
export async function removeFile(directory: DirectoryLike, name: string): Promise<boolean> {
  try {
    await directory.removeEntry(name, { recursive: true });
    return true;
  } catch (cause) {
    if (isMissing(cause)) return false;
    throw toStorageError(cause);
  }
}

/**
 * Replace a file by the bytes, whole or not at all. Where files cannot be moved the bytes are first written in full beside it, so that a
 * lack of space shows before the old file is touched. Throws `storage.quota` and leaves the old file when space runs out.
 */
export async function writeFile(directory: DirectoryLike, name: string, bytes: Uint8Array): Promise<void> {
  // Handles accept only bytes that are not shared with another thread.
  const own: Bytes =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new Uint8Array(bytes);
  const temporary = `${name}${TEMPORARY}`;
  try {
    const part = await directory.getFileHandle(temporary, { create: true });
    await writeWhole(part, own);
    if (part.move !== undefined) {
      await part.move(name);
      return;
    }
    await removeFile(directory, temporary);
    await writeWhole(await directory.getFileHandle(name, { create: true }), own);
  } catch (cause) {
    await directory.removeEntry(temporary).catch(() => undefined);
    throw toStorageError(cause);
  }
}

/** Names in a directory, sorted. */
export async function listNames(directory: DirectoryLike, kind: "file" | "directory"): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const [name, entry] of directory.entries()) if (entry.kind === kind) names.push(name);
  } catch (cause) {
    throw toStorageError(cause);
  }
  return names.sort();
}

/** A directory below another, made when absent. */
export async function openDirectory(root: DirectoryLike, path: readonly string[]): Promise<DirectoryLike> {
  try {
    let directory = root;
    for (const name of path) directory = await directory.getDirectoryHandle(name, { create: true });
    return directory;
  } catch (cause) {
    throw toStorageError(cause);
  }
}
