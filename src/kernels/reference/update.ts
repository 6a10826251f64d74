/** Optimizer arithmetic over plain arrays, in PyTorch's order of operations. */

export interface SgdAttrs {
  readonly lr: number;
  readonly momentum: number;
  readonly decay: number;
  readonly nesterov: boolean;
}

/** d = factor·g + decay·p; buf' = momentum·buf + d (first step: d); p' = p − lr·(nesterov ? d + momentum·buf' : buf'). */
export function sgd(
  p: Float32Array,
  g: Float32Array,
  buf: Float32Array | null,
  factor: number,
  p2: Float32Array,
  buf2: Float32Array,
  a: SgdAttrs,
): void {
  for (let i = 0; i < p.length; i++) {
    const d = (g[i] as number) * factor + a.decay * (p[i] as number);
    const b = buf === null ? d : a.momentum * (buf[i] as number) + d;
    buf2[i] = b;
    p2[i] = (p[i] as number) - a.lr * (a.nesterov ? d + a.momentum * b : b);
  }
}

export interface AdamAttrs {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly decay: number;
  /** Updates of this parameter so far, this one included (1 at the first). */
  readonly step: number;
}

export interface AdamArrays {
  readonly p: Float32Array;
  readonly g: Float32Array;
  readonly m: Float32Array | null;
  readonly v: Float32Array | null;
  readonly p2: Float32Array;
  readonly m2: Float32Array;
  readonly v2: Float32Array;
}

/** p' = p − lr/(1 − β1^t) · m / (√v/√(1 − β2^t) + eps), decay added to the gradient. */
export function adam(t: AdamArrays, factor: number, a: AdamAttrs): void {
  const stepSize = a.lr / (1 - a.beta1 ** a.step);
  const rootCorrection = Math.sqrt(1 - a.beta2 ** a.step);
  for (let i = 0; i < t.p.length; i++) {
    const p = t.p[i] as number;
    const d = (t.g[i] as number) * factor + a.decay * p;
    const m = a.beta1 * (t.m === null ? 0 : (t.m[i] as number)) + (1 - a.beta1) * d;
    const v = a.beta2 * (t.v === null ? 0 : (t.v[i] as number)) + (1 - a.beta2) * d * d;
    t.m2[i] = m;
    t.v2[i] = v;
    t.p2[i] = p - (stepSize * m) / (Math.sqrt(v) / rootCorrection + a.eps);
  }
}

/** min(1, max/(‖g‖ + 1e-6)) over all gradients together (PyTorch's clip_grad_norm_). */
export function clipFactor(gradients: readonly Float32Array[], max: number): number {
  let squares = 0;
  for (const g of gradients) for (let i = 0; i < g.length; i++) squares += (g[i] as number) ** 2;
  return Math.min(1, max / (Math.sqrt(squares) + 1e-6));
}
