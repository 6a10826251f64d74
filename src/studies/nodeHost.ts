/** The engine in Node: the same host as in the worker, with data sets from disk and checkpoints in memory. For studies and tests. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { memoryCheckpoints, type CheckpointStore } from "@/persist/checkpoints";
import { Host } from "@/session/host/host";
import { TruthHost } from "@/session/host/truthHost";
import { openInProcessSession } from "@/session/inProcess";
import { breathe, sleep } from "@/session/pacing";
import type { Session } from "@/session/protocol";

const datasets = new URL("../../datasets/", import.meta.url);

/** `fetch` for `file:` addresses below the data folder. */
const fetchFile = (async (input: string | URL | Request): Promise<Response> => {
  const url = input instanceof Request ? input.url : String(input);
  try {
    return new Response(new Uint8Array(await readFile(fileURLToPath(url))));
  } catch {
    return new Response(null, { status: 404 });
  }
}) as typeof fetch;

export interface NodeSessionOptions {
  readonly checkpoints?: CheckpointStore;
  /** Folder of data sets, ending in `/`; the repository's own by default. */
  readonly datasets?: string;
}

export function openNodeSession({ checkpoints = memoryCheckpoints(Date.now), datasets: folder = datasets.href }: NodeSessionOptions = {}): Session {
  let runs = 0;
  return openInProcessSession(
    (post) =>
      new Host({
        build: "node",
        device: { gpu: null },
        data: { baseUrl: folder, fetch: fetchFile, opfs: null, parts: null, reserve: () => Promise.resolve() },
        checkpoints,
        truth: new TruthHost(null, fetchFile),
        isolated: false,
        post,
        now: () => performance.now(),
        breathe,
        sleep,
        newId: () => `node-${++runs}`,
      }),
  );
}
