/**
 * Checkpoints of runs: tensors as safetensors, everything else as JSON, both under SHA-256. One folder a run. The manifest is written
 * last and names the data file, so a checkpoint exists whole or not at all; what no manifest names is swept.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { AppError } from "@/lib/appError";
import { asRecord, type JsonObject } from "@/nas/formats/json";
import { listNames, openDirectory, readFile, removeFile, writeFile, type DirectoryLike } from "./opfsFiles";
import { readSafetensors, writeSafetensors, type NamedTensor } from "./safetensors";

export interface CheckpointContent {
  /** Whatever the run needs beside tensors (configuration, counters, pool). */
  readonly meta: JsonObject;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

/** What is known of a checkpoint without reading its tensors. */
export interface CheckpointMeta {
  /** `run/name`; the part before the slash groups a run's checkpoints. */
  readonly id: string;
  /** Grows with every save over all runs: the largest is the latest. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly sizeBytes: number;
  readonly meta: JsonObject;
}

export interface Checkpoint extends CheckpointContent {
  readonly info: CheckpointMeta;
}

/** What survives a {@link CheckpointStore.prune}: the latest few, and the named ones (the best). */
export interface Keep {
  readonly last: number;
  readonly ids?: readonly string[];
}

export interface CheckpointStore {
  /** Keep a checkpoint; an older one of the same id is replaced once the new one is whole. Throws `storage.quota` when space runs out. */
  save(id: string, content: CheckpointContent): Promise<CheckpointMeta>;
  /** All whole checkpoints, oldest first. */
  list(): Promise<CheckpointMeta[]>;
  latest(): Promise<CheckpointMeta | null>;
  /**
   * The named checkpoint, or the latest that is undamaged. Null when there is none; throws `checkpoint.missing` when a named one
   * is absent or damaged.
   */
  load(id?: string): Promise<Checkpoint | null>;
  /** Remove all but the kept ones, of one run or of all. Returns the removed ids. */
  prune(keep: Keep, run?: string): Promise<string[]>;
  remove(id: string): Promise<void>;
}

const FORMAT = "nas-playground/checkpoint";
const VERSION = 1;
const MANIFEST = ".json";
/** Dots are excluded so that names can neither climb out of their folder nor meet the endings. */
const ID = /^([\w-]{1,64})\/([\w-]{1,64})$/;

/** Where checkpoints are kept: folders of named blobs. */
export interface BlobFolders {
  folders(): Promise<string[]>;
  names(folder: string): Promise<string[]>;
  read(folder: string, name: string): Promise<Uint8Array | null>;
  /** Whole or not at all. */
  write(folder: string, name: string, bytes: Uint8Array): Promise<void>;
  remove(folder: string, name: string): Promise<void>;
  removeFolder(folder: string): Promise<void>;
}

interface Manifest extends CheckpointMeta {
  readonly data: { readonly file: string; readonly sha256: string };
}

function hash(bytes: Uint8Array): string {
  return Array.from(sha256(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function splitId(id: string): { readonly run: string; readonly name: string } {
  const match = ID.exec(id);
  if (match?.[1] === undefined || match[2] === undefined)
    throw new AppError("bug", `A checkpoint id is run/name in letters, digits, _ and -, not ${JSON.stringify(id)}.`);
  return { run: match[1], name: match[2] };
}

/** Both files carry the sequence: no file that counts is ever written over, so a torn write harms nothing older. */
function manifestFile({ id, sequence }: { readonly id: string; readonly sequence: number }): string {
  return `${splitId(id).name}.${sequence}${MANIFEST}`;
}

/** Bytes → manifest; null for anything torn, altered or of another version. */
function parseManifest(bytes: Uint8Array | null, folder: string): Manifest | null {
  if (bytes === null) return null;
  try {
    const tree = asRecord(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
    const data = asRecord(tree?.["data"]);
    const meta = asRecord(tree?.["meta"]);
    if (tree === null || data === null || meta === null || tree["format"] !== FORMAT || tree["version"] !== VERSION)
      return null;
    const { id, sequence, savedAt, sizeBytes, metaSha256 } = tree;
    const { file, sha256: digest } = data;
    if (
      typeof id !== "string" ||
      ID.exec(id)?.[1] !== folder ||
      typeof sequence !== "number" ||
      typeof savedAt !== "string" ||
      typeof sizeBytes !== "number"
    )
      return null;
    if (typeof file !== "string" || typeof digest !== "string" || metaSha256 !== hash(encode(JSON.stringify(meta))))
      return null;
    // The digest says that `meta` is the JSON that was saved.
    return { id, sequence, savedAt, sizeBytes, meta: meta as JsonObject, data: { file, sha256: digest } };
  } catch {
    return null;
  }
}

function infoOf({ id, sequence, savedAt, sizeBytes, meta }: Manifest): CheckpointMeta {
  return { id, sequence, savedAt, sizeBytes, meta };
}

/** The store over any folders of blobs. `now`: milliseconds since 1970. Calls are carried out one after the other. */
export function checkpointStore(blobs: BlobFolders, now: () => number): CheckpointStore {
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };

  /** Every whole checkpoint, oldest first, the latest of each id; whatever belongs to none is removed on the way. */
  async function survey(): Promise<Manifest[]> {
    const all: Manifest[] = [];
    for (const folder of await blobs.folders()) {
      const names = await blobs.names(folder);
      const byId = new Map<string, Manifest>();
      for (const name of names.filter((n) => n.endsWith(MANIFEST))) {
        const manifest = parseManifest(await blobs.read(folder, name), folder);
        if (manifest === null || name !== manifestFile(manifest) || !names.includes(manifest.data.file)) continue;
        if (manifest.sequence > (byId.get(manifest.id)?.sequence ?? -1)) byId.set(manifest.id, manifest);
      }
      all.push(...byId.values());
      const used = new Set([...byId.values()].flatMap((manifest) => [manifestFile(manifest), manifest.data.file]));
      for (const name of names) if (!used.has(name)) await blobs.remove(folder, name);
      if (used.size === 0) await blobs.removeFolder(folder);
    }
    return all.sort((a, b) => a.sequence - b.sequence);
  }

  async function discard(manifest: Manifest): Promise<void> {
    const { run } = splitId(manifest.id);
    await blobs.remove(run, manifestFile(manifest));
    await blobs.remove(run, manifest.data.file);
  }

  async function save(id: string, { meta, tensors }: CheckpointContent): Promise<CheckpointMeta> {
    const { run, name } = splitId(id);
    const before = await survey();
    const sequence = (before.at(-1)?.sequence ?? 0) + 1;
    const named = new Map<string, NamedTensor>(
      [...tensors].map(([key, data]) => [key, { shape: [data.length], data }]),
    );
    const bytes = writeSafetensors(named);
    const file = `${name}.${sequence}.safetensors`;
    const plain = JSON.parse(JSON.stringify(meta)) as JsonObject;
    const info: CheckpointMeta = {
      id,
      sequence,
      savedAt: new Date(now()).toISOString(),
      sizeBytes: bytes.length,
      meta: plain,
    };
    const manifest = {
      format: FORMAT,
      version: VERSION,
      ...info,
      metaSha256: hash(encode(JSON.stringify(plain))),
      data: { file, sha256: hash(bytes) },
    };
    try {
      await blobs.write(run, file, bytes);
      await blobs.write(run, manifestFile(info), encode(JSON.stringify(manifest)));
    } catch (cause) {
      await blobs.remove(run, file).catch(() => undefined);
      throw cause;
    }
    const replaced = before.find((other) => other.id === id);
    if (replaced !== undefined) await discard(replaced);
    return info;
  }

  async function read(manifest: Manifest): Promise<Checkpoint | null> {
    const bytes = await blobs.read(splitId(manifest.id).run, manifest.data.file);
    if (bytes === null || bytes.length !== manifest.sizeBytes || hash(bytes) !== manifest.data.sha256) return null;
    const parsed = readSafetensors(bytes);
    if (!parsed.ok) return null;
    return {
      info: infoOf(manifest),
      meta: manifest.meta,
      tensors: new Map([...parsed.value.tensors].map(([name, { data }]) => [name, data])),
    };
  }

  async function load(id?: string): Promise<Checkpoint | null> {
    const all = await survey();
    if (id !== undefined) {
      const manifest = all.find((candidate) => candidate.id === id);
      const found = manifest === undefined ? null : await read(manifest);
      if (found !== null) return found;
      const why = manifest === undefined ? "is not kept on this device any more" : "is damaged";
      throw new AppError("checkpoint.missing", `The checkpoint ${JSON.stringify(id.slice(0, 130))} ${why}.`, {
        hint: "Resume another checkpoint, or start anew.",
      });
    }
    for (const manifest of all.reverse()) {
      const found = await read(manifest);
      if (found !== null) return found;
    }
    return null;
  }

  async function prune({ last, ids = [] }: Keep, run?: string): Promise<string[]> {
    const all = (await survey()).filter((manifest) => run === undefined || splitId(manifest.id).run === run);
    const doomed = all.slice(0, Math.max(0, all.length - last)).filter((manifest) => !ids.includes(manifest.id));
    for (const manifest of doomed) await discard(manifest);
    return doomed.map((manifest) => manifest.id);
  }

  return {
    save: (id, content) => inTurn(() => save(id, content)),
    list: () => inTurn(async () => (await survey()).map(infoOf)),
    latest: () =>
      inTurn(async () => {
        const manifest = (await survey()).at(-1);
        return manifest === undefined ? null : infoOf(manifest);
      }),
    load: (id) => inTurn(() => load(id)),
    prune: (keep, run) => inTurn(() => prune(keep, run)),
    remove: (id) =>
      inTurn(async () => {
        const manifest = (await survey()).find((candidate) => candidate.id === id);
        if (manifest !== undefined) await discard(manifest);
      }),
  };
}

/** Folders of blobs in memory, for tests, Node and browsers without private files. */
export function memoryFolders(): BlobFolders {
  const all = new Map<string, Map<string, Uint8Array>>();
  return {
    folders: () => Promise.resolve([...all.keys()].sort()),
    names: (folder) => Promise.resolve([...(all.get(folder)?.keys() ?? [])].sort()),
    read: (folder, name) => Promise.resolve(all.get(folder)?.get(name)?.slice() ?? null),
    write: (folder, name, bytes) => {
      const files = all.get(folder) ?? new Map<string, Uint8Array>();
      all.set(folder, files.set(name, bytes.slice()));
      return Promise.resolve();
    },
    remove: (folder, name) => Promise.resolve(void all.get(folder)?.delete(name)),
    removeFolder: (folder) => Promise.resolve(void all.delete(folder)),
  };
}

/** Folders of blobs below a directory of the origin-private file system. */
export function directoryFolders(directory: DirectoryLike): BlobFolders {
  const open = (folder: string): Promise<DirectoryLike> => openDirectory(directory, [folder]);
  return {
    folders: () => listNames(directory, "directory"),
    names: async (folder) => listNames(await open(folder), "file"),
    read: async (folder, name) => readFile(await open(folder), name),
    write: async (folder, name, bytes) => writeFile(await open(folder), name, bytes),
    remove: async (folder, name) => void (await removeFile(await open(folder), name)),
    removeFolder: async (folder) => void (await removeFile(directory, folder)),
  };
}

/** Checkpoints that last as long as the page. */
export function memoryCheckpoints(now: () => number): CheckpointStore {
  return checkpointStore(memoryFolders(), now);
}

/** Checkpoints in `checkpoints/` below the given root (`navigator.storage.getDirectory()`). */
export async function opfsCheckpoints(root: DirectoryLike, now: () => number): Promise<CheckpointStore> {
  return checkpointStore(directoryFolders(await openDirectory(root, ["checkpoints"])), now);
}
