/** Reference of batch normalisation: statistics, fixed statistics, banks, and the backward pass with the clamp folded in. */
import { hyperAt } from "../isa";
import { add, type Definitions, get, type Memory, put, stored, sum, times } from "./maps";

interface Affine {
  readonly gamma: number;
  readonly beta: number;
  readonly coef: number;
}

/** scale, shift, mean, r at coef + cs·{0, 1, 2, 3} + c. */
function putCoef({ A, W }: Memory, f: Affine, cs: number, c: number, mean: number, r: number): void {
  const scale = (f.gamma >= 0 ? get(W, f.gamma + c) : 1) * r;
  const shift = (f.beta >= 0 ? get(W, f.beta + c) : 0) - mean * scale;
  [scale, shift, mean, r].forEach((value, i) => put(A, f.coef + i * cs + c, value));
}

interface Bank {
  readonly bank: number;
  readonly hyper: number;
  readonly dynamic: number;
  readonly keep: number;
  readonly gain: number;
  readonly unbias: number;
  readonly C: number;
}

function moveBank({ S }: Memory, f: Bank, c: number, mean: number, variance: number): void {
  const keep = f.dynamic === 1 ? get(S, f.hyper + hyperAt.keep) : f.keep;
  const gain = f.dynamic === 1 ? get(S, f.hyper + hyperAt.gain) : f.gain;
  const move = (at: number, value: number): void => put(S, at, (keep === 0 ? 0 : get(S, at) * keep) + value * gain);
  move(f.bank + c, mean);
  move(f.bank + f.C + c, variance * f.unbias);
}

export const norms: Definitions<"normStats" | "normFixed" | "bankMove" | "normGrad"> = {
  normStats: (f, memory) => {
    const u = stored(memory.A, f.u, f.uld);
    times(f.C, (c) => {
      const mean = sum(f.M, (m) => u(m, c)) / f.M;
      const variance = sum(f.M, (m) => (u(m, c) - mean) ** 2) / f.M;
      putCoef(memory, f, f.C, c, mean, 1 / Math.sqrt(variance + f.eps));
      if (f.bank >= 0) moveBank(memory, f, c, mean, variance);
    });
  },

  normFixed: (f, memory) =>
    times(f.C, (c) =>
      putCoef(memory, f, f.cs, c, get(memory.S, f.bank + c), 1 / Math.sqrt(get(memory.S, f.bank + f.C + c) + f.eps)),
    ),

  bankMove: (f, memory) =>
    times(f.C, (c) => {
      const r = get(memory.A, f.coef + 3 * f.cs + c);
      moveBank(memory, f, c, get(memory.A, f.coef + 2 * f.cs + c), 1 / r ** 2 - f.eps);
    }),

  normGrad: (f, memory) => {
    const dz = stored(memory.A, f.dz, f.dzld);
    const u = stored(memory.A, f.u, f.uld);
    times(f.C, (c) => {
      const [scale, shift, mean, r] = [0, 1, 2, 3].map((i) => get(memory.A, f.coef + i * f.C + c)) as [
        number,
        number,
        number,
        number,
      ];
      const h = (m: number): number => (u(m, c) - mean) * r;
      const g = (m: number): number => {
        const z = u(m, c) * scale + shift;
        return f.lo < z && z < f.hi ? dz(m, c) : 0;
      };
      const sumG = sum(f.M, g);
      const sumGh = sum(f.M, (m) => g(m) * h(m));
      if (f.dgamma >= 0) add(memory.G, f.dgamma + c, sumGh);
      if (f.dbeta >= 0) add(memory.G, f.dbeta + c, sumG);
      times(f.M, (m) => put(memory.A, f.du + m * f.duld + c, scale * (g(m) - sumG / f.M - (h(m) * sumGh) / f.M)));
    });
  },
};
