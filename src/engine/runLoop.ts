/**
 * The run loop: plays, pauses, steps and aborts any method. Written once, knows no method. A pause lands on the next tick; between
 * ticks it gives way to messages at least every 12 ms, so that a click never waits for training.
 */
import { phaseIndex, type Phase } from "@/algorithms/phases";
import type { MethodRun, Tick } from "@/algorithms/method";

/** Where to stop: every given condition must hold. With `phase`, `step` counts from that phase's first step; alone it is the run's step. */
export interface Until {
  readonly phase?: Phase;
  readonly step?: number;
  readonly generation?: number;
}

export type Outcome = "until" | "paused" | "complete" | "stopped";
export type LoopState = "idle" | "running" | "paused" | "complete" | "stopped" | "error";

export interface LoopEnv {
  now(): number;
  /** Let queued messages in (a macro-task). */
  breathe(): Promise<void>;
  /** Wait, unless the signal fires first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** After every tick. `unitMs`: time since the previous unit ended, on `step` ticks. */
  onTick(tick: Tick, unitMs: number): Promise<void> | void;
}

const breatheEveryMs = 12;
const slowStepMs = 1000;

export class RunLoop {
  private readonly run: MethodRun;
  private readonly env: LoopEnv;
  private iterator: AsyncGenerator<Tick, void, void> | null = null;
  private current: Promise<Outcome> | null = null;
  private readonly interludes: (() => Promise<void>)[] = [];
  private wantPause = false;
  private aborted = false;
  private nap = new AbortController();
  private phaseStart: { phase: Phase; step: number } | null = null;
  private unitStarted: number;
  slow = false;
  state: LoopState = "idle";

  constructor(run: MethodRun, env: LoopEnv) {
    this.run = run;
    this.env = env;
    this.unitStarted = env.now();
  }

  /** Go on until a condition holds, a pause, or the end. A second call while running waits for the first, then goes on. */
  async play(until: Until | null): Promise<Outcome> {
    return this.start(() => until !== null && this.reached(until));
  }

  /** Go on for `count` units of work. */
  async step(count: number): Promise<Outcome> {
    let left = Math.max(1, count);
    return this.start((tick) => tick?.boundary === "step" && --left <= 0);
  }

  /**
   * Do something that needs the machine to itself. While running it is done between two ticks, and the run goes on by itself;
   * standing still it is done at once.
   */
  async between<T>(work: () => Promise<T>): Promise<T> {
    if (!this.current) return work();
    return new Promise<T>((resolve, reject) => {
      this.interludes.push(() => work().then(resolve, reject));
    });
  }

  /** Resolves once the loop stands still. */
  async pause(): Promise<void> {
    this.wantPause = true;
    this.nap.abort();
    await this.current?.catch(() => undefined);
    this.wantPause = false;
  }

  /** Stop for good; the generator's `finally` blocks release what they hold. */
  async abort(): Promise<void> {
    this.aborted = true;
    await this.pause();
    await this.iterator?.return(undefined);
    if (this.state !== "complete" && this.state !== "error") this.state = "stopped";
  }

  private async start(done: (tick: Tick | null) => boolean): Promise<Outcome> {
    if (this.current) await this.pause();
    if (this.state === "complete" || this.state === "stopped") return this.state;
    if (this.aborted) return "stopped";
    if (this.state !== "idle" && done(null)) return "until";
    this.current = this.loop(done);
    try {
      return await this.current;
    } finally {
      this.current = null;
      // Questions that came during the last tick.
      await this.interlude();
    }
  }

  private async loop(done: (tick: Tick) => boolean): Promise<Outcome> {
    this.iterator ??= this.run.ticks();
    this.state = "running";
    this.nap = new AbortController();
    let breathed = this.env.now();
    this.unitStarted = breathed;
    try {
      for (;;) {
        const next = await this.iterator.next();
        if (next.done) return this.rest("complete");
        await this.afterTick(next.value);
        await this.interlude();
        if (this.wantPause || this.aborted) return this.rest("paused");
        if (done(next.value)) return this.rest("until");
        if (this.slow && next.value.boundary === "step") await this.env.sleep(slowStepMs, this.nap.signal);
        if (this.env.now() - breathed >= breatheEveryMs) {
          await this.env.breathe();
          breathed = this.env.now();
        }
        if (this.wantPause || this.aborted) return this.rest("paused");
      }
    } catch (cause) {
      this.state = "error";
      throw cause;
    }
  }

  private async interlude(): Promise<void> {
    if (this.interludes.length === 0) return;
    for (const work of this.interludes.splice(0)) await work();
    this.unitStarted = this.env.now();
  }

  private async afterTick(tick: Tick): Promise<void> {
    const status = this.run.status();
    if (this.phaseStart?.phase !== status.phase) this.phaseStart = { phase: status.phase, step: status.step };
    const now = this.env.now();
    await this.env.onTick(tick, now - this.unitStarted);
    if (tick.boundary !== "chunk") this.unitStarted = this.env.now();
  }

  private rest(outcome: Outcome): Outcome {
    this.state = outcome === "complete" ? "complete" : "paused";
    return outcome;
  }

  private reached(until: Until): boolean {
    const { phase, step, generation } = this.run.status();
    if (until.generation !== undefined && generation < until.generation) return false;
    if (until.phase === undefined) return until.step === undefined ? until.generation !== undefined : step >= until.step;
    const ahead = phaseIndex(phase) - phaseIndex(until.phase);
    if (ahead !== 0) return ahead > 0;
    const inPhase = step - (this.phaseStart?.phase === phase ? this.phaseStart.step : step);
    return until.step === undefined || inPhase >= until.step;
  }
}
