/** Bounded numeric series: plain columns that thin themselves, and a level-of-detail pyramid that keeps extremes. */

const INTEGER = new Set(["step", "phase", "split", "n", "layer", "choice", "count", "candidate", "generation", "origin", "tensors"]);

/** Rows of named numbers. Beyond `capacity` rows every other row of the older half is dropped: a whole run always fits. */
export class Columns {
  readonly names: readonly string[];
  private readonly capacity: number;
  private readonly data: Float64Array[];
  private length = 0;

  constructor(names: readonly string[], capacity: number) {
    this.names = names;
    this.capacity = capacity;
    this.data = names.map(() => new Float64Array(capacity));
  }

  get rows(): number {
    return this.length;
  }

  push(row: readonly number[]): void {
    if (this.length === this.capacity) this.thin();
    this.data.forEach((column, i) => {
      column[this.length] = row[i] ?? Number.NaN;
    });
    this.length++;
  }

  /** View on one column, valid until the next push. */
  column(name: string): Float64Array {
    const i = this.names.indexOf(name);
    const column = this.data[i];
    if (!column) throw new RangeError(`no column ${name}`);
    return column.subarray(0, this.length);
  }

  toArrays(): Record<string, Float64Array | Int32Array> {
    return Object.fromEntries(
      this.names.map((name, i) => {
        const view = (this.data[i] as Float64Array).subarray(0, this.length);
        return [name, INTEGER.has(name) ? Int32Array.from(view) : view.slice()];
      }),
    );
  }

  private thin(): void {
    const half = this.capacity >> 1;
    let to = 0;
    for (let from = 0; from < this.length; from++) {
      if (from < half && from % 2 === 1) continue;
      for (const column of this.data) column[to] = column[from] as number;
      to++;
    }
    this.length = to;
  }
}

export interface Level {
  /** Steps a bin covers; the x of a bin is the step of its first point. */
  readonly stride: number;
  readonly x: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
}

/** (min, max, mean) of a series in at most `capacity` bins; when full, neighbours merge and the stride doubles. */
export class Pyramid {
  private readonly capacity: number;
  private stride = 1;
  private bins = 0;
  private filled = 0;
  private readonly x: Float64Array;
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private readonly sum: Float64Array;
  private readonly count: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    [this.x, this.low, this.high, this.sum, this.count] = Array.from({ length: 5 }, () => new Float64Array(capacity)) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  }

  get length(): number {
    return this.bins;
  }

  push(x: number, value: number): void {
    if (this.bins === 0 || this.filled >= this.stride) {
      if (this.bins === this.capacity) this.merge();
      if (this.bins === 0 || this.filled >= this.stride) {
        this.x[this.bins] = x;
        this.low[this.bins] = Number.POSITIVE_INFINITY;
        this.high[this.bins] = Number.NEGATIVE_INFINITY;
        this.sum[this.bins] = 0;
        this.count[this.bins] = 0;
        this.bins++;
        this.filled = 0;
      }
    }
    const i = this.bins - 1;
    this.filled++;
    if (!Number.isFinite(value)) return;
    this.low[i] = Math.min(this.low[i] as number, value);
    this.high[i] = Math.max(this.high[i] as number, value);
    this.sum[i] = (this.sum[i] as number) + value;
    this.count[i] = (this.count[i] as number) + 1;
  }

  /** The series in at most `bins` bins, newest included. Bins without a finite value are NaN: a gap in the line. */
  level(bins: number): Level {
    const per = Math.max(1, Math.ceil(this.bins / Math.max(1, bins)));
    const n = Math.ceil(this.bins / per);
    const out = { stride: this.stride * per, x: new Float64Array(n), min: new Float64Array(n), max: new Float64Array(n), mean: new Float64Array(n) };
    for (let i = 0; i < n; i++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      let sum = 0;
      let count = 0;
      for (let j = i * per; j < Math.min(this.bins, (i + 1) * per); j++) {
        low = Math.min(low, this.low[j] as number);
        high = Math.max(high, this.high[j] as number);
        sum += this.sum[j] as number;
        count += this.count[j] as number;
      }
      out.x[i] = this.x[i * per] as number;
      out.min[i] = count > 0 ? low : Number.NaN;
      out.max[i] = count > 0 ? high : Number.NaN;
      out.mean[i] = count > 0 ? sum / count : Number.NaN;
    }
    return out;
  }

  private merge(): void {
    const half = this.bins >> 1;
    for (let i = 0; i < half; i++) {
      const a = 2 * i;
      const b = a + 1;
      this.x[i] = this.x[a] as number;
      this.low[i] = Math.min(this.low[a] as number, this.low[b] as number);
      this.high[i] = Math.max(this.high[a] as number, this.high[b] as number);
      this.sum[i] = (this.sum[a] as number) + (this.sum[b] as number);
      this.count[i] = (this.count[a] as number) + (this.count[b] as number);
    }
    this.bins = half;
    this.stride *= 2;
    this.filled = this.stride;
  }
}
