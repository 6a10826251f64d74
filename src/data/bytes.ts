/** Hashing and byte helpers shared by the data room; Web platform only, so that page, worker and Node run the same code. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Bytes that are certainly not shared memory, as `crypto.subtle` and streams want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The same bytes, copied only when they lie in shared memory. */
export function toOwnBytes(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Bytes) : new Uint8Array(bytes);
}

/** SHA-256 in lower-case hex. Pages that are not a secure context have no `crypto.subtle`; there it is computed in script. */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return bytesToHex(sha256(bytes));
  return bytesToHex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export function sha256OfText(text: string): Promise<string> {
  return sha256Hex(new TextEncoder().encode(text));
}

/** `12,345`, independent of the machine's locale. */
export function groupDigits(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}
