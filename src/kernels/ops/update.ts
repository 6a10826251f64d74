/** Optimizer kernels: one parameter a call, new tensors out, nothing freed here. */
import { ones, type Tensor } from "@tensorflow/tfjs-core";
import { at, runMany, runOne } from "../kernel";
import type { AdamAttrs, SgdAttrs } from "../reference/update";

/** min(1, max/(‖g‖ + 1e-6)) over all gradients together, a scalar on the device; null = 1. */
export function clipFactor(gradients: readonly Tensor[], max: number | null): Tensor {
  if (max === null || gradients.length === 0) return ones([]);
  return runOne("NasClipFactor", Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])), { max });
}

/** ca·a + cb·b. */
export function blend(a: Tensor, ca: number, b: Tensor, cb: number): Tensor {
  return runOne("NasBlend", { a, b }, { ca, cb });
}

/** One SGD update of `p` by `factor`·g; `buf` null at a parameter's first. */
export function sgdUpdate(p: Tensor, g: Tensor, buf: Tensor | null, factor: Tensor, attrs: SgdAttrs): { readonly p: Tensor; readonly buf: Tensor } {
  const inputs = buf === null ? { p, g, factor } : { p, g, factor, buf };
  const outputs = runMany("NasSgd", inputs, { ...attrs, nesterov: attrs.nesterov ? 1 : 0 });
  return { p: at(outputs, 0), buf: at(outputs, 1) };
}

/** One Adam update; `moments` null at a parameter's first. */
export function adamUpdate(
  p: Tensor,
  g: Tensor,
  moments: { readonly m: Tensor; readonly v: Tensor } | null,
  factor: Tensor,
  attrs: AdamAttrs,
): { readonly p: Tensor; readonly m: Tensor; readonly v: Tensor } {
  const outputs = runMany("NasAdam", moments === null ? { p, g, factor } : { p, g, factor, m: moments.m, v: moments.v }, { ...attrs });
  return { p: at(outputs, 0), m: at(outputs, 1), v: at(outputs, 2) };
}
