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

/** Line (from 1) of a place in a text. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

/** Line in which a key of a flat file (JSON, YAML or a Python dict) stands; null when the text spells the key otherwise. */
export function lineOfKey(text: string, key: string): number | null {
  const literal = key.replace(/[^A-Za-z0-9_]/g, "\\$&");
  const found = new RegExp(`(?:^|[\\s{,"'])(${literal})["']?\\s*:`).exec(text);
  return found === null ? null : lineAt(text, found.index + found[0].indexOf(key));
}

/** A failed import that names the line, where it is known. `what` is a sentence that may begin with a key. */
export function unreadableAt(line: number | null, what: string): ReturnType<typeof refuse> {
  return unreadable(line === null ? `In the file, ${what}` : `Line ${line}: ${what}`);
}

/**
 * The first key that an object of valid JSON holds twice, and where the second one begins; null when there is none. `JSON.parse`
 * keeps the last without a word. Keys are compared after decoding, so that an escaped letter hides nothing.
 */
export function findDuplicateKey(text: string): { readonly key: string; readonly at: number } | null {
  const open: (Set<string> | null)[] = [];
  // A string is a key when an object is open and nothing but `{` or `,` came before it.
  let isKey = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const start = i;
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
      const keys = isKey ? open.at(-1) : null;
      isKey = false;
      if (!keys) continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (keys.has(key)) return { key, at: start };
      keys.add(key);
    } else if (c === 0x7b || c === 0x5b) {
      open.push(c === 0x7b ? new Set() : null);
      isKey = c === 0x7b;
    } else if (c === 0x7d || c === 0x5d) {
      open.pop();
      isKey = false;
    } else if (c === 0x2c) isKey = true;
  }
  return null;
}

/** Text → JSON tree without prototype or repeated keys; nesting is bounded. Values are still unknown: a schema follows. `what` names the format in refusals. */
export function parseJson(text: string, what = "architecture file"): Result<unknown> {
  if (jsonDepth(text, MAX_DEPTH) > MAX_DEPTH)
    return unreadable(`The file is nested more than ${MAX_DEPTH} levels deep; no ${what} is.`);
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return unreadable("The file begins like JSON but is not valid JSON; it may be cut off.");
  }
  const forbidden = findForbiddenKey(tree);
  if (forbidden !== null)
    return unreadable(`The file contains the key ${quote(forbidden)}, which no ${what} has.`);
  const twice = findDuplicateKey(text);
  if (twice !== null) return unreadableAt(lineAt(text, twice.at), `the key ${quote(twice.key)} is there twice.`);
  return ok(tree);
}
