/**
 * Resumable downloads. What has arrived is kept in a store with its URL; a later call asks for the rest with a plain
 * `Range: bytes=N-`, the only form that needs no CORS preflight. A pinned URL and a final SHA-256 stand in for `If-Range`.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { ok, fail, type Result } from "@/lib/result";
import { sha256OfText } from "./bytes";
import { ImportFailure, importProblem, quoted, stop, storing, throwIfCancelled } from "./import/failure";
import type { ImportInput } from "./import/types";

export interface DownloadSpec {
  /** File name for messages and for telling train from test. */
  readonly name: string;
  readonly url: string;
  /** The expected SHA-256; without it any complete answer is accepted. */
  readonly sha256?: string;
  readonly bytes?: number;
}

/** What is kept beside a part, so that it is only ever continued from the same place. */
export interface PartState {
  readonly url: string;
  readonly total: number | null;
}

/** One partly downloaded file, open for appending. */
export interface Part {
  /** Bytes kept. */
  readonly size: number;
  append(bytes: Uint8Array): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Where parts live. Keys are SHA-256 hex. */
export interface PartStore {
  readState(key: string): Promise<PartState | null>;
  writeState(key: string, state: PartState): Promise<void>;
  open(key: string): Promise<Part>;
  /** The kept bytes as an importer's input. Only while the part is not open. */
  input(key: string, name: string): Promise<ImportInput>;
  remove(key: string): Promise<void>;
}

export interface DownloadOptions {
  readonly fetchFn?: typeof fetch;
  onProgress?(received: number, total: number | null): void;
  readonly signal?: AbortSignal;
}

export interface Downloaded {
  readonly input: ImportInput;
  /** Delete the downloaded file once it has been imported. */
  discard(): Promise<void>;
}

const HUB =
  "https://huggingface.co/datasets/uoft-cs/cifar10/resolve/0b2714987fa478483af9968de7c934580d0bb9a2/plain_text";

/** CIFAR-10 from the Hugging Face Hub at a pinned revision; its server allows pages of other origins to read it. */
export const CIFAR10_PARQUET: readonly DownloadSpec[] = [
  {
    name: "train-00000-of-00001.parquet",
    url: `${HUB}/train-00000-of-00001.parquet`,
    sha256: "8428b53a88a11ac374111006708df51469e315a22ac6d66470afd9c78d2ae883",
    bytes: 119_705_255,
  },
  {
    name: "test-00000-of-00001.parquet",
    url: `${HUB}/test-00000-of-00001.parquet`,
    sha256: "841389e6f2d64f28bf17310e430aebac20ec3ba611a3c5e231dc93c645ce84de",
    bytes: 23_940_850,
  },
];

/** The author's archives: slow, and without CORS headers, so pages offer them as links. */
export const CIFAR10_ARCHIVES: readonly DownloadSpec[] = [
  {
    name: "cifar-10-binary.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    bytes: 170_052_171,
  },
  {
    name: "cifar-10-python.tar.gz",
    url: "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    sha256: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    bytes: 170_498_071,
  },
];

function lengthOf(response: Response, kept: number): number | null {
  const header = response.headers.get("Content-Length");
  if (header === null || response.headers.has("Content-Encoding")) return null;
  return /^\d+$/.test(header) ? kept + Number(header) : null;
}

/** Where a 206 begins; null when its headers do not say (CORS hides `Content-Range` unless the server exposes it). */
function rangeStart(response: Response): number | null {
  const match = /^bytes (\d+)-/.exec(response.headers.get("Content-Range") ?? "");
  return match?.[1] === undefined ? null : Number(match[1]);
}

interface Transfer {
  readonly spec: DownloadSpec;
  readonly key: string;
  readonly store: PartStore;
  readonly options: DownloadOptions;
}

/** Ask for the file from `kept` on. A ranged request that fails as a whole is asked again from the start. */
async function request({ spec, options }: Transfer, kept: number): Promise<Response> {
  const fetchFn = options.fetchFn ?? ((...args) => fetch(...args));
  const signal = options.signal ?? null;
  const failed = (cause: unknown): never => {
    throwIfCancelled(options.signal);
    return stop("network", `${quoted(spec.name)} could not be fetched.`, cause);
  };
  if (kept > 0) {
    try {
      return await fetchFn(spec.url, { headers: { Range: `bytes=${kept}-` }, signal });
    } catch {
      throwIfCancelled(options.signal);
    }
  }
  return fetchFn(spec.url, { signal }).catch(failed);
}

/** Append the answer to the part. */
async function receive(transfer: Transfer, response: Response, part: Part): Promise<void> {
  const { spec, key, store, options } = transfer;
  const total = lengthOf(response, part.size) ?? spec.bytes ?? null;
  const limit = spec.bytes ?? Infinity;
  await store.writeState(key, { url: spec.url, total });
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((cause: unknown) => {
        throwIfCancelled(options.signal);
        return stop(
          "network",
          `The connection broke while fetching ${quoted(spec.name)}; what arrived is kept.`,
          cause,
        );
      });
      throwIfCancelled(options.signal);
      if (done) break;
      if (part.size + value.length > limit) stop("checksum", `${quoted(spec.name)} is longer than published.`);
      await storing(() => part.append(value));
      options.onProgress?.(part.size, total);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (total !== null && part.size < total) {
    stop("network", `The connection broke while fetching ${quoted(spec.name)}; what arrived is kept.`);
  }
}

async function fetchRest(transfer: Transfer): Promise<void> {
  const { spec, key, store } = transfer;
  const part = await storing(() => store.open(key));
  try {
    const state = await store.readState(key);
    if (part.size > 0 && (state?.url !== spec.url || part.size > (spec.bytes ?? Infinity))) await part.clear();
    const complete = spec.bytes ?? state?.total ?? null;
    if (part.size > 0 && part.size === complete) return;
    let response = await request(transfer, part.size);
    if (response.status === 416 || (response.status === 206 && (rangeStart(response) ?? part.size) !== part.size)) {
      await response.body?.cancel();
      await part.clear();
      response = await request(transfer, 0);
    }
    if (!response.ok)
      stop("network", `${quoted(spec.name)} could not be fetched: the server answered ${response.status}.`);
    if (response.status !== 206) await part.clear();
    await receive(transfer, response, part);
  } finally {
    await part.close();
  }
}

async function hashInput(input: ImportInput, signal: AbortSignal | undefined): Promise<string> {
  const hash = sha256.create();
  const reader = input.stream().getReader();
  for (;;) {
    throwIfCancelled(signal);
    const { value, done } = await reader.read();
    if (done) return bytesToHex(hash.digest());
    hash.update(value);
  }
}

async function run(transfer: Transfer): Promise<Downloaded> {
  const { spec, key, store, options } = transfer;
  for (let attempt = 0; ; attempt++) {
    throwIfCancelled(options.signal);
    let problem: ImportFailure | null = null;
    try {
      await fetchRest(transfer);
    } catch (cause) {
      if (!(cause instanceof ImportFailure) || cause.problem.code !== "checksum") throw cause;
      problem = cause;
    }
    if (problem === null) {
      const input = await store.input(key, spec.name);
      const actual = spec.sha256 === undefined ? undefined : await hashInput(input, options.signal);
      if (actual === spec.sha256) return { input, discard: () => store.remove(key) };
      const message = `${quoted(spec.name)} arrived damaged: its SHA-256 is ${actual}, not ${spec.sha256}.`;
      problem = new ImportFailure("checksum", message);
    }
    await store.remove(key);
    if (attempt > 0) throw problem;
  }
}

/**
 * Fetch a file into the store, continuing what an earlier call left there. A wrong SHA-256 is tried once more from the
 * start. Problems: `network` and `cancelled` (what arrived is kept), `checksum`, `quota` (nothing is kept).
 */
export async function download(
  spec: DownloadSpec,
  store: PartStore,
  options: DownloadOptions = {},
): Promise<Result<Downloaded>> {
  let key: string | null = null;
  try {
    key = spec.sha256 ?? (await sha256OfText(spec.url));
    return ok(await run({ spec, key, store, options }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const problem =
      cause instanceof ImportFailure
        ? cause.problem
        : importProblem("storage", `${quoted(spec.name)} could not be kept (${why}).`);
    if (key !== null && problem.code === "quota") await store.remove(key).catch(() => undefined);
    return fail(problem);
  }
}
