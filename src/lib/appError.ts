/** The one error class that is thrown on purpose. Copy shown to users is keyed by `code`, never parsed from `message`. */

export type ErrorCode =
  | "gpu.unavailable"
  | "gpu.lost"
  | "gpu.oom"
  | "gpu.validation"
  | "backend.unavailable"
  | "train.nan"
  | "data.missing"
  | "data.shard"
  | "data.corrupt"
  | "search.infeasible"
  | "storage.quota"
  | "import.unreadable"
  | "config.invalid"
  | "checkpoint.missing"
  | "protocol.version"
  | "worker.dead"
  | "cancelled"
  | "tab.busy"
  | "bug";

export interface AppErrorDetails {
  /** What the user can do next, one sentence. */
  readonly hint?: string;
  /** Whether the run can go on from what was kept (a checkpoint, a smaller size). */
  readonly recoverable?: boolean;
  /** Training step at which it happened. */
  readonly step?: number;
  readonly cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly recoverable: boolean;
  readonly step: number | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = details.hint;
    this.recoverable = details.recoverable ?? false;
    this.step = details.step;
  }
}

/** Wrap anything caught into an {@link AppError}; unknown causes become code `bug`. */
export function toAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new AppError("bug", message, { cause });
}
