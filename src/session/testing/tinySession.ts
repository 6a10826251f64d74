/** The real host in process, over a made-up data set of 200 pictures that is served from memory; every message is cloned as by a worker. */
import { tinyImages } from "@/algorithms/testing/tinyRun";
import { sha256Hex } from "@/data/bytes";
import { datasetHash, IMAGE_BYTES, type ShardEntry } from "@/data/manifest";
import { type CheckpointStore, memoryCheckpoints } from "@/persist/checkpoints";
import { Host, type HostEnv } from "../host/host";
import { TruthHost } from "../host/truthHost";
import { openInProcessSession } from "../inProcess";
import { breathe, sleep } from "../pacing";
import type { Session } from "../protocol";

/** Files of the data set `tiny` by address below `https://test/`. */
async function tinyFiles(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const shards: ShardEntry[] = [];
  for (const [split, count, seed] of [["train", 200, 1], ["test", 40, 2]] as const) {
    const set = tinyImages(count, seed, 40);
    for (const { start, count: records } of set.shards) {
      const bytes = new Uint8Array(records * (IMAGE_BYTES + 1));
      bytes.set(set.images.subarray(start * IMAGE_BYTES, (start + records) * IMAGE_BYTES));
      bytes.set(set.labels.subarray(start, start + records), records * IMAGE_BYTES);
      const file = `${split}-${start}.bin`;
      files.set(`tiny/${file}`, bytes);
      shards.push({ file, split, records, bytes: bytes.length, sha256: await sha256Hex(bytes) });
    }
  }
  const manifest = {
    format: "nas-playground/shards",
    version: 1,
    id: "tiny",
    name: "Tiny",
    image: { width: 32, height: 32, channels: 3, dtype: "uint8", layout: "NHWC" },
    shardLayout: "images-then-labels",
    classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
    splits: { train: 200, test: 40 },
    shardGroups: "none",
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    sha256: await datasetHash(shards),
    shards,
    provenance: {},
  };
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return files.set("tiny/manifest.json", json(manifest)).set("index.json", json({ datasets: ["tiny"] }));
}

const files = tinyFiles();
const base = "https://test/";

export interface TinySessionOptions {
  readonly checkpoints?: CheckpointStore | null;
  readonly change?: Partial<HostEnv>;
  /** Called with the host's environment, e.g. to break its device. */
  onFetch?(path: string): Promise<void> | void;
}

let runs = 0;

export function openTinySession({ checkpoints = memoryCheckpoints(Date.now), change = {}, onFetch }: TinySessionOptions = {}): Session {
  const fetchFile = (async (input: string) => {
    const path = input.slice(base.length);
    await onFetch?.(path);
    const bytes = (await files).get(path);
    return bytes ? new Response(bytes) : new Response(null, { status: 404 });
  }) as typeof fetch;
  return openInProcessSession(
    (post) =>
      new Host({
        build: "test",
        device: { gpu: null },
        data: { baseUrl: base, fetch: fetchFile, opfs: null, parts: null, reserve: () => Promise.resolve() },
        checkpoints,
        truth: new TruthHost(null, fetchFile),
        isolated: false,
        post,
        now: () => performance.now(),
        breathe,
        sleep,
        newId: () => `tiny-${++runs}`,
        ...change,
      }),
  );
}
