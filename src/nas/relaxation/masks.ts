/**
 * Channel masks of FBNetV2 (arXiv 2004.05565 section 3.1; spec fbnet 2.1): option i keeps the first c_i channels, l_i is c_i ones and then zeros, and
 * M = Σ g_i·l_i, so that one convolution of the widest option stands for all of them. Double precision, on the host.
 */

/** M [channels]: M_c = Σ of the weights of the options that keep channel c. */
export function maskOf(weights: ArrayLike<number>, widths: readonly number[], channels: number): Float64Array {
  return Float64Array.from({ length: channels }, (_, c) => widths.reduce((sum, width, i) => (c < width ? sum + (weights[i] ?? Number.NaN) : sum), 0));
}

/** ∂L/∂g_i = Σ_{c < c_i} ∂L/∂M_c. */
export function maskGradient(dMask: ArrayLike<number>, widths: readonly number[]): Float64Array {
  return Float64Array.from(widths, (width) => {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += dMask[c] ?? Number.NaN;
    return sum;
  });
}
