/** JSON as a type, and the checks every parsed tree passes before a schema looks at it. */

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

const FORBIDDEN = new Set(["__proto__", "prototype", "constructor"]);

/** Whether a key could reach an object's prototype if it were copied carelessly. */
export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN.has(key);
}

/** The first key in a parsed tree that could reach a prototype; null when there is none. Iterative: depth does not matter. */
export function findForbiddenKey(tree: unknown): string | null {
  const pending: unknown[] = [tree];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) pending.push(item);
      continue;
    }
    for (const [key, child] of Object.entries(value)) {
      if (FORBIDDEN.has(key)) return key;
      pending.push(child);
    }
  }
  return null;
}

/** A JSON object or null for anything else (arrays are not objects here). */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
