/** What the page asks of a peer's worker. Calls are answered in order. */
import type { BenchBackend, Bound, Counts, PeerName, Roofline, Started, Timing } from "../../src/cli/bench/types";

export interface WorkerCalls {
  roofline: { args: { backend: BenchBackend; quick: boolean }; result: Roofline };
  /** One of them again, under the load of the moment. */
  limit: { args: { bound: Bound }; result: number };
  /** Makes the peer and runs it once; the results stay in the page. */
  start: { args: { peer: PeerName; backend: BenchBackend; name: string; threads: number }; result: Started & { results: ReadonlyMap<string, Float32Array> } };
  run: { args: { times: number }; result: Timing };
  counts: { args: Record<never, never>; result: Counts };
}

export type WorkerRequest = { [K in keyof WorkerCalls]: { readonly id: number; readonly call: K; readonly args: WorkerCalls[K]["args"] } }[keyof WorkerCalls];

export type WorkerAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly message: string };
