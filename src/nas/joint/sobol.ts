/**
 * Quasi-random points (Sobol 1967): a cube is filled more evenly than by chance, so that a few hundred points show a space of two dozen choices
 * everywhere. Unscrambled, in Gray-code order (Antonov & Saleev 1979).
 */
import type { Rng } from "@/lib/rng";

const bits = 30;

/**
 * Joe & Kuo's numbers (`new-joe-kuo-6`, SIAM J. Sci. Comput. 30, 2008) of dimensions 2 to 32: degree s of the primitive polynomial, its inner
 * coefficients a as a binary number, then m_1 … m_s.
 */
// prettier-ignore
const joeKuo: readonly (readonly number[])[] = [
  [1, 0, 1], [2, 1, 1, 3], [3, 1, 1, 3, 1], [3, 2, 1, 1, 1], [4, 1, 1, 1, 3, 3], [4, 4, 1, 3, 5, 13], [5, 2, 1, 1, 5, 5, 17], [5, 4, 1, 1, 5, 5, 5],
  [5, 7, 1, 1, 7, 11, 19], [5, 11, 1, 1, 5, 1, 1], [5, 13, 1, 1, 1, 3, 11], [5, 14, 1, 3, 5, 5, 31], [6, 1, 1, 3, 3, 9, 7, 49], [6, 13, 1, 1, 1, 15, 21, 21],
  [6, 16, 1, 3, 1, 13, 27, 49], [6, 19, 1, 1, 1, 15, 7, 5], [6, 22, 1, 3, 1, 15, 13, 25], [6, 25, 1, 1, 5, 5, 19, 61], [7, 1, 1, 3, 7, 11, 23, 15, 103],
  [7, 4, 1, 3, 7, 13, 13, 15, 69], [7, 7, 1, 1, 3, 13, 7, 35, 63], [7, 8, 1, 3, 5, 9, 1, 25, 53], [7, 14, 1, 3, 1, 13, 9, 35, 107], [7, 19, 1, 3, 1, 5, 27, 61, 31],
  [7, 21, 1, 1, 5, 11, 19, 41, 61], [7, 28, 1, 3, 5, 3, 3, 13, 69], [7, 31, 1, 1, 7, 13, 1, 19, 1], [7, 32, 1, 3, 7, 5, 13, 19, 59],
  [7, 37, 1, 1, 3, 9, 25, 29, 41], [7, 41, 1, 3, 5, 13, 23, 1, 55], [7, 42, 1, 3, 7, 3, 13, 59, 17],
];

/** Dimensions that have direction numbers. */
export const sobolDimensions = joeKuo.length + 1;

/** The 30-bit direction numbers V_1 … V_30 of dimension d (from 0), by Joe & Kuo's recurrence. */
export function sobolDirections(d: number): readonly number[] {
  const [s = 0, a = 0, ...m] = d === 0 ? [] : (joeKuo[d - 1] ?? []);
  const v: number[] = [];
  for (let i = 0; i < bits; i++) {
    // The first dimension is van der Corput's sequence.
    if (d === 0 || i < s) v.push((d === 0 ? 1 : (m[i] as number)) << (bits - 1 - i));
    else {
      let next = (v[i - s] as number) ^ ((v[i - s] as number) >> s);
      for (let k = 1; k < s; k++) if ((a >> (s - 1 - k)) & 1) next ^= v[i - k] as number;
      v.push(next);
    }
  }
  return v;
}

/** Points in [0, 1)^d, one a call. */
export interface PointStream {
  next(): Float64Array;
}

/**
 * x_{i+1} = x_i XOR V[c(i)], c(i) the lowest zero bit of i; value = x/2³⁰ (spec fbnet 3.4). The first point given out is x_1: x_0 is the corner.
 * Coordinates beyond the 32 that have numbers are drawn from `rest`.
 */
export function sobolPoints(dimensions: number, rest: Rng): PointStream {
  const directions = Array.from({ length: Math.min(dimensions, sobolDimensions) }, (_, d) => sobolDirections(d));
  const x = new Int32Array(directions.length);
  let i = 0;
  return {
    next: () => {
      const bit = Math.min(bits - 1, 31 - Math.clz32(~i & (i + 1)));
      i++;
      return Float64Array.from({ length: dimensions }, (_, d) => {
        const own = directions[d];
        if (own === undefined) return rest.next();
        const value = (x[d] as number) ^ (own[bit] as number);
        x[d] = value;
        return value / 2 ** bits;
      });
    },
  };
}
