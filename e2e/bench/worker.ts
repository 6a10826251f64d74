/** One peer and one case in a worker: what it holds goes with the worker, and one that hangs can be ended. */
import { caseNamed } from "./cases";
import { countGpu, countTypedArrays, gpuCounts } from "./counters";
import type { CreatePeer, Peer } from "./peer";
import type { WorkerAnswer, WorkerCalls, WorkerRequest } from "./protocol";
import type { Limits } from "./roofline";
import type { PeerName } from "../../src/cli/bench/types";

countGpu();

let peer: Peer | null = null;
let limits: Limits | null = null;

async function createOf(name: PeerName): Promise<CreatePeer> {
  switch (name) {
    case "ours":
      return (await import("./peers/ours")).createPeer;
    case "check":
      return (await import("./peers/ours")).createCheck;
    case "tfjs":
      return (await import("./peers/stock")).createPeer;
    case "jax":
      return (await import("./peers/jax")).createPeer;
  }
}

function live(): Peer {
  if (peer === null) throw new Error("no peer was started");
  return peer;
}

async function start({ peer: name, backend, name: caseName, threads }: WorkerCalls["start"]["args"]): Promise<WorkerCalls["start"]["result"]> {
  const create = await createOf(name);
  const benchCase = caseNamed(caseName);
  const began = performance.now();
  peer = await create(benchCase, { backend, threads });
  await peer.prepare?.();
  const results = await peer.check();
  return { firstMs: performance.now() - began, label: peer.label, results };
}

/** So far, the GPU's and those that only the peer knows of. */
const dispatchesOf = (one: Peer): number => gpuCounts.dispatches + (one.progress?.().dispatches ?? 0);

async function run({ times }: WorkerCalls["run"]["args"]): Promise<WorkerCalls["run"]["result"]> {
  const one = live();
  await one.idle();
  const kernelsBefore = one.progress?.().kernelMs ?? 0;
  const dispatchesBefore = dispatchesOf(one);
  const began = performance.now();
  for (let i = 0; i < times; i++) {
    const waits = one.run();
    if (waits !== undefined) await waits;
  }
  const issued = performance.now();
  await one.idle();
  const ended = performance.now();
  const kernels = (one.progress?.().kernelMs ?? 0) - kernelsBefore;
  const dispatches = (dispatchesOf(one) - dispatchesBefore) / times;
  return { ms: (ended - began) / times, jsMs: (issued - began - kernels) / times, dispatches: dispatches > 0 ? dispatches : null };
}

async function counts(): Promise<WorkerCalls["counts"]["result"]> {
  const one = live();
  await one.run();
  await one.idle();
  const before = gpuCounts.objects;
  await one.run();
  await one.idle();
  const gpuObjects = gpuCounts.objects - before;
  const typedArrays = await countTypedArrays(() => one.run());
  await one.idle();
  return {
    pipelines: gpuCounts.pipelines > 0 ? gpuCounts.pipelines : null,
    gpuObjects,
    typedArrays,
    bytes: one.bytes?.() ?? null,
  };
}

async function roofline({ backend, quick }: WorkerCalls["roofline"]["args"]): Promise<WorkerCalls["roofline"]["result"]> {
  const { measureLimits } = await import("./roofline");
  limits = await measureLimits(backend, quick);
  return limits.roofline;
}

function answer(request: WorkerRequest): Promise<unknown> {
  switch (request.call) {
    case "roofline":
      return roofline(request.args);
    case "limit":
      return limits === null ? Promise.reject(new Error("limits were not measured")) : limits.again[request.args.bound]();
    case "start":
      return start(request.args);
    case "run":
      return run(request.args);
    case "counts":
      return counts();
  }
}

const reply = (message: WorkerAnswer): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<WorkerRequest>) => {
  answer(data).then(
    (value) => reply({ id: data.id, ok: true, value }),
    (cause: unknown) => reply({ id: data.id, ok: false, message: cause instanceof Error ? cause.message || cause.name : String(cause) }),
  );
});
