/** Cases of patches as rows: windows that are wider than high, higher than wide, larger than the map, and with gaps between them. */
import { call } from "../isa";
import { type Case, type CaseBuilder, casesOf } from "./builder";

interface Patches {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly ph: number;
  readonly pw: number;
}

type Pair = readonly [number, number];

const patches = (B: number, [H, W]: Pair, C: number, [kh, kw]: Pair, [sh, sw]: Pair, [ph, pw]: Pair): Patches => ({
  B,
  H,
  W,
  C,
  kh,
  kw,
  sh,
  sw,
  ph,
  pw,
});

const shapes: readonly Patches[] = [
  patches(2, [7, 9], 8, [1, 7], [1, 2], [0, 3]),
  patches(2, [9, 5], 8, [7, 1], [2, 1], [3, 0]),
  patches(1, [5, 5], 4, [2, 3], [1, 1], [1, 0]),
  patches(3, [8, 7], 12, [2, 3], [2, 1], [0, 1]),
  patches(1, [3, 1], 20, [7, 1], [1, 1], [3, 0]),
  patches(1, [1, 1], 4, [1, 1], [1, 1], [0, 0]),
  patches(2, [11, 10], 4, [1, 2], [3, 4], [0, 0]),
  patches(1, [2, 2], 36, [1, 7], [1, 1], [2, 4]),
  patches(1, [6, 6], 8, [5, 4], [1, 2], [4, 3]),
  patches(2, [16, 16], 16, [1, 7], [1, 1], [0, 3]),
  patches(1, [8, 8], 68, [3, 3], [2, 2], [1, 1]),
];

function layout(b: CaseBuilder, { B, H, W, C, kh, kw, sh, sw, ph, pw }: Patches) {
  const outSide = (side: number, k: number, s: number, p: number): number => Math.floor((side + 2 * p - k) / s) + 1;
  const [Ho, Wo] = [outSide(H, kh, sh, ph), outSide(W, kw, sw, pw)];
  return {
    inRows: B * H * W,
    outRows: B * Ho * Wo,
    width: kh * kw * C,
    real: C - b.rng.int(C > 4 ? 2 : 3),
    sizes: { B, H, W, Ho, Wo, kh, kw, sh, sw, ph, pw, C },
  };
}

export const patchCases = (): Case[] => [
  ...casesOf({
    op: "unfold",
    shapes,
    make: (b, shape) => {
      const { inRows, outRows, width, real, sizes } = layout(b, shape);
      const x = b.map(inRows, shape.C, { real });
      const y = b.output(outRows, width, { tolerance: 0 });
      return call("unfold", { x: x.at, xld: x.ld, y: y.at, yld: y.ld, ...sizes });
    },
  }),
  ...casesOf({
    op: "unfoldGrad",
    shapes,
    variants: 3,
    make: (b, shape, v) => {
      const { inRows, outRows, width, real, sizes } = layout(b, shape);
      const dy = b.map(outRows, width, { value: (_row, c) => (c % shape.C < real ? b.rng.normal() : 0) });
      return call("unfoldGrad", { dy: dy.at, dyld: dy.ld, ...b.into(inRows, shape.C, v, real), ...sizes });
    },
  }),
];
