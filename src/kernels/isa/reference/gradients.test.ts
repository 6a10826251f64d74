/** Each gradient instruction of the reference against central differences of its forward instruction, in float64. */
import { expect, test } from "vitest";
import { type Arena, type Call, call, UNBOUNDED } from "../isa";
import { CaseBuilder, type Place } from "../testing/builder";
import { execute } from "./table";

type Doubles = Record<Arena, Float64Array>;

const copyOf = ({ A, W, G, S }: Readonly<Record<Arena, Float32Array | Float64Array>>): Doubles => ({
  A: Float64Array.from(A),
  W: Float64Array.from(W),
  G: Float64Array.from(G),
  S: Float64Array.from(S),
});

interface Tensor extends Place {
  readonly arena: Arena;
  readonly rows: number;
  readonly channels: number;
}

const tensor = (arena: Arena, rows: number, channels: number, { at, ld }: Place): Tensor => ({
  arena,
  rows,
  channels,
  at,
  ld,
});
const vector = (arena: Arena, at: number, n: number): Tensor => tensor(arena, 1, n, { at, ld: n });

function addresses({ at, ld, rows, channels }: Tensor): number[] {
  return Array.from({ length: rows * channels }, (_, i) => at + Math.floor(i / channels) * ld + (i % channels));
}

function run(memory: Doubles, calls: readonly Call[]): Doubles {
  const held = copyOf(memory);
  calls.forEach((one) => execute(one, held));
  return held;
}

interface Check {
  readonly forward: readonly Call[];
  readonly backward: readonly Call[];
  /** The value that is differentiated, from the memory after `forward`. */
  readonly value: (memory: Doubles) => number;
  /** What it is differentiated by, and where `backward` leaves (A) or adds (G) the derivative. */
  readonly by: readonly (readonly [Tensor, Tensor])[];
}

const STEP = 1e-5;

function expectGradients(b: CaseBuilder, { forward, backward, value, by }: Check): void {
  const memory = copyOf(b.finish([]).memory);
  const after = run(memory, [...forward, ...backward]);
  for (const [input, gradient] of by) {
    const places = addresses(input);
    const targets = addresses(gradient);
    expect(targets.length).toBe(places.length);
    const numeric = places.map((at) => {
      const [below, above] = [-STEP, STEP].map((shift) => {
        const moved = copyOf(memory);
        moved[input.arena][at] = (moved[input.arena][at] as number) + shift;
        return value(run(moved, forward));
      }) as [number, number];
      return (above - below) / (2 * STEP);
    });
    const analytic = targets.map(
      (at) => (after[gradient.arena][at] as number) - (gradient.arena === "G" ? (memory.G[at] as number) : 0),
    );
    const largest = Math.max(...numeric.map(Math.abs));
    expect(largest).toBeGreaterThan(1e-3);
    const error = Math.max(...numeric.map((n, i) => Math.abs(n - (analytic[i] as number)))) / largest;
    expect(error).toBeLessThan(1e-7);
  }
}

/** Σ dy·y. */
function dot(dy: Tensor, y: Tensor) {
  const [left, right] = [addresses(dy), addresses(y)];
  return (memory: Doubles): number =>
    left.reduce(
      (total, at, i) => total + (memory[dy.arena][at] as number) * (memory[y.arena][right[i] as number] as number),
      0,
    );
}

/** A map, its fields as a stored or clamped load, and where its derivative goes. */
function input(b: CaseBuilder, rows: number, channels: number, mode = 0) {
  const place = b.map(rows, channels);
  const dx = b.output(rows, channels);
  const [lo, hi] = mode === 0 ? [0, 0] : [-0.5, 1.25];
  return {
    map: tensor("A", rows, channels, place),
    load: { x: place.at, xld: place.ld, xmode: mode, xcoef: -1, xcs: 0, xlo: lo, xhi: hi },
    into: { dx: dx.at, dxld: dx.ld, base: -1, baseld: 0 },
    mask: { mask: mode, x: place.at, xld: place.ld, lo, hi },
    gradient: tensor("A", rows, channels, dx),
  };
}

/** A result and the gradient that comes back for it. */
function result(b: CaseBuilder, rows: number, channels: number) {
  const [y, dy] = [b.output(rows, channels), b.map(rows, channels)];
  const value = dot(tensor("A", rows, channels, dy), tensor("A", rows, channels, y));
  return { y: { y: y.at, yld: y.ld }, dy: { dy: dy.at, dyld: dy.ld }, value };
}

/** A parameter and its gradient, which already holds something. */
function parameter(b: CaseBuilder, n: number) {
  const [w, dw] = [b.vector("W", n), b.vector("G", n)];
  return { w, dw, both: [vector("W", w, n), vector("G", dw, n)] as const };
}

const builder = (): CaseBuilder => new CaseBuilder(expect.getState().currentTestName ?? "");

test.each([0, 1])("pointwise, load mode %i", (mode) => {
  const b = builder();
  const [M, K, N] = [7, 8, 4];
  const [x, out, w, bias] = [input(b, M, K, mode), result(b, M, N), parameter(b, K * N), parameter(b, N)];
  const sizes = { M, K, N, tmp: -1 };
  expectGradients(b, {
    forward: [call("pointwise", { ...x.load, w: w.w, bias: bias.w, ...out.y, ...sizes })],
    backward: [
      call("pointwiseGradInput", { ...out.dy, w: w.w, ...x.into, ...x.mask, ...sizes }),
      call("pointwiseGradWeight", { ...x.load, ...out.dy, dw: w.dw, ...sizes }),
      call("biasGrad", { ...out.dy, db: bias.dw, M, N, tmp: -1 }),
    ],
    value: out.value,
    by: [[x.map, x.gradient], w.both, bias.both],
  });
});

const windowOf = (k: number, s: number, p: number, d = 1) => {
  const [B, H, W] = [2, 7, 5];
  const side = (n: number): number => Math.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1;
  const [Ho, Wo] = [side(H), side(W)];
  return { inRows: B * H * W, outRows: B * Ho * Wo, sizes: { B, H, W, Ho, Wo, k, s, p, tmp: -1 } };
};

test.each([
  [3, 2, 1, 0],
  [2, 1, 1, 1],
])("dense convolution, kernel %i stride %i padding %i, load mode %i", (k, s, p, mode) => {
  const b = builder();
  const [K, N] = [4, 8];
  const { inRows, outRows, sizes } = windowOf(k, s, p);
  const [x, out, w] = [input(b, inRows, K, mode), result(b, outRows, N), parameter(b, k * k * K * N)];
  expectGradients(b, {
    forward: [call("conv", { ...x.load, w: w.w, bias: -1, ...out.y, ...sizes, K, N })],
    backward: [
      call("convGradInput", { ...out.dy, w: w.w, ...x.into, ...x.mask, ...sizes, K, N }),
      call("convGradWeight", { ...x.load, ...out.dy, dw: w.dw, ...sizes, K, N }),
    ],
    value: out.value,
    by: [[x.map, x.gradient], w.both],
  });
});

test("grouped convolution, groups of three channels", () => {
  const b = builder();
  const { inRows, outRows, sizes } = windowOf(3, 2, 1);
  const shape = { ...sizes, cin: 9, cout: 6, groups: 3, N: 8 };
  const [x, out, w] = [input(b, inRows, 12, 1), result(b, outRows, 8), parameter(b, 9 * 3 * 8)];
  expectGradients(b, {
    forward: [call("groupConv", { ...x.load, w: w.w, bias: -1, ...out.y, ...shape })],
    backward: [
      call("groupConvGradInput", { ...out.dy, w: w.w, ...x.into, ...x.mask, ...shape }),
      call("groupConvGradWeight", { ...x.load, ...out.dy, dw: w.dw, ...shape }),
    ],
    value: out.value,
    by: [[x.map, x.gradient], w.both],
  });
});

test.each([
  [3, 1, 2, 2],
  [5, 2, 2, 1],
])("depthwise convolution, kernel %i stride %i padding %i dilation %i", (k, s, p, d) => {
  const b = builder();
  const C = 4;
  const { inRows, outRows, sizes } = windowOf(k, s, p, d);
  const [x, out, w] = [input(b, inRows, C, 1), result(b, outRows, C), parameter(b, k * k * C)];
  expectGradients(b, {
    forward: [call("depthwise", { ...x.load, w: w.w, ...out.y, ...sizes, d, C })],
    backward: [
      call("depthwiseGradInput", { ...out.dy, w: w.w, ...x.into, ...x.mask, ...sizes, d, C }),
      call("depthwiseGradWeight", { ...x.load, ...out.dy, dw: w.dw, ...sizes, d, C }),
    ],
    value: out.value,
    by: [[x.map, x.gradient], w.both],
  });
});

const noBank = { bank: -1, hyper: 0, dynamic: 0, keep: 0, gain: 0, unbias: 1, eps: 1e-3 };
const noResidual = { r: -1, rld: 0, rmode: 0, rcoef: -1, rcs: 0, rlo: 0, rhi: 0 };

test("batch norm with the clamp after it", () => {
  const b = builder();
  const [M, C] = [13, 4];
  const [u, out, gamma, beta] = [input(b, M, C), result(b, M, C), parameter(b, C), parameter(b, C)];
  const coef = b.vector("A", 4 * C);
  const clamped = { xmode: 2, xcoef: coef, xcs: C, xlo: 0, xhi: 1 };
  expectGradients(b, {
    forward: [
      call("normStats", { u: u.map.at, uld: u.map.ld, gamma: gamma.w, beta: beta.w, coef, ...noBank, M, C, tmp: -1 }),
      call("apply", { ...u.load, ...clamped, ...noResidual, ...out.y, M, C }),
    ],
    backward: [
      call("normGrad", {
        dz: out.dy.dy,
        dzld: out.dy.dyld,
        u: u.map.at,
        uld: u.map.ld,
        coef,
        lo: 0,
        hi: 1,
        dgamma: gamma.dw,
        dbeta: beta.dw,
        du: u.into.dx,
        duld: u.into.dxld,
        M,
        C,
        tmp: -1,
      }),
    ],
    value: out.value,
    by: [[u.map, u.gradient], gamma.both, beta.both],
  });
});

test.each([0, 1, 2, 3, 4, 5])("activation of kind %i", (kind) => {
  const b = builder();
  const [M, C] = [25, 4];
  const out = result(b, M, C);
  const place = b.map(M, C, { value: () => 4 * b.rng.normal() });
  const [load, dx] = [{ x: place.at, xld: place.ld, xmode: 0, xcoef: -1, xcs: 0, xlo: 0, xhi: 0 }, b.output(M, C)];
  expectGradients(b, {
    forward: [call("activation", { ...load, ...out.y, kind, real: C, M, C })],
    backward: [call("activationGrad", { ...load, ...out.dy, dx: dx.at, dxld: dx.ld, base: -1, baseld: 0, kind, M, C })],
    value: out.value,
    by: [[tensor("A", M, C, place), tensor("A", M, C, dx)]],
  });
});

test.each([
  ["squeeze-and-excitation", 4, 1],
  ["channel mask", 0, 1],
])("multipliers: %s", (_name, sb, sc) => {
  const b = builder();
  const [M, C, rows] = [18, 4, 6];
  const images = sb === 0 ? 1 : M / rows;
  const [x, s, out] = [input(b, M, C), input(b, 1, images * C), result(b, M, C)];
  const fields = { sb, rows, M, C };
  expectGradients(b, {
    forward: [call("scale", { ...x.load, s: s.map.at, sc, ...out.y, ...fields })],
    backward: [
      call("scaleGradInput", { ...out.dy, s: s.map.at, sc, ...x.into, ...fields }),
      call("scaleGradScale", { ...x.load, ...out.dy, ds: s.into.dx, ...fields, tmp: -1 }),
    ],
    value: out.value,
    by: [
      [x.map, x.gradient],
      [s.map, s.gradient],
    ],
  });
});

test.each([
  ["max", 3, 2, 1, 0],
  ["average over the window", 3, 2, 1, 1],
  ["average over the pixels inside", 3, 1, 1, 0],
])("pool: %s", (name, k, s, p, pads) => {
  const b = builder();
  const C = 4;
  const { inRows, outRows, sizes } = windowOf(k, s, p);
  const [x, out] = [input(b, inRows, C), result(b, outRows, C)];
  const map = { x: x.map.at, xld: x.map.ld };
  const isMax = name === "max";
  expectGradients(b, {
    forward: [
      isMax
        ? call("maxPool", { ...map, ...out.y, ...sizes, C })
        : call("avgPool", { ...map, ...out.y, ...sizes, pads, C }),
    ],
    backward: [
      isMax
        ? call("maxPoolGrad", { ...map, ...out.dy, ...x.into, ...sizes, C })
        : call("avgPoolGrad", { ...out.dy, ...x.into, ...sizes, pads, C }),
    ],
    value: out.value,
    by: [[x.map, x.gradient]],
  });
});

test("global pool", () => {
  const b = builder();
  const [B, rows, C] = [3, 5, 4];
  const [x, out] = [input(b, B * rows, C), result(b, B, C)];
  expectGradients(b, {
    forward: [call("globalPool", { ...x.load, ...out.y, B, rows, C, tmp: -1 })],
    backward: [call("globalPoolGrad", { ...out.dy, ...x.into, B, rows, C })],
    value: out.value,
    by: [[x.map, x.gradient]],
  });
});

test.each([
  [7, 5, 3, 2],
  [8, 8, 6, 5],
])("area averaging %i×%i to %i×%i and its transpose", (H, W, Ho, Wo) => {
  const b = builder();
  const [B, C] = [2, 4];
  const [x, out] = [input(b, B * H * W, C), result(b, B * Ho * Wo, C)];
  const { y, yld } = out.y;
  expectGradients(b, {
    forward: [call("resize", { x: x.map.at, xld: x.map.ld, dx: y, dxld: yld, base: -1, baseld: 0, B, H, W, Ho, Wo, C })],
    backward: [call("resize", { x: out.dy.dy, xld: out.dy.dyld, ...x.into, B, H: Ho, W: Wo, Ho: H, Wo: W, C })],
    value: out.value,
    by: [[x.map, x.gradient]],
  });
});

test.each([
  [7, 5, 3, 2],
  [8, 8, 4, 4],
])("subsampling %i×%i to %i×%i and its transpose", (H, W, Ho, Wo) => {
  const b = builder();
  const [B, C] = [2, 4];
  const [x, out] = [input(b, B * H * W, C), result(b, B * Ho * Wo, C)];
  const { y, yld } = out.y;
  expectGradients(b, {
    forward: [
      call("subsample", { x: x.map.at, xld: x.map.ld, dx: y, dxld: yld, base: -1, baseld: 0, B, H, W, Ho, Wo, C }),
    ],
    backward: [call("scatter", { x: out.dy.dy, xld: out.dy.dyld, ...x.into, B, H: Ho, W: Wo, Ho: H, Wo: W, C })],
    value: out.value,
    by: [[x.map, x.gradient]],
  });
});

test.each([
  [1, 7, 1, 2, 0, 3],
  [7, 1, 2, 1, 3, 0],
  [2, 3, 2, 1, 1, 1],
])("patches of %i×%i, strides %i and %i, padding %i and %i, and their transpose", (kh, kw, sh, sw, ph, pw) => {
  const b = builder();
  const [B, H, W, C] = [2, 7, 5, 4];
  const side = (n: number, k: number, s: number, p: number): number => Math.floor((n + 2 * p - k) / s) + 1;
  const shape = { B, H, W, Ho: side(H, kh, sh, ph), Wo: side(W, kw, sw, pw), kh, kw, sh, sw, ph, pw, C };
  const [x, out] = [input(b, B * H * W, C), result(b, B * shape.Ho * shape.Wo, kh * kw * C)];
  expectGradients(b, {
    forward: [call("unfold", { x: x.map.at, xld: x.map.ld, ...out.y, ...shape })],
    backward: [call("unfoldGrad", { ...out.dy, ...x.into, ...shape })],
    value: out.value,
    by: [[x.map, x.gradient]],
  });
});

test.each([0, 1])("weights of a mixture, soft %i", (soft) => {
  const b = builder();
  const [n, index] = [5, { count: 3, index0: 0x214, index1: 0 }];
  const [alpha, out, prob] = [parameter(b, n), result(b, 1, 3), b.vector("A", n)];
  expectGradients(b, {
    forward: [call("mixWeights", { alpha: alpha.w, n, soft, prob, wv: out.y.y, ...index })],
    backward: [call("mixWeightsGrad", { dwv: out.dy.dy, prob, dalpha: alpha.dw, n, soft, ...index })],
    value: out.value,
    by: [alpha.both],
  });
});

test("a mixed op with a plain and an affine candidate", () => {
  const b = builder();
  const [M, C, slots] = [11, 4, 3];
  const wide = slots * C;
  const [u, wv, out, gamma, beta] = [
    input(b, M, wide),
    input(b, 1, slots),
    result(b, M, C),
    parameter(b, C),
    parameter(b, C),
  ];
  const [coef, sums] = [b.vector("A", 4 * wide), b.vector("A", 2 * wide)];
  const map = { u: u.map.at, uld: u.map.ld, coef };
  const sizes = { slots, C, M };
  expectGradients(b, {
    forward: [
      call("normStats", { ...map, gamma: -1, beta: -1, ...noBank, M, C: wide, tmp: -1 }),
      call("plainCoef", { coef, cs: wide, from: C, n: C }),
      call("affineCoef", { coef, cs: wide, from: 2 * C, gamma: gamma.w, beta: beta.w, C }),
      call("mix", { ...map, wv: wv.map.at, ...out.y, ...sizes }),
    ],
    backward: [
      call("mixGrad", {
        ...out.dy,
        ...map,
        wv: wv.map.at,
        dwv: wv.into.dx,
        sums,
        du: u.into.dx,
        duld: u.into.dxld,
        plain0: 2,
        plain1: 0,
        ...sizes,
        tmp: -1,
      }),
      call("affineMixGrad", { sums, cs: wide, from: 2 * C, wv: wv.map.at + 2, dgamma: gamma.dw, dbeta: beta.dw, C }),
    ],
    value: out.value,
    by: [[u.map, u.gradient], [wv.map, wv.gradient], gamma.both, beta.both],
  });
});

test.each([0, 1, 2])("loss, target mode %i", (mode) => {
  const b = builder();
  const [B, classes] = [3, 5];
  const z = b.map(B, 8, { real: classes });
  const dz = b.output(B, 8);
  const target = b.map(B, 8, { value: (_row, c) => (mode === 0 ? 2 : c / 10), wide: false });
  const [hyper, metrics] = [b.hyper({ smoothing: 0.2, slot: 1, lossWeight: 1, gradWeight: 1 }), b.vector("S", 8)];
  const maps = { z: z.at, zld: z.ld, t: target.at, tld: 8, dz: dz.at, dzld: dz.ld };
  expectGradients(b, {
    forward: [call("softmaxLoss", { ...maps, mode, classes, B, gradScale: 0.5, lossScale: 0.5, hyper, metrics, tmp: -1 })],
    backward: [],
    value: ({ S }) => S[metrics + 4] as number,
    by: [[tensor("A", B, classes, z), tensor("A", B, classes, dz)]],
  });
});

test("a parameter among the activations", () => {
  const b = builder();
  const n = 7;
  const [w, out] = [parameter(b, n), result(b, 1, n)];
  expectGradients(b, {
    forward: [call("vectorLoad", { w: w.w, y: out.y.y, n })],
    backward: [call("vectorGrad", { dy: out.dy.dy, dw: w.dw, n })],
    value: out.value,
    by: [w.both],
  });
});

test("an unbounded load loses nothing", () => {
  const b = builder();
  const x = b.map(1, 4, { value: (_row, c) => [-1e30, 1e30, 0, -5][c] ?? 0 });
  const y = b.output(1, 4);
  const load = { x: x.at, xld: x.ld, xmode: 1, xcoef: -1, xcs: 0, xlo: -UNBOUNDED, xhi: UNBOUNDED };
  const after = run(copyOf(b.finish([]).memory), [
    call("apply", { ...load, ...noResidual, y: y.at, yld: y.ld, M: 1, C: 4 }),
  ]);
  expect([...after.A.subarray(y.at, y.at + 4)]).toEqual([-1e30, 1e30, 0, -5].map(Math.fround));
});
