/** Expected outcomes as values: what can go wrong in normal use is returned, not thrown. */

/** Why something could not be done, in words a user can act on. `code` is stable, `message` is one sentence. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export type Result<T, E = Problem> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function fail<E = Problem>(problem: E): { readonly ok: false; readonly problem: E } {
  return { ok: false, problem };
}

/** Shorthand for a failed result with a {@link Problem}. */
export function refuse(code: string, message: string, hint?: string): { readonly ok: false; readonly problem: Problem } {
  return fail(hint === undefined ? { code, message } : { code, message, hint });
}
