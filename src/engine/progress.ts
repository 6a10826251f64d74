/**
 * Progress and ETA of a run. Progress is the share of forward-equivalent images done: monotone, and known before anything is measured.
 * ETA is what is left times the measured cost per image, a range until 20 units are timed.
 */
import { phases, type Phase } from "@/algorithms/phases";

const keep = 51;
const firmAfter = 20;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

export class Progress {
  private readonly totals: Readonly<Record<Phase, number>>;
  private readonly unitImages: Readonly<Record<Phase, number>>;
  /** Milliseconds per image of recent units, by phase. */
  private readonly perImage = new Map<Phase, number[]>();
  private shown = 0;

  constructor(totals: Readonly<Record<Phase, number>>, unitImages: Readonly<Record<Phase, number>>) {
    this.totals = totals;
    this.unitImages = unitImages;
  }

  /** A unit of `phase` took `ms`. */
  observe(phase: Phase, ms: number): void {
    const images = this.unitImages[phase];
    if (images <= 0) return;
    const list = this.perImage.get(phase) ?? [];
    list.push(ms / images);
    if (list.length > keep) list.shift();
    this.perImage.set(phase, list);
  }

  /** Share of the whole run, 0–1, never falling. */
  share(phase: Phase, done: number): number {
    let all = 0;
    let past = 0;
    const current = phases.indexOf(phase);
    for (const [i, p] of phases.entries()) {
      const work = this.totals[p] * this.unitImages[p];
      all += work;
      past += i < current ? work : i === current ? Math.min(done, this.totals[p]) * this.unitImages[p] : 0;
    }
    this.shown = Math.max(this.shown, all > 0 ? past / all : 0);
    return this.shown;
  }

  /** Seconds left: [low, high]; null before anything is timed. */
  eta(phase: Phase, done: number): [number, number] | null {
    const samples = [...this.perImage.values()];
    if (samples.length === 0) return null;
    const overall = median(samples.flat());
    const current = phases.indexOf(phase);
    let ms = 0;
    for (const [i, p] of phases.entries()) {
      if (i < current) continue;
      const units = this.totals[p] - (i === current ? Math.min(done, this.totals[p]) : 0);
      const measured = this.perImage.get(p);
      ms += units * this.unitImages[p] * (measured ? median(measured) : overall);
    }
    const seconds = ms / 1000;
    const count = Math.max(...samples.map((s) => s.length));
    return count >= firmAfter ? [seconds, seconds] : [seconds * 0.7, seconds * 1.6];
  }

  /** Median milliseconds of a unit of the phase, 0 before any is timed. */
  unitMs(phase: Phase): number {
    const list = this.perImage.get(phase);
    return list ? median(list) * this.unitImages[phase] : 0;
  }
}
