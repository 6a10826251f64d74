/** How often each choice was sampled, over the whole run: at most 512 columns, stride doubling when full, so the time cursor can go back. */
import type { LatestState } from "@/session/protocol";

export interface CountsColumn {
  readonly step: number;
  readonly counts: Float64Array;
  readonly expected: Float64Array;
  readonly lossSum: Float64Array;
  readonly lossSquares: Float64Array;
  readonly path: Int8Array;
}

export class CountsHistory {
  private readonly capacity: number;
  private columns: CountsColumn[] = [];
  private stride = 1;
  private skipped = 0;
  private newest: CountsColumn | null = null;
  /** Choices a layer: a column of counts is layers × width. */
  private width = 1;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  clear(): void {
    this.columns = [];
    this.stride = 1;
    this.skipped = 0;
    this.newest = null;
  }

  push(latest: LatestState): void {
    if (latest.counts.length > 0) this.width = Math.max(1, Math.round(latest.pairs.length / latest.counts.length));
    const column: CountsColumn = {
      step: latest.step,
      counts: latest.counts,
      expected: latest.expected,
      lossSum: latest.lossSum,
      lossSquares: latest.lossSquares,
      path: latest.path,
    };
    const before = this.newest;
    this.newest = column;
    // A run that went back to its last snapshot tells the steps since then anew.
    while (before && column.step < before.step && (this.columns.at(-1)?.step ?? -1) >= column.step) this.columns.pop();
    if (before?.step === column.step) {
      // The same step once more, with the losses that have been read since.
      if (this.columns.at(-1) === before) this.columns[this.columns.length - 1] = column;
      return;
    }
    this.skipped++;
    if (this.skipped < this.stride) return;
    this.skipped = 0;
    this.columns.push(column);
    if (this.columns.length < this.capacity) return;
    this.columns = this.columns.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }

  latest(): CountsColumn | null {
    return this.newest;
  }

  /** Newest column at or before a step; null before the first. */
  at(step: number): CountsColumn | null {
    if (this.newest && this.newest.step <= step) return this.newest;
    let found: CountsColumn | null = null;
    for (const column of this.columns) {
      if (column.step > step) break;
      found = column;
    }
    return found;
  }

  toArrays(): Record<string, Float64Array | Int32Array> {
    const column = this.newest;
    const n = column?.counts.length ?? 0;
    const { width } = this;
    return {
      layer: Int32Array.from({ length: n }, (_, i) => Math.floor(i / width)),
      choice: Int32Array.from({ length: n }, (_, i) => i % width),
      count: Int32Array.from(column?.counts ?? []),
      expected: Float64Array.from(column?.expected ?? []),
    };
  }
}
