/** Cases of pools and changes of resolution; maxima often tie. */
import { call } from "../isa";
import { type Case, type CaseBuilder, casesOf } from "./builder";

interface Field {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly k: number;
  readonly s: number;
  readonly p: number;
}

const field = (B: number, H: number, W: number, C: number, k: number, s: number, p: number): Field => ({
  B,
  H,
  W,
  C,
  k,
  s,
  p,
});

const fields: readonly Field[] = [
  field(1, 5, 5, 4, 3, 1, 1),
  field(2, 7, 5, 8, 3, 2, 1),
  field(1, 1, 1, 12, 3, 1, 1),
  field(1, 17, 3, 20, 3, 1, 1),
  field(2, 6, 6, 4, 2, 2, 0),
  field(1, 7, 7, 36, 2, 2, 0),
  field(2, 9, 9, 4, 5, 2, 2),
  field(1, 8, 8, 8, 4, 2, 1),
  field(1, 9, 9, 4, 3, 3, 0),
  field(3, 32, 32, 4, 3, 1, 1),
];

function windowOf({ B, H, W, C, k, s, p }: Field) {
  const outSide = (side: number): number => Math.floor((side + 2 * p - k) / s) + 1;
  const [Ho, Wo] = [outSide(H), outSide(W)];
  return { inRows: B * H * W, outRows: B * Ho * Wo, sizes: { B, H, W, Ho, Wo, k, s, p, C } };
}

const realOf = (b: CaseBuilder, C: number): number => C - b.rng.int(C > 4 ? 2 : 3);

/** A stored map; with ties, of nine different values only. */
function source(b: CaseBuilder, rows: number, C: number, real: number, hasTies = false) {
  const { at, ld } = b.map(rows, C, { real, ...(hasTies ? { value: () => b.rng.int(9) / 2 - 3 } : {}) });
  return { x: at, xld: ld };
}

function gradient(b: CaseBuilder, rows: number, C: number, real: number) {
  const { at, ld } = b.map(rows, C, { real });
  return { dy: at, dyld: ld };
}

function target(b: CaseBuilder, rows: number, C: number) {
  const { at, ld } = b.output(rows, C);
  return { y: at, yld: ld };
}

const windowCases = (): Case[] => [
  ...casesOf({
    op: "maxPool",
    shapes: fields,
    make: (b, f) => {
      const { inRows, outRows, sizes } = windowOf(f);
      return call("maxPool", { ...source(b, inRows, f.C, realOf(b, f.C), true), ...target(b, outRows, f.C), ...sizes });
    },
  }),
  ...casesOf({
    op: "maxPoolGrad",
    shapes: fields,
    variants: 3,
    make: (b, f, v) => {
      const { inRows, outRows, sizes } = windowOf(f);
      const real = realOf(b, f.C);
      return call("maxPoolGrad", {
        ...source(b, inRows, f.C, real, true),
        ...gradient(b, outRows, f.C, real),
        ...b.into(inRows, f.C, v, real),
        ...sizes,
      });
    },
  }),
  ...casesOf({
    op: "avgPool",
    shapes: fields,
    variants: 2,
    make: (b, f, v) => {
      const { inRows, outRows, sizes } = windowOf(f);
      return call("avgPool", {
        ...source(b, inRows, f.C, realOf(b, f.C)),
        ...target(b, outRows, f.C),
        ...sizes,
        pads: v,
      });
    },
  }),
  ...casesOf({
    op: "avgPoolGrad",
    shapes: fields,
    variants: 6,
    make: (b, f, v) => {
      const { inRows, outRows, sizes } = windowOf(f);
      const real = realOf(b, f.C);
      return call("avgPoolGrad", {
        ...gradient(b, outRows, f.C, real),
        ...b.into(inRows, f.C, v % 3, real),
        ...sizes,
        pads: v % 2,
      });
    },
  }),
];

const images = [
  { B: 1, rows: 1, C: 4 },
  { B: 2, rows: 25, C: 8 },
  { B: 5, rows: 51, C: 12 },
  { B: 1, rows: 49, C: 36 },
  { B: 3, rows: 1024, C: 4 },
  { B: 33, rows: 16, C: 132 },
];

const globalCases = (): Case[] => [
  ...casesOf({
    op: "globalPool",
    shapes: images,
    variants: 3,
    make: (b, { B, rows, C }, v) =>
      call("globalPool", {
        ...b.load(B * rows, C, { mode: v, real: realOf(b, C) }),
        ...target(b, B, C),
        B,
        rows,
        C,
        tmp: -1,
      }),
  }),
  ...casesOf({
    op: "globalPoolGrad",
    shapes: images,
    variants: 3,
    make: (b, { B, rows, C }, v) => {
      const real = realOf(b, C);
      return call("globalPoolGrad", { ...gradient(b, B, C, real), ...b.into(B * rows, C, v, real), B, rows, C });
    },
  }),
];

const resolutions = [
  { B: 1, large: [1, 1], small: [1, 1], C: 4 },
  { B: 2, large: [8, 8], small: [4, 4], C: 8 },
  { B: 1, large: [7, 7], small: [3, 3], C: 12 },
  { B: 3, large: [7, 5], small: [4, 2], C: 20 },
  { B: 1, large: [17, 3], small: [17, 3], C: 4 },
  { B: 2, large: [16, 16], small: [5, 7], C: 36 },
] as const;

const resolutionCases = (): Case[] => [
  ...casesOf({
    op: "subsample",
    shapes: resolutions,
    variants: 3,
    make: (b, { B, large, small, C }, v) => {
      const [[H, W], [Ho, Wo]] = [large, small];
      const real = realOf(b, C);
      return call("subsample", {
        ...source(b, B * H * W, C, real),
        ...b.into(B * Ho * Wo, C, v, real),
        B,
        H,
        W,
        Ho,
        Wo,
        C,
      });
    },
  }),
  ...casesOf({
    op: "scatter",
    shapes: resolutions,
    variants: 3,
    make: (b, { B, large, small, C }, v) => {
      const [[Ho, Wo], [H, W]] = [large, small];
      const real = realOf(b, C);
      return call("scatter", {
        ...source(b, B * H * W, C, real),
        ...b.into(B * Ho * Wo, C, v, real),
        B,
        H,
        W,
        Ho,
        Wo,
        C,
      });
    },
  }),
  // Shrinking, and the transpose of it.
  ...casesOf({
    op: "resize",
    shapes: resolutions,
    variants: 6,
    make: (b, { B, large, small, C }, v) => {
      const [[H, W], [Ho, Wo]] = v < 3 ? [large, small] : [small, large];
      const real = realOf(b, C);
      return call("resize", {
        ...source(b, B * H * W, C, real),
        ...b.into(B * Ho * Wo, C, v % 3, real),
        B,
        H,
        W,
        Ho,
        Wo,
        C,
      });
    },
  }),
];

export const poolCases = (): Case[] => [...windowCases(), ...globalCases(), ...resolutionCases()];
