/** Cases of several calls in a row, as a plan has them: each reads what the one before wrote, or what was copied before the first. */
import { BLOCK, type Call, call, UNBOUNDED } from "../isa";
import { type Case, CaseBuilder } from "./builder";

const STORED = { mode: 0, coef: -1, cs: 0, lo: 0, hi: 0 };

/** Fields of a stored map `x`. */
function plain(x: number, ld: number) {
  return { x, xld: ld, xmode: STORED.mode, xcoef: STORED.coef, xcs: STORED.cs, xlo: STORED.lo, xhi: STORED.hi };
}

/** Pointwise, batch norm, ReLU; backwards through all of it; clipped SGD. */
function trainingStep(b: CaseBuilder): Call[][] {
  const [M, K, N] = [147, 8, 8];
  const [x, dz] = [b.map(M, K), b.map(M, N)];
  const u = b.output(M, N, { name: "u" });
  const z = b.output(M, N, { name: "z" });
  const dx = b.output(M, K, { name: "dx" });
  b.changes("A", dz, M, N, { name: "du" });
  const coef = b.vector("A", 4 * N);
  b.changes("A", { at: coef, ld: 4 * N }, 1, 4 * N, { name: "coef" });
  const parameters = (name: string, value?: () => number): { w: number; g: number; m: number } => ({
    w: b.changedVector("W", BLOCK, { name, align: BLOCK, ...(value === undefined ? {} : { value }) }),
    g: b.changedVector("G", BLOCK, { name: `gradient of ${name}`, align: BLOCK, value: () => 0 }),
    m: b.changedVector("S", BLOCK, { name: `momentum of ${name}`, align: BLOCK, value: () => 0 }),
  });
  const [w, gamma, beta] = [parameters("w"), parameters("gamma", () => 1), parameters("beta")];
  const hyper = b.hyper({ lr: 0.1, momentum: 0.9, weightDecay: 1e-3, clip: 1, slot: 1, factor: 1 });
  b.changesHyper(hyper, "factor");
  const norms = b.changedVector("S", 3, { name: "norms" });
  const metrics = b.changedVector("S", 8, { name: "metrics" });
  const decay = b.vector("S", 1, { value: () => 1 });
  const bank = b.changedVector("S", 2 * N, { name: "bank", value: () => 0.5 });
  const clamp = { lo: 0, hi: UNBOUNDED };
  const xs = plain(x.at, x.ld);
  const statistics = { bank, hyper, dynamic: 0, keep: 0.9, gain: 0.1, unbias: M / (M - 1), eps: 1e-5 };
  const noResidual = { r: -1, rld: 0, rmode: 0, rcoef: -1, rcs: 0, rlo: 0, rhi: 0 };
  const noMask = { mask: 0, ...clamp, x: -1, xld: 0 };
  const updates = [w, gamma, beta].map(({ w: at, g, m }) => call("sgd", { w: at, g, m, decay, n: BLOCK, hyper }));
  return [
    [call("pointwise", { ...xs, w: w.w, bias: -1, y: u.at, yld: u.ld, M, K, N, tmp: -1 })],
    [call("normStats", { u: u.at, uld: u.ld, gamma: gamma.w, beta: beta.w, coef, ...statistics, M, C: N, tmp: -1 })],
    [
      call("apply", {
        x: u.at,
        xld: u.ld,
        xmode: 2,
        xcoef: coef,
        xcs: N,
        xlo: clamp.lo,
        xhi: clamp.hi,
        ...noResidual,
        y: z.at,
        yld: z.ld,
        M,
        C: N,
      }),
    ],
    [
      call("normGrad", {
        dz: dz.at,
        dzld: dz.ld,
        u: u.at,
        uld: u.ld,
        coef,
        ...clamp,
        dgamma: gamma.g,
        dbeta: beta.g,
        du: dz.at,
        duld: dz.ld,
        M,
        C: N,
        tmp: -1,
      }),
    ],
    [
      call("pointwiseGradWeight", { ...xs, dy: dz.at, dyld: dz.ld, dw: w.g, M, K, N, tmp: -1 }),
      call("pointwiseGradInput", {
        dy: dz.at,
        dyld: dz.ld,
        w: w.w,
        dx: dx.at,
        dxld: dx.ld,
        base: -1,
        baseld: 0,
        ...noMask,
        M,
        K,
        N,
        tmp: -1,
      }),
    ],
    [w, gamma, beta].map(({ g }, i) => call("gradNorm", { g, n: BLOCK, out: norms + i, tmp: -1 })),
    [call("stepFinish", { hyper, norms, count: 3, metrics, ring: 2 })],
    updates,
  ];
}

/** Three candidates, one of them plain and one affine, mixed by a softmax; backwards to the architecture's numbers. */
function mixedOp(b: CaseBuilder): Call[][] {
  const [M, C, slots] = [98, 8, 3];
  const wide = slots * C;
  const u = b.map(M, wide);
  const dy = b.map(M, C);
  const y = b.output(M, C);
  b.changes("A", u, M, wide, { name: "du" });
  const vector = (name: string, n: number): number => b.output(1, n, { name, wide: false }).at;
  const [coef, prob, wv, dwv, sums] = [
    vector("coef", 4 * wide),
    vector("prob", 4),
    vector("wv", slots),
    vector("dwv", slots),
    vector("sums", 2 * wide),
  ] as [number, number, number, number, number];
  const alpha = b.vector("W", 4, { align: 1 });
  const [gamma, beta] = [b.vector("W", C), b.vector("W", C)];
  const dalpha = b.changedVector("G", 4, { name: "dalpha", align: 1 });
  const [dgamma, dbeta] = [b.changedVector("G", C, { name: "dgamma" }), b.changedVector("G", C, { name: "dbeta" })];
  const index = { count: slots, index0: 0x321, index1: 0 };
  const statistics = { gamma: -1, beta: -1, bank: -1, hyper: 0, dynamic: 0, keep: 0, gain: 0, unbias: 1, eps: 1e-5 };
  return [
    [
      call("normStats", { u: u.at, uld: u.ld, coef, ...statistics, M, C: wide, tmp: -1 }),
      call("mixWeights", { alpha, n: 4, soft: 1, prob, wv, ...index }),
    ],
    [
      call("plainCoef", { coef, cs: wide, from: 0, n: C }),
      call("affineCoef", { coef, cs: wide, from: 2 * C, gamma, beta, C }),
    ],
    [call("mix", { u: u.at, uld: u.ld, coef, wv, y: y.at, yld: y.ld, slots, C, M })],
    [
      call("mixGrad", {
        dy: dy.at,
        dyld: dy.ld,
        u: u.at,
        uld: u.ld,
        coef,
        wv,
        dwv,
        sums,
        du: u.at,
        duld: u.ld,
        plain0: 1,
        plain1: 0,
        slots,
        C,
        M,
        tmp: -1,
      }),
    ],
    [
      call("mixWeightsGrad", { dwv, prob, dalpha, n: 4, soft: 1, ...index }),
      call("affineMixGrad", { sums, cs: wide, from: 2 * C, wv: wv + 2, dgamma, dbeta, C }),
    ],
  ];
}

/** A product of patches and its gradients: the rectangular convolution. */
function rectangularConvolution(b: CaseBuilder): Call[][] {
  const [B, H, W, C, N] = [2, 6, 5, 8, 12];
  const [M, K] = [B * H * W, 7 * C];
  const shape = { B, H, W, Ho: H, Wo: W, kh: 1, kw: 7, sh: 1, sw: 1, ph: 0, pw: 3, C };
  const [x, dy] = [b.map(M, C), b.map(M, N)];
  const w = b.vector("W", K * N);
  const dw = b.changedVector("G", K * N, { name: "dw" });
  const [rows, y, dRows, dx] = [
    b.output(M, K, { name: "rows" }),
    b.output(M, N),
    b.output(M, K, { name: "gradient of rows" }),
    b.output(M, C, { name: "dx" }),
  ];
  const noBase = { base: -1, baseld: 0 };
  const noMask = { mask: 0, x: -1, xld: 0, lo: 0, hi: 0 };
  const product = { M, K, N, tmp: -1 };
  const toRows = { dx: dRows.at, dxld: dRows.ld, ...noBase };
  return [
    [call("unfold", { x: x.at, xld: x.ld, y: rows.at, yld: rows.ld, ...shape })],
    [call("pointwise", { ...plain(rows.at, rows.ld), w, bias: -1, y: y.at, yld: y.ld, ...product })],
    [call("pointwiseGradWeight", { ...plain(rows.at, rows.ld), dy: dy.at, dyld: dy.ld, dw, ...product })],
    [call("pointwiseGradInput", { dy: dy.at, dyld: dy.ld, w, ...toRows, ...noMask, ...product })],
    [call("unfoldGrad", { dy: dRows.at, dyld: dRows.ld, dx: dx.at, dxld: dx.ld, ...noBase, ...shape })],
  ];
}

/** Copies between memories of every kind and inside one, at odd addresses; then w += lr / ‖g‖ · g of what was copied. */
function copiesAndVectors(b: CaseBuilder): Call[][] {
  const n = 3 * BLOCK;
  const [state, inside] = [b.vector("S", n, { align: 1 }), b.vector("S", n, { align: 1 })];
  const y = b.changedVector("W", n, { name: "y", align: BLOCK });
  const g = b.changedVector("G", n, { name: "g", align: BLOCK });
  const rows = b.changedVector("A", n, { name: "copy of y", align: 1 });
  b.changes("S", { at: inside, ld: n }, 1, n, { name: "moved" });
  b.copies.push(
    { source: "W", from: y, target: "A", to: rows, length: n },
    { source: "S", from: state, target: "G", to: g, length: n },
    { source: "A", from: rows + 1, target: "W", to: y, length: n - 2 },
    { source: "G", from: g, target: "S", to: inside + 1, length: 7 },
    { source: "S", from: inside, target: "S", to: inside + 5, length: n - 5 },
    { source: "A", from: rows + 3, target: "A", to: rows, length: n - 3 },
  );
  const hyper = b.hyper({ lr: 0.01, power: -1 });
  const norms = b.changedVector("S", 1, { name: "norms" });
  const scale = b.vector("S", 1, { align: 1 });
  b.changes("S", { at: scale, ld: 1 }, 1, 1, { name: "scale" });
  return [
    [call("gradNorm", { g, n, out: norms, tmp: -1 })],
    [call("vectorScale", { hyper, norms, count: 1, out: scale })],
    [call("axpy", { y, x: g, n, scale })],
  ];
}

export const sequenceCases = (): Case[] =>
  (
    [
      ["training step", trainingStep, "sgd"],
      ["mixed op", mixedOp, "mix"],
      ["rectangular convolution", rectangularConvolution, "unfold"],
      ["copies and vectors", copiesAndVectors, "axpy"],
    ] as const
  ).map(([name, make, op]) => ({
    name: `sequence: ${name}`,
    op,
    build: () => {
      const b = new CaseBuilder(name);
      return b.finish(make(b));
    },
  }));
