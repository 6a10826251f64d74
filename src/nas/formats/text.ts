/**
 * The gate every imported file passes first: size, encoding and nesting are checked before a parser sees a byte,
 * so that no parser can be made slow or deep by a hostile file.
 */
import { ok, refuse, type Result } from "@/lib/result";
import { findForbiddenKey } from "./json";

/** Largest text that is parsed at all; subnet files are below 10 KB, architecture files below 100 KB. */
export const MAX_TEXT_BYTES = 1_048_576;
/** Deepest nesting of brackets that is parsed. Architecture files need 5. */
export const MAX_DEPTH = 32;

export const UNREADABLE = "import.unreadable";

/** A failed import: one clear sentence, and optionally what to do. */
export function unreadable(message: string, hint?: string): ReturnType<typeof refuse> {
  return refuse(UNREADABLE, message, hint);
}

/** User text made safe for a sentence: control characters removed, at most 60 characters, in quotes. */
export function quote(value: unknown): string {
  let text: string;
  if (typeof value === "string") text = value;
  else if (Array.isArray(value))
    text = `[${value
      .slice(0, 8)
      .map((item) => (typeof item === "object" ? "…" : String(item)))
      .join(", ")}]`;
  else if (typeof value === "object" && value !== null) text = "{…}";
  else text = String(value);
  const clean = text
    .slice(0, 200)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, " ")
    .trim();
  return `“${clean.length > 60 ? `${clean.slice(0, 59)}…` : clean}”`;
}

/** At most `limit` items of a list, then how many more there are. */
export function listSome(items: readonly string[], limit = 4): string {
  const rest = items.length - limit;
  return rest > 0 ? `${items.slice(0, limit).join(", ")} and ${rest} more` : items.join(", ");
}

function sizeInWords(bytes: number): string {
  return bytes >= 1_048_576 ? `${(bytes / 1_048_576).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`;
}

/** Bytes or text → text: at most {@link MAX_TEXT_BYTES}, valid UTF-8, no NUL, no byte-order mark. Refuses by size before decoding. */
export function decodeText(source: Uint8Array | string): Result<string> {
  if (source.length > MAX_TEXT_BYTES) {
    return unreadable(
      `The file is ${sizeInWords(source.length)}; architecture files are at most ${sizeInWords(MAX_TEXT_BYTES)}.`,
    );
  }
  let text: string;
  if (typeof source === "string") text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  else {
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(source);
    } catch {
      return unreadable("The file is not text: it is not valid UTF-8.");
    }
  }
  if (text.includes("\0")) return unreadable("The file is not text: it contains NUL bytes.");
  if (text.trim() === "") return unreadable("The file is empty.");
  return ok(text);
}

/** Deepest bracket nesting of JSON text, strings skipped; stops counting above `limit`. */
export function jsonDepth(text: string, limit: number): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length && deepest <= limit; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    } else if (c === 0x5b || c === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x5d || c === 0x7d) depth--;
  }
  return deepest;
}

/** Text → JSON tree without prototype keys; nesting is bounded. Values are still unknown: a schema follows. */
export function parseJson(text: string): Result<unknown> {
  if (jsonDepth(text, MAX_DEPTH) > MAX_DEPTH)
    return unreadable(`The file is nested more than ${MAX_DEPTH} levels deep; no architecture file is.`);
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return unreadable("The file begins like JSON but is not valid JSON; it may be cut off.");
  }
  const forbidden = findForbiddenKey(tree);
  if (forbidden !== null)
    return unreadable(`The file contains the key ${quote(forbidden)}, which no architecture file has.`);
  return ok(tree);
}
