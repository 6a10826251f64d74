/**
 * Every variant that a probe may choose, held against the reference on one device (so that two variants sharing a key would show):
 *
 *   npx tsx e2e/harness/run.ts /e2e/harness/variants.ts --software-gpu [--arg only=pointwise] [--arg probe]
 *
 * With `probe`, the search itself runs too, as on hardware, and says what it chose and how long it took.
 */
import { runCases } from "@/kernels/isa/testing/cases";
import type { Tuning } from "@/kernels/webgpu/plan/kernelDef";
import { createWebgpuMachine } from "@/kernels/webgpu/plan/machine";
import { searchTuning } from "@/kernels/webgpu/plan/probe";
import { defaultTuning, forHardware } from "@/kernels/webgpu/plan/tuning";
import type { Args, Log } from "./types";

const variants = (software: Tuning): Readonly<Record<string, Tuning>> => ({
  software,
  hardware: forHardware,
  "hardware, few threads wanted": { ...forHardware, threads: 64 },
  "small tiles": { ...forHardware, tileRows: 4, lines: 1, splitThreads: 4096 },
  "large tiles": { ...forHardware, threads: 64, tileColumns: 4, pixels: 8, lines: 4, splitThreads: 16384 },
  "workgroup memory": { ...forHardware, threads: 64, sharedProduct: true },
});

export default async function run(args: Args, log: Log): Promise<unknown> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("There is no WebGPU adapter; add --software-gpu.");
  const device = await adapter.requestDevice();
  const complaints: string[] = [];
  device.addEventListener("uncapturederror", (event) => complaints.push(event.error.message));
  let failed = 0;
  for (const [name, tuning] of Object.entries(variants(defaultTuning(device)))) {
    if (!name.startsWith(args["variant"] ?? "")) continue;
    const machine = createWebgpuMachine(device, { tuning });
    const results = await runCases(machine, { only: args["only"] ?? "" });
    const wrong = results.filter(({ pass }) => !pass);
    failed += wrong.length;
    for (const one of wrong) log(`FAIL ${one.worst.toExponential(1)} ${one.name}\n     ${one.message}`);
    log(`${name}: ${results.length - wrong.length} of ${results.length} pass, ${machine.pipelineCount} pipelines so far`);
    machine.dispose();
  }
  if (args["probe"] !== undefined) {
    const began = performance.now();
    const found = await searchTuning(device, defaultTuning(device));
    log(`search: ${JSON.stringify(found)} in ${(performance.now() - began).toFixed(0)} ms`);
  }
  if (failed > 0 || complaints.length > 0) throw new Error(`${failed} cases fail. ${complaints.slice(0, 3).join("\n")}`);
  return null;
}
