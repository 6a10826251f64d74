/** Where shards come from – a web server, OPFS, memory – behind one interface that promises raw bytes and checks nothing. */
import { AppError } from "@/lib/appError";
import type { Result } from "@/lib/result";
import type { Bytes } from "./bytes";
import { parseManifest, verifyManifestHash, type DatasetManifest } from "./manifest";

export interface ShardSource {
  readonly origin: "embedded" | "opfs" | "memory";
  /** The manifest as parsed JSON, unchecked. Throws `data.missing` when there is none. */
  manifest(): Promise<unknown>;
  /** One shard's bytes, unchecked. Throws `data.shard` when it cannot be read. */
  shard(file: string): Promise<Bytes>;
}

const missing = (where: string, cause?: unknown) =>
  new AppError("data.missing", `There is no data set at ${where}.`, {
    hint: "Run “npm run data -- embedded”, or import CIFAR-10.",
    recoverable: true,
    cause,
  });

/** The error for a shard that cannot be used; every reader words it alike. */
export function shardError(file: string, why: string, cause?: unknown): AppError {
  return new AppError("data.shard", `Shard ${file} ${why}.`, {
    hint: "Build or import the data set again.",
    recoverable: true,
    cause,
  });
}

/** A data set served as static files below `baseUrl`. */
export function httpSource(baseUrl: string, fetchFn: typeof fetch = (...args) => fetch(...args)): ShardSource {
  const base = baseUrl.replace(/\/+$/, "");
  return {
    origin: "embedded",
    manifest: async () => {
      try {
        const response = await fetchFn(`${base}/manifest.json`);
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        // A server with a fallback page answers 200 with HTML: that is "not there" too.
        return JSON.parse(await response.text()) as unknown;
      } catch (cause) {
        throw missing(base, cause);
      }
    },
    shard: async (file) => {
      try {
        const response = await fetchFn(`${base}/${file}`);
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        return new Uint8Array(await response.arrayBuffer());
      } catch (cause) {
        throw shardError(file, "could not be fetched", cause);
      }
    },
  };
}

/** A data set held in memory: tests, and imports that were not allowed to use storage. */
export function memorySource(manifest: unknown, files: ReadonlyMap<string, Bytes>): ShardSource {
  return {
    origin: "memory",
    manifest: () => Promise.resolve(manifest),
    shard: (file) => {
      const bytes = files.get(file);
      return bytes === undefined ? Promise.reject(shardError(file, "is missing")) : Promise.resolve(bytes);
    },
  };
}

/** Read, parse and check a source's manifest, its own hash included. */
export async function readManifest(source: ShardSource): Promise<Result<DatasetManifest>> {
  const parsed = parseManifest(await source.manifest());
  return parsed.ok ? verifyManifestHash(parsed.value) : parsed;
}
