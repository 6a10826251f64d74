/** The contracts of differentiable search, for every executor that runs in Node. */
import { initBackend } from "@/kernels/backends";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import type { Executor } from "./executor";
import { createPlanExecutor } from "./plan/executor";
import { partsContract } from "./testing/partsContract";
import { probeContract } from "./testing/probeContract";
import { vectorsContract } from "./testing/vectorsContract";
import { createTfjsExecutor } from "./tfjsExecutor/executor";

const wasm = (threads: number) => async (): Promise<Executor> => createPlanExecutor("wasm", await createWasmMachine({ threads }));
const reference = (): Promise<Executor> => Promise.resolve(createPlanExecutor("wasm", referenceMachine()));
const tfjs = (backend: "tfjs-cpu" | "tfjs-wasm") => async (): Promise<Executor> => {
  await initBackend(backend);
  return createTfjsExecutor(backend);
};

const executors: readonly (readonly [string, () => Promise<Executor>])[] = [
  ["plan on WASM, 1 thread", wasm(1)],
  ["plan on WASM, 2 threads", wasm(2)],
  ["plan on the reference machine", reference],
  ["tfjs-cpu", tfjs("tfjs-cpu")],
  ["tfjs-wasm", tfjs("tfjs-wasm")],
];

for (const [name, make] of executors) {
  partsContract(name, make);
  vectorsContract(name, make);
  probeContract(name, make);
}
