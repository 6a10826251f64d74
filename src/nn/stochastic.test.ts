/** The contract of stochastic search, for every executor that runs in Node; the WebGPU one is compared with the reference machine in a browser. */
import { initBackend } from "@/kernels/backends";
import { referenceMachine } from "@/kernels/isa/reference/machine";
import { createWasmMachine } from "@/kernels/wasm/plan/machine";
import type { Executor } from "./executor";
import { createPlanExecutor } from "./plan/executor";
import { stochasticContract } from "./testing/stochasticContract";
import { createTfjsExecutor } from "./tfjsExecutor/executor";

const wasm = (threads: number) => async (): Promise<Executor> => createPlanExecutor("wasm", await createWasmMachine({ threads }));
const reference = (): Promise<Executor> => Promise.resolve(createPlanExecutor("wasm", referenceMachine()));
const tfjs = (backend: "tfjs-cpu" | "tfjs-wasm") => async (): Promise<Executor> => {
  await initBackend(backend);
  return createTfjsExecutor(backend);
};

stochasticContract("plan on WASM, 1 thread", wasm(1));
stochasticContract("plan on WASM, 2 threads", wasm(2));
stochasticContract("plan on the reference machine", reference);
stochasticContract("tfjs-cpu", tfjs("tfjs-cpu"));
stochasticContract("tfjs-wasm", tfjs("tfjs-wasm"));
