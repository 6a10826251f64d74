/**
 * Frames under one credit: the page acknowledges a frame after painting it; until then the host coalesces. `latest` may be
 * replaced by a newer one, `series` and `log` accumulate until they are sent. No queue can grow faster than work is done. Only a
 * frame that a reply depends on goes without credit: one a command.
 */
import type { Frame, LatestState, LogEntry, RunId, SeriesChunk } from "../protocol";

interface LossPoint {
  readonly step: number;
  readonly phase: number;
  readonly loss: number;
  readonly lr: number;
}

interface AccuracyPoint {
  readonly step: number;
  readonly phase: number;
  readonly split: number;
  readonly accuracy: number;
  readonly n: number;
}

interface AlphaPoint {
  readonly step: number;
  readonly values: Float32Array;
}

interface CostPoint {
  readonly step: number;
  readonly expected: number;
  readonly tau: number;
}

export class Mailbox {
  private readonly runId: RunId;
  private readonly send: (frame: Frame, transfer: ArrayBuffer[]) => void;
  private credit = 1;
  private seq = 0;
  private latest: (() => LatestState) | null = null;
  private log: LogEntry[] = [];
  private loss: LossPoint[] = [];
  private accuracy: AccuracyPoint[] = [];
  private alpha: AlphaPoint[] = [];
  private cost: CostPoint[] = [];

  constructor(runId: RunId, send: (frame: Frame, transfer: ArrayBuffer[]) => void) {
    this.runId = runId;
    this.send = send;
  }

  append(entry: LogEntry): void {
    this.log.push(entry);
  }

  addLoss(point: LossPoint): void {
    this.loss.push(point);
  }

  addAccuracy(point: AccuracyPoint): void {
    this.accuracy.push(point);
  }

  addAlpha(point: AlphaPoint): void {
    this.alpha.push(point);
  }

  addCost(point: CostPoint): void {
    this.cost.push(point);
  }

  /** Offer a newer state; it is made only when it is sent. */
  offer(latest: () => LatestState): void {
    this.latest = latest;
    this.flush();
  }

  /** Send now, credit or not: what a reply speaks of must not arrive after it, and a closing run gets no more credit. */
  deliver(latest: () => LatestState): void {
    this.latest = latest;
    this.credit = 1;
    this.flush();
  }

  /** Forget the offered state: whoever offered it is no more. Points and entries wait for the next. */
  hold(): void {
    this.latest = null;
  }

  ack(): void {
    this.credit = 1;
    this.flush();
  }

  private flush(): void {
    if (this.credit === 0 || this.latest === null) return;
    const latest = this.latest();
    const frame: Frame = { kind: "frame", runId: this.runId, seq: this.seq++, latest, series: this.takeSeries(), log: this.log };
    this.latest = null;
    this.log = [];
    this.credit = 0;
    const columns = [latest.path, latest.counts, latest.expected, latest.lossSum, latest.lossSquares, latest.pairs];
    const series = [...Object.values(frame.series.loss), ...Object.values(frame.series.accuracy), ...Object.values(frame.series.alpha), ...Object.values(frame.series.cost)];
    this.send(frame, [...columns, ...series].map((c) => c.buffer as ArrayBuffer));
  }

  private takeSeries(): SeriesChunk {
    const { loss, accuracy, alpha, cost } = this;
    this.loss = [];
    this.accuracy = [];
    this.alpha = [];
    this.cost = [];
    return {
      cost: { step: Int32Array.from(cost, (p) => p.step), expected: Float32Array.from(cost, (p) => p.expected), tau: Float32Array.from(cost, (p) => p.tau) },
      alpha: { step: Int32Array.from(alpha, (p) => p.step), values: joined(alpha.map((p) => p.values)) },
      loss: {
        step: Int32Array.from(loss, (p) => p.step),
        phase: Uint8Array.from(loss, (p) => p.phase),
        loss: Float32Array.from(loss, (p) => p.loss),
        lr: Float32Array.from(loss, (p) => p.lr),
      },
      accuracy: {
        step: Int32Array.from(accuracy, (p) => p.step),
        phase: Uint8Array.from(accuracy, (p) => p.phase),
        split: Uint8Array.from(accuracy, (p) => p.split),
        accuracy: Float32Array.from(accuracy, (p) => p.accuracy),
        n: Int32Array.from(accuracy, (p) => p.n),
      },
    };
  }
}

function joined(columns: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(columns.reduce((n, column) => n + column.length, 0));
  let at = 0;
  for (const column of columns) {
    out.set(column, at);
    at += column.length;
  }
  return out;
}
