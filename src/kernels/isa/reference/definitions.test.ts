/** The forward instructions of the reference against values worked out by hand or by a formula written another way. */
import { describe, expect, test } from "vitest";
import { type Call, call, type HyperField, hyperAt, hyperFields, UNBOUNDED } from "../isa";
import { CaseBuilder } from "../testing/builder";
import { execute } from "./table";

const builder = (): CaseBuilder => new CaseBuilder(expect.getState().currentTestName ?? "");

type Memory = Readonly<Record<"A" | "W" | "G" | "S", Float64Array>>;

/** Run calls on float64 memory that begins as the builder left it. */
function run(b: CaseBuilder, calls: readonly Call[]): Memory {
  const { memory } = b.finish([]);
  const doubles = Object.fromEntries(
    Object.entries(memory).map(([arena, values]) => [arena, Float64Array.from(values)]),
  ) as Memory;
  calls.forEach((one) => execute(one, doubles));
  return doubles;
}

const stored = ({ at, ld }: { at: number; ld: number }) => ({
  x: at,
  xld: ld,
  xmode: 0,
  xcoef: -1,
  xcs: 0,
  xlo: 0,
  xhi: 0,
});
const listed = (values: readonly number[]) => ({ wide: false, value: (_row: number, c: number) => values[c] ?? 0 });
const close = (got: ArrayLike<number>, want: readonly number[], digits = 6): void => {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, digits));
};

describe("convolutions against a sum over a padded image", () => {
  /** y[b, oy, ox, n] by definition; `weight(ky, kx, i, n)`, i the channel within its group. */
  function direct(
    shape: {
      B: number;
      H: number;
      W: number;
      k: number;
      s: number;
      p: number;
      d: number;
      cin: number;
      cout: number;
      groups: number;
    },
    x: (b: number, y: number, x: number, c: number) => number,
    weight: (ky: number, kx: number, i: number, n: number) => number,
  ): number[] {
    const { B, H, W, k, s, p, d, cin, cout, groups } = shape;
    const padded = (b: number, i: number, j: number, c: number): number =>
      i < p || j < p || i >= H + p || j >= W + p ? 0 : x(b, i - p, j - p, c);
    const values: number[] = [];
    const reach = d * (k - 1) + 1;
    for (let b = 0; b < B; b++)
      for (let top = 0; top + reach <= H + 2 * p; top += s)
        for (let left = 0; left + reach <= W + 2 * p; left += s)
          for (let n = 0; n < cout; n++) {
            const first = Math.floor((n * groups) / cout) * (cin / groups);
            let total = 0;
            for (let ky = 0; ky < k; ky++)
              for (let kx = 0; kx < k; kx++)
                for (let i = 0; i < cin / groups; i++)
                  total += padded(b, top + ky * d, left + kx * d, first + i) * weight(ky, kx, i, n);
            values.push(total);
          }
    return values;
  }

  const shapes = [
    { op: "conv", k: 3, s: 2, p: 1, d: 1, cin: 4, cout: 8, groups: 1 },
    { op: "conv", k: 2, s: 1, p: 1, d: 1, cin: 4, cout: 4, groups: 1 },
    { op: "groupConv", k: 3, s: 1, p: 1, d: 1, cin: 9, cout: 6, groups: 3 },
    { op: "groupConv", k: 5, s: 2, p: 2, d: 1, cin: 4, cout: 8, groups: 4 },
    { op: "depthwise", k: 3, s: 1, p: 2, d: 2, cin: 8, cout: 8, groups: 8 },
    { op: "depthwise", k: 4, s: 3, p: 1, d: 1, cin: 4, cout: 4, groups: 4 },
    { op: "pointwise", k: 1, s: 1, p: 0, d: 1, cin: 4, cout: 8, groups: 1 },
  ] as const;

  test.each(shapes)("$op, kernel $k stride $s padding $p dilation $d groups $groups", ({ op, ...f }) => {
    const b = builder();
    const [B, H, W] = [2, 8, 7];
    const [C, N] = [Math.ceil(f.cin / 4) * 4, Math.ceil(f.cout / 4) * 4];
    const [Ho, Wo] = [H, W].map((side) => Math.floor((side + 2 * f.p - f.d * (f.k - 1) - 1) / f.s) + 1) as [
      number,
      number,
    ];
    const x = b.map(B * H * W, C, { real: f.cin });
    const w = b.vector("W", f.k * f.k * (f.cin / f.groups) * N, {
      value: (_row, i) => (i % N < f.cout ? b.rng.normal() : 0),
    });
    const y = b.output(B * Ho * Wo, N);
    const window = { B, H, W, Ho, Wo, k: f.k, s: f.s, p: f.p, tmp: -1 };
    const fields = { ...stored(x), w, bias: -1, y: y.at, yld: y.ld };
    const calls = {
      conv: () => call("conv", { ...fields, ...window, K: C, N }),
      groupConv: () => call("groupConv", { ...fields, ...window, cin: f.cin, cout: f.cout, groups: f.groups, N }),
      depthwise: () => call("depthwise", { ...fields, ...window, d: f.d, C }),
      pointwise: () => call("pointwise", { ...fields, M: B * H * W, K: C, N, tmp: -1 }),
    };
    const { A, W: weights } = run(b, [calls[op]()]);
    const want = direct(
      { B, H, W, ...f },
      (image, i, j, c) => A[x.at + ((image * H + i) * W + j) * x.ld + c] as number,
      (ky, kx, i, n) => weights[w + ((ky * f.k + kx) * (f.cin / f.groups) + i) * N + n] as number,
    );
    expect(want.length).toBe(B * Ho * Wo * f.cout);
    close(
      want.map((_, i) => A[y.at + Math.floor(i / f.cout) * y.ld + (i % f.cout)] as number),
      want,
      10,
    );
    const pads = Array.from(
      { length: B * Ho * Wo * (N - f.cout) },
      (_, i) => A[y.at + Math.floor(i / (N - f.cout)) * y.ld + f.cout + (i % (N - f.cout))],
    );
    expect(pads.every((value) => value === 0)).toBe(true);
  });
});

describe("loads", () => {
  const x = [-2, -0.5, 0.5, 3];
  test.each([
    [0, [-2, -0.5, 0.5, 3]],
    [1, [-1, -0.5, 0.5, 2]],
    [2, [-1, -0.25, 0.75, 2]],
  ])("mode %i", (mode, want) => {
    const b = builder();
    const map = b.map(1, 4, listed(x));
    const coef = b.vector("A", 16, listed([2, 1, 1, 1, 0, 0, 0, 0, 0, 0.25, 0.25, 0.25]));
    const y = b.output(1, 4, { wide: false });
    const load = { ...stored(map), xmode: mode, xcoef: coef, xcs: 8, xlo: -1, xhi: 2 };
    const none = { r: -1, rld: 0, rmode: 0, rcoef: -1, rcs: 0, rlo: 0, rhi: 0 };
    const { A } = run(b, [call("apply", { ...load, ...none, y: y.at, yld: y.ld, M: 1, C: 4 })]);
    close(A.subarray(y.at, y.at + 4), want);
  });
});

describe("norms", () => {
  test("statistics, coefficients and the bank", () => {
    const b = builder();
    const u = b.map(4, 4, { wide: false, value: (row, c) => (c === 0 ? ([1, 2, 3, 6][row] ?? 0) : 1000 + row) });
    const [gamma, beta] = [b.vector("W", 4, listed([2, 1, 1, 1])), b.vector("W", 4, listed([0.5, 0, 0, 0]))];
    const coef = b.vector("A", 16);
    const bank = b.vector("S", 8, listed([1, 1, 1, 1, 2, 2, 2, 2]));
    const statistics = { bank, hyper: 0, dynamic: 0, keep: 0.75, gain: 0.25, unbias: 4 / 3, eps: 0.5 };
    const { A, S } = run(b, [
      call("normStats", { u: u.at, uld: u.ld, gamma, beta, coef, ...statistics, M: 4, C: 4, tmp: -1 }),
    ]);
    // Channel 0: mean 3, biased variance 3.5, r = ½; channel 1: mean 1001.5, variance 1.25.
    close(
      [0, 4, 8, 12].map((i) => A[coef + i] as number),
      [1, 0.5 - 3, 3, 0.5],
    );
    expect(A[coef + 9]).toBeCloseTo(1001.5, 10);
    expect(A[coef + 13]).toBeCloseTo(1 / Math.sqrt(1.75), 10);
    close([S[bank] as number, S[bank + 4] as number], [0.75 + 0.75, 1.5 + (0.25 * 3.5 * 4) / 3]);
  });

  test("a bank's statistics, in a slice of wider coefficients, and back", () => {
    const b = builder();
    const [bank, other] = [
      b.vector("S", 8, listed([3, 0, 0, 0, 3.75, 1, 1, 1])),
      b.vector("S", 8, { value: () => NaN }),
    ];
    const coef = b.vector("A", 32, { value: () => 9 });
    const fixed = call("normFixed", { bank, gamma: -1, beta: -1, coef: coef + 4, cs: 8, eps: 0.25, C: 4 });
    const moved = call("bankMove", {
      coef: coef + 4,
      cs: 8,
      bank: other,
      hyper: 0,
      dynamic: 0,
      keep: 0,
      gain: 1,
      unbias: 2,
      eps: 0.25,
      C: 4,
    });
    const { A, S } = run(b, [fixed, moved]);
    close(
      [4, 12, 20, 28].map((i) => A[coef + i] as number),
      [0.5, -1.5, 3, 0.5],
    );
    close(
      [0, 8, 16, 24].map((i) => A[coef + i] as number),
      [9, 9, 9, 9],
    );
    close(S.subarray(other, other + 8), [3, 0, 0, 0, 7.5, 2, 2, 2]);
  });
});

describe("elementwise", () => {
  test.each([
    [0, [0, 0, 1, 7]],
    [1, [0, 0, 1, 6]],
    [2, [0, -1 / 3, 4 / 6, 7]],
    [3, [1 / (1 + Math.exp(4)), 1 / (1 + Math.exp(1)), 1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(-7))]],
    [4, [-4 / (1 + Math.exp(4)), -1 / (1 + Math.exp(1)), 1 / (1 + Math.exp(-1)), 7 / (1 + Math.exp(-7))]],
    [5, [0, 1 / 3, 4 / 6, 1]],
  ])("activation of kind %i; pad lanes stay 0", (kind, want) => {
    const b = builder();
    const [x, y] = [b.map(1, 8, listed([-4, -1, 1, 7])), b.output(1, 8, { wide: false })];
    const { A } = run(b, [call("activation", { ...stored(x), y: y.at, yld: y.ld, kind, real: 4, M: 1, C: 8 })]);
    close(A.subarray(y.at, y.at + 8), [...want, 0, 0, 0, 0]);
  });

  test("channels are picked, spread and added", () => {
    const b = builder();
    const [x, y] = [
      b.map(1, 8, listed([1, 2, 3, 4, 5, 6, 7, 8])),
      b.map(1, 8, listed([10, 20, 30, 40, 50, 60, 70, 80])),
    ];
    const to = { y: y.at, yld: y.ld, M: 1 };
    const { A } = run(b, [
      call("channels", { ...stored(x), xb: 1, xs: 2, ...to, yb: 0, ys: 1, n: 3, acc: 0 }),
      call("channels", { ...stored(x), xb: 0, xs: 1, ...to, yb: 5, ys: 2, n: 2, acc: 1 }),
      call("fill", { y: y.at, yld: y.ld, from: 3, n: 2, value: -1, M: 1 }),
    ]);
    close(A.subarray(y.at, y.at + 8), [2, 4, 6, -1, -1, 61, 70, 82]);
  });

  test.each([
    ["squeeze-and-excitation", 4, 1, [1, 2, 3, 4, 1, 2, 3, 4, 50, 60, 70, 80, 50, 60, 70, 80]],
    ["channel mask", 0, 1, [1, 2, 3, 4, 1, 2, 3, 4, 10, 20, 30, 40, 10, 20, 30, 40]],
    ["drop path", 1, 0, [1, 1, 1, 1, 1, 1, 1, 1, 20, 20, 20, 20, 20, 20, 20, 20]],
  ])("multipliers: %s", (_name, sb, sc, want) => {
    const b = builder();
    const x = b.map(4, 4, { wide: false, value: (row) => (row < 2 ? 1 : 10) });
    const [s, y] = [b.vector("A", 8, listed([1, 2, 3, 4, 5, 6, 7, 8])), b.output(4, 4, { wide: false })];
    const { A } = run(b, [call("scale", { ...stored(x), s, sb, sc, y: y.at, yld: y.ld, rows: 2, M: 4, C: 4 })]);
    close(A.subarray(y.at, y.at + 16), want);
  });
});

describe("pools", () => {
  // 3×3 image in channel 0, its negative in channel 1.
  const image = [1, 2, 3, 4, 9, 6, 7, 8, 5];
  const setup = () => {
    const b = builder();
    return {
      b,
      x: b.map(9, 4, { wide: false, value: (row, c) => (c < 2 ? (image[row] ?? 0) * (1 - 2 * c) : 0) }),
      y: b.output(4, 4, { wide: false }),
    };
  };
  const window = { B: 1, H: 3, W: 3, Ho: 2, Wo: 2, k: 3, s: 2, p: 1, C: 4 };
  const columns = (A: Float64Array, at: number, c: number): number[] =>
    [0, 1, 2, 3].map((row) => A[at + 4 * row + c] as number);

  test("a maximum ignores padding", () => {
    const { b, x, y } = setup();
    const { A } = run(b, [call("maxPool", { x: x.at, xld: x.ld, y: y.at, yld: y.ld, ...window })]);
    close(columns(A, y.at, 0), [9, 9, 9, 9]);
    close(columns(A, y.at, 1), [-1, -2, -4, -5]);
  });

  test("the first of equal maxima has the gradient", () => {
    const b = builder();
    const [x, dy, dx] = [
      b.map(9, 4, { wide: false, value: () => 0 }),
      b.map(4, 4, { wide: false, value: () => 1 }),
      b.output(9, 4, { wide: false }),
    ];
    const { A } = run(b, [
      call("maxPoolGrad", {
        x: x.at,
        xld: x.ld,
        dy: dy.at,
        dyld: dy.ld,
        dx: dx.at,
        dxld: dx.ld,
        base: -1,
        baseld: 0,
        ...window,
      }),
    ]);
    close(
      Array.from({ length: 9 }, (_, row) => A[dx.at + 4 * row] as number),
      [1, 1, 0, 1, 1, 0, 0, 0, 0],
    );
  });

  test.each([
    [1, [16 / 9, 20 / 9, 28 / 9, 28 / 9]],
    [0, [4, 5, 7, 7]],
  ])("an average, pads counting %i", (pads, want) => {
    const { b, x, y } = setup();
    const { A } = run(b, [call("avgPool", { x: x.at, xld: x.ld, y: y.at, yld: y.ld, ...window, pads })]);
    close(columns(A, y.at, 0), want);
  });

  test("subsampling takes the pixels at ⌊o·H/Ho⌋, scatter puts them there", () => {
    const { b, x, y } = setup();
    const back = b.output(9, 4, { wide: false });
    const none = { base: -1, baseld: 0, B: 1, C: 4 };
    const { A } = run(b, [
      call("subsample", { x: x.at, xld: x.ld, dx: y.at, dxld: y.ld, ...none, H: 3, W: 3, Ho: 2, Wo: 2 }),
      call("scatter", { x: y.at, xld: y.ld, dx: back.at, dxld: back.ld, ...none, H: 2, W: 2, Ho: 3, Wo: 3 }),
    ]);
    close(columns(A, y.at, 0), [1, 2, 4, 9]);
    close(
      Array.from({ length: 9 }, (_, row) => A[back.at + 4 * row] as number),
      [1, 2, 0, 4, 9, 0, 0, 0, 0],
    );
  });

  test("area averaging counts the pixels on an edge by the part inside", () => {
    const { b, x, y } = setup();
    const { A } = run(b, [call("resize", { x: x.at, xld: x.ld, dx: y.at, dxld: y.ld, base: -1, baseld: 0, B: 1, C: 4, H: 3, W: 3, Ho: 2, Wo: 2 })]);
    // Rows and columns 1, ½ and ½, 1 of three, each divided by 1½.
    const value = (r: number, c: number): number => A[x.at + x.ld * (3 * r + c)] as number;
    const part = [[1, 0.5, 0], [0, 0.5, 1]];
    const want = [0, 1].flatMap((p) => [0, 1].map((q) => [0, 1, 2].flatMap((r) => [0, 1, 2].map((c) => ((part[p]?.[r] ?? 0) * (part[q]?.[c] ?? 0) * value(r, c)) / 2.25)).reduce((m, v) => m + v, 0)));
    close(columns(A, y.at, 0), want);
  });
});

test("mixture weights pick by nibble", () => {
  const b = builder();
  const alpha = b.vector("W", 10, listed([0, Math.log(2), 0, 0, 0, 0, 0, 0, 0, Math.log(3)]));
  const [prob, wv] = [b.output(1, 10, { wide: false }).at, b.output(1, 9, { wide: false }).at];
  const { A } = run(b, [
    call("mixWeights", { alpha, n: 10, soft: 1, prob, wv, count: 9, index0: 0x76543219, index1: 1 }),
  ]);
  close(
    A.subarray(prob, prob + 10),
    [1, 2, 1, 1, 1, 1, 1, 1, 1, 3].map((p) => p / 13),
  );
  close(
    A.subarray(wv, wv + 9),
    [3, 2, 1, 1, 1, 1, 1, 1, 2].map((p) => p / 13),
  );
});

describe("loss", () => {
  const hyperOf = (b: CaseBuilder, values: Partial<Record<HyperField, number>>): number =>
    b.vector("S", hyperFields.length, listed(hyperFields.map((name) => values[name] ?? 0)));

  test("smoothed cross entropy, its gradient, right answers and their number", () => {
    const b = builder();
    const z = b.map(2, 4, { wide: false, value: (row, c) => (c === 3 ? 0 : row === 0 ? Math.log(c + 1) : 5) });
    const t = b.vector("A", 2, listed([1, 0]));
    const dz = b.output(2, 4, { wide: false });
    const [hyper, metrics] = [
      hyperOf(b, { smoothing: 0.3, slot: 1, lossWeight: 0.5, gradWeight: -4 }),
      b.vector("S", 8, { value: () => 1 }),
    ];
    const fields = { classes: 3, B: 2, gradScale: -0.5, lossScale: 10, hyper, metrics, tmp: -1 };
    const { A, S } = run(b, [
      call("softmaxLoss", { z: z.at, zld: z.ld, t, tld: 0, mode: 0, dz: dz.at, dzld: dz.ld, ...fields }),
    ]);
    const first = -(0.1 * Math.log(1 / 6) + 0.8 * Math.log(2 / 6) + 0.1 * Math.log(3 / 6));
    // Row 1: all equal, the first of equals is class 0, which is right; row 0 says class 2.
    close(S.subarray(metrics + 4, metrics + 8), [1 + (first + Math.log(3)) * 5, 2, 3, 1]);
    close(S.subarray(metrics, metrics + 4), [1, 1, 1, 1]);
    close(A.subarray(dz.at, dz.at + 8), [
      2 * (1 / 6 - 0.1),
      2 * (2 / 6 - 0.8),
      2 * (3 / 6 - 0.1),
      0,
      2 * (1 / 3 - 0.8),
      2 * (1 / 3 - 0.1),
      2 * (1 / 3 - 0.1),
      0,
    ]);
  });

  test("the end of a step: norm, clipping factor, next slot", () => {
    const b = builder();
    const g = b.vector("G", 64, { value: (_row, i) => (i < 2 ? 3 + i : 0) });
    const norms = b.vector("S", 2, listed([0, 11]));
    const [hyper, metrics] = [hyperOf(b, { clip: 3, slot: 2 }), b.vector("S", 12, { value: () => 1 })];
    const finish = call("stepFinish", { hyper, norms, count: 2, metrics, ring: 3 });
    const { S } = run(b, [call("gradNorm", { g, n: 64, out: norms, tmp: -1 }), finish]);
    expect(S[hyper + hyperAt.factor]).toBeCloseTo(3 / (6 + 1e-6), 10);
    close(S.subarray(norms, norms + 2), [0, 0]);
    close(S.subarray(metrics, metrics + 12), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  // By hand from the formulas of torch.optim; one weight, one decayed block, gradients 0.5 and −0.25.
  test.each([
    [
      "sgd",
      { lr: 0.1, momentum: 0.9, weightDecay: 0.2 },
      [1 - 0.1 * 0.7, 0.93 - 0.1 * (0.9 * 0.7 + (-0.25 + 0.2 * 0.93))],
    ],
    [
      "nesterov",
      { lr: 0.1, momentum: 0.9, nesterov: 1 },
      [1 - 0.1 * (0.5 + 0.9 * 0.5), 0.905 - 0.1 * (-0.25 + 0.9 * (0.45 - 0.25))],
    ],
    [
      "adam",
      { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8 },
      [0.9, 0.9 - (0.1 * (0.02 / 0.19)) / Math.sqrt(0.00031225 / 0.001999)],
    ],
  ] as const)("two steps of %s", (name, values, want) => {
    const b = builder();
    const [w, g, g2] = [
      b.vector("W", 64, { value: () => 1 }),
      b.vector("G", 64, { value: () => 1 }),
      b.vector("G", 64, { value: () => -0.5 }),
    ];
    const [m, v, steps, decay] = [
      b.vector("S", 64, { value: () => 0 }),
      b.vector("S", 64, { value: () => 0 }),
      b.vector("S", 1, { value: () => 0 }),
      b.vector("S", 1, { value: () => 1 }),
    ];
    const hyper = hyperOf(b, { ...values, factor: 0.5 });
    const step = (gradient: number): Call =>
      name === "adam"
        ? call("adam", { w, g: gradient, m, v, decay, steps, n: 64, hyper })
        : call("sgd", { w, g: gradient, m, decay, n: 64, hyper });
    const first = run(b, [step(g)]);
    expect(first.W[w + 63]).toBeCloseTo(want[0], 6);
    expect(first.G[g]).toBe(0);
    expect(run(b, [step(g), step(g2)]).W[w]).toBeCloseTo(want[1], 6);
  });
});

test("an address outside its arena is an error", () => {
  const b = builder();
  const x = b.map(1, 4);
  const none = { r: -1, rld: 0, rmode: 0, rcoef: -1, rcs: 0, rlo: -UNBOUNDED, rhi: UNBOUNDED };
  expect(() => run(b, [call("apply", { ...stored(x), ...none, y: 1_000_000, yld: 4, M: 1, C: 4 })])).toThrow(
    /outside an arena/,
  );
});
