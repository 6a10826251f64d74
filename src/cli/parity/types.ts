/** The words of the parity command: what a handler gets and what it gives back. */
import type { Executor } from "@/nn/executor";

export const BACKENDS = ["cpu", "wasm", "webgpu"] as const;
export type ParityBackend = (typeof BACKENDS)[number];

/** What a handler may use. Handlers run in Node or in a page: they touch nothing but this. */
export interface ParityContext {
  readonly backend: ParityBackend;
  /** The executor of the backend, the same for every kind of a run; who makes a store there disposes it. */
  executor(): Promise<Executor>;
  /** The parsed file of this name in the folder of the case file, for kinds that refer to a file beside them. */
  sibling(name: string): Promise<unknown>;
}

export interface CaseResult {
  readonly name: string;
  /** Worst absolute error over the case. */
  readonly absError: number;
  /** Of the tensor that comes closest to its tolerance: max abs error ÷ max abs reference. */
  readonly relError: number;
  /** What `relError` is held to; 0 means exact. */
  readonly tolerance: number;
  readonly status: "pass" | "fail" | "pending";
  /** What was compared, why it failed, or what is awaited; one sentence. */
  readonly note?: string;
}

/** A case and the kind it belongs to. */
export interface ParityLine extends CaseResult {
  readonly kind: string;
}

/** Runs every case of one parsed file. May throw: that is one failed case. */
export type Handler = (value: unknown, context: ParityContext) => Promise<readonly CaseResult[]>;

/** Runs the handler of one kind on a parsed file: in this process, or in a page that holds the backend. */
export type RunKind = (kind: string, value: unknown, sibling: ParityContext["sibling"]) => Promise<readonly CaseResult[]>;

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

/** First line of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}
