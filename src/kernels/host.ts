/**
 * Kernels in plain TypeScript over memory we can look into: the arrays of tfjs-cpu, or the linear memory of tfjs-wasm.
 * A view is valid until the next allocation (WASM memory may move when it grows), so bodies allocate first, then look.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { AppError } from "@/lib/appError";
import { defineKernel, type Attrs, type Inputs, type KernelName } from "./kernel";

export interface Host {
  /** A new float32 tensor; its contents are undefined. */
  make(shape: readonly number[]): TensorInfo;
  floats(info: TensorInfo): Float32Array;
  ints(info: TensorInfo): Int32Array;
}

function cpuHost(backend: MathBackendCPU): Host {
  const values = (info: TensorInfo): unknown => backend.data.get(info.dataId).values;
  return {
    make: (shape) => backend.makeTensorInfo([...shape], "float32", new Float32Array(shape.reduce((a, n) => a * n, 1))),
    floats: (info) => {
      const found = values(info);
      if (found instanceof Float32Array) return found;
      throw new AppError("bug", `expected float32 values, found ${info.dtype}`);
    },
    ints: (info) => {
      const found = values(info);
      if (found instanceof Int32Array) return found;
      throw new AppError("bug", `expected int32 values, found ${info.dtype}`);
    },
  };
}

function wasmHost(backend: BackendWasm): Host {
  const view = (info: TensorInfo): unknown => backend.typedArrayFromHeap(info);
  return {
    make: (shape) => backend.makeOutput([...shape], "float32"),
    floats: (info) => {
      const found = view(info);
      if (found instanceof Float32Array) return found;
      throw new AppError("bug", `expected float32 values, found ${info.dtype}`);
    },
    ints: (info) => {
      const found = view(info);
      if (found instanceof Int32Array) return found;
      throw new AppError("bug", `expected int32 values, found ${info.dtype}`);
    },
  };
}

export type HostBody = (host: Host, inputs: Inputs, attrs: Attrs) => TensorInfo | TensorInfo[];

/** Backends whose memory JavaScript can look into. */
export type HostBackend = "cpu" | "wasm";

/** Registers a body for one such backend, unless it has a better kernel of that name. */
export function defineHostKernel(target: HostBackend, name: KernelName, body: HostBody): void {
  // The registry hands over the backend that the kernel was registered for.
  defineKernel(name, target, (inputs, attrs, backend) =>
    body(target === "cpu" ? cpuHost(backend as MathBackendCPU) : wasmHost(backend as BackendWasm), inputs, attrs),
  );
}
