/**
 * How reading stops. Inside the importer a failure is thrown, because it may come from deep inside a stream; at its edge it
 * becomes a `Result`. Every failure is one sentence that says what is wrong, and a hint that says what to do.
 */
import { AppError } from "@/lib/appError";
import type { Problem } from "@/lib/result";

export type ImportCode =
  | "truncated"
  | "not-tar"
  | "no-batches"
  | "bad-size"
  | "bad-label"
  | "bad-pickle"
  | "unsafe-pickle"
  | "bad-image"
  | "checksum"
  | "quota"
  | "cancelled"
  | "network"
  /** The destination failed for another reason than space. */
  | "storage";

const HINTS: Record<ImportCode, string> = {
  truncated: "Download it again.",
  "not-tar": "Choose cifar-10-binary.tar.gz, cifar-10-python.tar.gz, their extracted batches, or the Parquet files.",
  "no-batches": "Choose cifar-10-binary.tar.gz, cifar-10-python.tar.gz, their extracted batches, or the Parquet files.",
  "bad-size": "Download it again, from the CIFAR-10 page.",
  "bad-label": "Download it again, and check that it is CIFAR-10, not CIFAR-100.",
  "bad-pickle": "Download it again, or use the binary archive.",
  "unsafe-pickle": "Use the official archive, or save the batch with NumPy and pickle protocol 2 to 4.",
  "bad-image": "x",
  checksum: "Download it again.",
  quota: "Free some space, or remove another data set.",
  cancelled: "Start again when you like; nothing was changed.",
  network: "Check the connection and try again, or download the file yourself and drop it here.",
  storage: "Check that the folder can be written to.",
};

/** Thrown inside the importer only. */
export class ImportFailure extends Error {
  readonly problem: Problem;

  constructor(code: ImportCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ImportFailure";
    this.problem = importProblem(code, message);
  }
}

export function importProblem(code: ImportCode, message: string): Problem {
  return { code, message, hint: HINTS[code] };
}

/** Stop the import: `message` is one sentence naming the file. */
export function stop(code: ImportCode, message: string, cause?: unknown): never {
  throw new ImportFailure(code, message, cause);
}

/** A name as it may appear in a sentence: control characters dropped, shortened. */
export function quoted(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}]/gu, "");
  return `“${clean.length > 80 ? `${clean.slice(0, 79)}…` : clean}”`;
}

/** Storage is full: a DOMException of browsers, or Node's file system error. */
function isOutOfSpace(cause: unknown): boolean {
  if (cause instanceof AppError) return cause.code === "storage.quota";
  if (!(cause instanceof Error)) return false;
  const code: unknown = "code" in cause ? cause.code : undefined;
  return cause.name === "QuotaExceededError" || code === "ENOSPC" || code === "EDQUOT";
}

/** Run a step that writes to the destination, telling "full" from "broken". */
export async function storing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof ImportFailure) throw cause;
    if (isOutOfSpace(cause)) stop("quota", "There is not enough space to keep the data set.", cause);
    stop(
      "storage",
      `The data set could not be written (${cause instanceof Error ? cause.message : String(cause)}).`,
      cause,
    );
  }
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) stop("cancelled", "The import was cancelled.");
}
