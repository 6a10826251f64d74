/**
 * Bind group layouts and pipelines of a device, shared by all its machines. A text is compiled once: ahead of time and asynchronously (`prepare`), or at its first use.
 */
import { AppError } from "@/lib/appError";
import { WINDOW_BYTES, type Shader } from "./wgsl";

/** The two ways in which W is bound. */
export type LayoutKind = "train" | "update";

export interface Pipelines {
  readonly layouts: Readonly<Record<LayoutKind, GPUBindGroupLayout>>;
  /** Distinct pipelines so far. */
  readonly count: number;
  /** The pipeline, compiled now if need be. */
  get(shader: Shader): GPUComputePipeline;
  ready(shader: Shader): boolean;
  /** Compiles without blocking. Throws `gpu.validation` with the compiler's words. */
  compile(shader: Shader): Promise<void>;
}

function layoutOf(device: GPUDevice, weights: GPUBufferBindingType): GPUBindGroupLayout {
  const storage = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type },
  });
  return device.createBindGroupLayout({
    entries: [
      storage(0, "storage"),
      storage(1, weights),
      storage(2, "storage"),
      storage(3, "storage"),
      { binding: 4, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: WINDOW_BYTES } },
    ],
  });
}

function create(device: GPUDevice): Pipelines {
  const layouts = { train: layoutOf(device, "read-only-storage"), update: layoutOf(device, "storage") };
  const pipelineLayouts = {
    train: device.createPipelineLayout({ bindGroupLayouts: [layouts.train] }),
    update: device.createPipelineLayout({ bindGroupLayouts: [layouts.update] }),
  };
  const made = new Map<string, GPUComputePipeline>();
  const pending = new Map<string, Promise<void>>();

  const describe = (shader: Shader): GPUComputePipelineDescriptor => ({
    label: shader.key,
    layout: pipelineLayouts[shader.writesW ? "update" : "train"],
    compute: { module: device.createShaderModule({ label: shader.key, code: shader.code }), entryPoint: "main" },
  });

  return {
    layouts,
    get count() {
      return made.size;
    },
    get(shader) {
      let pipeline = made.get(shader.key);
      if (pipeline === undefined) {
        pipeline = device.createComputePipeline(describe(shader));
        made.set(shader.key, pipeline);
      }
      return pipeline;
    },
    ready: (shader) => made.has(shader.key),
    compile(shader) {
      if (made.has(shader.key)) return Promise.resolve();
      let waiting = pending.get(shader.key);
      if (waiting === undefined) {
        waiting = device
          .createComputePipelineAsync(describe(shader))
          .then((pipeline) => void made.set(shader.key, pipeline))
          .catch((cause: unknown) => {
            const reason = cause instanceof Error ? cause.message : String(cause);
            throw new AppError("gpu.validation", `The GPU refused the kernel ${shader.key}: ${reason}`, {
              hint: "Reload the page, or choose the WASM backend.",
              cause,
            });
          })
          .finally(() => pending.delete(shader.key));
        pending.set(shader.key, waiting);
      }
      return waiting;
    },
  };
}

const perDevice = new WeakMap<GPUDevice, Pipelines>();

/** The pipelines of a device. */
export function pipelinesOf(device: GPUDevice): Pipelines {
  let pipelines = perDevice.get(device);
  if (pipelines === undefined) {
    pipelines = create(device);
    perDevice.set(device, pipelines);
  }
  return pipelines;
}
