/**
 * Starts one tfjs backend, with our kernels in it. Backends are loaded on demand; nothing here asks for an adapter:
 * the GPU device is the caller's (it listens for loss and validation errors), tfjs only borrows it.
 */
import { backend, enableProdMode, env, getBackend, ready, registerBackend, removeBackend, setBackend } from "@tensorflow/tfjs-core";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { AppError } from "@/lib/appError";
import type { TfBackend } from "./kernel";
import { registerComposedKernels } from "./composed/register";
import { registerReferenceKernels } from "./reference/register";
import { registerGradients } from "./setup";

export interface BackendOptions {
  /**
   * Where tfjs-wasm's SIMD binary is (`@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm` as a URL).
   * Not needed in Node, which finds it in the package.
   */
  readonly wasmUrl?: string;
  /** The device that the webgpu backend works on, and its adapter's info. */
  readonly webgpu?: { readonly device: GPUDevice; readonly adapterInfo?: GPUAdapterInfo };
}

/** tfjs's name behind ours. */
export function tfBackendOf(name: `tfjs-${TfBackend}`): TfBackend {
  const found = (["cpu", "wasm", "webgpu", "webgl"] as const).find((b) => name === `tfjs-${b}`);
  if (found === undefined) throw new AppError("bug", `unknown backend ${name}`);
  return found;
}

/** Size of tfjs-wasm's linear memory, our scratch included. */
export function wasmHeapBytes(wasmBackend: BackendWasm): number {
  // Emscripten's view of its memory; tfjs's types leave it out.
  return (wasmBackend.wasm as unknown as { readonly HEAPU8: Uint8Array }).HEAPU8.length;
}

/** Named exports of a package that Node loads as CommonJS and Vite as a module. */
function unwrap<T extends object>(loaded: T & { readonly default?: T }): T {
  return loaded.default ?? loaded;
}

async function loadWasm(options: BackendOptions): Promise<void> {
  const wasm = unwrap(await import("@tensorflow/tfjs-backend-wasm"));
  // Its threads start from stringified functions, which minifiers break; our own kernels carry the load.
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!(await env().getAsync("WASM_HAS_SIMD_SUPPORT")))
    throw new AppError("backend.unavailable", "This browser cannot run WebAssembly SIMD.", { hint: "Choose the cpu backend, or a current browser." });
  const url = options.wasmUrl;
  if (url !== undefined)
    wasm.setWasmPaths({ "tfjs-backend-wasm.wasm": url, "tfjs-backend-wasm-simd.wasm": url, "tfjs-backend-wasm-threaded-simd.wasm": url });
}

async function loadWebgpu(options: BackendOptions): Promise<void> {
  const given = options.webgpu;
  if (given === undefined)
    throw new AppError("gpu.unavailable", "There is no GPU device.", { hint: "Choose the wasm backend.", recoverable: true });
  const { WebGPUBackend } = unwrap(await import("@tensorflow/tfjs-backend-webgpu"));
  removeBackend("webgpu");
  registerBackend("webgpu", () => new WebGPUBackend(given.device, given.adapterInfo));
  // Small tensors must not be computed on the CPU behind our back, and bulk submission saves most of the JS time per op.
  env().set("WEBGPU_CPU_FORWARD", false);
  env().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE", 200);
}

async function load(name: TfBackend, options: BackendOptions): Promise<void> {
  switch (name) {
    case "cpu":
      await import("@tensorflow/tfjs-backend-cpu");
      return;
    case "wasm":
      return loadWasm(options);
    case "webgpu":
      return loadWebgpu(options);
    case "webgl":
      await import("@tensorflow/tfjs-backend-webgl");
      return;
    default:
      name satisfies never;
  }
}

async function registerKernels(name: TfBackend): Promise<void> {
  if (name === "cpu") {
    registerReferenceKernels("cpu");
    return;
  }
  if (name === "wasm") {
    const [{ attachWasmModule }, { registerWasmKernels }] = await Promise.all([import("./wasm/instance"), import("./wasm/register")]);
    await attachWasmModule(backend() as BackendWasm);
    registerWasmKernels();
    registerReferenceKernels("wasm");
    return;
  }
  if (name === "webgpu") (await import("./webgpu/register")).registerWebgpuKernels();
  registerComposedKernels(name);
}

/**
 * Makes `name` the current tfjs backend. Throws `backend.unavailable` (or `gpu.unavailable`) when it does not start;
 * the backend that was current before stays usable.
 */
export async function initBackend(name: `tfjs-${TfBackend}`, options: BackendOptions = {}): Promise<void> {
  const tfName = tfBackendOf(name);
  // No advice on the console, no extra checks per op.
  enableProdMode();
  await load(tfName, options);
  const refused = (cause?: unknown): AppError =>
    new AppError("backend.unavailable", `The ${tfName} backend does not start here.`, { hint: "Choose another backend.", recoverable: true, cause });
  let started: boolean;
  try {
    started = await setBackend(tfName);
    await ready();
  } catch (cause) {
    throw refused(cause);
  }
  // setBackend can fail softly and leave the old backend in place.
  if (!started || getBackend() !== tfName) throw refused();
  registerGradients();
  await registerKernels(tfName);
}
