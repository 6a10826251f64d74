/** What the command and the bench page tell each other, and what the command writes. */

export type BenchBackend = "webgpu" | "wasm";

export const BENCH_BACKENDS: readonly BenchBackend[] = ["webgpu", "wasm"];

/** Who computes: the plan executor and its machines, plain tfjs, jax-js; `check` is another machine of ours, for correctness only. */
export type PeerName = "ours" | "tfjs" | "jax" | "check";

/** Peers that are timed. */
export const TIMED_PEERS = ["ours", "tfjs", "jax"] as const satisfies readonly PeerName[];

export type TimedPeer = (typeof TIMED_PEERS)[number];

/** What limits a case: arithmetic or memory. */
export type Bound = "flops" | "bytes";

export interface CaseInfo {
  readonly name: string;
  readonly kind: "block" | "step" | "evaluation";
  /** Images of one run. */
  readonly images: number;
  /** Floating-point operations of one run: two a multiply–add; forward, input gradients and weight gradients. */
  readonly flops: number;
  /** Bytes that one run must move at least where memory is the limit, else null. */
  readonly bytes: number | null;
  /** Largest difference that counts as equal, relative to a tensor's maximum. */
  readonly tolerance: number;
  /** Peers that are not tried, and why; those of `webgpu` are tried on a hardware adapter all the same. */
  readonly skip: Readonly<Partial<Record<`${TimedPeer}:${BenchBackend}`, string>>>;
}

export interface PageFacts {
  readonly browser: string;
  readonly adapter: AdapterFacts | null;
  readonly isolated: boolean;
  readonly cores: number;
}

export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly fallback: boolean;
}

export interface Roofline {
  /** Best dense product. */
  readonly gflops: number;
  /** Streaming copy, bytes read and written. */
  readonly gbs: number;
  /** What won. */
  readonly product: string;
  readonly copy: string;
}

export interface Started {
  /** Compiling and the first run. */
  readonly firstMs: number;
  readonly label: string;
}

export interface Compared {
  /** Largest difference relative to the tensor's maximum, and the tensor. */
  readonly worst: number;
  readonly tensor: string;
}

export interface Timing {
  /** Milliseconds a run, waiting included. */
  readonly ms: number;
  /** Of these, in JavaScript until everything is submitted; on WASM without the kernels. */
  readonly jsMs: number;
  /** Dispatches (or calls) a run; null where nothing counts them. */
  readonly dispatches: number | null;
}

/** One run in numbers. */
export interface Counts {
  /** Pipelines since the peer started. */
  readonly pipelines: number | null;
  /** GPU buffers and bind groups made by one run. */
  readonly gpuObjects: number;
  /** Typed arrays made by one run. */
  readonly typedArrays: number;
  /** Device memory held, where the peer tells. */
  readonly bytes: number | null;
}

/** One case as written. Milliseconds are medians. */
export interface CaseResult {
  readonly name: string;
  readonly kind: CaseInfo["kind"];
  readonly oursMs: number | null;
  readonly tfjsMs: number | null;
  readonly jaxMs: number | null;
  /** Their time divided by ours. */
  readonly ratioTfjs: number | null;
  readonly ratioJax: number | null;
  readonly gflops: number | null;
  readonly gbs: number | null;
  /** Of the copy rate where `bound` is bytes, else of the product rate, as measured in turns with this case. */
  readonly rooflineFraction: number | null;
  readonly bound: Bound;
  /** GFLOPS or GB/s that the machine reached beside this case. */
  readonly limit: number | null;
  readonly dispatches: number | null;
  readonly dispatchesTfjs: number | null;
  readonly dispatchesJax: number | null;
  readonly pipelines: number | null;
  readonly imagesPerSecond: number | null;
  readonly firstStepMs: number | null;
  readonly firstTfjsMs: number | null;
  readonly firstJaxMs: number | null;
  readonly jsMs: number | null;
  readonly jsMsPer1000Dispatches: number | null;
  readonly allocations: { readonly gpuObjects: number; readonly typedArrays: number } | null;
  readonly bytes: number | null;
  /** Two threads (WASM, isolated), and the gain over one. */
  readonly oursTwoThreadsMs: number | null;
  readonly ratioTwoThreads: number | null;
  /** PyTorch on the processor, one thread. */
  readonly torchMs: number | null;
  readonly ratioTorch: number | null;
  /** Runs behind each median. */
  readonly samples: Readonly<Record<TimedPeer, number>>;
  /** Largest relative difference from each peer; null: not compared. */
  readonly errors: Readonly<Partial<Record<PeerName, number>>>;
  readonly note: string | null;
  readonly passed: boolean;
}

export interface BenchReport {
  readonly machine: string;
  readonly backend: BenchBackend;
  readonly adapter: AdapterFacts | null;
  readonly roofline: Roofline | null;
  readonly cases: readonly CaseResult[];
  readonly browser: string;
  readonly isolated: boolean;
  readonly threads: number;
  readonly torch: string | null;
  /** Mean number of waiting programs in the minute before the run and in its last: other work makes every figure worse, the ratios less sure. */
  readonly load: readonly [before: number, after: number];
  readonly date: string;
  readonly quick: boolean;
  readonly complete: boolean;
}
