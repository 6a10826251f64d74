/**
 * The instructions of a plan: what a training step is made of, one level above any machine. The compiler (`nn/plan`) emits
 * calls of these; the WASM and WebGPU back ends execute them, and `reference/` is their executable definition in plain TypeScript.
 *
 * A call is an instruction and one number per field. Addresses count float32 elements from the start of an arena and are multiples
 * of 4 unless said otherwise; −1 is "none". Rows (`M`) are pixels of a batch, B·H·W. Maps are NHWC with a row stride `…ld` (floats,
 * a multiple of 4) that may exceed the channels, so that a map can be a slice of a wider one. Channel counts `C`, `K`, `N` are padded
 * to a multiple of 4; pad lanes of every map, weight and gradient are 0 and stay 0, and every instruction keeps that so.
 */

/**
 * Arenas. A: activations and scratch of a plan. W: parameters. G: gradients (0 before a step; `sgd` and `adam` leave them 0).
 * S: optimizer state, batch-norm banks, the hyper block, losses.
 */
export type Arena = "A" | "W" | "G" | "S";

/** `i`: integer. `f`: float32. Otherwise an address in that arena. */
export type FieldKind = Arena | "i" | "f";

export type Fields = Readonly<Record<string, FieldKind>>;

/**
 * A map as an instruction loads it: `mode` 0 the stored value x; 1 clamp(x, lo, hi); 2 clamp(x·scale + shift, lo, hi) with
 * scale[c] at coef + c and shift[c] at coef + cs + c. Infinite bounds are ±3.4e38.
 */
function loaded<P extends string>(p: P) {
  return { [p]: "A", [`${p}ld`]: "i", [`${p}mode`]: "i", [`${p}coef`]: "A", [`${p}cs`]: "i", [`${p}lo`]: "f", [`${p}hi`]: "f" } as {
    readonly [K in P | `${P}coef`]: "A";
  } & { readonly [K in `${P}ld` | `${P}mode` | `${P}cs`]: "i" } & { readonly [K in `${P}lo` | `${P}hi`]: "f" };
}

/** Result of a gradient with respect to a map: dx = base + value when `base` ≥ 0 (it may be dx itself), else dx = value. */
const into = { dx: "A", dxld: "i", base: "A", baseld: "i" } as const;

/** The mask of a clamped load: with `mask` 1 the value (not the base) is multiplied by [lo < x < hi] of the stored x. */
const masked = { mask: "i", x: "A", xld: "i", lo: "f", hi: "f" } as const;

const window = { B: "i", H: "i", W: "i", Ho: "i", Wo: "i", k: "i", s: "i", p: "i" } as const;

const rectangle = { B: "i", H: "i", W: "i", Ho: "i", Wo: "i", kh: "i", kw: "i", sh: "i", sw: "i", ph: "i", pw: "i" } as const;

/**
 * Every instruction with its fields, in the order of their words. `tmp` is scratch of this call alone, of the size that the back end asked for.
 *
 * Weights: dense [k, k, K, N] (rows of K, columns of N, both padded), depthwise [k·k, C], grouped [k, k, cin/groups, N] unpadded but
 * for N. Weight gradients are added to what G holds.
 */
export const isa = {
  /** y[m, n] = Σ_k load(x)[m, k] · w[k, n] (+ bias[n]). */
  pointwise: { ...loaded("x"), w: "W", bias: "W", y: "A", yld: "i", M: "i", K: "i", N: "i", tmp: "A" },
  /** dx[m, k] = Σ_n dy[m, n] · w[k, n]. */
  pointwiseGradInput: { dy: "A", dyld: "i", w: "W", ...into, ...masked, M: "i", K: "i", N: "i", tmp: "A" },
  /** dw[k, n] += Σ_m load(x)[m, k] · dy[m, n]. */
  pointwiseGradWeight: { ...loaded("x"), dy: "A", dyld: "i", dw: "G", M: "i", K: "i", N: "i", tmp: "A" },
  /** Dense k×k (or strided 1×1) convolution, zero padding `p` on all sides; x is [B, H, W, K], y [B, Ho, Wo, N]. */
  conv: { ...loaded("x"), w: "W", bias: "W", y: "A", yld: "i", ...window, K: "i", N: "i", tmp: "A" },
  convGradInput: { dy: "A", dyld: "i", w: "W", ...into, ...masked, ...window, K: "i", N: "i", tmp: "A" },
  convGradWeight: { ...loaded("x"), dy: "A", dyld: "i", dw: "G", ...window, K: "i", N: "i", tmp: "A" },
  /** Grouped convolution of `cin` → `cout` real channels; any group width. `N` is the padded row of the weight. */
  groupConv: { ...loaded("x"), w: "W", bias: "W", y: "A", yld: "i", ...window, cin: "i", cout: "i", groups: "i", N: "i", tmp: "A" },
  groupConvGradInput: { dy: "A", dyld: "i", w: "W", ...into, ...masked, ...window, cin: "i", cout: "i", groups: "i", N: "i", tmp: "A" },
  groupConvGradWeight: { ...loaded("x"), dy: "A", dyld: "i", dw: "G", ...window, cin: "i", cout: "i", groups: "i", N: "i", tmp: "A" },
  /** Depthwise convolution with dilation `d`. */
  depthwise: { ...loaded("x"), w: "W", y: "A", yld: "i", ...window, d: "i", C: "i", tmp: "A" },
  depthwiseGradInput: { dy: "A", dyld: "i", w: "W", ...into, ...masked, ...window, d: "i", C: "i", tmp: "A" },
  depthwiseGradWeight: { ...loaded("x"), dy: "A", dyld: "i", dw: "G", ...window, d: "i", C: "i", tmp: "A" },
  /** db[n] += Σ_m dy[m, n]. */
  biasGrad: { dy: "A", dyld: "i", db: "G", M: "i", N: "i", tmp: "A" },

  /**
   * Statistics of u over its M rows (biased variance; stable for |mean| ≫ std). Writes four vectors of C at `coef`: scale = γ·r,
   * shift = β − mean·scale, mean, r = 1/√(var + eps); γ = 1, β = 0 where −1. With `bank` ≥ 0 also moves mean at bank + c and variance at bank + C + c:
   * old·keep + value·gain, the variance's value times `unbias`; `dynamic` 1 takes keep and gain from the hyper block. keep = 0 never reads the old.
   */
  normStats: { u: "A", uld: "i", gamma: "W", beta: "W", coef: "A", bank: "S", hyper: "S", dynamic: "i", keep: "f", gain: "f", unbias: "f", eps: "f", M: "i", C: "i", tmp: "A" },
  /** The same four vectors (at coef + cs·{0, 1, 2, 3} + c) from a bank's mean and variance. */
  normFixed: { bank: "S", gamma: "W", beta: "W", coef: "A", cs: "i", eps: "f", C: "i" },
  /**
   * Moves a bank as `normStats` does, from vectors that are there already (channels of a wide map): mean = coef[2·cs + c],
   * variance = 1/r² − eps with r = coef[3·cs + c].
   */
  bankMove: { coef: "A", cs: "i", bank: "S", hyper: "S", dynamic: "i", keep: "f", gain: "f", unbias: "f", eps: "f", C: "i" },
  /**
   * Backward of batch statistics and the clamp after them. With z = u·scale + shift, h = (u − mean)·r, g = dz·[lo < z < hi]:
   * dgamma[c] += Σ g·h, dbeta[c] += Σ g (where ≥ 0), du = scale·(g − Σg/M − h·Σ(g·h)/M). du may be dz or u.
   */
  normGrad: { dz: "A", dzld: "i", u: "A", uld: "i", coef: "A", lo: "f", hi: "f", dgamma: "G", dbeta: "G", du: "A", duld: "i", M: "i", C: "i", tmp: "A" },

  /** y = load(x) (+ load(r) when r ≥ 0), elementwise over C channels. y may be x or r. */
  apply: { ...loaded("x"), ...loaded("r"), y: "A", yld: "i", M: "i", C: "i" },
  /** y[m, yb + i·ys] = load(x)[m, xb + i·xs] for i < n, added to what y holds with `acc` 1. x and y are bases of rows; any offsets. */
  channels: { ...loaded("x"), xb: "i", xs: "i", y: "A", yld: "i", yb: "i", ys: "i", n: "i", acc: "i", M: "i" },
  /** y[m, c] = value for from ≤ c < from + n (any from, n). */
  fill: { y: "A", yld: "i", from: "i", n: "i", value: "f", M: "i" },
  /** y = f(load(x)); kind 0 relu, 1 relu6, 2 hard swish x·relu6(x + 3)/6, 3 sigmoid, 4 swish, 5 hard sigmoid relu6(x + 3)/6. Channels from `real` on become 0. */
  activation: { ...loaded("x"), y: "A", yld: "i", kind: "i", real: "i", M: "i", C: "i" },
  /** dx = base + dy · f′(load(x)): the gradient with respect to the loaded value. */
  activationGrad: { ...loaded("x"), dy: "A", dyld: "i", ...into, kind: "i", M: "i", C: "i" },
  /**
   * y[m, c] = load(x)[m, c] · s[b·sb + c·sc], b = ⌊m / rows⌋: squeeze-and-excitation (sb = ld, sc 1), channel mask (0, 1), drop path (1, 0). s: any address.
   */
  scale: { ...loaded("x"), s: "A", sb: "i", sc: "i", y: "A", yld: "i", rows: "i", M: "i", C: "i" },
  /** Gradient of the loaded value: dx = base + dy·s. */
  scaleGradInput: { dy: "A", dyld: "i", s: "A", sb: "i", sc: "i", ...into, rows: "i", M: "i", C: "i" },
  /** sc = 1 only: ds[b·sb + c] = Σ over the rows of image b (of all images when sb = 0) of dy · load(x); written, not added. */
  scaleGradScale: { ...loaded("x"), dy: "A", dyld: "i", ds: "A", sb: "i", rows: "i", M: "i", C: "i", tmp: "A" },

  /** y[i] = w[i] for i < n: a parameter vector among the activations. Any addresses. */
  vectorLoad: { w: "W", y: "A", n: "i" },
  /** dw[i] += dy[i] for i < n. Any addresses. */
  vectorGrad: { dy: "A", dw: "G", n: "i" },

  /** Pools on stored values. max ignores padding; avg divides by k² (`pads` 1) or by the pixels inside (0). */
  maxPool: { x: "A", xld: "i", y: "A", yld: "i", ...window, C: "i" },
  /** The gradient goes to the first maximum in row-major order of the window (as PyTorch). */
  maxPoolGrad: { x: "A", xld: "i", dy: "A", dyld: "i", ...into, ...window, C: "i" },
  avgPool: { x: "A", xld: "i", y: "A", yld: "i", ...window, pads: "i", C: "i" },
  avgPoolGrad: { dy: "A", dyld: "i", ...into, ...window, pads: "i", C: "i" },
  /** y[b, c] = mean over the image's `rows` of load(x). */
  globalPool: { ...loaded("x"), y: "A", yld: "i", B: "i", rows: "i", C: "i", tmp: "A" },
  /** dx[m, c] = base + dy[b, c] / rows. */
  globalPoolGrad: { dy: "A", dyld: "i", ...into, B: "i", rows: "i", C: "i" },
  /** y[oy, ox] = x[⌊oy·H/Ho⌋, ⌊ox·W/Wo⌋], H ≥ Ho (integers; plus base). */
  subsample: { x: "A", xld: "i", ...into, B: "i", H: "i", W: "i", Ho: "i", Wo: "i", C: "i" },
  /** The transpose: y[⌊i·Ho/H⌋, ⌊j·Wo/W⌋] = x[i, j], zero elsewhere, Ho ≥ H (plus base). */
  scatter: { x: "A", xld: "i", ...into, B: "i", H: "i", W: "i", Ho: "i", Wo: "i", C: "i" },
  /**
   * y[p, q] = Σ o(p, i)·o(q, j)·x[i, j] / (max(H, Ho)·max(W, Wo)), o(p, i) the length that [p·H, (p + 1)·H) and [i·Ho, (i + 1)·Ho) share (plus base): area
   * averaging where Ho ≤ H, and with the sides swapped its transpose.
   */
  resize: { x: "A", xld: "i", ...into, B: "i", H: "i", W: "i", Ho: "i", Wo: "i", C: "i" },

  /**
   * Patches as rows: y[m, t·C + c] = x[b, oy·sh − ph + i, ox·sw − pw + j, c], t = i·kw + j, zero beyond the edge; x is [B, H, W, C], m runs over [B, Ho, Wo].
   * A rectangular convolution is this and a `pointwise` product.
   */
  unfold: { x: "A", xld: "i", y: "A", yld: "i", ...rectangle, C: "i" },
  /** The transpose (plus base): every dy[m, t·C + c] added to the pixel that it was read from. */
  unfoldGrad: { dy: "A", dyld: "i", ...into, ...rectangle, C: "i" },

  /**
   * Weights of a mixture from a vector of `n` ≤ 16 numbers `alpha` (any address): prob = softmax(alpha) (`soft` 1) or alpha itself; then
   * wv[i] = prob[index i] for i < count, index i being nibble i of (index0, index1).
   */
  mixWeights: { alpha: "W", n: "i", soft: "i", prob: "A", wv: "A", count: "i", index0: "i", index1: "i" },
  /** dalpha += the same backwards from dwv[i]. Any address for dalpha, dwv, wv. */
  mixWeightsGrad: { dwv: "A", prob: "A", dalpha: "G", n: "i", soft: "i", count: "i", index0: "i", index1: "i" },
  /**
   * A mixed op as one wide map u of `slots` candidates of C channels side by side: y[m, c] = Σ_s wv[s] · (u[m, s·C + c]·scale[s·C + c] + shift[s·C + c]);
   * coef is that of `normStats` over slots·C channels. wv: any address.
   */
  mix: { u: "A", uld: "i", coef: "A", wv: "A", y: "A", yld: "i", slots: "i", C: "i", M: "i" },
  /**
   * Backward: with h = (u − mean)·r, per wide channel j of slot s: S0 = Σ dy, S1 = Σ dy·h; sums[j] = S0, sums[slots·C + j] = S1 (written);
   * dwv[s] = Σ_j γ_j·S1 + β_j·S0 where γ·r = scale and β = shift + mean·scale; du = wv[s]·scale·(dy − S0/M − h·S1/M).
   * Slots whose bit is set in (plain0, plain1) are not normalised: scale 1, shift 0, du = wv[s]·dy, dwv[s] = Σ dy·u. du may be u.
   */
  mixGrad: { dy: "A", dyld: "i", u: "A", uld: "i", coef: "A", wv: "A", dwv: "A", sums: "A", du: "A", duld: "i", plain0: "i", plain1: "i", slots: "i", C: "i", M: "i", tmp: "A" },
  /** Overwrites the four vectors of channels [from, from + n) of a wide coef (`cs` channels) with scale 1, shift 0, mean 0, r 1. */
  plainCoef: { coef: "A", cs: "i", from: "i", n: "i" },
  /** Affine norms inside a wide map: scale ·= γ, shift = shift·γ + β on channels [from, from + C) of coef. */
  affineCoef: { coef: "A", cs: "i", from: "i", gamma: "W", beta: "W", C: "i" },
  /** dgamma[c] += wv·S1, dbeta[c] += wv·S0 from `sums` of mixGrad (`cs` = slots·C channels, slot's own start `from`). wv: any address. */
  affineMixGrad: { sums: "A", cs: "i", from: "i", wv: "A", dgamma: "G", dbeta: "G", C: "i" },

  /**
   * Softmax cross entropy over `classes` logits of B rows. mode 0: target (1 − ε)·onehot(label) + ε/classes, ε from the hyper block, labels as
   * floats at t (any address); 1: probabilities [B, tld] at t; 2: softmax of logits at t. dz = (softmax − target)·gradScale · hyper.gradWeight (where
   * dz ≥ 0; pad lanes 0).
   * Adds to the metrics at metrics + 4·hyper.slot: Σ loss · lossScale · hyper.lossWeight, right answers (argmax of z, first of equals, against label
   * or argmax of the target), B.
   */
  softmaxLoss: { z: "A", zld: "i", t: "A", tld: "i", mode: "i", dz: "A", dzld: "i", classes: "i", B: "i", gradScale: "f", lossScale: "f", hyper: "S", metrics: "S", tmp: "A" },

  /** out = Σ g² over n floats (n a multiple of 64). out: any address. */
  gradNorm: { g: "G", n: "i", out: "S", tmp: "A" },
  /**
   * Once a step, after all gradients: hyper.factor = 1, or with hyper.clip > 0 min(1, clip / (√Σ norms + 1e-6)); clears the `count` norms.
   * Also clears the metrics slot (hyper.slot + 1) mod `ring`.
   */
  stepFinish: { hyper: "S", norms: "S", count: "i", metrics: "S", ring: "i" },
  /**
   * PyTorch's SGD on n floats (a multiple of 64): d = g·factor + weightDecay·decay[⌊i/64⌋]·p; buf = momentum·buf + d; p −= lr·(nesterov ? d + momentum·buf : buf);
   * g = 0. `decay` holds one float a block of 64 (any address).
   */
  sgd: { w: "W", g: "G", m: "S", decay: "S", n: "i", hyper: "S" },
  /**
   * PyTorch's Adam; `steps` (any address) holds one counter a block of 64, advanced here first; bias corrections 1 − β^t accurate to float32 (expm1).
   */
  adam: { w: "W", g: "G", m: "S", v: "S", decay: "S", steps: "S", n: "i", hyper: "S" },
  /** out = hyper.lr · √(Σ norms)^p, p = 1, 0 or −1 in hyper.power; clears the `count` norms. The 0th power is 1. out: any address but theirs. */
  vectorScale: { hyper: "S", norms: "S", count: "i", out: "S" },
  /** y[i] += S[scale] · x[i] for i < n (a multiple of 64). The memories bound to W and G need not be parameters and gradients. */
  axpy: { y: "W", x: "G", n: "i", scale: "S" },
} as const satisfies Readonly<Record<string, Fields>>;

export type Instruction = keyof typeof isa;

export const instructions = Object.keys(isa) as readonly Instruction[];

/** Words of the hyper block (floats of S that the host writes before a step). */
export const hyperFields = [
  "lr", "momentum", "weightDecay", "nesterov", "clip", "smoothing", "slot", "lossWeight", "beta1", "beta2", "eps", "factor", "keep", "gain", "power", "gradWeight",
] as const; // prettier-ignore

export type HyperField = (typeof hyperFields)[number];

/** Index of a word of the hyper block. */
export const hyperAt = Object.fromEntries(hyperFields.map((name, i) => [name, i])) as Readonly<Record<HyperField, number>>;

/** Stands for infinity in clamps: finite, so that every back end compares the same. */
export const UNBOUNDED = 3.4e38;

/** Parameters are aligned to this many floats, the unit of `sgd`, `adam` and their flags. */
export const BLOCK = 64;

/** An instruction with its fields. */
export interface Call<I extends Instruction = Instruction> {
  readonly op: I;
  readonly args: { readonly [K in keyof (typeof isa)[I]]: number };
}

/** A call, checked at compile time against its instruction. */
export function call<I extends Instruction>(op: I, args: Call<I>["args"]): Call {
  return { op, args } as unknown as Call;
}

export const padTo4 = (n: number): number => (n + 3) & ~3;
export const padToBlock = (n: number): number => Math.ceil(n / BLOCK) * BLOCK;
