import { initBackend } from "@/kernels/backends";
import { executorContract } from "../testing/executorContract";
import { createTfjsExecutor } from "./executor";

for (const backend of ["tfjs-cpu", "tfjs-wasm"] as const) {
  const make = async () => {
    await initBackend(backend);
    return createTfjsExecutor(backend);
  };
  // The cpu reference is slow on whole paths; wasm runs them.
  executorContract(backend, make, backend === "tfjs-wasm");
}
