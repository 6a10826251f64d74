/** The page of the bench: starts and ends the peers' workers, keeps their results and compares them. The command calls it. */
import type { BenchBackend, Bound, CaseInfo, Compared, Counts, PageFacts, PeerName, Roofline, Started, Timing } from "../../src/cli/bench/types";
import { benchCases, caseNamed } from "./cases";
import { compareResults } from "./compare";
import { graphForTorch } from "./torch";
import type { WorkerAnswer, WorkerCalls, WorkerRequest } from "./protocol";

/** What the command can do with the page. */
export interface BenchPage {
  facts(): Promise<PageFacts>;
  cases(): readonly CaseInfo[];
  roofline(backend: BenchBackend, quick: boolean): Promise<Roofline>;
  /** GFLOPS or GB/s of the roofline's winner, measured again. */
  limit(bound: Bound): Promise<number>;
  /** `key` names the worker: a peer, or a peer with other threads. */
  start(key: string, peer: PeerName, backend: BenchBackend, name: string, threads: number): Promise<Started>;
  compare(a: string, b: string): Compared;
  run(key: string, times: number): Promise<Timing>;
  counts(key: string): Promise<Counts>;
  stop(key: string): void;
  /** A case for PyTorch, as JSON. */
  torchCase(name: string): string;
}

declare global {
  interface Window {
    bench: BenchPage;
  }
}

class Peer {
  results: ReadonlyMap<string, Float32Array> = new Map();
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (cause: Error) => void }>();
  private next = 0;

  constructor() {
    this.worker.addEventListener("message", ({ data }: MessageEvent<WorkerAnswer>) => {
      const found = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if (data.ok) found?.resolve(data.value);
      else found?.reject(new Error(data.message));
    });
    this.worker.addEventListener("error", (event) => this.fail(event.message || "the worker could not be loaded"));
  }

  call<K extends keyof WorkerCalls>(call: K, args: WorkerCalls[K]["args"]): Promise<WorkerCalls[K]["result"]> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.postMessage({ id, call, args } as WorkerRequest);
    });
  }

  end(): void {
    this.worker.terminate();
    this.fail("ended");
  }

  private fail(message: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(message));
    this.waiting.clear();
  }
}

const peers = new Map<string, Peer>();

/** Key of the worker that knows what the machine can do. */
const LIMITS = "limits";

function peerOf(key: string): Peer {
  const found = peers.get(key);
  if (found === undefined) throw new Error(`${key} was not started`);
  return found;
}

function stop(key: string): void {
  peers.get(key)?.end();
  peers.delete(key);
}

async function facts(): Promise<PageFacts> {
  const adapter = (await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
  const info = adapter?.info;
  return {
    browser: /(?:Chrome|Firefox|Version)\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent,
    adapter:
      info === undefined
        ? null
        : { vendor: info.vendor, architecture: info.architecture, description: info.description, fallback: info.isFallbackAdapter || info.architecture === "swiftshader" },
    isolated: globalThis.crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
  };
}

window.bench = {
  facts,
  cases: () => benchCases().map(({ name, kind, images, flops, bytes, tolerance, skip }) => ({ name, kind, images, flops, bytes, tolerance, skip })),
  roofline(backend, quick) {
    stop(LIMITS);
    const peer = new Peer();
    peers.set(LIMITS, peer);
    return peer.call("roofline", { backend, quick });
  },
  limit: (bound) => peerOf(LIMITS).call("limit", { bound }),
  async start(key, peer, backend, name, threads) {
    stop(key);
    const made = new Peer();
    peers.set(key, made);
    const { firstMs, label, results } = await made.call("start", { peer, backend, name, threads });
    made.results = results;
    return { firstMs, label };
  },
  compare: (a, b) => compareResults(peerOf(a).results, peerOf(b).results),
  run: (key, times) => peerOf(key).call("run", { times }),
  counts: (key) => peerOf(key).call("counts", {}),
  stop,
  torchCase: (name) => JSON.stringify(graphForTorch(caseNamed(name))),
};
