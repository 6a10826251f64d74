/** Max and average pooling as in PyTorch: padding never wins a maximum, and an average counts it or not. */
import type { WindowGeometry } from "../geometry";

/** Calls back per output element with the input offsets of its window's real pixels, in row order. */
function forEachWindow(g: WindowGeometry, visit: (yi: number, inside: readonly number[]) => void): void {
  const inside: number[] = [];
  for (let b = 0; b < g.b; b++)
    for (let oy = 0; oy < g.oh; oy++)
      for (let ox = 0; ox < g.ow; ox++) {
        inside.length = 0;
        for (let kh = 0; kh < g.kh; kh++) {
          const iy = oy * g.stride + kh - g.pad;
          if (iy < 0 || iy >= g.h) continue;
          for (let kw = 0; kw < g.kw; kw++) {
            const ix = ox * g.stride + kw - g.pad;
            if (ix >= 0 && ix < g.w) inside.push(((b * g.h + iy) * g.w + ix) * g.c);
          }
        }
        visit(((b * g.oh + oy) * g.ow + ox) * g.c, inside);
      }
}

/** Offset of the first largest value of a window. */
function argmax(x: Float32Array, inside: readonly number[], c: number): number {
  let best = (inside[0] as number) + c;
  for (const offset of inside) if ((x[offset + c] as number) > (x[best] as number)) best = offset + c;
  return best;
}

/** `mean`: divide by the pixels inside; `padded`: by the whole window. */
export type PoolKind = "max" | "mean" | "padded";

export function poolForward(x: Float32Array, y: Float32Array, g: WindowGeometry, kind: PoolKind): void {
  const sums = new Float64Array(g.c);
  forEachWindow(g, (yi, inside) => {
    if (kind === "max") {
      for (let c = 0; c < g.c; c++) y[yi + c] = x[argmax(x, inside, c)] as number;
      return;
    }
    sums.fill(0);
    for (const offset of inside) for (let c = 0; c < g.c; c++) sums[c] = (sums[c] as number) + (x[offset + c] as number);
    const count = kind === "mean" ? inside.length : g.kh * g.kw;
    for (let c = 0; c < g.c; c++) y[yi + c] = (sums[c] as number) / count;
  });
}

/** `dx` is overwritten; `x` is only looked at for the maximum. */
export function poolGrad(dy: Float32Array, x: Float32Array, dx: Float32Array, g: WindowGeometry, kind: PoolKind): void {
  dx.fill(0);
  forEachWindow(g, (yi, inside) => {
    const count = kind === "mean" ? inside.length : g.kh * g.kw;
    for (let c = 0; c < g.c; c++) {
      const grad = dy[yi + c] as number;
      if (kind === "max") {
        const i = argmax(x, inside, c);
        dx[i] = (dx[i] as number) + grad;
      } else for (const offset of inside) dx[offset + c] = (dx[offset + c] as number) + grad / count;
    }
  });
}
