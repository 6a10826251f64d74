/** One case: every peer started, held against ours, then timed in turns. */
import type { BenchDriver } from "./driver";
import { LIMITS, median, type Repetition, repetitionOf, within } from "./schedule";
import { type BenchBackend, type Bound, type CaseInfo, type CaseResult, type Counts, type PeerName, type Roofline, TIMED_PEERS, type Timing, type TimedPeer } from "./types";

export interface CaseContext {
  readonly driver: BenchDriver;
  readonly backend: BenchBackend;
  readonly quick: boolean;
  readonly roofline: Roofline | null;
  /** Whether WebGPU is emulated. */
  readonly isSoftware: boolean;
  /** Whether a second thread is to be had. */
  readonly canThread: boolean;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** A worker that takes part in the timing. */
interface Runner {
  readonly key: string;
  readonly peer: TimedPeer;
  readonly firstMs: number;
  repetition: Repetition;
  readonly samples: Timing[];
}

const names: Readonly<Record<PeerName, string>> = { ours: "ours", tfjs: "tfjs", jax: "jax-js", check: "the check" };
const THREADED = "ours2";

const boundOf = ({ bytes }: CaseInfo): Bound => (bytes === null ? "flops" : "bytes");

/** The sentence of an error without what Playwright adds. */
function reason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const first = text.split("\n", 1)[0] ?? "";
  return first.replace(/^(?:page\.evaluate: )?(?:Error: )?/, "").slice(0, 160);
}

class CaseRun {
  private readonly info: CaseInfo;
  private readonly context: CaseContext;
  private readonly notes: string[] = [];
  private readonly errors: Partial<Record<PeerName, number>> = {};
  private readonly runners: Runner[] = [];
  private readonly limits: number[] = [];
  private passed = true;

  constructor(info: CaseInfo, context: CaseContext) {
    this.info = info;
    this.context = context;
  }

  async run(): Promise<CaseResult> {
    const { driver, signal } = this.context;
    try {
      for (const peer of TIMED_PEERS) if (!signal.aborted) await this.start(peer, peer, 1);
      await this.compareAll();
      if (this.context.canThread && this.find("ours")) await this.start(THREADED, "ours", 2);
      await this.measure();
      return this.result(await this.ownCounts());
    } finally {
      for (const key of [...TIMED_PEERS, THREADED, "check"]) await driver.stop(key).catch(() => undefined);
    }
  }

  private find(key: string): Runner | undefined {
    return this.runners.find((runner) => runner.key === key);
  }

  private async drop(key: string, note: string): Promise<void> {
    this.notes.push(note);
    const at = this.runners.findIndex((runner) => runner.key === key);
    if (at >= 0) this.runners.splice(at, 1);
    await this.context.driver.stop(key).catch(() => undefined);
  }

  private async start(key: string, peer: TimedPeer, threads: number): Promise<void> {
    const { driver, backend, signal } = this.context;
    const skipped = backend === "wasm" || this.context.isSoftware ? this.info.skip[`${peer}:${backend}`] : undefined;
    if (skipped !== undefined) return void this.notes.push(skipped);
    this.context.say(`${names[peer]}${threads > 1 ? `, ${threads} threads` : ""}: starting`);
    try {
      const { firstMs } = await within(driver.start(key, peer, backend, this.info.name, threads), peer === "ours" ? LIMITS.oursStartMs : LIMITS.startMs, signal);
      this.runners.push({ key, peer, firstMs, repetition: { times: 1, warmups: 0, samples: 0 }, samples: [] });
    } catch (error) {
      if (signal.aborted) return;
      if (peer === "ours") this.passed = false;
      await this.drop(key, `${names[peer]}: ${reason(error)}`);
    }
  }

  /** Peers that differ are not timed; when nobody agrees with us, we are the ones who are wrong. */
  private async compareAll(): Promise<void> {
    if (this.find("ours") === undefined || this.context.signal.aborted) return;
    const others = this.runners.filter(({ key }) => key !== "ours").map(({ key }) => key as TimedPeer);
    const differing = new Map<PeerName, string>();
    for (const peer of others) {
      const text = await this.differs(peer);
      if (text !== null) differing.set(peer, text);
    }
    if (differing.size < others.length) {
      for (const [peer, text] of differing) await this.drop(peer, text);
      return;
    }
    // No peer vouches for us: another machine of ours does, or nobody.
    const own = await this.checkMachine();
    for (const [peer, text] of differing) await this.drop(peer, text);
    if (own === null) return;
    this.passed = false;
    await this.drop("ours", own);
  }

  private async differs(peer: PeerName): Promise<string | null> {
    const { worst, tensor } = await this.context.driver.compare("ours", peer);
    this.errors[peer] = worst;
    return worst <= this.info.tolerance ? null : `${names[peer]} differs from ours by ${worst.toExponential(1)} in ${tensor}`;
  }

  private async checkMachine(): Promise<string | null> {
    const { driver, backend, signal } = this.context;
    this.context.say("comparing with another machine of ours");
    try {
      await within(driver.start("check", "check", backend, this.info.name, 1), LIMITS.startMs, signal);
      return await this.differs("check");
    } catch (error) {
      this.notes.push(`not compared with anybody: ${reason(error)}`);
      return null;
    } finally {
      await driver.stop("check").catch(() => undefined);
    }
  }

  private async timed(runner: Runner, times: number): Promise<Timing | null> {
    const { signal } = this.context;
    try {
      return await within(this.context.driver.run(runner.key, times), LIMITS.runMs, signal);
    } catch (error) {
      if (signal.aborted) return null;
      if (runner.peer === "ours") this.passed = false;
      await this.drop(runner.key, `${names[runner.peer]}: ${reason(error)}`);
      return null;
    }
  }

  private async measure(): Promise<void> {
    const { signal, say } = this.context;
    for (const runner of [...this.runners]) {
      if (signal.aborted) return;
      say(`${names[runner.peer]}: warming up`);
      // The check was the first run; one that took long is not warmed up further.
      const second = runner.firstMs > 60_000 && runner.peer !== "ours" ? { ms: runner.firstMs } : await this.timed(runner, 1);
      if (second === null) continue;
      runner.repetition = repetitionOf(second.ms, this.context);
      for (let i = 0; i < runner.repetition.warmups; i++) await this.timed(runner, runner.repetition.times);
    }
    const rounds = Math.max(0, ...this.runners.map(({ repetition }) => repetition.samples));
    for (let round = 0; round < rounds; round++) {
      await this.measureLimit();
      for (const runner of [...this.runners]) {
        if (signal.aborted) return;
        if (round >= runner.repetition.samples) continue;
        say(`${names[runner.peer]}: ${round + 1} of ${runner.repetition.samples}`);
        const timing = await this.timed(runner, runner.repetition.times);
        if (timing !== null) runner.samples.push(timing);
      }
    }
  }

  /** The load of other programs touches the limit as it touches the case. */
  private async measureLimit(): Promise<void> {
    const { driver, roofline, signal } = this.context;
    if (roofline === null || signal.aborted) return;
    const rate = await within(driver.limit(boundOf(this.info)), LIMITS.runMs, signal).catch(() => null);
    if (rate !== null) this.limits.push(rate);
  }

  private async ownCounts(): Promise<Counts | null> {
    const { driver, signal } = this.context;
    if (signal.aborted || this.find("ours") === undefined) return null;
    return within(driver.counts("ours"), LIMITS.runMs, signal).catch(() => null);
  }

  private result(own: Counts | null): CaseResult {
    const { info } = this;
    const bound = boundOf(info);
    const msOf = (key: string): number | null => median(this.find(key)?.samples.map(({ ms }) => ms) ?? []);
    const [ours, tfjs, jax, threaded] = ["ours", "tfjs", "jax", THREADED].map(msOf) as [number | null, number | null, number | null, number | null];
    const ratio = (other: number | null): number | null => (other === null || ours === null || ours === 0 ? null : other / ours);
    const dispatchesOf = (key: string): number | null => this.find(key)?.samples[0]?.dispatches ?? null;
    const dispatches = dispatchesOf("ours");
    const jsMs = median(this.find("ours")?.samples.map((sample) => sample.jsMs) ?? []);
    const gflops = ours === null ? null : info.flops / ours / 1e6;
    const gbs = ours === null || info.bytes === null ? null : info.bytes / ours / 1e6;
    const limit = median(this.limits);
    const reached = bound === "bytes" ? gbs : gflops;
    const samples = Object.fromEntries(TIMED_PEERS.map((peer) => [peer, this.find(peer)?.samples.length ?? 0])) as Record<TimedPeer, number>;
    const few = TIMED_PEERS.filter((peer) => samples[peer] > 0 && samples[peer] < 3);
    const notes = [...this.notes, ...few.map((peer) => `${names[peer]} timed ${samples[peer] === 1 ? "once" : "twice"}`)];
    return {
      name: info.name,
      kind: info.kind,
      oursMs: ours,
      tfjsMs: tfjs,
      jaxMs: jax,
      ratioTfjs: ratio(tfjs),
      ratioJax: ratio(jax),
      gflops,
      gbs,
      rooflineFraction: reached === null || limit === null ? null : reached / limit,
      bound,
      limit,
      dispatches,
      dispatchesTfjs: dispatchesOf("tfjs"),
      dispatchesJax: dispatchesOf("jax"),
      pipelines: own?.pipelines ?? null,
      imagesPerSecond: ours === null ? null : (info.images * 1000) / ours,
      firstStepMs: this.find("ours")?.firstMs ?? null,
      firstTfjsMs: this.find("tfjs")?.firstMs ?? null,
      firstJaxMs: this.find("jax")?.firstMs ?? null,
      jsMs,
      // A handful of dispatches says nothing of a thousand.
      jsMsPer1000Dispatches: jsMs === null || dispatches === null || info.kind !== "step" ? null : (jsMs * 1000) / dispatches,
      allocations: own === null ? null : { gpuObjects: own.gpuObjects, typedArrays: own.typedArrays },
      bytes: own?.bytes ?? null,
      oursTwoThreadsMs: threaded,
      ratioTwoThreads: threaded === null || ours === null ? null : ours / threaded,
      torchMs: null,
      ratioTorch: null,
      samples,
      errors: this.errors,
      note: notes.length === 0 ? null : notes.join("; "),
      passed: this.passed && (ours !== null || this.context.signal.aborted),
    };
  }
}

export function runCase(info: CaseInfo, context: CaseContext): Promise<CaseResult> {
  return new CaseRun(info, context).run();
}
