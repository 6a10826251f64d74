/**
 * Counter-based random numbers with split keys (Threefry-2x32, 20 rounds; Salmon et al., SC 2011).
 * A key is folded by name, so every subsystem has its own stream and reordering code does not reorder draws;
 * to resume a run a key and a counter are enough.
 */

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;

/** Threefry-2x32-20 of counter (c0, c1) under key (k0, k1); two unsigned 32-bit words. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0 | 0, k1 | 0, (k0 ^ k1 ^ PARITY) | 0] as const;
  let x0 = (c0 + keys[0]) | 0;
  let x1 = (c1 + keys[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round % 8] as number;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    if (round % 4 === 3) {
      const i = (round + 1) / 4;
      x0 = (x0 + (keys[i % 3] as number)) | 0;
      x1 = (x1 + (keys[(i + 1) % 3] as number) + i) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** A stream of draws. `counter` is its whole state: a stream made from the same key and counter continues alike. */
export interface Rng {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in 0 … n−1. */
  int(n: number): number;
  /** Standard normal (Box–Muller, one value a call, two draws). */
  normal(): number;
  /** Fisher–Yates shuffle in place; returns its argument. */
  shuffle<T extends { length: number; [i: number]: number }>(list: T): T;
  readonly counter: number;
}

/** An immutable key. `fold` derives an independent key; `stream` starts drawing at a counter. */
export interface RngKey {
  readonly words: readonly [number, number];
  fold(data: string | number): RngKey;
  stream(counter?: number): Rng;
}

function makeStream(k0: number, k1: number, start: number): Rng {
  let counter = start;
  const next = (): number => {
    // The high word tags draws so that they never meet fold()'s counters.
    const [word] = threefry2x32(k0, k1, counter, 0x5eed);
    counter = (counter + 1) >>> 0;
    return word / 4294967296;
  };
  return {
    next,
    int: (n) => Math.floor(next() * n),
    normal: () => {
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      return radius * Math.cos(2 * Math.PI * next());
    },
    shuffle: (list) => {
      for (let i = list.length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        const held = list[i] as number;
        list[i] = list[j] as number;
        list[j] = held;
      }
      return list;
    },
    get counter() {
      return counter;
    },
  };
}

function keyOf(k0: number, k1: number): RngKey {
  return {
    words: [k0, k1],
    fold: (data) => {
      const [tag, value] = typeof data === "string" ? [0x7e47, hashText(data)] : [0x1d, data >>> 0];
      const [a, b] = threefry2x32(k0, k1, value, tag);
      return keyOf(a, b);
    },
    stream: (counter = 0) => makeStream(k0, k1, counter),
  };
}

/** The root key of a run. `seed`: any integer; its low 32 bits and the rest both count. */
export function rootKey(seed: number): RngKey {
  const [a, b] = threefry2x32(seed >>> 0, Math.floor(seed / 4294967296) >>> 0, 0, 0);
  return keyOf(a, b);
}
