/** A data set by id: imported copies in OPFS first, then the ones served beside the app. Training waits for all shards of its split. */
import { loadImages, type ImageSet } from "@/data/dataset";
import { parseManifest, type DatasetManifest, verifyManifestHash } from "@/data/manifest";
import { makeTable, normalisationOf } from "@/data/normalise";
import type { OpfsDatasets } from "@/data/opfs";
import { httpSource, type ShardSource } from "@/data/source";
import { oneShotSplit } from "@/data/split";
import { AppError } from "@/lib/appError";
import type { RunData } from "@/algorithms/method";

export interface LoadedDataset {
  readonly manifest: DatasetManifest;
  readonly origin: "embedded" | "opfs";
  readonly data: RunData;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly warnings: readonly string[];
}

export interface DataEnv {
  /** Folder of the served data sets, ending in `/`. */
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  /** Null where there is no OPFS. */
  readonly opfs: OpfsDatasets | null;
}

export interface AvailableDataset {
  readonly id: string;
  readonly name: string;
  readonly origin: "embedded" | "opfs";
  readonly train: number;
  readonly test: number;
}

const cifarCounts = { train: 50_000, test: 10_000 };

async function servedIds(env: DataEnv): Promise<string[]> {
  try {
    const reply = await env.fetch(`${env.baseUrl}index.json`);
    if (!reply.ok) return ["emoji10"];
    const index: unknown = await reply.json();
    const ids = typeof index === "object" && index !== null && "datasets" in index ? index.datasets : null;
    return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === "string") : ["emoji10"];
  } catch {
    return ["emoji10"];
  }
}

/** Every data set that could be trained on now. */
export async function listDatasets(env: DataEnv): Promise<AvailableDataset[]> {
  const kept = (await env.opfs?.list()) ?? [];
  const out: AvailableDataset[] = kept.map((d) => ({ id: d.id, name: d.name, origin: "opfs", train: d.train, test: d.test }));
  for (const id of await servedIds(env)) {
    if (out.some((d) => d.id === id)) continue;
    const parsed = parseManifest(await httpSource(`${env.baseUrl}${id}/`, env.fetch).manifest().catch(() => null));
    if (parsed.ok) out.push({ id, name: parsed.value.name, origin: "embedded", train: parsed.value.splits.train, test: parsed.value.splits.test });
  }
  return out;
}

async function sourceOf(id: string, env: DataEnv): Promise<ShardSource> {
  return (await env.opfs?.source(id)) ?? httpSource(`${env.baseUrl}${id}/`, env.fetch);
}

/** Load both splits, checked shard by shard. `onProgress`: images done of all. */
export async function loadDataset(id: string, env: DataEnv, onProgress: (done: number, total: number) => void): Promise<LoadedDataset> {
  const source = await sourceOf(id, env);
  const raw = await source.manifest().catch((cause: unknown) => {
    throw missing(id, cause);
  });
  const parsed = parseManifest(raw);
  if (!parsed.ok) throw raw === null ? missing(id, null) : new AppError("data.corrupt", parsed.problem.message, { recoverable: true, hint: `Prepare it again: npm run data -- ${id === "emoji10" ? "embedded" : id}.` });
  const manifest = parsed.value;
  const verified = await verifyManifestHash(manifest);
  if (!verified.ok) throw new AppError("data.corrupt", verified.problem.message, { recoverable: true, hint: "Import the data set again." });
  const total = manifest.splits.train + manifest.splits.test;
  const train = await loadImages(source, manifest, "train", { onProgress: (done) => onProgress(done, total) });
  const test = await loadImages(source, manifest, "test", { onProgress: (done) => onProgress(train.count + done, total) });
  const { mean, std } = normalisationOf(manifest);
  const split = oneShotSplit(train, manifest.shardGroups);
  return {
    manifest,
    origin: source.origin === "opfs" ? "opfs" : "embedded",
    data: { train, test, weights: split.weights, architecture: split.architecture, table: makeTable(mean, std) },
    mean,
    std,
    warnings: partialWarnings(manifest, train, test),
  };
}

function missing(id: string, cause: unknown): AppError {
  const make = id === "emoji10" ? "npm run data -- embedded" : `npm run data -- ${id === "cifar10" ? "cifar10 --from PATH" : id}`;
  return new AppError("data.missing", `The data set ${id} is not here.`, { recoverable: true, cause, hint: `Make it with ${make}, or drop its files on the page.` });
}

function partialWarnings(manifest: DatasetManifest, train: ImageSet, test: ImageSet): string[] {
  if (manifest.id !== "cifar10") return [];
  const text = (n: number) => n.toLocaleString("en-US");
  const out: string[] = [];
  if (train.count < cifarCounts.train) out.push(`CIFAR-10, ${text(train.count)} of 50,000 training images.`);
  if (test.count < cifarCounts.test) out.push(`CIFAR-10, ${text(test.count)} of 10,000 test images.`);
  return out;
}
