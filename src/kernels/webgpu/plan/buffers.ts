/** Buffers of the WebGPU machine: what is alive and how large, checked creation, and pools of buffers that copies and read-backs pass through. */
import { AppError } from "@/lib/appError";

export interface Buffers {
  readonly live: number;
  readonly bytes: number;
  /** Most bytes of a storage buffer. */
  readonly maxBytes: number;
  /** Throws `gpu.oom` above the limits of the device; an allocation that fails later is told by `check`. */
  create(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer;
  destroy(buffer: GPUBuffer): void;
  /** A buffer of at least so many bytes, to be given back by `recycle`. */
  borrow(kind: "staging" | "temporary", bytes: number): GPUBuffer;
  recycle(kind: "staging" | "temporary", buffer: GPUBuffer): void;
  /** Throws `gpu.oom` if an allocation failed since. */
  check(): void;
  dispose(): void;
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;

function outOfMemory(label: string, bytes: number, limit?: number): AppError {
  const most = limit === undefined ? "" : `; this adapter allows ${megabytes(limit)}`;
  return new AppError("gpu.oom", `The GPU has no ${megabytes(bytes)} (${bytes} bytes) for ${label}${most}.`, {
    recoverable: true,
    hint: "Take a smaller size or batch, or close other tabs.",
  });
}

export function deviceLost(cause: unknown): AppError {
  return new AppError("gpu.lost", "The GPU was taken away (driver reset or sleep).", {
    recoverable: true,
    hint: "Resume from the last checkpoint.",
    cause,
  });
}

export function createBuffers(device: GPUDevice): Buffers {
  const alive = new Set<GPUBuffer>();
  const pools = { staging: [] as GPUBuffer[], temporary: [] as GPUBuffer[] };
  const usages = {
    staging: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    temporary: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  };
  const maxBytes = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  let bytes = 0;
  let failure: AppError | null = null;

  function create(label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    if (size > maxBytes) throw outOfMemory(label, size, maxBytes);
    device.pushErrorScope("out-of-memory");
    const buffer = device.createBuffer({ label, size, usage });
    // A lost device answers no scope; that is its owner's affair.
    device.popErrorScope().then(
      (error) => {
        if (error !== null) failure ??= outOfMemory(label, size);
      },
      () => undefined,
    );
    alive.add(buffer);
    bytes += size;
    return buffer;
  }

  function destroy(buffer: GPUBuffer): void {
    if (!alive.delete(buffer)) return;
    bytes -= buffer.size;
    buffer.destroy();
  }

  return {
    get live() {
      return alive.size;
    },
    get bytes() {
      return bytes;
    },
    maxBytes,
    create,
    destroy,
    borrow(kind, wanted) {
      const pool = pools[kind];
      const found = pool.findIndex((buffer) => buffer.size >= wanted);
      if (found >= 0) {
        const [buffer] = pool.splice(found, 1);
        if (buffer !== undefined) return buffer;
      }
      const size = Math.min(maxBytes, Math.max(4096, 2 ** Math.ceil(Math.log2(wanted))));
      return create(kind, Math.max(size, wanted), usages[kind]);
    },
    recycle(kind, buffer) {
      if (!alive.has(buffer)) return;
      const pool = pools[kind];
      pool.push(buffer);
      pool.sort((a, b) => a.size - b.size);
      // Two of a kind serve overlapping read-backs; more would only be kept.
      while (pool.length > 2) {
        const smallest = pool.shift();
        if (smallest !== undefined) destroy(smallest);
      }
    },
    check() {
      if (failure !== null) throw failure;
    },
    dispose() {
      for (const buffer of [...alive]) destroy(buffer);
      pools.staging.length = 0;
      pools.temporary.length = 0;
    },
  };
}
