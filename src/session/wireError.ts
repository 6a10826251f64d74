/** Errors across the worker edge: code, sentence and next step survive; the page makes an AppError of it again. */
import { AppError, toAppError } from "@/lib/appError";
import type { WireError } from "./protocol";

export function toWire(cause: unknown): WireError {
  const { code, message, hint, recoverable, step, stack } = toAppError(cause);
  return { code, message, hint: hint ?? null, recoverable, step: step ?? null, stack: stack ?? null };
}

export function fromWire({ code, message, hint, recoverable, step }: WireError): AppError {
  return new AppError(code, message, { recoverable, ...(hint === null ? {} : { hint }), ...(step === null ? {} : { step }) });
}
