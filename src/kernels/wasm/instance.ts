/**
 * Our WASM module inside tfjs-wasm's linear memory: operands are tfjs tensors by address, no copies.
 * The module owns no memory: it has no static data, its stack (unused today, there for compilers that spill) and all scratch
 * are blocks from tfjs's own allocator. It never grows the memory, so tfjs's views stay valid.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { AppError } from "@/lib/appError";
import { moduleBase64 } from "./module";

const STACK_BYTES = 16384;

type Kernel = (...args: number[]) => void;

const kernelNames = [
  "pack", "matmul", "outer", "clear", "patches", "unpatches", "depthwise", "depthwiseInputGrad", "depthwiseFilterGrad",
  "batchNormTrain", "batchNormGrad", "batchNormEval", "sgd",
] as const; // prettier-ignore

export type WasmKernels = Readonly<Record<(typeof kernelNames)[number], Kernel>>;

/** The part of tfjs-wasm's Emscripten module that we use. */
interface Host {
  readonly _malloc: (bytes: number) => number;
  readonly _free: (address: number) => void;
  readonly asm?: { readonly memory?: unknown };
}

export interface WasmModule {
  readonly kernels: WasmKernels;
  /** Address of a block of at least `floats` float32 for this call only; the next call may move it. */
  scratch(floats: number): number;
}

const instances = new WeakMap<BackendWasm, WasmModule>();

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function pickKernels(exports: WebAssembly.Exports): WasmKernels {
  const entries = kernelNames.map((name) => {
    const kernel = exports[name];
    if (typeof kernel !== "function") throw new AppError("bug", `the WASM module has no kernel "${name}"`);
    return [name, kernel as Kernel] as const;
  });
  return Object.fromEntries(entries) as WasmKernels;
}

function makeScratch(host: Host): (floats: number) => number {
  let [address, capacity] = [0, 0];
  return (floats) => {
    if (floats > capacity) {
      if (address !== 0) host._free(address);
      capacity = Math.ceil(floats * 1.25);
      // Addresses above 2 GB come back negative.
      address = host._malloc(capacity * 4) >>> 0;
      if (address === 0) throw new AppError("gpu.oom", "WebAssembly memory is full.", { hint: "Choose a smaller size or batch.", recoverable: true });
    }
    return address;
  };
}

/** Instantiates the module in the memory of this backend, once. Throws `backend.unavailable` where SIMD is missing. */
export async function attachWasmModule(backend: BackendWasm): Promise<WasmModule> {
  const known = instances.get(backend);
  if (known !== undefined) return known;
  const host = backend.wasm as unknown as Host;
  const memory = host.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory)) throw new AppError("bug", "tfjs-wasm does not show its memory; was tfjs updated?");
  let instance: WebAssembly.Instance;
  try {
    ({ instance } = await WebAssembly.instantiate(decode(moduleBase64), { env: { memory } }));
  } catch (cause) {
    const hint = "Use a current browser, or choose the cpu backend.";
    throw new AppError("backend.unavailable", "This browser cannot run WebAssembly SIMD.", { cause, hint });
  }
  const stackPointer = instance.exports["__stack_pointer"];
  if (!(stackPointer instanceof WebAssembly.Global)) throw new AppError("bug", "the WASM module has no stack pointer");
  stackPointer.value = ((host._malloc(STACK_BYTES) >>> 0) + STACK_BYTES) & ~15;
  const made: WasmModule = { kernels: pickKernels(instance.exports), scratch: makeScratch(host) };
  instances.set(backend, made);
  return made;
}

/** The attached module of a backend. */
export function wasmModuleOf(backend: BackendWasm): WasmModule {
  const found = instances.get(backend);
  if (found === undefined) throw new AppError("bug", "WASM kernels were not attached to this backend");
  return found;
}
