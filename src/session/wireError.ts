/** Errors across the worker edge: code, sentence and next step survive; the page makes an AppError of it again. */
import { AppError, toAppError } from "@/lib/appError";
import type { WireError } from "./protocol";

export function toWire(cause: unknown): WireError {
  const { code, message, hint, recoverable, step, stack } = toAppError(cause);
  // Where a bug happened, not where it was wrapped.
  const where = cause instanceof Error ? cause.stack : stack;
  return { code, message, hint: hint ?? null, recoverable, step: step ?? null, stack: where ?? null };
}

export function fromWire({ code, message, hint, recoverable, step }: WireError): AppError {
  return new AppError(code, message, { recoverable, ...(hint === null ? {} : { hint }), ...(step === null ? {} : { step }) });
}
