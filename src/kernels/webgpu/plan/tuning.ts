/** Which variants an adapter runs: a default that needs no measurement. */
import type { Tuning } from "./kernelDef";

const software = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** Whether a device computes on the CPU. */
export function isSoftwareDevice(device: GPUDevice): boolean {
  const info = (device as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  if (info === undefined) return false;
  return info.isFallbackAdapter || software.test(`${info.vendor} ${info.architecture} ${info.device} ${info.description}`);
}

/** Few, large threads: a software adapter has a handful of cores, and a load costs it as much as several multiply-adds. */
const forSoftware: Tuning = { tileRows: 8, tileColumns: 4, pixels: 8, lines: 4, kernelRows: 7, threads: 64, splitThreads: 512, wideSums: false, sharedProduct: false, submit: 150 };

/** A register tile's worth of work for each of some thousand threads. */
export const forHardware: Tuning = { tileRows: 8, tileColumns: 2, pixels: 4, lines: 2, kernelRows: 3, threads: 8192, splitThreads: 8192, wideSums: true, sharedProduct: false, submit: 2000 };

/** The same for every run on an adapter of this kind. */
export const defaultTuning = (device: GPUDevice): Tuning => (isSoftwareDevice(device) ? forSoftware : forHardware);
