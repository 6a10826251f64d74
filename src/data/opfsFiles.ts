/**
 * The few file operations that OPFS work needs, over the widest set of browsers: synchronous access handles in workers,
 * writable streams elsewhere. The types are what `FileSystemDirectoryHandle` offers, named so that tests can fake them.
 */
import { AppError } from "@/lib/appError";
import { toOwnBytes, type Bytes } from "./bytes";

interface SyncHandle {
  write(bytes: Bytes, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
interface WritableFile {
  write(bytes: Bytes): Promise<void>;
  seek(position: number): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}
export interface FileHandle {
  getFile(): Promise<Blob>;
  createSyncAccessHandle?(): Promise<SyncHandle>;
  createWritable?(options?: { keepExistingData?: boolean }): Promise<WritableFile>;
}
export interface DirectoryHandle {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<DirectoryHandle>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileHandle>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
  entries(): AsyncIterable<[string, { readonly kind: "file" | "directory" }]>;
}

const isNotFound = (cause: unknown): boolean => cause instanceof Error && cause.name === "NotFoundError";

function outOfSpace(cause?: unknown): AppError {
  return new AppError("storage.quota", "The browser has no space left for this data.", {
    hint: "Remove another data set, or free space on the disk.",
    recoverable: true,
    cause,
  });
}

/** A file's bytes, or null when there is none. */
export async function readFile(directory: DirectoryHandle, name: string): Promise<Bytes | null> {
  try {
    const handle = await directory.getFileHandle(name);
    return new Uint8Array(await (await handle.getFile()).arrayBuffer());
  } catch (cause) {
    if (isNotFound(cause)) return null;
    throw cause;
  }
}

/** Parsed JSON, or null when there is no file or it is not JSON. */
export async function readJson(directory: DirectoryHandle, name: string): Promise<unknown> {
  const bytes = await readFile(directory, name);
  if (bytes === null) return null;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return null;
  }
}

/** A directory that exists, or null. */
export async function findDirectory(parent: DirectoryHandle, name: string): Promise<DirectoryHandle | null> {
  try {
    return await parent.getDirectoryHandle(name);
  } catch (cause) {
    if (isNotFound(cause)) return null;
    throw cause;
  }
}

/** Remove a file or directory with all it holds; one that is not there is fine. */
export async function removeQuietly(parent: DirectoryHandle, name: string): Promise<void> {
  try {
    await parent.removeEntry(name, { recursive: true });
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
  }
}

/** A file open for writing at its end. */
export interface OpenFile {
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Drop everything written so far. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

function openSync(handle: SyncHandle): OpenFile {
  let size = handle.getSize();
  return {
    get size() {
      return size;
    },
    append: (bytes) => {
      const written = handle.write(toOwnBytes(bytes), { at: size });
      if (written < bytes.length) return Promise.reject(outOfSpace());
      size += written;
      return Promise.resolve();
    },
    clear: () => {
      handle.truncate(0);
      size = 0;
      return Promise.resolve();
    },
    close: () => {
      handle.flush();
      handle.close();
      return Promise.resolve();
    },
  };
}

async function openWritable(file: FileHandle, name: string): Promise<OpenFile> {
  const create = file.createWritable?.bind(file);
  if (create === undefined) throw new AppError("bug", `This browser offers no way to write ${name}.`);
  let size = (await file.getFile()).size;
  let stream = await create({ keepExistingData: true });
  await stream.seek(size);
  return {
    get size() {
      return size;
    },
    append: async (bytes) => {
      await stream.write(toOwnBytes(bytes));
      size += bytes.length;
    },
    clear: async () => {
      await stream.abort();
      stream = await create({ keepExistingData: false });
      size = 0;
    },
    close: () => stream.close(),
  };
}

/** Open a file for appending, creating it when needed. */
export async function openForAppend(directory: DirectoryHandle, name: string): Promise<OpenFile> {
  const file = await directory.getFileHandle(name, { create: true });
  if (file.createSyncAccessHandle !== undefined) return openSync(await file.createSyncAccessHandle());
  return openWritable(file, name);
}

/** Write a whole file, replacing an older one. */
export async function writeFile(directory: DirectoryHandle, name: string, bytes: Uint8Array): Promise<void> {
  const file = await openForAppend(directory, name);
  try {
    await file.clear();
    await file.append(bytes);
  } finally {
    await file.close();
  }
}

/**
 * Replace a small file so that a crash leaves the old or the new one: through a writable stream, which swaps on close, where
 * there is one.
 */
export async function replaceFile(directory: DirectoryHandle, name: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const file = await directory.getFileHandle(name, { create: true });
  if (file.createWritable === undefined) return writeFile(directory, name, bytes);
  const stream = await file.createWritable({ keepExistingData: false });
  await stream.write(bytes);
  await stream.close();
}
