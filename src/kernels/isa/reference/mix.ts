/** Reference of mixed ops: weights from the architecture's numbers, the weighted sum over a wide map, and both backwards. */
import { add, type Definitions, get, put, stored, sum, times } from "./maps";

/** Number `i` of up to sixteen that share two words of eight nibbles. */
function nibble(i: number, low: number, high: number): number {
  return ((i < 8 ? low : high) >>> ((i % 8) * 4)) & 15;
}

function isSet(i: number, low: number, high: number): boolean {
  return (((i < 32 ? low : high) >>> (i % 32)) & 1) === 1;
}

type Mix = "mixWeights" | "mixWeightsGrad" | "mix" | "mixGrad" | "plainCoef" | "affineCoef" | "affineMixGrad";

export const mix: Definitions<Mix> = {
  mixWeights: (f, { A, W }) => {
    const alpha = Array.from({ length: f.n }, (_, i) => get(W, f.alpha + i));
    const top = Math.max(...alpha);
    const total = sum(f.n, (i) => Math.exp((alpha[i] as number) - top));
    alpha.forEach((a, i) => put(A, f.prob + i, f.soft === 1 ? Math.exp(a - top) / total : a));
    times(f.count, (i) => put(A, f.wv + i, get(A, f.prob + nibble(i, f.index0, f.index1))));
  },

  mixWeightsGrad: (f, { A, G }) => {
    const dprob = new Float64Array(f.n);
    times(f.count, (i) => add(dprob, nibble(i, f.index0, f.index1), get(A, f.dwv + i)));
    const mean = sum(f.n, (i) => get(A, f.prob + i) * get(dprob, i));
    times(f.n, (i) => add(G, f.dalpha + i, f.soft === 1 ? get(A, f.prob + i) * (get(dprob, i) - mean) : get(dprob, i)));
  },

  mix: (f, { A }) => {
    const wide = f.slots * f.C;
    const normed = (m: number, j: number): number =>
      get(A, f.u + m * f.uld + j) * get(A, f.coef + j) + get(A, f.coef + wide + j);
    times(f.M, (m) =>
      times(f.C, (c) =>
        put(
          A,
          f.y + m * f.yld + c,
          sum(f.slots, (s) => get(A, f.wv + s) * normed(m, s * f.C + c)),
        ),
      ),
    );
  },

  mixGrad: (f, { A }) => {
    const wide = f.slots * f.C;
    const dy = stored(A, f.dy, f.dyld);
    const u = stored(A, f.u, f.uld);
    times(f.slots, (s) => {
      const [weight, isPlain] = [get(A, f.wv + s), isSet(s, f.plain0, f.plain1)];
      let dwv = 0;
      times(f.C, (c) => {
        const j = s * f.C + c;
        const [scale, shift, mean, r] = isPlain
          ? [1, 0, 0, 1]
          : ([0, 1, 2, 3].map((i) => get(A, f.coef + i * wide + j)) as [number, number, number, number]);
        const h = (m: number): number => (u(m, j) - mean) * r;
        const s0 = sum(f.M, (m) => dy(m, c));
        const s1 = sum(f.M, (m) => dy(m, c) * h(m));
        put(A, f.sums + j, s0);
        put(A, f.sums + wide + j, s1);
        dwv += (scale / r) * s1 + (shift + mean * scale) * s0;
        const du = (m: number): number => (isPlain ? dy(m, c) : scale * (dy(m, c) - s0 / f.M - (h(m) * s1) / f.M));
        times(f.M, (m) => put(A, f.du + m * f.duld + j, weight * du(m)));
      });
      put(A, f.dwv + s, dwv);
    });
  },

  plainCoef: (f, { A }) =>
    [1, 0, 0, 1].forEach((value, i) => times(f.n, (c) => put(A, f.coef + i * f.cs + f.from + c, value))),

  affineCoef: (f, { A, W }) =>
    times(f.C, (c) => {
      const [scale, shift, gamma] = [f.coef + f.from + c, f.coef + f.cs + f.from + c, get(W, f.gamma + c)];
      put(A, scale, get(A, scale) * gamma);
      put(A, shift, get(A, shift) * gamma + get(W, f.beta + c));
    }),

  affineMixGrad: (f, { A, G }) =>
    times(f.C, (c) => {
      add(G, f.dgamma + c, get(A, f.wv) * get(A, f.sums + f.cs + f.from + c));
      add(G, f.dbeta + c, get(A, f.wv) * get(A, f.sums + f.from + c));
    }),
};
