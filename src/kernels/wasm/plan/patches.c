/* Patches of a map as rows, and back: with a product between them a convolution of any rectangle. */
#include "simd.h"

/* `rectangle` of isa.ts; `patchesAt(f + unfold_B)`. */
typedef struct {
  int B, H, W, Ho, Wo, kh, kw, sh, sw, ph, pw, C;
} patches;

INLINE patches patchesAt(const word *w) {
  patches o = { w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11] };
  return o;
}

INLINE void copyFloats(const float *x, float *y, long n) {
  for (long i = 0; i < n; i += 4) STORE(y + i, LOAD(x + i));
}

/* One row of a patch: pixels ix … ix + kw of a row of W; what lies outside is 0. Pixels without gaps between them are copied at once. */
INLINE void patchRow(const patches *p, const float *row, size_t xld, int ix, float *y) {
  int lo = least(p->kw, most(0, -ix)), hi = most(lo, least(p->kw, p->W - ix));
  const float *x = row + (long)(ix + lo) * (long)xld;
  zero(y, (long)lo * p->C);
  if (xld == (size_t)p->C) copyFloats(x, y + (size_t)lo * p->C, (long)(hi - lo) * p->C);
  else for (int j = lo; j < hi; j++, x += xld) copyFloats(x, y + (size_t)j * p->C, p->C);
  zero(y + (size_t)hi * p->C, (long)(p->kw - hi) * p->C);
}

KERNEL(unfold) {
  patches p = patchesAt(f + unfold_B);
  const float *x = PTR(f[unfold_x]);
  size_t xld = f[unfold_xld], yld = f[unfold_yld], width = (size_t)p.kw * p.C;
  int lo, hi;
  range(p.B * p.Ho, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    const float *image = x + (size_t)(i / p.Ho) * p.H * p.W * xld;
    float *y = PTR(f[unfold_y]) + (size_t)i * p.Wo * yld;
    for (int ox = 0; ox < p.Wo; ox++, y += yld)
      for (int r = 0; r < p.kh; r++) {
        int iy = i % p.Ho * p.sh - p.ph + r;
        if (iy >= 0 && iy < p.H) patchRow(&p, image + (size_t)iy * p.W * xld, xld, ox * p.sw - p.pw, y + r * width);
        else zero(y + r * width, width);
      }
  }
}

/* Outputs [lo, hi) of n whose window, k wide and s apart, has pixel i; `at` is i with the padding. */
INLINE void windowsAt(int at, int k, int s, int n, int *lo, int *hi) {
  *lo = at < k ? 0 : ceilDiv(at - k + 1, s);
  *hi = least(n, at / s + 1);
}

/* The places of dy that were read from a pixel: from one patch to the next their tap moves back by the stride, so they lie equally far apart. */
typedef struct {
  const float *first;
  int rows, cols;
  long rowStep, colStep;
} readers;

/* The sum of them, for 4·V channels from c on. */
INLINE void gather(const int V, const readers *r, const into *o, size_t m, int c) {
  vec s[4];
  UNROLL for (int v = 0; v < V; v++) s[v] = SPLAT(0);
  for (int y = 0; y < r->rows; y++) {
    const float *dy = r->first + y * r->rowStep + c;
    for (int x = 0; x < r->cols; x++, dy += r->colStep) UNROLL for (int v = 0; v < V; v++) s[v] = ADD(s[v], LOAD(dy + 4 * v));
  }
  UNROLL for (int v = 0; v < V; v++) storeInto(o, m, c + 4 * v, s[v]);
}

KERNEL(unfoldGrad) {
  patches p = patchesAt(f + unfoldGrad_B);
  into o = intoAt(f + unfoldGrad_dx);
  const float *dy = PTR(f[unfoldGrad_dy]);
  long dyld = f[unfoldGrad_dyld];
  readers r = { 0, 0, 0, p.Wo * dyld - (long)p.sh * p.kw * p.C, dyld - (long)p.sw * p.C };
  int lo, hi;
  range(p.B * p.H, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int y0, y1, x0, x1, at = i % p.H + p.ph;
    windowsAt(at, p.kh, p.sh, p.Ho, &y0, &y1);
    r.rows = y1 - y0;
    for (int ix = 0; ix < p.W; ix++) {
      windowsAt(ix + p.pw, p.kw, p.sw, p.Wo, &x0, &x1);
      r.cols = x1 - x0;
      long tap = (long)(at - y0 * p.sh) * p.kw + ix + p.pw - x0 * p.sw;
      r.first = dy + ((long)(i / p.H * p.Ho + y0) * p.Wo + x0) * dyld + tap * p.C;
      int c = 0;
      for (; c + 16 <= p.C; c += 16) gather(4, &r, &o, (size_t)i * p.W + ix, c);
      for (; c < p.C; c += 4) gather(1, &r, &o, (size_t)i * p.W + ix, c);
    }
  }
}
