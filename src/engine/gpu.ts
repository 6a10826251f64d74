/**
 * The GPU device, which is ours: adapters told apart, limits and features asked for only where they are offered, and a listener for
 * whatever makes results wrong. tfjs and the plan's machine only borrow the device.
 */
import { AppError } from "@/lib/appError";

export type Gpu = Pick<GPU, "requestAdapter">;

const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** Whether an adapter computes on the CPU. */
export function isSoftwareAdapter(info: Pick<GPUAdapterInfo, "vendor" | "architecture" | "device" | "description"> & { readonly isFallbackAdapter?: boolean }): boolean {
  return info.isFallbackAdapter === true || software.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
}

/** What people call the adapter. */
export function adapterName(info: GPUAdapterInfo): string {
  return [info.vendor, info.architecture || info.description].filter(Boolean).join(" ") || "unnamed adapter";
}

/** The adapter a browser prefers for work; null where there is none or it is blocked. */
export async function findAdapter(gpu: Gpu | null): Promise<GPUAdapter | null> {
  if (!gpu) return null;
  return gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
}

/** Limits of which more than the default helps: large arenas, wide workgroups. */
const limits = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX"] as const;
/** Timestamps are for latency tables; a device without them measures by the wall clock. */
const features: readonly GPUFeatureName[] = ["subgroups", "timestamp-query"];

function requirements(adapter: GPUAdapter): GPUDeviceDescriptor {
  const offered = limits.map((name) => [name, adapter.limits[name] as number | undefined] as const).filter((limit): limit is readonly [(typeof limits)[number], number] => limit[1] !== undefined);
  return { requiredLimits: Object.fromEntries(offered), requiredFeatures: features.filter((name) => adapter.features.has(name)) };
}

/** What the browser says of a failed command, as an error of ours. */
function toAppError(error: GPUError): AppError {
  if (typeof GPUOutOfMemoryError !== "undefined" && error instanceof GPUOutOfMemoryError) {
    return new AppError("gpu.oom", "The GPU ran out of memory.", { recoverable: true, hint: "Take a smaller size or batch, or close other tabs." });
  }
  return new AppError("gpu.validation", `The GPU refused a command: ${error.message.split("\n")[0] ?? ""}`, {
    recoverable: true,
    hint: "Results after this would be wrong, so the run has ended. Resume on WASM, or report this.",
  });
}

/** The adapter's device. `onFatal` is told of validation errors, failed allocations and the loss of the device, unless it was destroyed. */
export async function openGpu(adapter: GPUAdapter, onFatal: (error: AppError) => void): Promise<GPUDevice> {
  const device = await adapter.requestDevice(requirements(adapter));
  device.addEventListener("uncapturederror", (event) => onFatal(toAppError(event.error)));
  void device.lost.then((info) => {
    if (info.reason === "destroyed") return;
    onFatal(new AppError("gpu.lost", "The GPU was taken away (driver reset or sleep).", { recoverable: true, hint: "Resume from the last checkpoint.", cause: info.message }));
  });
  return device;
}
