/** Small CIFAR-10 look-alikes in every official form, made in memory: nothing of the real data set is in the repository. */
import { rootKey } from "@/lib/rng";
import { toOwnBytes, type Bytes } from "../bytes";
import type { ImportInput, ShardSink } from "../import/types";
import { IMAGE_BYTES, RECORD_BYTES, type DatasetManifest } from "../manifest";

/** Labels `i % 10`, pixels from a seeded generator; planes R, G, B as in the official files. */
export interface FakeBatch {
  readonly labels: Uint8Array;
  readonly planes: Uint8Array;
}

export function fakeBatch(records: number, seed: number): FakeBatch {
  const rng = rootKey(seed).stream();
  const planes = new Uint8Array(records * IMAGE_BYTES);
  for (let i = 0; i < planes.length; i += 16) {
    const level = rng.int(240); // runs of 16, so that archives stay small
    planes.fill(level, i, i + 16);
    planes[i] = rng.int(256);
  }
  return { labels: Uint8Array.from({ length: records }, (_, i) => i % 10), planes };
}

export function concat(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** The binary form: 3,073-byte records. */
export function toBinary(batch: FakeBatch): Bytes {
  const out = new Uint8Array(batch.labels.length * RECORD_BYTES);
  batch.labels.forEach((label, i) => {
    out[i * RECORD_BYTES] = label;
    out.set(batch.planes.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES), i * RECORD_BYTES + 1);
  });
  return out;
}

const uint = (value: number, width: number): number[] =>
  Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) & 255);

/** Python 2's dialect of protocol 2, as in the official archive. */
export function toPickle2(batch: FakeBatch, label = "training batch 1 of 5"): Bytes {
  const n = batch.labels.length;
  const short = (text: string): number[] => [0x55, text.length, ...utf8(text)];
  return concat([
    Uint8Array.from([
      0x80,
      2,
      0x7d,
      0x71,
      1,
      0x28,
      ...short("batch_label"),
      ...short(label),
      ...short("labels"),
      0x5d,
      0x71,
      2,
      0x28,
    ]),
    Uint8Array.from([...batch.labels].flatMap((value) => [0x4b, value])),
    Uint8Array.from([0x65, ...short("data"), ...utf8("cnumpy.core.multiarray\n_reconstruct\n"), 0x71, 3]),
    Uint8Array.from([...utf8("cnumpy\nndarray\n"), 0x4b, 0, 0x85, ...short("b"), 0x87, 0x52, 0x71, 4, 0x28, 0x4b, 1]),
    Uint8Array.from([
      0x4d,
      ...uint(n, 2),
      0x4d,
      ...uint(IMAGE_BYTES, 2),
      0x86,
      ...utf8("cnumpy\ndtype\n"),
      ...short("u1"),
    ]),
    Uint8Array.from([0x4b, 0, 0x4b, 1, 0x87, 0x52, 0x28, 0x4b, 3, ...short("|"), 0x4e, 0x4e, 0x4e]),
    Uint8Array.from([0x4a, ...uint(0xffffffff, 4), 0x4a, ...uint(0xffffffff, 4), 0x4b, 0, 0x74, 0x62, 0x89]),
    Uint8Array.from([0x54, ...uint(batch.planes.length, 4)]),
    batch.planes,
    Uint8Array.from([0x74, 0x62, ...short("filenames"), 0x5d, 0x75, 0x2e]),
  ]);
}

/** What Python 3 with NumPy 2 writes in protocol 4: frames, MEMOIZE, STACK_GLOBAL, byte-string keys. */
export function toPickle4(batch: FakeBatch): Bytes {
  const n = batch.labels.length;
  const text = (value: string): number[] => [0x8c, value.length, ...utf8(value), 0x94];
  const bytes = (value: string): number[] => [0x43, value.length, ...utf8(value), 0x94];
  const global = (module: string, name: string): number[] => [...text(module), ...text(name), 0x93, 0x94];
  return concat([
    Uint8Array.from([0x80, 4, 0x95, ...uint(1000, 8), 0x7d, 0x94, 0x28, ...bytes("labels"), 0x5d, 0x94, 0x28]),
    Uint8Array.from([...batch.labels].flatMap((value) => [0x4b, value])),
    Uint8Array.from([
      0x65,
      ...bytes("data"),
      ...global("numpy._core.multiarray", "_reconstruct"),
      ...global("numpy", "ndarray"),
    ]),
    Uint8Array.from([0x4b, 0, 0x85, 0x94, ...bytes("b"), 0x87, 0x94, 0x52, 0x94, 0x28, 0x4b, 1]),
    Uint8Array.from([
      0x4d,
      ...uint(n, 2),
      0x4d,
      ...uint(IMAGE_BYTES, 2),
      0x86,
      0x94,
      ...global("numpy", "dtype"),
      ...text("u1"),
    ]),
    Uint8Array.from([0x89, 0x88, 0x87, 0x94, 0x52, 0x94, 0x28, 0x4b, 3, ...text("|"), 0x4e, 0x4e, 0x4e]),
    Uint8Array.from([0x4a, ...uint(0xffffffff, 4), 0x4a, ...uint(0xffffffff, 4), 0x4b, 0, 0x74, 0x94, 0x62, 0x89]),
    Uint8Array.from([0x8e, ...uint(batch.planes.length, 8)]),
    batch.planes,
    Uint8Array.from([0x94, 0x74, 0x94, 0x62, 0x75, 0x2e]),
  ]);
}

export interface TarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: string;
}

/** One 512-byte ustar header with a right checksum. */
export function tarHeader(name: string, size: number, type = "0"): Bytes {
  const header = new Uint8Array(512);
  const put = (at: number, value: string): void => header.set(utf8(value), at);
  put(0, name.slice(0, 100));
  put(100, "0000644\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  put(136, "00000000000\0");
  put(148, "        ");
  put(156, type);
  put(257, "ustar\0");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

export function toTar(members: readonly TarMember[]): Bytes {
  const blocks = members.flatMap(({ name, bytes, type }) => [
    tarHeader(name, bytes.length, type),
    bytes,
    new Uint8Array((512 - (bytes.length % 512)) % 512),
  ]);
  return concat([...blocks, new Uint8Array(10240)]);
}

export async function gzip(bytes: Bytes): Promise<Bytes> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** An input that arrives in chunks of `chunk` bytes. */
export function bytesInput(name: string, bytes: Uint8Array, chunk = 70_001): ImportInput {
  return {
    name,
    size: bytes.length,
    stream: () => {
      let at = 0;
      return new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(at, at + chunk));
          at += chunk;
        },
      });
    },
    slice: (start, end) => Promise.resolve(toOwnBytes(bytes.slice(start, end)).buffer),
  };
}

export interface MemorySink extends ShardSink {
  readonly files: Map<string, Bytes>;
  readonly committed: DatasetManifest | null;
  readonly aborted: number;
}

/** Keeps shards in memory. `quota`: bytes after which writing fails as a full disk does. */
export function memorySink(quota = Infinity): MemorySink {
  const files = new Map<string, Bytes>();
  let committed: DatasetManifest | null = null;
  let aborted = 0;
  let used = 0;
  return {
    files,
    get committed() {
      return committed;
    },
    get aborted() {
      return aborted;
    },
    write: (file, bytes) => {
      used += bytes.length;
      if (used > quota) return Promise.reject(new DOMException("no space", "QuotaExceededError"));
      files.set(file, toOwnBytes(bytes));
      return Promise.resolve();
    },
    commit: (manifest) => {
      committed = manifest;
      return Promise.resolve();
    },
    abort: () => {
      aborted++;
      files.clear();
      return Promise.resolve();
    },
  };
}
