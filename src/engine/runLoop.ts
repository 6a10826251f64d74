/**
 * The run loop: plays, pauses, steps and aborts any method. Written once, knows no method. A pause lands on the next tick; between
 * ticks it gives way to messages at least every 12 ms, so that a click never waits for training.
 */
import type { MethodRun, Tick } from "@/algorithms/method";
import { phaseIndex, type Phase } from "@/algorithms/phases";
import { AppError } from "@/lib/appError";

/** Where to stop: every given condition must hold. With `phase`, `step` counts the phase's own units of work; alone it is the run's step. */
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
  /** After every unit or chunk, before it is timed: waits while too much of it is still queued on a device. */
  pace?(): Promise<void>;
  /** After every tick. `unitMs`: time since the previous unit ended, on `step` ticks. */
  onTick(tick: Tick, unitMs: number): Promise<void> | void;
}

const breatheEveryMs = 12;
const slowStepMs = 1000;

/** A stretch of ticks under way. */
interface Stretch {
  stop: boolean;
}

export class RunLoop {
  private readonly run: MethodRun;
  private readonly env: LoopEnv;
  private iterator: AsyncGenerator<Tick, void, void> | null = null;
  /** Stretches and standing-still work, one after the other. Never rejects. */
  private line: Promise<unknown> = Promise.resolve();
  private stretch: Stretch | null = null;
  /** Stretches asked for and not over, and whether the newest was a `step`. */
  private asked = 0;
  private stepping = false;
  /** Raised by whatever supersedes the stretches that still wait. */
  private turn = 0;
  private readonly interludes: (() => Promise<void>)[] = [];
  private aborted = false;
  private nap = new AbortController();
  private failure: unknown = null;
  private unitStarted: number;
  slow = false;
  state: LoopState = "idle";

  constructor(run: MethodRun, env: LoopEnv) {
    this.run = run;
    this.env = env;
    this.unitStarted = env.now();
  }

  /** Go on until a condition holds, a pause, or the end. Takes over from whatever runs, at its next tick. */
  async play(until: Until | null): Promise<Outcome> {
    return this.start(false, () => until !== null && this.reached(until));
  }

  /** Go on for `count` units of work: takes over from a play, waits for an earlier step. */
  async step(count: number): Promise<Outcome> {
    let left = Math.max(1, count);
    return this.start(true, (tick) => tick?.boundary === "step" && --left <= 0);
  }

  /**
   * Do something that needs the machine to itself. While running it is done between two ticks, and the run goes on by itself;
   * standing still it is done at once, and a play waits for it.
   */
  async between<T>(work: () => Promise<T>): Promise<T> {
    if (this.aborted) throw new AppError("cancelled", "The run has ended.", { recoverable: true });
    if (this.asked === 0) return this.inLine(work);
    return new Promise<T>((resolve, reject) => {
      this.interludes.push(() => work().then(resolve, reject));
    });
  }

  /** Resolves once the loop stands still. */
  async pause(): Promise<void> {
    this.takeOver();
    await this.line;
  }

  /** Stop for good; the generator's `finally` blocks release what they hold. */
  async abort(): Promise<void> {
    this.aborted = true;
    await this.pause();
    await this.iterator?.return(undefined);
    if (this.state !== "complete" && this.state !== "error") this.state = "stopped";
  }

  private start(stepping: boolean, done: (tick: Tick | null) => boolean): Promise<Outcome> {
    if (!(stepping && this.stepping && this.asked > 0)) this.takeOver();
    const { turn } = this;
    this.stepping = stepping;
    this.asked++;
    return this.inLine(async () => {
      try {
        return turn === this.turn ? await this.go(done) : this.giveUp();
      } finally {
        // Questions that came during the last tick.
        while (this.interludes.length > 0) await this.interlude();
        this.asked--;
      }
    });
  }

  /** Stop what runs at its next tick; what waits gives up. */
  private takeOver(): void {
    this.turn++;
    if (this.stretch) this.stretch.stop = true;
    this.nap.abort();
  }

  private inLine<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.line.then(work);
    this.line = mine.catch(() => undefined);
    return mine;
  }

  /** Superseded before its first tick. */
  private giveUp(): Outcome {
    if (this.state === "idle") this.state = "paused";
    return this.standing();
  }

  private standing(): Outcome {
    if (this.aborted) return "stopped";
    return this.state === "complete" ? "complete" : "paused";
  }

  private async go(done: (tick: Tick | null) => boolean): Promise<Outcome> {
    if (this.state === "error") throw this.failure;
    if (this.aborted || this.state === "complete") return this.standing();
    if (this.state !== "idle" && done(null)) return "until";
    this.stretch = { stop: false };
    try {
      return await this.loop(this.stretch, done);
    } catch (cause) {
      this.state = "error";
      this.failure = cause;
      throw cause;
    } finally {
      this.stretch = null;
    }
  }

  private async loop(stretch: Stretch, done: (tick: Tick) => boolean): Promise<Outcome> {
    this.iterator ??= this.run.ticks();
    this.state = "running";
    this.nap = new AbortController();
    let breathed = this.env.now();
    this.unitStarted = breathed;
    for (;;) {
      const next = await this.iterator.next();
      if (next.done) return this.rest("complete");
      if (next.value.boundary !== "phase") await this.env.pace?.();
      await this.afterTick(next.value);
      await this.interlude();
      if (stretch.stop) return this.rest(this.standing());
      if (done(next.value)) return this.rest("until");
      if (this.slow && next.value.boundary === "step") await this.env.sleep(slowStepMs, this.nap.signal);
      if (this.env.now() - breathed >= breatheEveryMs) {
        await this.env.breathe();
        breathed = this.env.now();
      }
      if (stretch.stop) return this.rest(this.standing());
    }
  }

  private async interlude(): Promise<void> {
    if (this.interludes.length === 0) return;
    for (const work of this.interludes.splice(0)) await work();
    this.unitStarted = this.env.now();
  }

  private async afterTick(tick: Tick): Promise<void> {
    const now = this.env.now();
    await this.env.onTick(tick, now - this.unitStarted);
    if (tick.boundary !== "chunk") this.unitStarted = this.env.now();
  }

  private rest(outcome: Outcome): Outcome {
    this.state = outcome === "complete" ? "complete" : "paused";
    return outcome;
  }

  private reached(until: Until): boolean {
    const { phase, step, generation, done } = this.run.status();
    if (until.generation !== undefined && generation < until.generation) return false;
    if (until.phase === undefined) return until.step === undefined ? until.generation !== undefined : step >= until.step;
    const ahead = phaseIndex(phase) - phaseIndex(until.phase);
    return ahead > 0 || (ahead === 0 && done >= (until.step ?? 0));
  }
}
