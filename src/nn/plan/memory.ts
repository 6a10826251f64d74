/** Places buffers: two whose lifetimes do not meet may share memory. */

export interface Lifetime {
  readonly id: number;
  readonly floats: number;
  /** Times of first and last use, inclusive. */
  readonly first: number;
  readonly last: number;
}

export interface Placement {
  /** Offset by buffer id, multiples of 16 floats. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly floats: number;
}

const align = (n: number): number => Math.ceil(n / 16) * 16;

/** Largest first, each at the lowest offset that is free during its whole life. */
export function place(lifetimes: readonly Lifetime[]): Placement {
  const placed: { readonly from: number; readonly to: number; readonly first: number; readonly last: number }[] = [];
  const offsets = new Map<number, number>();
  let floats = 0;
  for (const item of [...lifetimes].sort((a, b) => b.floats - a.floats || a.first - b.first || a.id - b.id)) {
    const size = align(item.floats);
    let at = 0;
    // `placed` is ordered by offset, so the first gap that is large enough is the lowest.
    for (const other of placed) {
      if (other.first > item.last || other.last < item.first) continue;
      if (other.from >= at + size) break;
      at = Math.max(at, other.to);
    }
    const entry = { from: at, to: at + size, first: item.first, last: item.last };
    const index = placed.findIndex((other) => other.from > at);
    placed.splice(index < 0 ? placed.length : index, 0, entry);
    offsets.set(item.id, at);
    floats = Math.max(floats, entry.to);
  }
  return { offsets, floats };
}
