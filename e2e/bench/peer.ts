/** What the bench asks of whoever computes. A peer lives in a worker of its own and runs one case. */
import type { BenchBackend } from "../../src/cli/bench/types";
import type { BenchCase } from "./cases";

/**
 * Results by name, in the graph's layouts: `y`, `dx0` …, `d <parameter>` of blocks; `loss`, `d <parameter>` of steps;
 * `loss`, `correct`, `<stats>.mean`, `<stats>.var` of evaluations.
 */
export type Results = ReadonlyMap<string, Float32Array>;

export interface Peer {
  readonly label: string;
  /** Compiles what can be compiled ahead; absent: nothing can. */
  prepare?(): Promise<void>;
  /** The first run, with its results. */
  check(): Promise<Results>;
  /** Issues one run. What it returns, if anything, is waited for before the next. */
  run(): void | Promise<void>;
  /** Resolves when everything issued is done. */
  idle(): Promise<void>;
  /** Dispatches so far that the counters of the GPU do not see, and milliseconds spent in kernels that block. */
  progress?(): { readonly dispatches: number; readonly kernelMs: number };
  bytes?(): number | null;
  dispose(): void;
}

export interface PeerOptions {
  readonly backend: BenchBackend;
  readonly threads: number;
}

export type CreatePeer = (benchCase: BenchCase, options: PeerOptions) => Promise<Peer>;

/** A peer that cannot do a case; its sentence becomes the note. */
export class Unsupported extends Error {}
