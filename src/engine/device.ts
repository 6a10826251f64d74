/**
 * Which machine computes. The adapter is asked for here, never by tfjs: hardware WebGPU first, then WASM SIMD, both with the plan
 * executor; then tfjs in plain JavaScript. Software WebGPU, WebGL and the reference executor only by name. What is not used is not loaded.
 */
import type { BackendChoice } from "@/algorithms/configKeys";
import { AppError } from "@/lib/appError";
import type { BackendName, Executor, TfjsBackendName } from "@/nn/executor";
import { adapterName, findAdapter, type Gpu, isSoftwareAdapter, openGpu } from "./gpu";

export interface DeviceChoice {
  readonly executor: Executor;
  readonly backend: BackendName;
  readonly device: "webgpu" | "wasm" | "cpu" | "webgl";
  readonly adapter: string | null;
  readonly hardware: boolean;
  readonly reason: string;
  /** Threads that really compute. */
  readonly threads: number;
  /** What computes, in the machine's own words: adapter or threads. */
  readonly machine: string;
}

/** Small texts that outlive the page: what was measured of an adapter. */
export interface TextStorage {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
}

export interface DeviceEnv {
  /** Where tfjs's SIMD module is; absent in Node. */
  readonly wasmUrl?: string;
  /** Null where there is no WebGPU at all. */
  readonly gpu: Gpu | null;
  /** Threads asked for; 0 or absent: as many as leave a core free, eight at most, where the page is isolated. */
  readonly threads?: number;
  /** Logical processors; 1 where nobody knows. */
  readonly cores?: number;
  /** Whether memory may be shared between threads. */
  readonly isolated?: boolean;
  /** Absent: nothing is measured, and every adapter of a kind is treated alike. */
  readonly storage?: TextStorage | null;
  /** A validation error or a lost device; the run must end with this message. */
  onFatal(error: AppError): void;
}

const mostThreads = 8;

/** Threads to ask for. One core stays free for the page; without isolation more than one cannot be had. */
export function threadsFor({ threads = 0, cores = 1, isolated = false }: Pick<DeviceEnv, "threads" | "cores" | "isolated">): number {
  if (threads > 0) return threads;
  return isolated ? Math.min(mostThreads, Math.max(1, cores - 1)) : 1;
}

async function onGpu(adapter: GPUAdapter, env: DeviceEnv, reason: string): Promise<DeviceChoice> {
  const device = await openGpu(adapter, (error) => env.onFatal(error));
  const name = adapterName(adapter.info);
  const [{ createWebgpuMachine }, { probeTuning }, { createPlanExecutor }] = await Promise.all([import("@/kernels/webgpu/plan/machine"), import("@/kernels/webgpu/plan/probe"), import("@/nn/plan/executor")]);
  const machine = createWebgpuMachine(device, { label: name, tuning: await probeTuning(device, env.storage ?? null) });
  return { executor: createPlanExecutor("webgpu", machine), backend: "webgpu", device: "webgpu", adapter: name, hardware: !isSoftwareAdapter(adapter.info), reason, threads: 1, machine: machine.label };
}

async function onWasm(env: DeviceEnv, adapter: string | null, reason: string): Promise<DeviceChoice> {
  const [{ createWasmMachine }, { createPlanExecutor }] = await Promise.all([import("@/kernels/wasm/plan/machine"), import("@/nn/plan/executor")]);
  const machine = await createWasmMachine({ threads: threadsFor(env) });
  const threads = Number.parseInt(machine.label, 10) || 1;
  return { executor: createPlanExecutor("wasm", machine), backend: "wasm", device: "wasm", adapter, hardware: false, reason, threads, machine: machine.label };
}

/** The reference executor. */
async function onTfjs(backend: Exclude<TfjsBackendName, "tfjs-webgpu">, env: DeviceEnv, adapter: string | null, reason: string): Promise<DeviceChoice> {
  const [{ initBackend }, { createTfjsExecutor }] = await Promise.all([import("@/kernels/backends"), import("@/nn/tfjsExecutor/executor")]);
  await initBackend(backend, env.wasmUrl === undefined ? {} : { wasmUrl: env.wasmUrl });
  const device = backend === "tfjs-wasm" ? "wasm" : backend === "tfjs-webgl" ? "webgl" : "cpu";
  return { executor: createTfjsExecutor(backend), backend, device, adapter, hardware: false, reason, threads: 1, machine: "tfjs" };
}

async function onTfjsGpu(adapter: GPUAdapter, env: DeviceEnv, reason: string): Promise<DeviceChoice> {
  const device = await openGpu(adapter, (error) => env.onFatal(error));
  const [{ initBackend }, { createTfjsExecutor }] = await Promise.all([import("@/kernels/backends"), import("@/nn/tfjsExecutor/executor")]);
  await initBackend("tfjs-webgpu", { webgpu: { device, adapterInfo: adapter.info } });
  const name = adapterName(adapter.info);
  return { executor: createTfjsExecutor("tfjs-webgpu"), backend: "tfjs-webgpu", device: "webgpu", adapter: name, hardware: !isSoftwareAdapter(adapter.info), reason, threads: 1, machine: name };
}

async function gpuByName(env: DeviceEnv, start: typeof onGpu): Promise<DeviceChoice> {
  const adapter = await findAdapter(env.gpu);
  if (!adapter) throw noWebgpu(env.gpu ? "the browser offers no adapter" : "this browser does not have it");
  return start(adapter, env, isSoftwareAdapter(adapter.info) ? "software WebGPU, asked for by name" : "asked for by name").catch((cause: unknown) => {
    throw noWebgpu(`the adapter gave no device (${messageOf(cause)})`, cause);
  });
}

/** Start the backend that `choice` names, or the best one for `auto`. Throws `backend.unavailable` when a named one is not there. */
export async function chooseDevice(choice: BackendChoice, env: DeviceEnv): Promise<DeviceChoice> {
  switch (choice) {
    case "auto":
      return chooseAutomatically(env);
    case "webgpu":
      return gpuByName(env, onGpu);
    case "wasm":
      return onWasm(env, null, "asked for by name");
    case "tfjs-webgpu":
      return gpuByName(env, onTfjsGpu);
    case "cpu":
      return onTfjs("tfjs-cpu", env, null, "asked for by name");
    case "tfjs-wasm":
    case "tfjs-cpu":
    case "tfjs-webgl":
      return onTfjs(choice, env, null, "asked for by name");
    default:
      return choice satisfies never;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function noWebgpu(why: string, cause?: unknown): AppError {
  return new AppError("backend.unavailable", `WebGPU is not available: ${why}.`, { recoverable: true, cause, hint: "Use WASM instead (backend=wasm)." });
}

async function chooseAutomatically(env: DeviceEnv): Promise<DeviceChoice> {
  const adapter = await findAdapter(env.gpu);
  let why = env.gpu ? "no GPU adapter" : "no WebGPU in this browser";
  if (adapter && isSoftwareAdapter(adapter.info)) why = "the only GPU adapter is a software one, which is slower than WASM";
  else if (adapter) {
    try {
      return await onGpu(adapter, env, "hardware WebGPU");
    } catch (cause) {
      why = `the GPU adapter gave no device (${messageOf(cause)})`;
    }
  }
  const name = adapter ? adapterName(adapter.info) : null;
  try {
    return await onWasm(env, name, `WASM SIMD: ${why}`);
  } catch {
    return onTfjs("tfjs-cpu", env, name, `plain JavaScript: ${why}, and no WASM SIMD`);
  }
}
