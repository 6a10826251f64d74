/** Cases of the products: pointwise, dense, grouped and depthwise convolution, forward and both gradients. */
import { call, padTo4 } from "../isa";
import { type Case, type CaseBuilder, casesOf, type Place } from "./builder";

interface Matrix {
  readonly M: number;
  readonly K: number;
  readonly N: number;
}

interface Field {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly k: number;
  readonly s: number;
  readonly p: number;
  readonly d?: number;
}

type Dense = Field & { readonly K: number; readonly N: number };
type Depthwise = Field & { readonly C: number; readonly d: number };
type Grouped = Field & { readonly cin: number; readonly cout: number; readonly groups: number };

const matrices: readonly Matrix[] = [
  { M: 1, K: 4, N: 4 },
  { M: 35, K: 8, N: 4 },
  { M: 49, K: 4, N: 12 },
  { M: 51, K: 12, N: 20 },
  { M: 25, K: 36, N: 8 },
  { M: 3000, K: 20, N: 8 },
  { M: 7, K: 64, N: 68 },
  { M: 130, K: 20, N: 36 },
  { M: 1025, K: 8, N: 12 },
  { M: 64, K: 64, N: 64 },
  { M: 33, K: 132, N: 24 },
];

const field = (B: number, H: number, W: number, k: number, s: number, p: number): Field => ({ B, H, W, k, s, p });

const denses: readonly Dense[] = [
  { ...field(1, 5, 5, 3, 1, 1), K: 4, N: 4 },
  { ...field(2, 7, 5, 3, 2, 1), K: 8, N: 12 },
  { ...field(1, 1, 1, 1, 1, 0), K: 12, N: 4 },
  { ...field(1, 17, 3, 5, 1, 2), K: 4, N: 20 },
  { ...field(2, 7, 7, 2, 2, 0), K: 4, N: 8 },
  { ...field(1, 7, 7, 4, 1, 1), K: 8, N: 4 },
  { ...field(2, 8, 8, 1, 2, 0), K: 4, N: 8 },
  { ...field(1, 5, 5, 7, 1, 3), K: 4, N: 4 },
  { ...field(3, 9, 9, 3, 3, 0), K: 4, N: 8 },
  { ...field(1, 32, 32, 3, 1, 1), K: 4, N: 16 },
  { ...field(2, 6, 6, 3, 1, 1), K: 36, N: 20 },
  { ...field(1, 8, 8, 7, 2, 3), K: 4, N: 8 },
  { ...field(2, 1, 1, 3, 1, 1), K: 4, N: 8 },
  { ...field(1, 7, 17, 6, 2, 2), K: 4, N: 4 },
];

const grouped: readonly Grouped[] = [
  { ...field(1, 5, 5, 3, 1, 1), cin: 4, cout: 4, groups: 4 },
  { ...field(2, 7, 5, 3, 2, 1), cin: 6, cout: 12, groups: 6 },
  { ...field(1, 7, 7, 3, 1, 1), cin: 9, cout: 6, groups: 3 },
  { ...field(2, 5, 5, 3, 1, 1), cin: 8, cout: 8, groups: 2 },
  { ...field(1, 7, 7, 5, 2, 2), cin: 20, cout: 10, groups: 5 },
  { ...field(1, 17, 3, 3, 1, 1), cin: 12, cout: 12, groups: 3 },
  { ...field(2, 5, 5, 1, 1, 0), cin: 10, cout: 10, groups: 2 },
  { ...field(1, 5, 7, 3, 1, 1), cin: 6, cout: 6, groups: 1 },
  { ...field(2, 16, 16, 3, 1, 1), cin: 32, cout: 32, groups: 8 },
  { ...field(1, 1, 1, 1, 1, 0), cin: 12, cout: 36, groups: 4 },
  { ...field(2, 17, 17, 1, 1, 0), cin: 16, cout: 24, groups: 2 },
  { ...field(1, 5, 7, 1, 1, 0), cin: 12, cout: 12, groups: 2 },
  { ...field(2, 13, 13, 1, 1, 0), cin: 20, cout: 25, groups: 5 },
  { ...field(1, 3, 3, 1, 1, 0), cin: 160, cout: 80, groups: 2 },
  { ...field(1, 5, 5, 1, 1, 0), cin: 18, cout: 30, groups: 3 },
];

const depthwises: readonly Depthwise[] = [
  { ...field(1, 5, 5, 3, 1, 1), d: 1, C: 4 },
  { ...field(2, 7, 7, 3, 2, 1), d: 1, C: 8 },
  { ...field(1, 1, 1, 3, 1, 1), d: 1, C: 12 },
  { ...field(1, 17, 3, 5, 1, 2), d: 1, C: 20 },
  { ...field(2, 9, 7, 5, 2, 2), d: 1, C: 4 },
  { ...field(1, 7, 5, 7, 1, 3), d: 1, C: 36 },
  { ...field(2, 11, 11, 7, 2, 3), d: 1, C: 8 },
  { ...field(1, 7, 7, 3, 1, 2), d: 2, C: 8 },
  { ...field(2, 9, 9, 5, 1, 4), d: 2, C: 4 },
  { ...field(1, 9, 9, 3, 2, 2), d: 2, C: 12 },
  { ...field(1, 9, 9, 5, 2, 4), d: 2, C: 8 },
  { ...field(1, 7, 7, 1, 1, 0), d: 1, C: 4 },
  { ...field(1, 7, 7, 2, 1, 0), d: 1, C: 4 },
  { ...field(2, 7, 7, 4, 2, 1), d: 1, C: 4 },
  { ...field(1, 10, 10, 3, 3, 1), d: 1, C: 8 },
  { ...field(1, 13, 13, 6, 1, 3), d: 1, C: 4 },
  { ...field(3, 32, 32, 3, 1, 1), d: 1, C: 16 },
];

const outSide = (side: number, { k, s, p, d = 1 }: Field): number =>
  Math.floor((side + 2 * p - d * (k - 1) - 1) / s) + 1;

/** Window fields, and the rows of both maps. */
function windowOf(f: Field) {
  const { B, H, W, k, s, p } = f;
  const [Ho, Wo] = [outSide(H, f), outSide(W, f)];
  return { window: { B, H, W, Ho, Wo, k, s, p }, inRows: B * H * W, outRows: B * Ho * Wo };
}

/** Every second time the last channel is a pad lane. */
const realOf = (b: CaseBuilder, channels: number): number => channels - b.rng.int(channels > 4 ? 2 : 3);

/** A dense weight [taps, K, N], 0 in its padding. */
function weight(b: CaseBuilder, taps: number, K: number, N: number, realK: number, realN: number): number {
  const size = 1 / Math.sqrt(taps * K);
  return b.vector("W", taps * K * N, {
    value: (_row, i) => (Math.floor(i / N) % K < realK && i % N < realN ? size * b.rng.normal() : 0),
  });
}

const biasOf = (b: CaseBuilder, N: number, real: number, isGiven: boolean): number =>
  isGiven ? b.vector("W", N, { real }) : -1;

interface Linear {
  readonly taps: number;
  readonly K: number;
  readonly N: number;
  readonly inRows: number;
  readonly outRows: number;
}

/** Fields of a forward product: mode by variant mod 3, bias by variant mod 2. */
function forward(b: CaseBuilder, { taps, K, N, inRows, outRows }: Linear, variant: number) {
  const [realK, realN] = [realOf(b, K), realOf(b, N)];
  const x = b.load(inRows, K, { mode: variant % 3, real: realK });
  const w = weight(b, taps, K, N, realK, realN);
  const bias = biasOf(b, N, realN, variant % 2 === 0);
  const y = b.output(outRows, N);
  return { ...x, w, bias, y: y.at, yld: y.ld, tmp: -1 };
}

/** Fields of a gradient of the input: base by variant mod 3, mask by variant mod 2. */
function gradInput(b: CaseBuilder, { taps, K, N, inRows, outRows }: Linear, variant: number) {
  const [realK, realN] = [realOf(b, K), realOf(b, N)];
  const dy = b.map(outRows, N, { real: realN });
  const w = weight(b, taps, K, N, realK, realN);
  const into = b.into(inRows, K, variant % 3, realK);
  return { dy: dy.at, dyld: dy.ld, w, ...into, ...b.masked(inRows, K, variant % 2 === 1, realK), tmp: -1 };
}

/** Fields of a gradient of the weight: mode by variant mod 3. */
function gradWeight(b: CaseBuilder, { taps, K, N, inRows, outRows }: Linear, variant: number) {
  const [realK, realN] = [realOf(b, K), realOf(b, N)];
  const x = b.load(inRows, K, { mode: variant % 3, real: realK });
  const dy = b.map(outRows, N, { real: realN });
  const value = (_row: number, i: number): number =>
    Math.floor(i / N) % K < realK && i % N < realN ? b.rng.normal() : 0;
  const dw = b.changedVector("G", taps * K * N, { name: "dw", value });
  return { ...x, dy: dy.at, dyld: dy.ld, dw, tmp: -1 };
}

const linearOf = ({ M, K, N }: Matrix): Linear => ({ taps: 1, K, N, inRows: M, outRows: M });
const denseOf = (f: Dense): Linear => ({ taps: f.k * f.k, K: f.K, N: f.N, ...windowOf(f) });

const pointwiseCases = (): Case[] => [
  ...casesOf({
    op: "pointwise",
    shapes: matrices,
    variants: 6,
    make: (b, s, v) => call("pointwise", { ...forward(b, linearOf(s), v), ...s }),
  }),
  ...casesOf({
    op: "pointwiseGradInput",
    shapes: matrices,
    variants: 6,
    make: (b, s, v) => call("pointwiseGradInput", { ...gradInput(b, linearOf(s), v), ...s }),
  }),
  ...casesOf({
    op: "pointwiseGradWeight",
    shapes: matrices,
    variants: 3,
    make: (b, s, v) => call("pointwiseGradWeight", { ...gradWeight(b, linearOf(s), v), ...s }),
  }),
];

const sized = (f: Dense) => ({ ...windowOf(f).window, K: f.K, N: f.N });

const convCases = (): Case[] => [
  ...casesOf({
    op: "conv",
    shapes: denses,
    variants: 6,
    make: (b, f, v) => call("conv", { ...forward(b, denseOf(f), v), ...sized(f) }),
  }),
  ...casesOf({
    op: "convGradInput",
    shapes: denses,
    variants: 6,
    make: (b, f, v) => call("convGradInput", { ...gradInput(b, denseOf(f), v), ...sized(f) }),
  }),
  ...casesOf({
    op: "convGradWeight",
    shapes: denses,
    variants: 3,
    make: (b, f, v) => call("convGradWeight", { ...gradWeight(b, denseOf(f), v), ...sized(f) }),
  }),
];

/** A grouped case: its real channels, its weight's shape and the places that all three instructions need. */
function groupedOf(f: Grouped) {
  const { window, inRows, outRows } = windowOf(f);
  const { cin, cout, groups } = f;
  const [C, N] = [padTo4(cin), padTo4(cout)];
  const weights = f.k * f.k * (cin / groups) * N;
  return {
    inRows,
    outRows,
    C,
    N,
    weights,
    isReal: (i: number) => i % N < cout,
    fields: { ...window, cin, cout, groups, N },
  };
}

const groupedValue = (b: CaseBuilder, isReal: (i: number) => boolean) => (_row: number, i: number) =>
  isReal(i) ? b.rng.normal() / 3 : 0;

const placed = <P extends string>(p: P, { at, ld }: Place) =>
  ({ [p]: at, [`${p}ld`]: ld }) as Readonly<Record<P | `${P}ld`, number>>;

const groupConvCases = (): Case[] => [
  ...casesOf({
    op: "groupConv",
    shapes: grouped,
    variants: 6,
    make: (b, f, v) => {
      const { inRows, outRows, C, N, weights, isReal, fields } = groupedOf(f);
      const x = b.load(inRows, C, { mode: v % 3, real: f.cin });
      const w = b.vector("W", weights, { value: groupedValue(b, isReal) });
      const bias = biasOf(b, N, f.cout, v % 2 === 0);
      return call("groupConv", { ...x, w, bias, ...placed("y", b.output(outRows, N)), ...fields, tmp: -1 });
    },
  }),
  ...casesOf({
    op: "groupConvGradInput",
    shapes: grouped,
    variants: 6,
    make: (b, f, v) => {
      const { inRows, outRows, C, N, weights, isReal, fields } = groupedOf(f);
      const dy = placed("dy", b.map(outRows, N, { real: f.cout }));
      const w = b.vector("W", weights, { value: groupedValue(b, isReal) });
      const into = b.into(inRows, C, v % 3, f.cin);
      return call("groupConvGradInput", {
        ...dy,
        w,
        ...into,
        ...b.masked(inRows, C, v % 2 === 1, f.cin),
        ...fields,
        tmp: -1,
      });
    },
  }),
  ...casesOf({
    op: "groupConvGradWeight",
    shapes: grouped,
    variants: 3,
    make: (b, f, v) => {
      const { inRows, outRows, C, N, weights, isReal, fields } = groupedOf(f);
      const x = b.load(inRows, C, { mode: v % 3, real: f.cin });
      const dy = placed("dy", b.map(outRows, N, { real: f.cout }));
      const dw = b.changedVector("G", weights, { name: "dw", value: groupedValue(b, isReal) });
      return call("groupConvGradWeight", { ...x, ...dy, dw, ...fields, tmp: -1 });
    },
  }),
];

const depthwiseCases = (): Case[] => [
  ...casesOf({
    op: "depthwise",
    shapes: depthwises,
    variants: 3,
    make: (b, f, v) => {
      const { window, inRows, outRows } = windowOf(f);
      const real = realOf(b, f.C);
      const x = b.load(inRows, f.C, { mode: v % 3, real });
      const w = b.vector("W", f.k * f.k * f.C, { value: (_row, i) => (i % f.C < real ? b.rng.normal() / f.k : 0) });
      return call("depthwise", { ...x, w, ...placed("y", b.output(outRows, f.C)), ...window, d: f.d, C: f.C, tmp: -1 });
    },
  }),
  ...casesOf({
    op: "depthwiseGradInput",
    shapes: depthwises,
    variants: 6,
    make: (b, f, v) => {
      const { window, inRows, outRows } = windowOf(f);
      const real = realOf(b, f.C);
      const dy = placed("dy", b.map(outRows, f.C, { real }));
      const w = b.vector("W", f.k * f.k * f.C, { value: (_row, i) => (i % f.C < real ? b.rng.normal() / f.k : 0) });
      const into = b.into(inRows, f.C, v % 3, real);
      return call("depthwiseGradInput", {
        ...dy,
        w,
        ...into,
        ...b.masked(inRows, f.C, v % 2 === 1, real),
        ...window,
        d: f.d,
        C: f.C,
        tmp: -1,
      });
    },
  }),
  ...casesOf({
    op: "depthwiseGradWeight",
    shapes: depthwises,
    variants: 3,
    make: (b, f, v) => {
      const { window, inRows, outRows } = windowOf(f);
      const real = realOf(b, f.C);
      const x = b.load(inRows, f.C, { mode: v % 3, real });
      const dy = placed("dy", b.map(outRows, f.C, { real }));
      const dw = b.changedVector("G", f.k * f.k * f.C, {
        name: "dw",
        value: (_row, i) => (i % f.C < real ? b.rng.normal() : 0),
      });
      return call("depthwiseGradWeight", { ...x, ...dy, dw, ...window, d: f.d, C: f.C, tmp: -1 });
    },
  }),
];

const biasCases = (): Case[] =>
  casesOf({
    op: "biasGrad",
    shapes: [
      { M: 1, N: 4 },
      { M: 35, N: 8 },
      { M: 3000, N: 12 },
      { M: 51, N: 36 },
      { M: 1024, N: 20 },
    ],
    make: (b, { M, N }) => {
      const real = realOf(b, N);
      return call("biasGrad", {
        ...placed("dy", b.map(M, N, { real })),
        db: b.changedVector("G", N, { name: "db", real }),
        M,
        N,
        tmp: -1,
      });
    },
  });

export const productCases = (): Case[] => [
  ...pointwiseCases(),
  ...convCases(),
  ...groupConvCases(),
  ...depthwiseCases(),
  ...biasCases(),
];
