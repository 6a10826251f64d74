/* Global average pool, and the changes of resolution that pick or place pixels. */
#include "strips.h"

/* o[4·V] = mean of load(x) over the rows from p on. */
INLINE void meanStrip(const int V, const int R, const map *x, const float *p, int rows, int c, float *o) {
  vec s[4], inv = SPLAT(1.f / rows);
  size_t ld = x->ld;
  UNROLL for (int i = 0; i < R * V; i++) s[i] = SPLAT(0);
  int r = 0;
  for (; r + R <= rows; r += R, p += R * ld)
    UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++)
      s[j * V + v] = ADD(s[j * V + v], loadx(x, p + j * ld + c + 4 * v, c + 4 * v));
  for (; r < rows; r++, p += ld) UNROLL for (int v = 0; v < V; v++) s[v] = ADD(s[v], loadx(x, p + c + 4 * v, c + 4 * v));
  UNROLL for (int v = 0; v < R * V; v++) s[v] = MUL(s[v], inv);
  storeSums(V, R, s, o + c);
}

KERNEL(globalPool) {
  map x = mapAt(f + globalPool_x);
  int rows = f[globalPool_rows], C = f[globalPool_C], groups = ceilDiv(C, GROUP), lo, hi;
  range(f[globalPool_B] * groups, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int b = i / groups, c = i % groups * GROUP, end = least(C, c + GROUP);
    const float *p = x.p + (size_t)b * rows * x.ld;
    float *y = PTR(f[globalPool_y]) + (size_t)b * f[globalPool_yld];
#define DO(V, R) meanStrip(V, R, &x, p, rows, c, y)
    STRIPS(c, end, DO)
#undef DO
  }
}

KERNEL(globalPoolGrad) {
  into o = intoAt(f + globalPoolGrad_dx);
  int rows = f[globalPoolGrad_rows], C = f[globalPoolGrad_C], lo, hi;
  vec inv = SPLAT(1.f / rows);
  range(f[globalPoolGrad_B] * rows, 16, t, &lo, &hi);
  for (int m = lo; m < hi;) {
    int b = m / rows, end = least(hi, (b + 1) * rows);
    const float *dy = PTR(f[globalPoolGrad_dy]) + (size_t)b * f[globalPoolGrad_dyld];
    for (; m < end; m++)
      for (int c = 0; c < C; c += 4) storeInto(&o, m, c, MUL(LOAD(dy + c), inv));
  }
}

/* One pixel: dx = base + what x has, or + 0 without x. */
INLINE void storePixel(const into *o, size_t m, const float *x, int C) {
  for (int c = 0; c < C; c += 4) storeInto(o, m, c, x ? LOAD(x + c) : SPLAT(0));
}

KERNEL(subsample) {
  const float *x = PTR(f[subsample_x]);
  into o = intoAt(f + subsample_dx);
  int H = f[subsample_H], W = f[subsample_W], Ho = f[subsample_Ho], Wo = f[subsample_Wo], xld = f[subsample_xld], lo, hi;
  range(f[subsample_B] * Ho, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    const float *row = x + (size_t)(i / Ho * H + i % Ho * H / Ho) * W * xld;
    for (int ox = 0; ox < Wo; ox++) storePixel(&o, (size_t)i * Wo + ox, row + (size_t)(ox * W / Wo) * xld, f[subsample_C]);
  }
}

/* Which of n small pixels lies on pixel o of N: −1 none. */
INLINE int smallAt(int o, int n, int N) {
  int i = ceilDiv(o * n, N);
  return i < n && i * N / n == o ? i : -1;
}

KERNEL(scatter) {
  const float *x = PTR(f[scatter_x]);
  into o = intoAt(f + scatter_dx);
  int H = f[scatter_H], W = f[scatter_W], Ho = f[scatter_Ho], Wo = f[scatter_Wo], xld = f[scatter_xld], lo, hi;
  range(f[scatter_B] * Ho, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int y = smallAt(i % Ho, H, Ho);
    const float *row = x + (size_t)(i / Ho * H + most(y, 0)) * W * xld;
    for (int ox = 0; ox < Wo; ox++) {
      int at = y < 0 ? -1 : smallAt(ox, W, Wo);
      storePixel(&o, (size_t)i * Wo + ox, at < 0 ? 0 : row + (size_t)at * xld, f[scatter_C]);
    }
  }
}

/* Length that pixel o of no and pixel i of n share, a side being n * no long. */
INLINE int sharedLength(int o, int n, int i, int no) { return least((o + 1) * n, (i + 1) * no) - most(o * n, i * no); }

KERNEL(resize) {
  into o = intoAt(f + resize_dx);
  int H = f[resize_H], W = f[resize_W], Ho = f[resize_Ho], Wo = f[resize_Wo], C = f[resize_C], xld = f[resize_xld], lo, hi;
  vec inv = SPLAT(1.f / (most(H, Ho) * most(W, Wo)));
  range(f[resize_B] * Ho, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int oy = i % Ho, top = oy * H / Ho, bottom = ceilDiv((oy + 1) * H, Ho);
    const float *image = PTR(f[resize_x]) + (size_t)(i / Ho) * H * W * xld;
    for (int ox = 0; ox < Wo; ox++) {
      int left = ox * W / Wo, right = ceilDiv((ox + 1) * W, Wo);
      for (int c = 0; c < C; c += 4) {
        vec sum = SPLAT(0);
        for (int y = top; y < bottom; y++) {
          int high = sharedLength(oy, H, y, Ho);
          for (int x = left; x < right; x++)
            sum = ADD(sum, MUL(LOAD(image + (size_t)(y * W + x) * xld + c), SPLAT((float)(high * sharedLength(ox, W, x, Wo)))));
        }
        storeInto(&o, (size_t)i * Wo + ox, c, MUL(sum, inv));
      }
    }
  }
}
