/**
 * Architecture weights over the whole run: at most 512 columns, stride doubling when full, so the time cursor can go back. A column holds
 * the raw α of every group of the space, one after the other; what a panel draws is their softmax by row.
 */
import type { AlphaGroup } from "@/nas/space/types";
import type { SeriesChunk } from "@/session/protocol";

export interface AlphaColumn {
  readonly step: number;
  /** Raw, as the optimizer moves them. */
  readonly raw: Float32Array;
  /** Softmax of each row; same layout. */
  readonly weights: Float32Array;
}

/** Softmax of every row of consecutive matrices. */
export function rowSoftmax(raw: Float32Array, groups: readonly Pick<AlphaGroup, "rows" | "ops">[]): Float32Array {
  const out = new Float32Array(raw.length);
  let at = 0;
  for (const { rows, ops } of groups)
    for (let row = 0; row < rows.length; row++, at += ops.length) {
      let top = -Infinity;
      for (let k = 0; k < ops.length; k++) top = Math.max(top, raw[at + k] as number);
      let sum = 0;
      for (let k = 0; k < ops.length; k++) sum += out[at + k] = Math.exp((raw[at + k] as number) - top);
      for (let k = 0; k < ops.length; k++) out[at + k] = (out[at + k] as number) / sum;
    }
  return out;
}

export class AlphaHistory {
  private readonly capacity: number;
  private kept: AlphaColumn[] = [];
  private stride = 1;
  private skipped = 0;
  private newest: AlphaColumn | null = null;
  private layout: readonly AlphaGroup[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Groups of the run's space; empty for a space or method without architecture weights. */
  get groups(): readonly AlphaGroup[] {
    return this.layout;
  }

  /** Starts afresh for a run. */
  begin(groups: readonly AlphaGroup[]): void {
    this.kept = [];
    this.stride = 1;
    this.skipped = 0;
    this.newest = null;
    this.layout = groups;
  }

  append({ step, values }: SeriesChunk["alpha"]): void {
    const width = step.length === 0 ? 0 : values.length / step.length;
    for (let i = 0; i < step.length; i++) this.push(step[i] as number, values.slice(i * width, (i + 1) * width));
  }

  push(step: number, raw: Float32Array): void {
    const column = { step, raw, weights: rowSoftmax(raw, this.layout) };
    // A run that went back to its last snapshot tells the steps since then anew.
    if (this.newest && step <= this.newest.step) this.kept = this.kept.filter((known) => known.step < step);
    this.newest = column;
    if (this.skipped > 0 && this.kept.length > 0) {
      this.skipped--;
      return;
    }
    this.skipped = this.stride - 1;
    this.kept.push(column);
    if (this.kept.length < this.capacity) return;
    this.kept = this.kept.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
    this.skipped = this.stride - 1;
  }

  latest(): AlphaColumn | null {
    return this.newest;
  }

  /** Every column that is kept, oldest first, and the newest. */
  columns(): readonly AlphaColumn[] {
    const last = this.kept.at(-1);
    return this.newest && last !== this.newest ? [...this.kept, this.newest] : this.kept;
  }

  /** Newest column at or before a step; null before the first. */
  at(step: number): AlphaColumn | null {
    if (this.newest && this.newest.step <= step) return this.newest;
    let found: AlphaColumn | null = null;
    for (const column of this.kept) {
      if (column.step > step) break;
      found = column;
    }
    return found;
  }

  /** The public channel: one entry a column, group, edge and op. */
  toArrays(): Record<string, Float64Array | Int32Array> {
    const columns = this.columns();
    const width = columns[0]?.weights.length ?? 0;
    const n = columns.length * width;
    const out = { step: new Int32Array(n), group: new Int32Array(n), edge: new Int32Array(n), op: new Int32Array(n), weight: new Float64Array(n) };
    let i = 0;
    for (const { step, weights } of columns) {
      let at = 0;
      for (const [index, { rows, ops, firstRow }] of this.layout.entries()) {
        // Rows with candidates of their own are matrices of their own here, but one group to the outside.
        const group = firstRow === undefined ? index : 0;
        for (let edge = 0; edge < rows.length; edge++)
          for (let op = 0; op < ops.length; op++, i++, at++) {
            out.step[i] = step;
            out.group[i] = group;
            out.edge[i] = (firstRow ?? 0) + edge;
            out.op[i] = op;
            out.weight[i] = weights[at] as number;
          }
      }
    }
    return out;
  }
}
