/**
 * Which machine computes. The adapter is asked for here, never by tfjs: hardware WebGPU first, then WASM SIMD, then the cpu reference.
 * Software WebGPU and WebGL only by name. We own the GPU device, so loss and validation errors end the run with a message.
 */
import type { BackendChoice } from "@/algorithms/configKeys";
import { AppError } from "@/lib/appError";
import { initBackend } from "@/kernels/backends";
import type { BackendName, Executor } from "@/nn/executor";
import { createTfjsExecutor } from "@/nn/tfjsExecutor/executor";

export interface DeviceChoice {
  readonly executor: Executor;
  readonly backend: BackendName;
  readonly device: "webgpu" | "wasm" | "cpu" | "webgl";
  readonly adapter: string | null;
  readonly hardware: boolean;
  readonly reason: string;
}

export interface DeviceEnv {
  /** Where tfjs's SIMD module is; absent in Node. */
  readonly wasmUrl?: string;
  /** Null where there is no WebGPU at all. */
  readonly gpu: Pick<GPU, "requestAdapter"> | null;
  /** A validation error or a lost device; the run must end with this message. */
  onFatal(error: AppError): void;
}

const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** Whether an adapter computes on the CPU. */
export function isSoftwareAdapter(info: Pick<GPUAdapterInfo, "vendor" | "architecture" | "device" | "description"> & { readonly isFallbackAdapter?: boolean }): boolean {
  return info.isFallbackAdapter === true || software.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
}

function adapterName(info: GPUAdapterInfo): string {
  return [info.vendor, info.architecture || info.description].filter(Boolean).join(" ") || "unnamed adapter";
}

async function findAdapter(gpu: DeviceEnv["gpu"]): Promise<GPUAdapter | null> {
  if (!gpu) return null;
  return gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
}

/** The adapter's own limits where more than the default helps; nothing is required that it does not offer. */
async function requestDevice(adapter: GPUAdapter, env: DeviceEnv): Promise<GPUDevice> {
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX },
  });
  device.addEventListener("uncapturederror", (event) => {
    const { error } = event;
    const memory = typeof GPUOutOfMemoryError !== "undefined" && error instanceof GPUOutOfMemoryError;
    env.onFatal(
      memory
        ? new AppError("gpu.oom", "The GPU ran out of memory.", { recoverable: true, hint: "Take a smaller size or batch, or close other tabs." })
        : new AppError("gpu.validation", `The GPU refused a command: ${error.message.split("\n")[0] ?? ""}`, { recoverable: true, hint: "Results after this would be wrong, so the run has ended. Resume on WASM, or report this." }),
    );
  });
  void device.lost.then((info) => {
    if (info.reason === "destroyed") return;
    env.onFatal(new AppError("gpu.lost", "The GPU was taken away (driver reset or sleep).", { recoverable: true, hint: "Resume from the last checkpoint.", cause: info.message }));
  });
  return device;
}

async function onGpu(adapter: GPUAdapter, env: DeviceEnv, reason: string): Promise<DeviceChoice> {
  const device = await requestDevice(adapter, env);
  await initBackend("tfjs-webgpu", { webgpu: { device, adapterInfo: adapter.info } });
  return { executor: createTfjsExecutor("tfjs-webgpu"), backend: "tfjs-webgpu", device: "webgpu", adapter: adapterName(adapter.info), hardware: !isSoftwareAdapter(adapter.info), reason };
}

async function onTfjs(name: "wasm" | "cpu" | "webgl", env: DeviceEnv, adapter: string | null, reason: string): Promise<DeviceChoice> {
  const backend = `tfjs-${name}` as const;
  await initBackend(backend, env.wasmUrl === undefined ? {} : { wasmUrl: env.wasmUrl });
  return { executor: createTfjsExecutor(backend), backend, device: name, adapter, hardware: false, reason };
}

/** Start the backend that `choice` names, or the best one for `auto`. Throws `backend.unavailable` when a named one is not there. */
export async function chooseDevice(choice: BackendChoice, env: DeviceEnv): Promise<DeviceChoice> {
  switch (choice) {
    case "auto":
      return chooseAutomatically(env);
    case "webgpu":
    case "tfjs-webgpu": {
      const adapter = await findAdapter(env.gpu);
      if (!adapter) throw noWebgpu(env.gpu ? "the browser offers no adapter" : "this browser does not have it");
      return onGpu(adapter, env, isSoftwareAdapter(adapter.info) ? "software WebGPU, asked for by name" : "asked for by name").catch((cause: unknown) => {
        throw noWebgpu(`the adapter gave no device (${messageOf(cause)})`, cause);
      });
    }
    case "wasm":
    case "tfjs-wasm":
      return onTfjs("wasm", env, null, "asked for by name");
    case "cpu":
    case "tfjs-cpu":
      return onTfjs("cpu", env, null, "asked for by name");
    case "tfjs-webgl":
      return onTfjs("webgl", env, null, "asked for by name");
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
    return await onTfjs("wasm", env, name, `WASM SIMD: ${why}`);
  } catch {
    return onTfjs("cpu", env, name, `plain JavaScript: ${why}, and no WASM SIMD`);
  }
}
