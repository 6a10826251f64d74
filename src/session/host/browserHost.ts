/** The host with a worker's real device, storage, clock and network. */
import { opfsDatasets } from "@/data/opfs";
import { opfsParts } from "@/data/opfsParts";
import type { TextStorage } from "@/engine/device";
import { AppError } from "@/lib/appError";
import { version } from "@/lib/version";
import { opfsCheckpoints } from "@/persist/checkpoints";
import { openDirectory, readFile, writeFile } from "@/persist/opfsFiles";
import { breathe, sleep } from "../pacing";
import { Host } from "./host";
import { TruthHost } from "./truthHost";

const heartbeatMs = 1000;
const truthFile = "nas-bench-macro.json";

async function storageRoot(): Promise<FileSystemDirectoryHandle | null> {
  try {
    return await navigator.storage.getDirectory();
  } catch {
    return null;
  }
}

export async function browserHost(scope: DedicatedWorkerGlobalScope, wasmUrl: string): Promise<Host> {
  const root = await storageRoot();
  const fetchHere: typeof fetch = (...args) => fetch(...args);
  const opfs = root && opfsDatasets(root);
  await opfs?.sweep().catch(() => undefined);
  const truthFolder = root && (await openDirectory(root, ["truth"]).catch(() => null));
  setInterval(() => scope.postMessage({ kind: "heartbeat" }), heartbeatMs);
  return new Host({
    build: version,
    device: { wasmUrl, gpu: "gpu" in navigator ? navigator.gpu : null, cores: navigator.hardwareConcurrency || 1, storage: await measurements(root) },
    data: { baseUrl: new URL("datasets/", new URL(".", documentUrl(scope))).href, fetch: fetchHere, opfs, parts: root && opfsParts(root), reserve: reserveStorage },
    checkpoints: root && (await opfsCheckpoints(root, Date.now).catch(() => null)),
    truth: new TruthHost(truthFolder && { read: () => readFile(truthFolder, truthFile), write: (bytes) => writeFile(truthFolder, truthFile, bytes) }, fetchHere),
    isolated: scope.crossOriginIsolated,
    post: (message, transfer) => scope.postMessage(message, transfer),
    now: () => performance.now(),
    breathe,
    sleep,
    newId: () => `run-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}`,
  });
}

/** What was measured of this machine's adapters: one small file a key. Without private storage it is measured anew. */
async function measurements(root: FileSystemDirectoryHandle | null): Promise<TextStorage | null> {
  const folder = root && (await openDirectory(root, ["machine"]).catch(() => null));
  if (!folder) return null;
  const nameOf = (key: string): string => `${encodeURIComponent(key).replaceAll("%", "_").slice(0, 120)}.json`;
  return {
    get: async (key) => {
      const bytes = await readFile(folder, nameOf(key)).catch(() => null);
      return bytes && new TextDecoder().decode(bytes);
    },
    // Not being able to keep it costs another second next time.
    set: (key, value) => writeFile(folder, nameOf(key), new TextEncoder().encode(value)).catch(() => undefined),
  };
}

/** Pictures hardly compress, so shards take about what the input takes. */
async function reserveStorage(bytes: number): Promise<void> {
  const { quota, usage } = await navigator.storage.estimate();
  if (quota === undefined || usage === undefined) return;
  const need = Math.ceil(bytes * 1.2);
  if (quota - usage >= need) return;
  const mega = (n: number) => `${Math.ceil(n / 1e6)} MB`;
  throw new AppError("storage.quota", `The import needs about ${mega(need)}, but the browser has ${mega(Math.max(0, quota - usage))} left for this page.`, {
    recoverable: true,
    hint: "Free storage, remove an older data set, or use npm run data -- cifar10 --from PATH.",
  });
}

/** The page's address: the client passes it as the worker's name, since a worker only knows where its script is. */
function documentUrl(scope: DedicatedWorkerGlobalScope): string {
  return scope.name || scope.location.href;
}
