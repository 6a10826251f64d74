/** Partly downloaded files in the browser's private file system: `downloads/<key>.part` beside `<key>.json`. */
import * as v from "valibot";
import type { PartStore } from "./download";
import type { ImportInput } from "./import/types";
import { openForAppend, readJson, removeQuietly, replaceFile, type DirectoryHandle } from "./opfsFiles";

const stateSchema = v.object({ url: v.string(), total: v.nullable(v.number()) });

/** A dropped, picked or stored file as the importer reads it. */
export function blobInput(blob: Blob, name: string): ImportInput {
  return {
    name,
    size: blob.size,
    stream: () => blob.stream(),
    slice: (start, end) => blob.slice(start, end).arrayBuffer(),
  };
}

export function opfsParts(root: DirectoryHandle): PartStore {
  const openFolder = (): Promise<DirectoryHandle> => root.getDirectoryHandle("downloads", { create: true });
  return {
    readState: async (key) => {
      const parsed = v.safeParse(stateSchema, await readJson(await openFolder(), `${key}.json`));
      return parsed.success ? parsed.output : null;
    },
    writeState: async (key, state) => replaceFile(await openFolder(), `${key}.json`, JSON.stringify(state)),
    open: async (key) => openForAppend(await openFolder(), `${key}.part`),
    input: async (key, name) => {
      const handle = await (await openFolder()).getFileHandle(`${key}.part`);
      return blobInput(await handle.getFile(), name);
    },
    remove: async (key) => {
      const folder = await openFolder();
      await removeQuietly(folder, `${key}.part`);
      await removeQuietly(folder, `${key}.json`);
    },
  };
}
