/** Depthwise convolution with stride, dilation and padding over plain arrays, float64 accumulators. */
import type { WindowGeometry } from "../geometry";

/** Calls back with the offsets (channel 0) of input, output and filter for every tap inside the map. */
function forEachTap(g: WindowGeometry, visit: (xi: number, yi: number, wi: number) => void): void {
  for (let b = 0; b < g.b; b++)
    for (let oy = 0; oy < g.oh; oy++)
      for (let ox = 0; ox < g.ow; ox++)
        for (let kh = 0; kh < g.kh; kh++) {
          const iy = oy * g.stride + kh * g.dilation - g.pad;
          if (iy < 0 || iy >= g.h) continue;
          for (let kw = 0; kw < g.kw; kw++) {
            const ix = ox * g.stride + kw * g.dilation - g.pad;
            if (ix >= 0 && ix < g.w) visit(((b * g.h + iy) * g.w + ix) * g.c, ((b * g.oh + oy) * g.ow + ox) * g.c, (kh * g.kw + kw) * g.c);
          }
        }
}

/** into[target + c] += a[first + c] · b[second + c] over all channels and taps. */
function accumulate(
  g: WindowGeometry,
  into: Float32Array,
  a: Float32Array,
  b: Float32Array,
  pick: (xi: number, yi: number, wi: number) => readonly [number, number, number],
): void {
  const sums = new Float64Array(into.length);
  forEachTap(g, (xi, yi, wi) => {
    const [target, first, second] = pick(xi, yi, wi);
    for (let c = 0; c < g.c; c++) sums[target + c] = (sums[target + c] as number) + (a[first + c] as number) * (b[second + c] as number);
  });
  into.set(sums);
}

/** y [b, oh, ow, c]. */
export function depthwiseForward(x: Float32Array, w: Float32Array, y: Float32Array, g: WindowGeometry): void {
  accumulate(g, y, x, w, (xi, yi, wi) => [yi, xi, wi]);
}

/** dx [b, h, w, c]. */
export function depthwiseInputGrad(dy: Float32Array, w: Float32Array, dx: Float32Array, g: WindowGeometry): void {
  accumulate(g, dx, dy, w, (xi, yi, wi) => [xi, yi, wi]);
}

/** dw [k, k, c, 1]. */
export function depthwiseFilterGrad(x: Float32Array, dy: Float32Array, dw: Float32Array, g: WindowGeometry): void {
  accumulate(g, dw, x, dy, (xi, yi, wi) => [wi, xi, yi]);
}
