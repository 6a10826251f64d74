/** Published facts about CIFAR-10: class names, counts, and the checksums by which a copy is told from the original. */
import { md5 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

export const CIFAR10_CLASSES = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

export const CIFAR10_COUNTS = { train: 50_000, test: 10_000 } as const;

export const CIFAR10_CREDIT =
  "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009 (CIFAR-10; no licence is stated).";

interface KnownFile {
  readonly bytes: number;
  readonly digest: string;
}

/** SHA-256 of whole files: the two archives, the two Parquet files. */
const KNOWN_SHA256: readonly KnownFile[] = [
  { bytes: 170_052_171, digest: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd" },
  { bytes: 170_498_071, digest: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce" },
  { bytes: 119_705_255, digest: "8428b53a88a11ac374111006708df51469e315a22ac6d66470afd9c78d2ae883" },
  { bytes: 23_940_850, digest: "841389e6f2d64f28bf17310e430aebac20ec3ba611a3c5e231dc93c645ce84de" },
];

/** MD5 of the Python archive's batches. */
const KNOWN_MD5: readonly KnownFile[] = [
  { bytes: 31_035_704, digest: "c99cafc152244af753f735de768cd75f" },
  { bytes: 31_035_320, digest: "d4bba439e000b95fd0a9bffe97cbabec" },
  { bytes: 31_035_999, digest: "54ebc095f3ab1f0389bbae665268c751" },
  { bytes: 31_035_696, digest: "634d18415352ddfa80567beed471001a" },
  { bytes: 31_035_623, digest: "482c414d41f54cd18b22e5b47cb7c3cb" },
  { bytes: 31_035_526, digest: "40351d587109b95175f43aff81a1287e" },
];

export interface OriginCheck {
  /** False: the size alone says that no published file can match, so the bytes need not be seen. */
  readonly needed: boolean;
  update(chunk: Uint8Array): void;
  /** Whether everything seen is one of the published files. */
  isOriginal(): boolean;
}

/** Watches bytes go by; a file whose size no published file has is not hashed at all. */
function originCheck(
  known: readonly KnownFile[],
  size: number | null,
  create: () => ReturnType<typeof sha256.create>,
): OriginCheck {
  if (size !== null && !known.some((file) => file.bytes === size)) {
    return { needed: false, update: () => undefined, isOriginal: () => false };
  }
  const hash = create();
  return {
    needed: true,
    update: (chunk) => void hash.update(chunk),
    isOriginal: () => {
      const digest = bytesToHex(hash.digest());
      return known.some((file) => file.digest === digest);
    },
  };
}

/** For archives and Parquet files, over their bytes as downloaded. `size` null: unknown beforehand. */
export function archiveCheck(size: number | null): OriginCheck {
  return originCheck(KNOWN_SHA256, size, () => sha256.create());
}

/** Whether a pickled batch is one of the Python archive's. */
export function isOriginalPickle(bytes: Uint8Array): boolean {
  if (!KNOWN_MD5.some((file) => file.bytes === bytes.length)) return false;
  const digest = bytesToHex(md5(bytes));
  return KNOWN_MD5.some((file) => file.digest === digest);
}
