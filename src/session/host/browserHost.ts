/** The host with a worker's real device, storage, clock and network. */
import { opfsDatasets } from "@/data/opfs";
import { opfsParts } from "@/data/opfsParts";
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
    device: { wasmUrl, gpu: "gpu" in navigator ? navigator.gpu : null },
    data: { baseUrl: new URL("datasets/", new URL(".", documentUrl(scope))).href, fetch: fetchHere, opfs, parts: root && opfsParts(root) },
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

/** The page's address: the client passes it as the worker's name, since a worker only knows where its script is. */
function documentUrl(scope: DedicatedWorkerGlobalScope): string {
  return scope.name || scope.location.href;
}
