/** The words of the parity command: what a handler gets and what it gives back. */

export const BACKENDS = ["cpu", "wasm", "webgpu"] as const;
export type ParityBackend = (typeof BACKENDS)[number];

export interface ParityContext {
  /** Where kernels run; handlers of pure counts ignore it. */
  readonly backend: ParityBackend;
  /** Folder of the case file, for kinds that refer to a file beside them. */
  readonly directory: string;
}

export interface CaseResult {
  readonly name: string;
  /** Worst absolute error over the case. */
  readonly absError: number;
  /** Largest over the tensors of the case of max abs error ÷ max abs reference. */
  readonly relError: number;
  /** What `relError` is held to; 0 means exact. */
  readonly tolerance: number;
  readonly status: "pass" | "fail" | "pending";
  /** Why it failed, or what is awaited; one sentence. */
  readonly note?: string;
}

/** A case and the kind it belongs to. */
export interface ParityLine extends CaseResult {
  readonly kind: string;
}

/** Runs every case of one parsed file. May throw: that is one failed case. */
export type Handler = (value: unknown, context: ParityContext) => Promise<readonly CaseResult[]>;

/** A case that could not be compared at all. */
export function failedCase(name: string, note: string): CaseResult {
  return { name, absError: Number.NaN, relError: Number.NaN, tolerance: 0, status: "fail", note };
}

/** A case that waits for something not built yet. */
export function pendingCase(name: string, note: string): CaseResult {
  return { name, absError: Number.NaN, relError: Number.NaN, tolerance: 0, status: "pending", note };
}

/** A record with string keys, not a list and not null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
