/** Dense convolution over plain arrays, NHWC and HWIO, float64 accumulators: what the fast kernels are compared with. */
import type { WindowGeometry } from "../geometry";

type Visit = (xi: number, yi: number, wi: number) => void;

/** Calls back for every (input pixel, output pixel, filter tap) that meet, with offsets of their channel 0. */
function forEachTap(g: WindowGeometry, cout: number, visit: Visit): void {
  for (let b = 0; b < g.b; b++)
    for (let oy = 0; oy < g.oh; oy++)
      for (let ox = 0; ox < g.ow; ox++)
        for (let kh = 0; kh < g.kh; kh++) {
          const iy = oy * g.stride + kh * g.dilation - g.pad;
          if (iy < 0 || iy >= g.h) continue;
          for (let kw = 0; kw < g.kw; kw++) {
            const ix = ox * g.stride + kw * g.dilation - g.pad;
            if (ix < 0 || ix >= g.w) continue;
            visit(((b * g.h + iy) * g.w + ix) * g.c, ((b * g.oh + oy) * g.ow + ox) * cout, (kh * g.kw + kw) * g.c * cout);
          }
        }
}

/** y [b, oh, ow, cout]. */
export function convForward(x: Float32Array, w: Float32Array, y: Float32Array, g: WindowGeometry, cout: number): void {
  const sums = new Float64Array(y.length);
  forEachTap(g, cout, (xi, yi, wi) => {
    for (let ci = 0; ci < g.c; ci++) {
      const xv = x[xi + ci] as number;
      const row = wi + ci * cout;
      for (let co = 0; co < cout; co++) sums[yi + co] = (sums[yi + co] as number) + xv * (w[row + co] as number);
    }
  });
  y.set(sums);
}

/** dx [b, h, w, c]. */
export function convInputGrad(dy: Float32Array, w: Float32Array, dx: Float32Array, g: WindowGeometry, cout: number): void {
  const sums = new Float64Array(dx.length);
  forEachTap(g, cout, (xi, yi, wi) => {
    for (let ci = 0; ci < g.c; ci++) {
      const row = wi + ci * cout;
      let sum = 0;
      for (let co = 0; co < cout; co++) sum += (dy[yi + co] as number) * (w[row + co] as number);
      sums[xi + ci] = (sums[xi + ci] as number) + sum;
    }
  });
  dx.set(sums);
}

/** dw [kh, kw, c, cout]. */
export function convFilterGrad(x: Float32Array, dy: Float32Array, dw: Float32Array, g: WindowGeometry, cout: number): void {
  const sums = new Float64Array(dw.length);
  forEachTap(g, cout, (xi, yi, wi) => {
    for (let ci = 0; ci < g.c; ci++) {
      const xv = x[xi + ci] as number;
      const row = wi + ci * cout;
      for (let co = 0; co < cout; co++) sums[row + co] = (sums[row + co] as number) + xv * (dy[yi + co] as number);
    }
  });
  dw.set(sums);
}
