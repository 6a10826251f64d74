/**
 * A streaming tar reader: ustar and GNU headers, checksums verified, regular files only. Names are reported and never
 * used as paths, so `../` and links have nothing to act on.
 */
import type { ByteReader } from "./byteReader";
import { quoted, stop } from "./failure";

const BLOCK = 512;
/** Extended headers hold a name; nothing sensible is longer. */
const MAX_EXTENDED_HEADER = 64 * 1024;

/** Called for each regular file, in archive order; it may read up to `size` bytes of `reader`. */
export type OnTarFile = (name: string, size: number, reader: ByteReader) => Promise<void>;

function field(header: Uint8Array, from: number, to: number): string {
  const raw = header.subarray(from, to);
  const end = raw.indexOf(0);
  return new TextDecoder("latin1").decode(end < 0 ? raw : raw.subarray(0, end));
}

function octal(header: Uint8Array, from: number, to: number): number | null {
  const digits = field(header, from, to).trim();
  return /^[0-7]{1,12}$/.test(digits) ? parseInt(digits, 8) : null;
}

/** Whether 512 bytes are a tar header: its checksum field must be right. */
export function isTarHeader(header: Uint8Array): boolean {
  if (header.length < BLOCK) return false;
  let sum = 8 * 32; // the checksum field counts as spaces
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i] as number;
  return octal(header, 148, 156) === sum;
}

function memberName(header: Uint8Array): string {
  const prefix = field(header, 257, 262) === "ustar" ? field(header, 345, 500) : "";
  const name = field(header, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** The `path` of a pax header: records of the form `length key=value\n`. */
function paxPath(body: string): string | null {
  const match = /(?:^|\n)\d+ path=([^\n]*)/.exec(body);
  return match?.[1] ?? null;
}

/** Read an archive to the end of its stream, calling `onFile` for every regular file. `archive` names it in messages. */
export async function readTar(reader: ByteReader, archive: string, onFile: OnTarFile): Promise<void> {
  let longName: string | null = null;
  let ended = false;
  for (;;) {
    const header = await reader.takeUpTo(BLOCK);
    if (header.length === 0 && ended) return;
    if (header.length < BLOCK) stop("truncated", `${quoted(archive)} ends too early.`);
    if (header.every((byte) => byte === 0)) {
      if (ended) return reader.drain();
      ended = true;
      continue;
    }
    ended = false;
    if (!isTarHeader(header)) stop("not-tar", `${quoted(archive)} is not a tar archive, or it is damaged.`);
    const size = octal(header, 124, 136) ?? (field(header, 124, 136).trim() === "" ? 0 : null);
    if (size === null) stop("bad-size", `${quoted(archive)} has a member of impossible size.`);
    const type = String.fromCharCode(header[156] as number);
    const start = reader.position;
    if (type === "L" || type === "x") {
      if (size > MAX_EXTENDED_HEADER) stop("bad-size", `${quoted(archive)} has a member name of impossible size.`);
      const body = new TextDecoder().decode(await reader.take(size));
      longName = type === "L" ? body.replace(/\0.*$/s, "") : paxPath(body);
    } else {
      if (type === "0" || type === "\0" || type === "7") await onFile(longName ?? memberName(header), size, reader);
      longName = null;
    }
    await reader.skip(start + size + ((BLOCK - (size % BLOCK)) % BLOCK) - reader.position);
  }
}
