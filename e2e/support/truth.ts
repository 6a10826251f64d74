/** A table in the shape of NAS-Bench-Macro's with invented accuracies: costs are the space's own, nothing published is in it. */
import { macro8, macro8Cost } from "../../src/nas/space/macro8";

/** All 6,561 rows in the short form; equal networks have equal accuracies. */
export function inventedTable(): Uint8Array {
  const space = macro8("full");
  const rows: Record<string, readonly [number, number, number]> = {};
  for (let i = 0; i < 3 ** 8; i++) {
    const id = i.toString(3).padStart(8, "0");
    const choices = space.decode(id);
    if (choices === null) throw new Error(`${id} is not of the space`);
    const { params, macs } = macro8Cost(id, "full");
    rows[id] = [70 + 20 * noise(space.canonical(choices).id), params, macs];
  }
  return new TextEncoder().encode(JSON.stringify(rows));
}

/** 0 to 1, always the same for the same text. */
function noise(text: string): number {
  let hash = 2166136261;
  for (const c of text) hash = Math.imul(hash ^ c.charCodeAt(0), 16777619) >>> 0;
  return hash / 2 ** 32;
}
