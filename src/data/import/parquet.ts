/**
 * CIFAR-10 as Hugging Face gives it: Parquet with one PNG a row. The two decoders are loaded only when such a file is
 * read. Canvas decoding is not used: it may apply colour management.
 */
import { IMAGE_SIDE } from "../manifest";
import { ByteReader, openInput } from "./byteReader";
import type { BatchContext } from "./cifarBatch";
import { ImportFailure, quoted, stop, throwIfCancelled } from "./failure";
import { CIFAR10_CLASSES } from "./known";
import type { ImportInput } from "./types";

/** Rows held at a time. */
const ROWS = 1000;
const MAX_ROWS = 200_000;
/** A 32 × 32 RGB PNG has about 2.3 kB, uncompressed 3.2 kB. */
const MAX_PNG_BYTES = 64 * 1024;
/** Largest piece of the file or unpacked page that may be in memory. */
const MAX_PIECE_BYTES = 256 * 1024 * 1024;

interface RandomAccess {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** Random access within the file's bounds, whatever offsets its footer claims. */
async function randomAccess(input: ImportInput, signal: AbortSignal | undefined): Promise<RandomAccess> {
  const { slice } = input;
  let byteLength = input.size;
  let read: (start: number, end: number) => Promise<ArrayBuffer>;
  if (slice !== undefined && byteLength !== null) read = (start, end) => slice.call(input, start, end);
  else {
    const open = openInput(input, signal, () => undefined);
    const bytes = await new ByteReader(open.pull, input.name).takeUpTo(
      Math.min(MAX_PIECE_BYTES, byteLength ?? Infinity),
    );
    await open.close();
    if (bytes.length === MAX_PIECE_BYTES)
      stop("bad-size", `${quoted(input.name)} is too large to be read in one piece.`);
    byteLength = bytes.length;
    read = (start, end) => Promise.resolve(bytes.slice(start, end).buffer);
  }
  const length = byteLength;
  return {
    byteLength: length,
    slice: async (start, end = length) => {
      throwIfCancelled(signal);
      if (!(start >= 0 && end >= start && end <= length && end - start <= MAX_PIECE_BYTES)) {
        stop("truncated", `${quoted(input.name)} is damaged or incomplete.`);
      }
      return read(start, end);
    },
  };
}

/** Refuse before decoding what is not a 32 × 32, 8-bit, RGB or RGBA PNG. */
function requirePngHeader(png: Uint8Array, row: string): void {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (png.length < 33 || signature.some((byte, i) => png[i] !== byte)) stop("bad-image", `${row} is not a PNG image.`);
  if (png.length > MAX_PNG_BYTES) stop("bad-image", `${row} is far larger than a 32 × 32 image.`);
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const [width, height] = [header.getUint32(16), header.getUint32(20)];
  if (width !== IMAGE_SIDE || height !== IMAGE_SIDE)
    stop("bad-image", `${row} has ${width} × ${height} pixels, not 32 × 32.`);
  const [depth, colour] = [png[24], png[25]];
  if (depth !== 8 || (colour !== 2 && colour !== 6)) stop("bad-image", `${row} is not an 8-bit colour PNG.`);
}

function bytesOf(cell: unknown): Uint8Array | null {
  if (cell === null || typeof cell !== "object" || !("bytes" in cell)) return null;
  return cell.bytes instanceof Uint8Array ? cell.bytes : null;
}

type Decoder = (png: Uint8Array) => { data: ArrayLike<number>; channels: number };

async function addRow(
  image: unknown,
  label: unknown,
  row: string,
  decode: Decoder,
  context: BatchContext,
): Promise<void> {
  const png = bytesOf(image);
  if (png === null) return stop("bad-image", `${row} has no image bytes.`);
  requirePngHeader(png, row);
  let pixels: ReturnType<Decoder>;
  try {
    pixels = decode(png);
  } catch (cause) {
    return stop("bad-image", `${row} is a damaged PNG image.`, cause);
  }
  const value = typeof label === "bigint" || typeof label === "number" ? Number(label) : NaN;
  if (!(Number.isInteger(value) && value >= 0 && value < CIFAR10_CLASSES.length)) {
    stop("bad-label", `${row} has the label ${String(label)}; CIFAR-10 has 0 to 9.`);
  }
  if (context.writer.addInterleaved(value, pixels.data, pixels.channels)) await context.writer.flush();
}

/**
 * Read every row of a Parquet file in runs of 1,000. `onShare` gets the share of rows read, 0–1.
 * The caller has called `writer.begin`.
 */
export async function readParquet(
  input: ImportInput,
  context: BatchContext,
  onShare: (share: number) => void,
): Promise<void> {
  const [{ parquetMetadataAsync, parquetReadObjects, snappyUncompress }, { decode }] = await Promise.all([
    import("hyparquet"),
    import("fast-png"),
  ]);
  const unsnap = (packed: Uint8Array, length: number): Uint8Array => {
    if (length > MAX_PIECE_BYTES) stop("bad-size", `${quoted(input.name)} unpacks to far more than CIFAR-10 holds.`);
    const unpacked = new Uint8Array(length);
    snappyUncompress(packed, unpacked);
    return unpacked;
  };
  const decodePng: Decoder = (png) => decode(png, { checkCrc: true });
  try {
    const file = await randomAccess(input, context.signal);
    const metadata = await parquetMetadataAsync(file);
    const columns = metadata.schema.map((element) => element.name);
    const imageColumn = ["img", "image"].find((name) => columns.includes(name));
    if (imageColumn === undefined || !columns.includes("label")) {
      stop("no-batches", `${quoted(input.name)} has no “img” and “label” columns, so it is not CIFAR-10.`);
    }
    const total = Number(metadata.num_rows);
    if (!(total > 0 && total <= MAX_ROWS))
      stop("bad-size", `${quoted(input.name)} has ${total} rows, which CIFAR-10 cannot have.`);
    for (let start = 0; start < total; start += ROWS) {
      throwIfCancelled(context.signal);
      const end = Math.min(total, start + ROWS);
      const rows: readonly Record<string, unknown>[] = await parquetReadObjects({
        file,
        metadata,
        rowStart: start,
        rowEnd: end,
        columns: [imageColumn, "label"],
        utf8: false,
        useOffsetIndex: true,
        compressors: { SNAPPY: unsnap },
      });
      if (rows.length !== end - start) stop("truncated", `${quoted(input.name)} is damaged or incomplete.`);
      for (const [i, row] of rows.entries()) {
        await addRow(row[imageColumn], row.label, `Row ${start + i + 1} of ${quoted(input.name)}`, decodePng, context);
      }
      context.onRecords();
      onShare(end / total);
    }
  } catch (cause) {
    if (cause instanceof ImportFailure) throw cause;
    throwIfCancelled(context.signal);
    stop("truncated", `${quoted(input.name)} is damaged or incomplete.`, cause);
  }
  await context.writer.flush();
}
