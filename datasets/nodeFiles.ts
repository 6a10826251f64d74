/** The data room's interfaces on Node's file system: inputs, a sink that swaps whole folders, parts of downloads. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import {
  appendFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { basename, join } from "node:path";
import * as v from "valibot";
import type { Part, PartStore } from "@/data/download";
import type { ImportInput, ShardSink } from "@/data/import/types";
import type { ShardSource } from "@/data/source";

const CHUNK_BYTES = 1 << 18;

/** A file as a Web stream, read when asked for; the handle is closed at the end, on cancel and on error. */
function fileStream(path: string): ReadableStream<Uint8Array> {
  let file: FileHandle | null = null;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        file ??= await open(path);
        const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
        await file.close();
        controller.close();
      },
      cancel: () => file?.close(),
    },
    { highWaterMark: 0 },
  );
}

export async function fileInput(path: string, name = basename(path)): Promise<ImportInput> {
  const { size } = await stat(path);
  return {
    name,
    size,
    stream: () => fileStream(path),
    slice: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      const file = await open(path);
      try {
        let at = 0;
        while (at < bytes.length) {
          const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
          if (bytesRead === 0) break;
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
      return bytes.buffer;
    },
  };
}

/** The batches and Parquet files of an extracted folder, or of a folder that holds one, in name order. */
export async function folderInputs(folder: string): Promise<ImportInput[]> {
  const names = (await readdir(folder)).sort();
  const inner = names.find((name) => /^cifar-10-batches-(bin|py)$/.test(name));
  // Official batches before parquet: a folder that holds both holds the same images twice.
  const batches = names.filter((name) => /^(data_batch_\d+|test_batch)(\.bin)?$/.test(name));
  const chosen = batches.length > 0 ? batches : names.filter((name) => name.endsWith(".parquet"));
  if (chosen.length === 0 && inner !== undefined) return folderInputs(join(folder, inner));
  return Promise.all(chosen.map((name) => fileInput(join(folder, name))));
}

/**
 * A data set folder that changes in one step: shards go into a folder beside it, which takes its place on commit. An existing data set
 * stays until then.
 */
export async function folderSink(root: string, id: string): Promise<ShardSink> {
  const target = join(root, id);
  const fresh = join(root, `.${id}-${process.pid}`);
  const old = join(root, `.${id}-${process.pid}-old`);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  return {
    write: (file, bytes) => writeFile(join(fresh, file), bytes),
    commit: async (manifest) => {
      await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
      if (existsSync(target)) await rename(target, old);
      await rename(fresh, target);
      await rm(old, { recursive: true, force: true });
    },
    abort: () => rm(fresh, { recursive: true, force: true }),
  };
}

/** A data set folder as a source. */
export function folderSource(folder: string): ShardSource {
  return {
    origin: "embedded",
    manifest: () => readJsonFile(join(folder, "manifest.json")),
    shard: async (file) => new Uint8Array(await readFile(join(folder, file))),
  };
}

/** Parsed JSON, or null when the file is missing or is not JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch {
    return null;
  }
}

const stateSchema = v.object({ url: v.string(), total: v.nullable(v.number()) });

/** Parts of downloads in a folder. */
export function folderParts(folder: string): PartStore {
  const path = (key: string, ending: string): string => join(folder, `${key}.${ending}`);
  return {
    readState: async (key) => {
      const parsed = v.safeParse(stateSchema, await readJsonFile(path(key, "json")));
      return parsed.success ? parsed.output : null;
    },
    writeState: (key, state) => writeFile(path(key, "json"), JSON.stringify(state)),
    open: async (key): Promise<Part> => {
      await mkdir(folder, { recursive: true });
      const file = path(key, "part");
      await appendFile(file, "");
      let { size } = await stat(file);
      const handle = await open(file, "a");
      return {
        get size() {
          return size;
        },
        append: async (bytes) => {
          await handle.appendFile(bytes);
          size += bytes.length;
        },
        clear: async () => {
          await truncate(file);
          size = 0;
        },
        close: () => handle.close(),
      };
    },
    input: (key, name) => fileInput(path(key, "part"), name),
    remove: async (key) => {
      await rm(path(key, "part"), { force: true });
      await rm(path(key, "json"), { force: true });
    },
  };
}

/** A short name for an unknown URL's file: its last path segment. */
export function nameOfUrl(url: string): string {
  const { pathname } = new URL(url);
  return decodeURIComponent(basename(pathname)) || createHash("sha256").update(url).digest("hex").slice(0, 12);
}
