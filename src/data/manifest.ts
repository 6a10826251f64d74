/**
 * The manifest of a shard data set: what may be trusted once it has been parsed.
 * A directory without a valid manifest is not a data set.
 */
import * as v from "valibot";
import { ok, refuse, type Result } from "@/lib/result";
import { groupDigits, sha256OfText } from "./bytes";

export const MANIFEST_FORMAT = "nas-playground/shards";
export const MANIFEST_VERSION = 1;
export const IMAGE_SIDE = 32;
/** Bytes of one image: 32 × 32 × 3, NHWC. */
export const IMAGE_BYTES = IMAGE_SIDE * IMAGE_SIDE * 3;
/** Bytes of one record: an image and its label. */
export const RECORD_BYTES = IMAGE_BYTES + 1;
/** Records of a full shard. */
export const SHARD_RECORDS = 1000;

export type Split = "train" | "test";
/** `disjoint`: no source object (an emoji, say) occurs in two shards, so splits must follow shard boundaries. */
export type ShardGroups = "none" | "disjoint";
export type Rgb = readonly [number, number, number];

export interface ShardEntry {
  /** Bare file name. */
  readonly file: string;
  readonly split: Split;
  readonly records: number;
  /** Always `records × 3073`: all images, then all labels. */
  readonly bytes: number;
  readonly sha256: string;
}

export interface DatasetManifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly version: typeof MANIFEST_VERSION;
  readonly id: string;
  readonly name: string;
  readonly image: {
    readonly width: 32;
    readonly height: 32;
    readonly channels: 3;
    readonly dtype: "uint8";
    readonly layout: "NHWC";
  };
  readonly shardLayout: "images-then-labels";
  /** Class names; the index is the label. */
  readonly classes: readonly string[];
  readonly splits: { readonly train: number; readonly test: number };
  readonly shardGroups: ShardGroups;
  /** Of the training split, pixels ÷ 255. */
  readonly normalisation: { readonly mean: Rgb; readonly std: Rgb };
  /** The data set's identity: SHA-256 of all shard hashes joined by a newline, in manifest order. */
  readonly sha256: string;
  readonly shards: readonly ShardEntry[];
  /** Sources, versions, licences, credits: shown, never interpreted. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in lower-case hex"));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const label = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const share = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(1));
const spread = v.pipe(v.number(), v.finite(), v.gtValue(0), v.maxValue(1));

const shardSchema = v.object({
  file: v.pipe(v.string(), v.regex(/^(?!\.+$)[A-Za-z0-9._-]{1,100}$/, "is not a bare file name")),
  split: v.picklist(["train", "test"]),
  records: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SHARD_RECORDS)),
  bytes: count,
  sha256: hash,
});

const manifestSchema = v.object({
  format: v.literal(MANIFEST_FORMAT),
  version: v.literal(MANIFEST_VERSION),
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "is not a data set id")),
  name: label,
  image: v.object({
    width: v.literal(32),
    height: v.literal(32),
    channels: v.literal(3),
    dtype: v.literal("uint8"),
    layout: v.literal("NHWC"),
  }),
  shardLayout: v.literal("images-then-labels"),
  classes: v.pipe(v.array(label), v.minLength(2), v.maxLength(256)),
  splits: v.object({ train: count, test: count }),
  shardGroups: v.picklist(["none", "disjoint"]),
  normalisation: v.object({ mean: v.tuple([share, share, share]), std: v.tuple([spread, spread, spread]) }),
  sha256: hash,
  shards: v.pipe(v.array(shardSchema), v.minLength(1), v.maxLength(4096)),
  provenance: v.optional(v.record(v.string(), v.unknown()), {}),
});

const broken = (what: string) =>
  refuse("data.corrupt", `The data set's manifest is not valid: ${what}.`, "Build or import the data set again.");

/** Records the shards of one split hold. */
export function recordsOf(manifest: Pick<DatasetManifest, "shards">, split: Split): number {
  return manifest.shards.reduce((sum, shard) => (shard.split === split ? sum + shard.records : sum), 0);
}

/**
 * Check an untrusted value against every rule that needs no hashing: format, version, image shape, classes, shard
 * sizes, split sums, distinct bare file names. The hashes are checked by {@link verifyManifestHash} and on loading.
 */
export function parseManifest(value: unknown): Result<DatasetManifest> {
  const parsed = v.safeParse(manifestSchema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return broken(`${v.getDotPath(issue) ?? "the whole"} – ${issue.message}`);
  }
  const manifest: DatasetManifest = parsed.output;
  const files = new Set<string>();
  for (const shard of manifest.shards) {
    if (files.has(shard.file)) return broken(`shard ${shard.file} is listed twice`);
    files.add(shard.file);
    if (shard.bytes !== shard.records * RECORD_BYTES) {
      return broken(`shard ${shard.file} has ${shard.bytes} bytes for ${shard.records} records`);
    }
  }
  for (const split of ["train", "test"] as const) {
    const sum = recordsOf(manifest, split);
    if (sum !== manifest.splits[split]) {
      return broken(
        `it promises ${groupDigits(manifest.splits[split])} ${split} records, its shards hold ${groupDigits(sum)}`,
      );
    }
  }
  return ok(manifest);
}

/** The identity of a list of shards, see {@link DatasetManifest.sha256}. */
export function datasetHash(shards: readonly Pick<ShardEntry, "sha256">[]): Promise<string> {
  return sha256OfText(shards.map((shard) => shard.sha256).join("\n"));
}

/** Check the manifest's own `sha256` against its shard hashes. */
export async function verifyManifestHash(manifest: DatasetManifest): Promise<Result<DatasetManifest>> {
  const actual = await datasetHash(manifest.shards);
  return actual === manifest.sha256 ? ok(manifest) : broken(`its sha256 does not belong to its shards (${actual})`);
}
