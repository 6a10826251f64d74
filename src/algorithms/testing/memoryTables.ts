/** Latency tables that live as long as the process: for tests and studies, which have no storage. */
import type { LatencyTables } from "../method";
import { KeptTables, memoryTexts } from "../shared/keptTables";

/** Version under which tables of tests are kept. */
export const testApp = "test";

export function memoryTables(label = "test"): LatencyTables {
  return new KeptTables(memoryTexts(), { label, vendor: "", architecture: "", backend: "wasm", executor: "plan", threads: 1 }, testApp);
}
