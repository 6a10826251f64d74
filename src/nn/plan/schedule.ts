/**
 * Order of calls. Calls that do not depend on each other and run the same kernel are put side by side, so that a machine with costly
 * dispatches runs them as one (horizontal fusion). Machines without batching keep the order in which the graph was lowered: it reuses caches best.
 */
import { accessesOf, sumsOf, type Ref, type SymbolCall } from "./symbols";

function overlap(a: Ref, b: Ref): boolean {
  return a.at < b.at + b.span && b.at < a.at + a.span;
}

/** Earliest level of every call: one more than the last call that it must follow. */
function levelsOf(calls: readonly SymbolCall[]): number[] {
  const touched = new Map<number, { readonly ref: Ref; readonly writes: boolean; readonly level: number }[]>();
  const summed = new Map<string, number>();
  return calls.map((call) => {
    const accesses = accessesOf(call);
    let level = 0;
    for (const { ref, writes } of accesses)
      for (const earlier of touched.get(ref.buf.id) ?? [])
        if ((writes || earlier.writes) && earlier.level >= level && overlap(ref, earlier.ref)) level = earlier.level + 1;
    for (const address of sumsOf(call)) level = Math.max(level, (summed.get(address) ?? -1) + 1);
    for (const { ref, writes } of accesses) {
      const list = touched.get(ref.buf.id);
      if (list) list.push({ ref, writes, level });
      else touched.set(ref.buf.id, [{ ref, writes, level }]);
    }
    for (const address of sumsOf(call)) summed.set(address, level);
    return level;
  });
}

/** Groups of calls to run one after the other; the calls of a group are independent and of equal variant, at most `maxBatch`. */
export function schedule(calls: readonly SymbolCall[], variant: (call: SymbolCall) => string, maxBatch: number): SymbolCall[][] {
  if (maxBatch <= 1) return calls.map((call) => [call]);
  const levels = levelsOf(calls);
  const byLevel: Map<string, SymbolCall[]>[] = [];
  calls.forEach((call, i) => {
    const groups = (byLevel[levels[i] as number] ??= new Map<string, SymbolCall[]>());
    const key = variant(call);
    const group = groups.get(key);
    if (group) group.push(call);
    else groups.set(key, [call]);
  });
  return byLevel.flatMap((groups) => [...groups.values()].flatMap((group) => chunks(group, maxBatch)));
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
