/** The generator Emoji-10's recipe is pinned to: sfc32 seeded through SHA-256. The data set's hash depends on its exact draws. */
import { createHash } from "node:crypto";

export interface RecipeRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Uniform integer in 0 … n − 1. */
  int(n: number): number;
  pick<T>(list: readonly T[]): T;
}

/** A generator for one named purpose, e.g. `emoji10:1:fold0:image7`. */
export function recipeRandom(purpose: string): RecipeRandom {
  const seed = createHash("sha256").update(purpose).digest();
  let a = seed.readUInt32LE(0);
  let b = seed.readUInt32LE(4);
  let c = seed.readUInt32LE(8);
  let counter = seed.readUInt32LE(12);
  const next = (): number => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return (word >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  const int = (n: number): number => Math.floor(next() * n);
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    int,
    pick: (list) => {
      const item = list[int(list.length)];
      if (item === undefined) throw new Error(`${purpose}: nothing to pick from`);
      return item;
    },
  };
}

/** A list in the order of `sha256(salt + ":" + item)`: shuffled, but the same everywhere. */
export function hashOrder(items: readonly string[], salt: string): string[] {
  return items
    .map((item) => ({ item, rank: createHash("sha256").update(`${salt}:${item}`).digest("hex") }))
    .sort((p, q) => (p.rank < q.rank ? -1 : 1))
    .map(({ item }) => item);
}
