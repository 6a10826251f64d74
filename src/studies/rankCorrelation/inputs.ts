/** The study's two inputs, read through the project's own importer and parser: CIFAR-10 into memory, and the table of true accuracies. */
import { readFile, stat } from "node:fs/promises";
import { sha256Hex, toOwnBytes, type Bytes } from "@/data/bytes";
import { importCifar10 } from "@/data/import/cifar10";
import type { ImportInput, ShardSink } from "@/data/import/types";
import { loadDataset, type LoadedDataset } from "@/engine/dataLoader";
import { AppError } from "@/lib/appError";
import { parseMacroTable, type MacroTable } from "@/nas/benchmark/macroTable";
import { fileInput, folderInputs } from "../../../datasets/nodeFiles";

/** Shards in memory, seen by the loader as if a server had them. */
function memoryFolder(): { readonly sink: ShardSink; readonly fetch: typeof fetch } {
  const files = new Map<string, Bytes>();
  return {
    sink: {
      write: (file, bytes) => Promise.resolve(void files.set(file, toOwnBytes(bytes).slice())),
      commit: (manifest) => Promise.resolve(void files.set("manifest.json", new TextEncoder().encode(JSON.stringify(manifest)))),
      abort: () => Promise.resolve(files.clear()),
    },
    fetch: (input) => {
      const url = input instanceof Request ? input.url : String(input);
      const bytes = files.get(url.slice(url.lastIndexOf("/") + 1));
      return Promise.resolve(bytes === undefined ? new Response(null, { status: 404 }) : new Response(bytes));
    },
  };
}

async function inputsOf(path: string): Promise<ImportInput[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new AppError("data.missing", `There is no file or folder “${path}”.`);
  return found.isDirectory() ? folderInputs(path) : [await fileInput(path)];
}

/** CIFAR-10 from files and folders, split as a run splits it. Throws with the importer's sentence when it is refused. */
export async function loadCifar10(paths: readonly string[]): Promise<LoadedDataset> {
  const folder = memoryFolder();
  const imported = await importCifar10((await Promise.all(paths.map(inputsOf))).flat(), folder.sink);
  if (!imported.ok) throw new AppError("data.corrupt", imported.problem.message);
  return loadDataset("cifar10", { baseUrl: "memory:/", fetch: folder.fetch, opfs: null }, () => undefined);
}

export interface LoadedTable {
  readonly table: MacroTable;
  readonly sha256: string;
}

export async function loadTable(path: string): Promise<LoadedTable> {
  const bytes = toOwnBytes(await readFile(path));
  const table = parseMacroTable(bytes);
  if (!table.ok) throw new AppError("import.unreadable", table.problem.message);
  return { table: table.value, sha256: await sha256Hex(bytes) };
}
