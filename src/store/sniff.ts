/** A first look at a JSON file without parsing it whole. */

/** `truth`: looks like the NAS-Bench-Macro table, a map from 8-digit strings; `other`: anything else. */
export function parseJsonHead(bytes: Uint8Array): "truth" | "other" {
  const text = new TextDecoder().decode(bytes).trimStart();
  return /^\{\s*"[012]{8}"\s*:\s*[[{]/.test(text) ? "truth" : "other";
}
