/**
 * The safetensors format (huggingface.co/docs/safetensors), float32 only: 8-byte little-endian header length, JSON header padded with
 * spaces to 8 bytes, then the values. The reader is strict: anything but a gapless table of float32 tensors is refused.
 */
import { AppError } from "@/lib/appError";
import { ok, refuse, type Result } from "@/lib/result";
import { asRecord, findForbiddenKey } from "@/nas/formats/json";
import { jsonDepth, quote } from "@/nas/formats/text";
import { sizeOf, type Graph } from "@/nas/graph";

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Largest header that is parsed; a supernet's has about 0.2 MB. */
const MAX_HEADER_BYTES = 16 * 1_048_576;
const METADATA = "__metadata__";
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function copyFloats(from: Uint8Array, length: number): Float32Array {
  const values = new Float32Array(length);
  if (littleEndian) new Uint8Array(values.buffer).set(from);
  else {
    const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
    for (let i = 0; i < length; i++) values[i] = view.getFloat32(4 * i, true);
  }
  return values;
}

/** Float32 values as little-endian bytes; a view where the machine is little-endian itself. */
export function floatBytes(values: Float32Array): Uint8Array {
  if (littleEndian) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytes;
}

/** Tensors in map order → file bytes. Throws `bug` when a shape does not fit its values or a name is reserved. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === METADATA) throw new AppError("bug", `A tensor cannot be called ${METADATA}.`);
    if (sizeOf(shape) !== data.length)
      throw new AppError("bug", `Tensor ${name} has ${data.length} values for shape [${shape.join(", ")}].`);
    header.push([name, { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + offset);
  bytes.fill(0x20, 8 + json.length, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let at = start;
  for (const { data } of tensors.values()) {
    bytes.set(floatBytes(data), at);
    at += data.byteLength;
  }
  return bytes;
}

function unreadable(message: string): ReturnType<typeof refuse> {
  return refuse("import.unreadable", message);
}

interface Extent {
  readonly name: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readExtent(name: string, value: unknown, dataBytes: number): Extent | string {
  const entry = asRecord(value);
  const shape: unknown = entry?.["shape"];
  const offsets: unknown = entry?.["data_offsets"];
  const isCount = (n: unknown): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0;
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(isCount))
    return `Tensor ${quote(name)} has no proper shape.`;
  if (entry?.["dtype"] !== "F32")
    return `Tensor ${quote(name)} is of type ${quote(entry?.["dtype"])}; only F32 is read.`;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return `Tensor ${quote(name)} has no proper offsets.`;
  const [begin = 0, end = 0] = offsets;
  if (end > dataBytes || end - begin !== 4 * sizeOf(shape))
    return `Tensor ${quote(name)} does not fit its place in the file; the file may be cut off.`;
  return { name, shape, begin, end };
}

/** File bytes → tensors (copies). Fails with `import.unreadable` on anything malformed, cut off, overlapping or not float32. */
export function readSafetensors(bytes: Uint8Array): Result<SafetensorsFile> {
  if (bytes.length < 8) return unreadable("The file is too short to be a safetensors file.");
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES) || length > BigInt(bytes.length - 8))
    return unreadable("The file is not a safetensors file, or it is cut off.");
  const start = 8 + Number(length);
  let header: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start));
    if (!text.startsWith("{") || jsonDepth(text, 4) > 3)
      return unreadable("The header of the safetensors file is malformed.");
    header = JSON.parse(text);
  } catch {
    return unreadable("The header of the safetensors file is malformed.");
  }
  const record = asRecord(header);
  if (record === null || findForbiddenKey(record) !== null)
    return unreadable("The header of the safetensors file is malformed.");
  const extents: Extent[] = [];
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(record)) {
    if (name === METADATA) {
      for (const [key, text] of Object.entries(asRecord(value) ?? {})) {
        if (typeof text !== "string") return unreadable("The metadata of the safetensors file is not text.");
        metadata[key] = text;
      }
      continue;
    }
    const extent = readExtent(name, value, bytes.length - start);
    if (typeof extent === "string") return unreadable(extent);
    extents.push(extent);
  }
  const byPlace = [...extents].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of byPlace) {
    if (begin !== at) return unreadable(`Tensor ${quote(name)} overlaps another or leaves a gap.`);
    at = end;
  }
  if (at !== bytes.length - start) return unreadable("The safetensors file has bytes that belong to no tensor.");
  return ok({
    tensors: new Map(
      extents.map(({ name, shape, begin, end }) => [
        name,
        { shape, data: copyFloats(bytes.subarray(start + begin, start + end), sizeOf(shape)) },
      ]),
    ),
    metadata,
  });
}

/** Weights of a network by parameter name, running statistics under `<stats>.mean` and `<stats>.var`. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** A weight that must be there; throws `bug` when absent or of another length. */
export function requireWeight(weights: Weights, name: string, length: number): Float32Array {
  const values = weights.get(name);
  if (values === undefined) throw new AppError("bug", `The weights lack ${name}.`);
  if (values.length !== length)
    throw new AppError("bug", `The weight ${name} has ${values.length} values, not ${length}.`);
  return values;
}

/**
 * The weights of a static network as a safetensors file: parameters under their names, running statistics as
 * `<stats>.running_mean` and `<stats>.running_var`; the layout is stated in the metadata.
 */
export function networkSafetensors(
  graph: Graph,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const tensors = new Map<string, NamedTensor>();
  for (const { name, shape } of graph.params)
    tensors.set(name, { shape, data: requireWeight(weights, name, sizeOf(shape)) });
  for (const { stats, channels } of graph.norms) {
    tensors.set(`${stats}.running_mean`, {
      shape: [channels],
      data: requireWeight(weights, `${stats}.mean`, channels),
    });
    tensors.set(`${stats}.running_var`, { shape: [channels], data: requireWeight(weights, `${stats}.var`, channels) });
  }
  return writeSafetensors(tensors, {
    format: "nas-playground",
    layout:
      "maps NHWC; conv weights [kh, kw, cin/groups, cout]; depthwise weights [kh, kw, c, 1]; linear weights [in, out]",
    ...metadata,
  });
}
