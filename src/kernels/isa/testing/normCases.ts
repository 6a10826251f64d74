/** Cases of batch normalisation, the hard ones included: means far above the deviation, banks that hold nothing yet. */
import { call, UNBOUNDED } from "../isa";
import { type Case, type CaseBuilder, casesOf } from "./builder";

interface Rows {
  readonly M: number;
  readonly C: number;
  readonly mean?: number;
}

const shapes: readonly Rows[] = [
  { M: 1, C: 4 },
  { M: 25, C: 8 },
  { M: 49, C: 12, mean: 1000 },
  { M: 51, C: 20 },
  { M: 3000, C: 4, mean: 1000 },
  { M: 1025, C: 36 },
  { M: 3000, C: 8, mean: -3 },
  { M: 130, C: 132 },
];

const realOf = (b: CaseBuilder, C: number): number => C - b.rng.int(C > 4 ? 2 : 3);

/** A map of the given mean and deviation ½; the standard normal without a mean. */
const mapValue = (b: CaseBuilder, mean: number | undefined) => () =>
  mean === undefined ? b.rng.normal() : mean + b.rng.normal() / 2;

function gammaBeta(b: CaseBuilder, C: number, real: number, isGiven: boolean): { gamma: number; beta: number } {
  if (!isGiven) return { gamma: -1, beta: -1 };
  return { gamma: b.vector("W", C, { real, value: () => 0.5 + b.rng.next() }), beta: b.vector("W", C, { real }) };
}

/** The four vectors, each compared by itself: they differ in size. `at` is where the first begins. */
function changesCoef(b: CaseBuilder, at: number, cs: number, C: number): void {
  ["scale", "shift", "mean", "r"].forEach((name, i) => b.changes("A", { at: at + i * cs, ld: C }, 1, C, { name }));
}

/** Bank and how it moves: not at all, by fixed factors, by those of the hyper block, or from nothing (keep 0 over NaN). */
function bank(b: CaseBuilder, C: number, kind: number) {
  const hyper = b.hyper({ keep: 0.75, gain: 0.25 });
  if (kind === 0) return { bank: -1, hyper, dynamic: 0, keep: 0.9, gain: 0.1, unbias: 1 };
  const at = b.vector("S", 2 * C, { value: () => (kind === 3 ? NaN : 0.5 + b.rng.next()) });
  b.changes("S", { at, ld: C }, 1, C, { name: "bank mean" });
  b.changes("S", { at: at + C, ld: C }, 1, C, { name: "bank variance" });
  return {
    bank: at,
    hyper,
    dynamic: kind === 2 ? 1 : 0,
    keep: kind === 3 ? 0 : 0.9,
    gain: kind === 3 ? 1 : 0.1,
    unbias: 1.02,
  };
}

const statsCases = (): Case[] =>
  casesOf({
    op: "normStats",
    shapes,
    variants: 8,
    make: (b, { M, C, mean }, v) => {
      const real = realOf(b, C);
      const u = b.map(M, C, { real, value: mapValue(b, mean) });
      const coef = b.vector("A", 4 * C, { value: () => NaN });
      changesCoef(b, coef, C, C);
      const affine = gammaBeta(b, C, real, v < 4);
      return call("normStats", { u: u.at, uld: u.ld, ...affine, coef, ...bank(b, C, v % 4), eps: 1e-5, M, C, tmp: -1 });
    },
  });

/** A coef over `cs` channels of a bank's size, of which the call writes or reads C from `from` on. */
const slices = [
  { C: 4, cs: 4, from: 0 },
  { C: 12, cs: 12, from: 0 },
  { C: 8, cs: 40, from: 12 },
  { C: 36, cs: 72, from: 36 },
  { C: 132, cs: 140, from: 4 },
];

const fixedCases = (): Case[] =>
  casesOf({
    op: "normFixed",
    shapes: slices,
    variants: 2,
    make: (b, { C, cs, from }, v) => {
      const real = realOf(b, C);
      const at = b.vector("S", 2 * C, {
        value: (_row, i) => (i % C >= real ? 0 : i < C ? b.rng.normal() : 0.1 + b.rng.next()),
      });
      const coef = b.vector("A", 4 * cs) + from;
      changesCoef(b, coef, cs, C);
      return call("normFixed", { bank: at, ...gammaBeta(b, C, real, v === 0), coef, cs, eps: 1e-3, C });
    },
  });

const bankMoveCases = (): Case[] =>
  casesOf({
    op: "bankMove",
    shapes: slices,
    variants: 3,
    make: (b, { C, cs, from }, v) => {
      const coef =
        b.vector("A", 4 * cs, { value: (_row, i) => (i < 3 * cs ? b.rng.normal() : 0.5 + b.rng.next()) }) + from;
      return call("bankMove", { coef, cs, ...bank(b, C, v + 1), eps: 1e-5, C });
    },
  });

const CLAMPS = [
  [0, UNBOUNDED],
  [0, 6],
  [-UNBOUNDED, UNBOUNDED],
] as const;

const gradCases = (): Case[] =>
  casesOf({
    op: "normGrad",
    shapes,
    variants: 6,
    make: (b, { M, C, mean = 0.5 }, v) => {
      const real = realOf(b, C);
      const [lo, hi] = CLAMPS[b.rng.int(CLAMPS.length)] ?? CLAMPS[0];
      const r = (c: number): number => (c < real ? 2 : 300);
      const value = (row: number, c: number): number => {
        const i = Math.floor(c / C);
        const channel = c % C;
        const [gamma, beta] = channel < real ? [0.5 + ((channel * 7) % 5) / 4, ((channel * 3) % 4) / 2 - 1] : [1, 0];
        const center = channel < real ? mean : 0;
        const scale = gamma * r(channel);
        return [scale, beta - center * scale, center, r(channel)][i + row] ?? 0;
      };
      const coef = b.vector("A", 4 * C, { value });
      // Where z lies on a bound, machines may differ in which side they see.
      const isClear = (u: number, c: number): boolean =>
        [lo, hi].every((bound) => Math.abs(u * b.get("A", coef + c) + b.get("A", coef + C + c) - bound) > 1e-3);
      const draw = (c: number): number => {
        const u = Math.fround(mean + b.rng.normal() / 2);
        return isClear(u, c) ? u : draw(c);
      };
      const u = b.map(M, C, { real, value: (_row, c) => draw(c) });
      const dz = b.map(M, C, { real });
      const du = v % 3 === 0 ? b.output(M, C, { name: "du" }) : v % 3 === 1 ? dz : u;
      if (v % 3 !== 0) b.changes("A", du, M, C, { name: "du" });
      const gradients =
        v % 2 === 0
          ? {
              dgamma: b.changedVector("G", C, { name: "dgamma", real }),
              dbeta: b.changedVector("G", C, { name: "dbeta", real }),
            }
          : { dgamma: -1, dbeta: -1 };
      return call("normGrad", {
        dz: dz.at,
        dzld: dz.ld,
        u: u.at,
        uld: u.ld,
        coef,
        lo,
        hi,
        ...gradients,
        du: du.at,
        duld: du.ld,
        M,
        C,
        tmp: -1,
      });
    },
  });

export const normCases = (): Case[] => [...statsCases(), ...fixedCases(), ...bankMoveCases(), ...gradCases()];
