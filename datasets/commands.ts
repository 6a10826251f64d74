/** What `npm run data` does. Each command ends with one line; what went wrong is thrown as a sentence. */
import { existsSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { groupDigits } from "@/data/bytes";
import { checkShard } from "@/data/dataset";
import { CIFAR10_ARCHIVES, CIFAR10_PARQUET, download, type Downloaded, type DownloadSpec } from "@/data/download";
import { importCifar10 } from "@/data/import/cifar10";
import type { ImportInput } from "@/data/import/types";
import { parseManifest, type DatasetManifest } from "@/data/manifest";
import { readManifest } from "@/data/source";
import type { Problem } from "@/lib/result";
import { EMOJI10_SHA256, isEmoji10 } from "./emoji10Pinned";
import { fileInput, folderInputs, folderParts, folderSink, folderSource, nameOfUrl, readJsonFile } from "./nodeFiles";
import type { ProgressLine } from "./progress";

export interface DataEnv {
  /** The folder that holds one folder a data set. */
  readonly root: string;
  readonly progress: ProgressLine;
  readonly fetchFn: typeof fetch;
  readonly signal: AbortSignal;
}

/** A failure whose message is the sentence to print. */
export class DataFailure extends Error {}

function failWith(problem: Problem): never {
  throw new DataFailure(problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`);
}

const summary = ({ name, splits, sha256 }: DatasetManifest): string =>
  `${name}: ${groupDigits(splits.train)} training and ${groupDigits(splits.test)} test images, SHA-256 ${sha256.slice(0, 12)}…`;

/** Folders of `root` with a valid manifest, in name order. */
async function presentDatasets(root: string): Promise<string[]> {
  const ids: string[] = [];
  if (!existsSync(root)) return ids;
  for (const entry of (await readdir(root, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    const parsed = parseManifest(await readJsonFile(join(root, entry.name, "manifest.json")));
    if (parsed.ok && parsed.value.id === entry.name) ids.push(entry.name);
  }
  return ids;
}

/** Write the list of data sets that are there; the page reads it to know what it may load. */
export async function writeDatasetIndex(root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "index.json"), `${JSON.stringify({ datasets: await presentDatasets(root) })}\n`);
}

/** Whether the pinned manifest is there and every shard has its length. Cheap: it runs before every start. */
async function isBuilt(folder: string): Promise<boolean> {
  const value = await readJsonFile(join(folder, "manifest.json"));
  const parsed = parseManifest(value);
  if (!parsed.ok || !isEmoji10(value)) return false;
  const sizes = await Promise.all(
    parsed.value.shards.map(({ file, bytes }) =>
      stat(join(folder, file)).then(
        (s) => s.size === bytes,
        () => false,
      ),
    ),
  );
  return !sizes.includes(false);
}

export async function embedded(env: DataEnv): Promise<string> {
  if (await isBuilt(join(env.root, "emoji10"))) {
    await writeDatasetIndex(env.root);
    return `Emoji-10 is there already (${join(env.root, "emoji10")}).`;
  }
  const message = "Building Emoji-10 from emoji pictures";
  env.progress.update(message, 0);
  // Loaded here: the renderer and its icon sets are development packages that the other commands do without.
  const { buildEmoji10 } = await import("./emoji10").catch((cause: unknown) => {
    throw new DataFailure("The packages Emoji-10 is made from are not installed; run “npm ci”, or import CIFAR-10.", {
      cause,
    });
  });
  const manifest = await buildEmoji10(await folderSink(env.root, "emoji10"), (share) =>
    env.progress.update(message, share),
  );
  await writeDatasetIndex(env.root);
  return summary(manifest);
}

async function fetchAll(specs: readonly DownloadSpec[], env: DataEnv): Promise<Downloaded[]> {
  const parts = folderParts(join(env.root, ".downloads"));
  const files: Downloaded[] = [];
  for (const spec of specs) {
    const message = `Downloading ${spec.name}`;
    env.progress.update(message, null);
    const result = await download(spec, parts, {
      fetchFn: env.fetchFn,
      signal: env.signal,
      onProgress: (received, total) => env.progress.update(message, total === null ? null : received / total),
    });
    files.push(result.ok ? result.value : failWith(result.problem));
  }
  return files;
}

async function localInputs(path: string): Promise<ImportInput[]> {
  if (!existsSync(path)) throw new DataFailure(`There is no file or folder “${path}”.`);
  if (!(await stat(path)).isDirectory()) return [await fileInput(path)];
  const inputs = await folderInputs(path);
  if (inputs.length === 0)
    throw new DataFailure(`The folder “${path}” has no data_batch_*, test_batch or .parquet file in it.`);
  return inputs;
}

/** Import CIFAR-10 from files, folders and URLs; without any, download the Parquet files. */
export async function cifar10(from: readonly string[], env: DataEnv): Promise<string> {
  const isUrl = (place: string): boolean => /^https?:\/\//i.test(place);
  const known = [...CIFAR10_ARCHIVES, ...CIFAR10_PARQUET];
  const specs =
    from.length === 0
      ? CIFAR10_PARQUET
      : from.filter(isUrl).map((url) => known.find((spec) => spec.url === url) ?? { name: nameOfUrl(url), url });
  const local = (await Promise.all(from.filter((place) => !isUrl(place)).map(localInputs))).flat();
  const fetched = await fetchAll(specs, env);
  const result = await importCifar10(
    [...local, ...fetched.map(({ input }) => input)],
    await folderSink(env.root, "cifar10"),
    {
      signal: env.signal,
      onProgress: ({ bytesRead, totalBytes, message }) =>
        env.progress.update(
          message,
          totalBytes === null || totalBytes === 0 ? null : Math.min(1, bytesRead / totalBytes),
        ),
    },
  );
  if (!result.ok) return failWith(result.problem);
  for (const file of fetched) await file.discard();
  await writeDatasetIndex(env.root);
  const { manifest, warnings, original } = result.value;
  for (const warning of warnings) env.progress.done(`Note: ${warning}`);
  const copy =
    original === null
      ? ""
      : original
        ? " The original files."
        : " A modified copy: the published checksums do not match.";
  return `${summary(manifest)}${copy}`;
}

/** Check every data set whole: manifest, its hash, every shard. */
export async function verify(env: DataEnv): Promise<string> {
  const ids = await presentDatasets(env.root);
  for (const id of ids) {
    const source = folderSource(join(env.root, id));
    const parsed = await readManifest(source);
    if (!parsed.ok) return failWith({ ...parsed.problem, message: `${id}: ${parsed.problem.message}` });
    const manifest = parsed.value;
    if (id === "emoji10" && manifest.sha256 !== EMOJI10_SHA256) {
      throw new DataFailure("emoji10 is not the pinned build; run “npm run data -- embedded”.");
    }
    for (const [i, entry] of manifest.shards.entries()) {
      env.progress.update(`Checking ${manifest.name}`, i / manifest.shards.length);
      const bytes = await source.shard(entry.file).catch(() => {
        throw new DataFailure(`${id}: shard ${entry.file} is missing. Build or import the data set again.`);
      });
      await checkShard(bytes, entry, manifest.classes.length).catch((cause: unknown) => {
        throw new DataFailure(
          `${id}: ${cause instanceof Error ? cause.message : String(cause)} Build or import it again.`,
        );
      });
    }
    env.progress.done(summary(manifest));
  }
  await writeDatasetIndex(env.root);
  if (ids.length === 0) throw new DataFailure("There is no data set yet; run “npm run data -- embedded”.");
  return `${ids.length} data set${ids.length === 1 ? "" : "s"} checked.`;
}
