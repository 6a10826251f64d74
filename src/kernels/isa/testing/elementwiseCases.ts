/** Cases of sums, channel copies, activations and multipliers. */
import { call } from "../isa";
import { type Case, type CaseBuilder, casesOf } from "./builder";

interface Rows {
  readonly M: number;
  readonly C: number;
}

const shapes: readonly Rows[] = [
  { M: 1, C: 4 },
  { M: 25, C: 8 },
  { M: 51, C: 12 },
  { M: 49, C: 20 },
  { M: 130, C: 36 },
  { M: 3000, C: 4 },
];

const realOf = (b: CaseBuilder, C: number): number => C - b.rng.int(C > 4 ? 2 : 3);

/** x in three modes; r absent or in three modes; y elsewhere, over x or over r. */
const applyCases = (): Case[] =>
  casesOf({
    op: "apply",
    shapes,
    variants: 12,
    make: (b, { M, C }, v) => {
      const real = realOf(b, C);
      const x = b.load(M, C, { mode: v % 3, real });
      const rKind = Math.floor(v / 3);
      const r = rKind === 0 ? { ...x, x: -1 } : b.load(M, C, { mode: rKind - 1, real });
      const over = v % 4 === 1 ? { at: x.x, ld: x.xld } : v % 4 === 2 && rKind > 0 ? { at: r.x, ld: r.xld } : null;
      if (over !== null) b.changes("A", over, M, C);
      const y = over ?? b.output(M, C);
      const rest = { r: r.x, rld: r.xld, rmode: r.xmode, rcoef: r.xcoef, rcs: r.xcs, rlo: r.xlo, rhi: r.xhi };
      return call("apply", { ...x, ...rest, y: y.at, yld: y.ld, M, C });
    },
  });

interface Lanes extends Rows {
  readonly xb: number;
  readonly xs: number;
  readonly yC: number;
  readonly yb: number;
  readonly ys: number;
  readonly n: number;
}

const lanes: readonly Lanes[] = [
  { M: 25, C: 8, xb: 0, xs: 1, yC: 8, yb: 0, ys: 1, n: 8 },
  { M: 1, C: 4, xb: 1, xs: 1, yC: 4, yb: 2, ys: 1, n: 2 },
  { M: 51, C: 12, xb: 0, xs: 1, yC: 24, yb: 12, ys: 1, n: 12 },
  { M: 49, C: 20, xb: 0, xs: 2, yC: 12, yb: 0, ys: 1, n: 10 },
  { M: 49, C: 20, xb: 1, xs: 2, yC: 12, yb: 0, ys: 1, n: 10 },
  { M: 35, C: 8, xb: 0, xs: 1, yC: 16, yb: 0, ys: 2, n: 8 },
  { M: 35, C: 8, xb: 0, xs: 1, yC: 16, yb: 1, ys: 2, n: 8 },
  { M: 35, C: 12, xb: 0, xs: 1, yC: 20, yb: 5, ys: 1, n: 9 },
  { M: 35, C: 12, xb: 3, xs: 1, yC: 8, yb: 0, ys: 1, n: 6 },
  { M: 35, C: 12, xb: 4, xs: 1, yC: 20, yb: 8, ys: 1, n: 5 },
  { M: 17, C: 36, xb: 2, xs: 3, yC: 40, yb: 3, ys: 3, n: 11 },
  { M: 3000, C: 4, xb: 3, xs: 1, yC: 4, yb: 1, ys: 1, n: 1 },
  { M: 1025, C: 32, xb: 0, xs: 2, yC: 16, yb: 0, ys: 1, n: 16 },
];

const channelCases = (): Case[] =>
  casesOf({
    op: "channels",
    shapes: lanes,
    variants: 6,
    make: (b, { M, C, xb, xs, yC, yb, ys, n }, v) => {
      const x = b.load(M, C, { mode: v % 3 });
      const y = b.map(M, yC);
      b.changes("A", y, M, yC);
      return call("channels", { ...x, xb, xs, y: y.at, yld: y.ld, yb, ys, n, acc: v % 2, M });
    },
  });

const fillCases = (): Case[] =>
  casesOf({
    op: "fill",
    shapes: [
      { M: 1, C: 4, from: 0, n: 4 },
      { M: 51, C: 12, from: 5, n: 7 },
      { M: 25, C: 8, from: 3, n: 1 },
      { M: 3000, C: 4, from: 0, n: 3 },
      { M: 35, C: 36, from: 4, n: 31 },
    ],
    variants: 2,
    make: (b, { M, C, from, n }, v) => {
      const y = b.map(M, C);
      b.changes("A", y, M, C);
      return call("fill", { y: y.at, yld: y.ld, from, n, value: v === 0 ? 0 : -1.3, M });
    },
  });

const wideValue = (b: CaseBuilder) => (): number => 4 * b.rng.normal();

const activationCases = (): Case[] =>
  casesOf({
    op: "activation",
    shapes,
    variants: 18,
    make: (b, { M, C }, v) => {
      const real = realOf(b, C);
      const x = b.load(M, C, { mode: Math.floor(v / 6), real, value: wideValue(b) });
      const y = b.output(M, C);
      return call("activation", { ...x, y: y.at, yld: y.ld, kind: v % 6, real, M, C });
    },
  });

/** Where the derivatives of the activations jump. */
const KINKS = [-3, 0, 3, 6];

const activationGradCases = (): Case[] =>
  casesOf({
    op: "activationGrad",
    shapes,
    variants: 18,
    make: (b, { M, C }, v) => {
      const real = realOf(b, C);
      const kind = v % 6;
      const x = b.load(M, C, { mode: Math.floor(v / 6), real, value: wideValue(b), avoid: KINKS });
      const dy = b.map(M, C, { real });
      return call("activationGrad", {
        ...x,
        dy: dy.at,
        dyld: dy.ld,
        ...b.into(M, C, (v + Math.floor(v / 3)) % 3, real),
        kind,
        M,
        C,
      });
    },
  });

interface Images extends Rows {
  readonly rows: number;
}

const images: readonly Images[] = [
  { M: 1, C: 4, rows: 1 },
  { M: 50, C: 8, rows: 25 },
  { M: 51, C: 12, rows: 51 },
  { M: 147, C: 20, rows: 49 },
  { M: 5, C: 36, rows: 1 },
  { M: 3072, C: 4, rows: 1024 },
];

/** Multipliers as squeeze-and-excitation, a channel mask or drop path give them. */
function multipliers(b: CaseBuilder, { M, C, rows }: Images, kind: number) {
  if (kind === 0) {
    const { at, ld } = b.map(M / rows, C, { align: 1 });
    return { s: at, sb: ld, sc: 1 };
  }
  if (kind === 1) return { s: b.vector("A", C, { align: 1 }), sb: 0, sc: 1 };
  return { s: b.vector("A", M / rows, { align: 1 }), sb: 1, sc: 0 };
}

const scaleCases = (): Case[] => [
  ...casesOf({
    op: "scale",
    shapes: images,
    variants: 9,
    make: (b, shape, v) => {
      const { M, C, rows } = shape;
      const x = b.load(M, C, { mode: Math.floor(v / 3), real: realOf(b, C) });
      const y = b.output(M, C);
      return call("scale", { ...x, ...multipliers(b, shape, v % 3), y: y.at, yld: y.ld, rows, M, C });
    },
  }),
  ...casesOf({
    op: "scaleGradInput",
    shapes: images,
    variants: 9,
    make: (b, shape, v) => {
      const { M, C, rows } = shape;
      const real = realOf(b, C);
      const dy = b.map(M, C, { real });
      return call("scaleGradInput", {
        dy: dy.at,
        dyld: dy.ld,
        ...multipliers(b, shape, v % 3),
        ...b.into(M, C, Math.floor(v / 3), real),
        rows,
        M,
        C,
      });
    },
  }),
  ...casesOf({
    op: "scaleGradScale",
    shapes: images,
    variants: 6,
    make: (b, { M, C, rows }, v) => {
      const real = realOf(b, C);
      const x = b.load(M, C, { mode: v % 3, real });
      const dy = b.map(M, C, { real });
      const isShared = v >= 3;
      const ds = b.output(isShared ? 1 : M / rows, C, { name: "ds" });
      return call("scaleGradScale", {
        ...x,
        dy: dy.at,
        dyld: dy.ld,
        ds: ds.at,
        sb: isShared ? 0 : ds.ld,
        rows,
        M,
        C,
        tmp: -1,
      });
    },
  }),
];

const lengths = [{ n: 1 }, { n: 7 }, { n: 16 }, { n: 130 }, { n: 64 }];

const vectorCases = (): Case[] => [
  ...casesOf({
    op: "vectorLoad",
    shapes: lengths,
    variants: 2,
    make: (b, { n }, v) => {
      const align = v === 0 ? 4 : 1;
      const w = b.vector("W", n, { align });
      return call("vectorLoad", { w, y: b.output(1, n, { align, wide: false }).at, n });
    },
  }),
  ...casesOf({
    op: "vectorGrad",
    shapes: lengths,
    variants: 2,
    make: (b, { n }, v) => {
      const align = v === 0 ? 4 : 1;
      const dy = b.vector("A", n, { align });
      return call("vectorGrad", { dy, dw: b.changedVector("G", n, { name: "dw", align }), n });
    },
  }),
];

export const elementwiseCases = (): Case[] => [
  ...applyCases(),
  ...channelCases(),
  ...fillCases(),
  ...activationCases(),
  ...activationGradCases(),
  ...scaleCases(),
  ...vectorCases(),
];
