/** Cases of mixed ops: their weights, the wide map, and the coefficients that are rewritten inside it. */
import { call } from "../isa";
import { type Case, type CaseBuilder, casesOf } from "./builder";

interface Weights {
  readonly n: number;
  readonly index: readonly number[];
}

const weights: readonly Weights[] = [
  { n: 1, index: [0] },
  { n: 8, index: [1, 2, 3, 4, 5, 6, 7] },
  { n: 16, index: [15, 3, 0, 7, 9, 12, 1, 2, 4, 5, 6, 8, 10, 11, 13, 14] },
  { n: 5, index: [4] },
  { n: 9, index: [8, 0, 7, 1, 6, 2, 5, 3, 4] },
  { n: 3, index: [2, 0, 2] },
];

/** Eight nibbles a word, as the unsigned words' signed twins: fields are 32-bit integers. */
function nibbles(index: readonly number[]): { count: number; index0: number; index1: number } {
  const word = (from: number): number =>
    index.slice(from, from + 8).reduce((bits, value, i) => bits | (value << (4 * i)), 0);
  return { count: index.length, index0: word(0), index1: word(8) };
}

const weightCases = (): Case[] => [
  ...casesOf({
    op: "mixWeights",
    shapes: weights,
    variants: 2,
    make: (b, { n, index }, v) => {
      const alpha = b.vector("W", n, { align: 1 });
      const prob = b.output(1, n, { name: "prob", wide: false }).at;
      const wv = b.output(1, index.length, { name: "wv", wide: false, align: 1 }).at;
      return call("mixWeights", { alpha, n, soft: v === 0 ? 1 : 0, prob, wv, ...nibbles(index) });
    },
  }),
  ...casesOf({
    op: "mixWeightsGrad",
    shapes: weights,
    variants: 2,
    make: (b, { n, index }, v) => {
      const dwv = b.vector("A", index.length, { align: 1 });
      const prob = b.vector("A", n, { value: () => b.rng.next() / n });
      const dalpha = b.changedVector("G", n, { name: "dalpha", align: 1 });
      return call("mixWeightsGrad", { dwv, prob, dalpha, n, soft: v === 0 ? 1 : 0, ...nibbles(index) });
    },
  }),
];

interface Wide {
  readonly M: number;
  readonly slots: number;
  readonly C: number;
}

const wides: readonly Wide[] = [
  { M: 1, slots: 1, C: 4 },
  { M: 25, slots: 3, C: 8 },
  { M: 51, slots: 7, C: 12 },
  { M: 49, slots: 14, C: 20 },
  { M: 3000, slots: 2, C: 4 },
  { M: 128, slots: 35, C: 4 },
  { M: 1025, slots: 7, C: 8 },
];

interface Slots {
  /** Bits of the slots that are not normalised. */
  readonly plain0: number;
  readonly plain1: number;
  isPlain(slot: number): boolean;
}

/** None, or some of each word. */
function plainSlots(b: CaseBuilder, slots: number, hasPlain: boolean): Slots {
  const plain = Array.from({ length: slots }, (_, s) => hasPlain && (s % 33 === 1 || b.rng.int(3) === 0));
  const word = (from: number): number =>
    plain.slice(from, from + 32).reduce((bits, isPlain, i) => (isPlain ? bits | (1 << i) : bits), 0);
  return { plain0: word(0), plain1: word(32), isPlain: (slot) => plain[slot] === true };
}

/** A coef over all slots with weights and biases of its own; 1, 0, 0, 1 in plain slots. Pad lanes have mean 0 and shift 0. */
function wideCoef(b: CaseBuilder, { slots, C }: Wide, real: number, { isPlain }: Slots): number {
  const wide = slots * C;
  const coef = b.vector("A", 4 * wide);
  for (let j = 0; j < wide; j++) {
    const isReal = j % C < real;
    const r = 0.5 + b.rng.next();
    const [gamma, beta, mean] = isReal ? [0.5 + b.rng.next(), b.rng.normal(), b.rng.normal()] : [1, 0, 0];
    const values = isPlain(Math.floor(j / C)) ? [1, 0, 0, 1] : [gamma * r, beta - mean * gamma * r, mean, r];
    values.forEach((value, i) => b.set("A", coef + i * wide + j, value));
  }
  return coef;
}

const mixOf = (b: CaseBuilder, { M, slots, C }: Wide, real: number) =>
  b.map(M, slots * C, { value: (_row, j) => (j % C < real ? b.rng.normal() : 0) });

const wideCases = (): Case[] => [
  ...casesOf({
    op: "mix",
    shapes: wides,
    variants: 2,
    make: (b, shape, v) => {
      const { M, slots, C } = shape;
      const real = C - b.rng.int(3);
      const u = mixOf(b, shape, real);
      const coef = wideCoef(b, shape, real, plainSlots(b, slots, v === 1));
      const wv = b.vector("A", slots, { align: 1, value: () => b.rng.next() });
      const y = b.output(M, C);
      return call("mix", { u: u.at, uld: u.ld, coef, wv, y: y.at, yld: y.ld, slots, C, M });
    },
  }),
  ...casesOf({
    op: "mixGrad",
    shapes: wides,
    variants: 4,
    make: (b, shape, v) => {
      const { M, slots, C } = shape;
      const real = C - b.rng.int(3);
      const plain = plainSlots(b, slots, v >= 2);
      const dy = b.map(M, C, { real });
      const u = mixOf(b, shape, real);
      const coef = wideCoef(b, shape, real, plain);
      const wv = b.vector("A", slots, { align: 1, value: () => b.rng.next() });
      const dwv = b.output(1, slots, { name: "dwv", wide: false, align: 1 }).at;
      const sums = b.output(1, 2 * slots * C, { name: "sums", wide: false }).at;
      const du = v % 2 === 0 ? b.output(M, slots * C, { name: "du" }) : u;
      if (v % 2 === 1) b.changes("A", du, M, slots * C, { name: "du" });
      const { plain0, plain1 } = plain;
      return call("mixGrad", {
        dy: dy.at,
        dyld: dy.ld,
        u: u.at,
        uld: u.ld,
        coef,
        wv,
        dwv,
        sums,
        du: du.at,
        duld: du.ld,
        plain0,
        plain1,
        slots,
        C,
        M,
        tmp: -1,
      });
    },
  }),
];

const ranges = [
  { cs: 4, from: 0, C: 4 },
  { cs: 24, from: 8, C: 8 },
  { cs: 140, from: 4, C: 132 },
  { cs: 60, from: 48, C: 12 },
];

const coefCases = (): Case[] => [
  ...casesOf({
    op: "plainCoef",
    shapes: ranges,
    make: (b, { cs, from, C }) => {
      const coef = b.vector("A", 4 * cs);
      b.changes("A", { at: coef + from, ld: cs }, 4, C, { name: "coef" });
      return call("plainCoef", { coef, cs, from, n: C });
    },
  }),
  ...casesOf({
    op: "affineCoef",
    shapes: ranges,
    make: (b, { cs, from, C }) => {
      const coef = b.vector("A", 4 * cs);
      b.changes("A", { at: coef + from, ld: cs }, 2, C, { name: "coef" });
      return call("affineCoef", { coef, cs, from, gamma: b.vector("W", C), beta: b.vector("W", C), C });
    },
  }),
  ...casesOf({
    op: "affineMixGrad",
    shapes: ranges,
    make: (b, { cs, from, C }) => {
      const [sums, wv] = [b.vector("A", 2 * cs), b.vector("A", 1, { align: 1 })];
      const [dgamma, dbeta] = [b.changedVector("G", C, { name: "dgamma" }), b.changedVector("G", C, { name: "dbeta" })];
      return call("affineMixGrad", { sums, cs, from, wv, dgamma, dbeta, C });
    },
  }),
];

export const mixCases = (): Case[] => [...weightCases(), ...wideCases(), ...coefCases()];
