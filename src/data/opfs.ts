/**
 * Imported data sets in the browser's private file system. OPFS cannot rename directories everywhere, so a data set becomes visible
 * when `datasets/index.json` names its directory: shards first, the manifest last, the index entry after that.
 */
import * as v from "valibot";
import { parseManifest, type DatasetManifest } from "./manifest";
import {
  findDirectory,
  readFile,
  readJson,
  removeQuietly,
  replaceFile,
  writeFile,
  type DirectoryHandle,
} from "./opfsFiles";
import type { ShardSink } from "./import/types";
import { shardError, type ShardSource } from "./source";

const FOLDER = "datasets";
const INDEX = "index.json";
const MANIFEST = "manifest.json";

const indexSchema = v.object({ version: v.literal(1), datasets: v.record(v.string(), v.string()) });
type Index = Readonly<Record<string, string>>;

export interface DatasetEntry {
  readonly id: string;
  readonly name: string;
  readonly train: number;
  readonly test: number;
  readonly sha256: string;
}

export interface OpfsDatasets {
  /** Data sets with a valid manifest. Shards are checked on loading. */
  list(): Promise<readonly DatasetEntry[]>;
  /** The data set's shards, or null when there is none of that id. */
  source(id: string): Promise<ShardSource | null>;
  /** A place for a new version of `id`; the present one stays until `commit`. */
  sink(id: string): Promise<ShardSink>;
  remove(id: string): Promise<void>;
  /** Remove directories that the index does not name: what a crash or a closed tab left behind. Call once at the start. */
  sweep(): Promise<void>;
}

async function manifestIn(directory: DirectoryHandle | null): Promise<DatasetManifest | null> {
  if (directory === null) return null;
  const parsed = parseManifest(await readJson(directory, MANIFEST));
  return parsed.ok ? parsed.value : null;
}

/** Rebuild a lost or damaged index from the directories that hold a valid manifest. */
async function rebuildIndex(folder: DirectoryHandle): Promise<Index> {
  const index: Record<string, string> = {};
  for await (const [name, { kind }] of folder.entries()) {
    if (kind !== "directory") continue;
    const manifest = await manifestIn(await findDirectory(folder, name));
    if (manifest !== null) index[manifest.id] = name;
  }
  return index;
}

async function readIndex(folder: DirectoryHandle): Promise<Index> {
  const parsed = v.safeParse(indexSchema, await readJson(folder, INDEX));
  return parsed.success ? parsed.output.datasets : rebuildIndex(folder);
}

async function writeIndex(folder: DirectoryHandle, index: Index): Promise<void> {
  await replaceFile(folder, INDEX, `${JSON.stringify({ version: 1, datasets: index }, null, 1)}\n`);
}

function sourceIn(directory: DirectoryHandle): ShardSource {
  return {
    origin: "opfs",
    manifest: () => readJson(directory, MANIFEST),
    shard: async (file) => {
      const bytes = await readFile(directory, file).catch((cause: unknown) => {
        throw shardError(file, "could not be read", cause);
      });
      if (bytes === null) throw shardError(file, "is missing");
      return bytes;
    },
  };
}

/** Data sets below `root` (`navigator.storage.getDirectory()`). `newSuffix` makes directory names distinct. */
export function opfsDatasets(
  root: DirectoryHandle,
  newSuffix: () => string = () => crypto.randomUUID().slice(0, 8),
): OpfsDatasets {
  const openFolder = (): Promise<DirectoryHandle> => root.getDirectoryHandle(FOLDER, { create: true });
  /** Directories being written by this object; a sweep leaves them alone. */
  const writing = new Set<string>();

  const updateIndex = async (folder: DirectoryHandle, id: string, directory: string | null): Promise<void> => {
    const index = { ...(await readIndex(folder)) };
    const old = index[id];
    if (directory === null) delete index[id];
    else index[id] = directory;
    await writeIndex(folder, index);
    if (old !== undefined && old !== directory) await removeQuietly(folder, old);
  };

  return {
    list: async () => {
      const folder = await openFolder();
      const entries: DatasetEntry[] = [];
      for (const [id, name] of Object.entries(await readIndex(folder))) {
        const manifest = await manifestIn(await findDirectory(folder, name));
        if (manifest === null || manifest.id !== id) continue;
        entries.push({ id, name: manifest.name, ...manifest.splits, sha256: manifest.sha256 });
      }
      return entries;
    },
    source: async (id) => {
      const folder = await openFolder();
      const name = new Map(Object.entries(await readIndex(folder))).get(id);
      const directory = name === undefined ? null : await findDirectory(folder, name);
      return directory === null || (await manifestIn(directory)) === null ? null : sourceIn(directory);
    },
    sink: async (id) => {
      const folder = await openFolder();
      const name = `${id}-${newSuffix()}`;
      const directory = await folder.getDirectoryHandle(name, { create: true });
      writing.add(name);
      return {
        write: (file, bytes) => writeFile(directory, file, bytes),
        commit: async (manifest) => {
          await writeFile(directory, MANIFEST, new TextEncoder().encode(JSON.stringify(manifest)));
          await updateIndex(folder, id, name);
          writing.delete(name);
        },
        abort: async () => {
          if (!writing.delete(name)) return; // committed: no longer ours to remove
          await removeQuietly(folder, name);
        },
      };
    },
    remove: async (id) => updateIndex(await openFolder(), id, null),
    sweep: async () => {
      const folder = await openFolder();
      const named = new Set(Object.values(await readIndex(folder)));
      const stale: string[] = [];
      for await (const [name, { kind }] of folder.entries()) {
        if (kind === "directory" && !named.has(name) && !writing.has(name)) stale.push(name);
      }
      for (const name of stale) await removeQuietly(folder, name);
    },
  };
}
