/**
 * Keeps the queue of a GPU short: a step is submitted in a millisecond and may take a second, and what is queued can neither be paused nor
 * shared with the page. Fences only, no read-back.
 */

/** Most units (steps, chunks) in flight, however short they are. */
const mostUnits = 3;
/** Milliseconds of work in flight that a pause may have to wait for. */
const budgetMs = 100;

export interface PacerEnv {
  now(): number;
  /** Resolves when everything submitted so far is done. */
  fence(): Promise<void>;
}

export class Pacer {
  private readonly env: PacerEnv;
  /** Fences of units in flight, oldest first. */
  private readonly flight: Promise<unknown>[] = [];
  /** Smoothed milliseconds a unit; long until one was seen, so that the first are waited for. */
  private unitMs = budgetMs;
  private lastDone: number | null = null;

  constructor(env: PacerEnv) {
    this.env = env;
  }

  /** A unit was submitted: waits until few enough are in flight. Returns the milliseconds waited. A lost device ends the wait; its reads tell. */
  async submitted(): Promise<number> {
    const started = this.env.now();
    this.flight.push(this.env.fence().then(() => this.done(started), () => undefined));
    const allowed = Math.max(1, Math.min(mostUnits, Math.floor(budgetMs / this.unitMs)));
    while (this.flight.length > allowed) await this.flight.shift();
    return this.env.now() - started;
  }

  private done(started: number): void {
    const now = this.env.now();
    const took = now - Math.max(started, this.lastDone ?? started);
    this.unitMs = this.lastDone === null ? took : 0.8 * this.unitMs + 0.2 * took;
    this.lastDone = now;
  }
}
