/**
 * Holds a machine against the reference in the browser:
 *
 *   npx tsx e2e/harness/run.ts /e2e/harness/cases.ts --software-gpu --arg machine=webgpu --arg only=pointwise
 *   npx tsx e2e/harness/run.ts /e2e/harness/cases.ts --worker --arg machine=wasm --arg threads=2
 *
 * `only`: beginnings of instructions' names or `=name`, separated by commas. `quiet`: failures only. Fails when a case does.
 */
import type { Machine } from "@/kernels/isa/machine";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { runCases } from "@/kernels/isa/testing/cases";
import type { Args, Log } from "./types";

/** The adapter's device with its own limits; what the device complains about goes to `complain`. */
async function webgpuMachine(complain: (message: string) => void): Promise<Machine> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (adapter === null || adapter === undefined) throw new Error("There is no WebGPU adapter; add --software-gpu.");
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = adapter.limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage },
  });
  device.addEventListener("uncapturederror", (event) => complain(event.error.message));
  const { createWebgpuMachine } = await import("@/kernels/webgpu/plan/machine");
  return createWebgpuMachine(device);
}

async function wasmMachine(threads: number): Promise<Machine> {
  const { createWasmMachine } = await import("@/kernels/wasm/plan/machine");
  return createWasmMachine({ threads });
}

export default async function cases(
  { machine = "reference", only = "", threads = "1", quiet }: Args,
  log: Log,
): Promise<unknown> {
  const complaints: string[] = [];
  const complain = (message: string): void => {
    complaints.push(message);
    if (complaints.length <= 20) log(`DEVICE ${message}`);
  };
  const makers: Readonly<Record<string, () => Machine | Promise<Machine>>> = {
    reference: referenceMachine,
    webgpu: () => webgpuMachine(complain),
    wasm: () => wasmMachine(Number(threads)),
  };
  const make = makers[machine];
  if (make === undefined)
    throw new Error(`There is no machine ${machine}; there are ${Object.keys(makers).join(", ")}.`);
  const made = await make();
  log(`${made.kind}, ${made.label}`);
  const start = performance.now();
  const results = await runCases(made, {
    only,
    report: ({ name, pass, worst, message }) => {
      if (!pass || quiet === undefined)
        log(
          `${pass ? "ok  " : "FAIL"} ${worst.toExponential(1)} ${name}${message === "" ? "" : `\n       ${message}`}`,
        );
    },
  });
  const { buffers } = made.memory();
  made.dispose();
  const failed = results.filter(({ pass }) => !pass);
  const worst = results.reduce((most, { worst: error }) => (error > most ? error : most), 0);
  const failedOps = [...new Set(failed.map(({ op }) => op))];
  log(
    `${results.length - failed.length} of ${results.length} cases pass, worst error ${worst.toExponential(1)}, ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
  if (results.length === 0) throw new Error(`No instruction begins with "${only}".`);
  if (failed.length > 0) throw new Error(`${failed.length} cases fail, of ${failedOps.join(", ")}.`);
  if (complaints.length > 0) throw new Error(`The device complained ${complaints.length} times: ${complaints[0]}`);
  return { machine, label: made.label, cases: results.length, worst, buffersLeft: buffers };
}
