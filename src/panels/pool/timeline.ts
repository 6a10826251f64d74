/** How many candidates there were at a step, so that the time cursor can show the pool as it was. Candidates themselves carry no step. */
import { history } from "@/store/history";

export class PoolTimeline {
  private steps: number[] = [];
  private counts: number[] = [];

  /** `count` candidates exist at `step`; fewer than before means another run. */
  record(step: number, count: number): void {
    if (count < (this.counts.at(-1) ?? 0) || step < (this.steps.at(-1) ?? 0)) {
      this.steps = [];
      this.counts = [];
    }
    if (count === 0) return;
    if (this.steps.at(-1) === step) this.counts[this.counts.length - 1] = count;
    else {
      this.steps.push(step);
      this.counts.push(count);
    }
  }

  /** Candidates at a step: those of the last record at or before it. */
  countAt(step: number): number {
    let count = 0;
    for (let i = 0; i < this.steps.length && (this.steps[i] ?? Infinity) <= step; i++) count = this.counts[i] ?? count;
    return count;
  }
}

/** The page's: follows the run's history from the moment this panel's code is loaded. */
export const poolTimeline = new PoolTimeline();

const follow = (): void => poolTimeline.record(history.latest()?.step ?? 0, history.candidates().length);
follow();
history.subscribe("pool", follow);
