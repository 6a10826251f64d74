/* Depthwise convolution with stride and dilation, and its two gradients. */
#include "simd.h"

/* One padded image (row length wp) → y[oh, ow, C]. K, S, D are constants in the instances that matter. */
INLINE void dwImage(const int K, const int S, const int D, const float *x, const float *f, float *y, int wp, int C,
                    int oh, int ow) {
  for (int oy = 0; oy < oh; oy++) {
    const float *xr = x + (size_t)oy * S * wp * C;
    float *yr = y + (size_t)oy * ow * C;
    int c = 0;
    for (; c + 4 <= C; c += 4) {
      int ox = 0;
      for (; ox + 4 <= ow; ox += 4) {
        vec a0 = SPLAT(0), a1 = a0, a2 = a0, a3 = a0;
        ROLLED for (int kh = 0; kh < K; kh++) {
          const float *q = xr + ((size_t)kh * D * wp + ox * S) * C + c, *w = f + (size_t)kh * K * C + c;
          UNROLL for (int kw = 0; kw < K; kw++) {
            vec t = LOAD(w + kw * C);
            const float *p = q + kw * D * C;
            a0 = MADD(LOAD(p), t, a0);
            a1 = MADD(LOAD(p + S * C), t, a1);
            a2 = MADD(LOAD(p + 2 * S * C), t, a2);
            a3 = MADD(LOAD(p + 3 * S * C), t, a3);
          }
        }
        float *o = yr + ox * C + c;
        STORE(o, a0); STORE(o + C, a1); STORE(o + 2 * C, a2); STORE(o + 3 * C, a3);
      }
      for (; ox < ow; ox++) {
        vec a = SPLAT(0);
        ROLLED for (int kh = 0; kh < K; kh++)
          ROLLED for (int kw = 0; kw < K; kw++)
            a = MADD(LOAD(xr + ((size_t)kh * D * wp + ox * S + kw * D) * C + c), LOAD(f + (kh * K + kw) * C + c), a);
        STORE(yr + ox * C + c, a);
      }
    }
    for (; c < C; c++)
      for (int ox = 0; ox < ow; ox++) {
        float a = 0;
        ROLLED for (int kh = 0; kh < K; kh++)
          ROLLED for (int kw = 0; kw < K; kw++)
            a += xr[((size_t)kh * D * wp + ox * S + kw * D) * C + c] * f[(kh * K + kw) * C + c];
        yr[ox * C + c] = a;
      }
  }
}

OUTLINE void dwAny(const float *x, const float *f, float *y, int wp, int C, int oh, int ow, int k, int s, int d) {
  if (d == 1 && s == 1 && k == 3) dwImage(3, 1, 1, x, f, y, wp, C, oh, ow);
  else if (d == 1 && s == 1 && k == 5) dwImage(5, 1, 1, x, f, y, wp, C, oh, ow);
  else if (d == 1 && s == 1 && k == 7) dwImage(7, 1, 1, x, f, y, wp, C, oh, ow);
  else if (d == 1 && s == 2 && k == 3) dwImage(3, 2, 1, x, f, y, wp, C, oh, ow);
  else if (d == 1 && s == 2 && k == 5) dwImage(5, 2, 1, x, f, y, wp, C, oh, ow);
  else if (d == 1 && s == 2 && k == 7) dwImage(7, 2, 1, x, f, y, wp, C, oh, ow);
  else dwImage(k, s, d, x, f, y, wp, C, oh, ow);
}

EXPORT(depthwise)(const float *x, const float *f, float *y, float *padded, int B, int H, int W, int C, int k, int s,
                  int p, int d, int oh, int ow) {
  for (int b = 0; b < B; b++) {
    const float *src = x + (size_t)b * H * W * C;
    if (p > 0) { border(src, padded, H, W, C, p); src = padded; }
    dwAny(src, f, y + (size_t)b * oh * ow * C, W + 2 * p, C, oh, ow, k, s, d);
  }
}

/* One image of dy spread over the padded image xp. */
INLINE void dwSpread(const float *g, const float *f, float *xp, int wp, int C, int oh, int ow, int k, int s, int d) {
  for (int oy = 0; oy < oh; oy++)
    for (int ox = 0; ox < ow; ox++) {
      const float *gp = g + ((size_t)oy * ow + ox) * C;
      for (int kh = 0; kh < k; kh++)
        for (int kw = 0; kw < k; kw++) {
          float *o = xp + ((size_t)(oy * s + kh * d) * wp + ox * s + kw * d) * C;
          const float *w = f + (kh * k + kw) * C;
          int c = 0;
          for (; c + 4 <= C; c += 4) STORE(o + c, MADD(LOAD(gp + c), LOAD(w + c), LOAD(o + c)));
          for (; c < C; c++) o[c] += gp[c] * w[c];
        }
    }
}

/* dx. Stride 1: correlation of the padded dy with the flipped filter; else spread. `flipped`: scratch k·k·C. */
EXPORT(depthwiseInputGrad)(const float *g, const float *f, float *dx, float *padded, float *flipped, int B, int H,
                           int W, int C, int k, int s, int p, int d, int oh, int ow) {
  int q = d * (k - 1) - p;
  if (s == 1 && q >= 0) {
    for (int t = 0; t < k * k; t++) copyRun(f + (size_t)(k * k - 1 - t) * C, flipped + (size_t)t * C, C);
    for (int b = 0; b < B; b++) {
      const float *src = g + (size_t)b * oh * ow * C;
      if (q > 0) { border(src, padded, oh, ow, C, q); src = padded; }
      dwAny(src, flipped, dx + (size_t)b * H * W * C, ow + 2 * q, C, H, W, k, 1, d);
    }
    return;
  }
  int wp = W + 2 * p;
  for (int b = 0; b < B; b++) {
    zero(padded, (long)(H + 2 * p) * wp * C);
    dwSpread(g + (size_t)b * oh * ow * C, f, padded, wp, C, oh, ow, k, s, d);
    unborder(padded, dx + (size_t)b * H * W * C, H, W, C, p);
  }
}

/* One image's share of row kh of the filter gradient, channels c … c+3. */
INLINE void dwFilterRow(const int K, const int S, const int D, const float *x, const float *g, float *df, int wp, int C,
                        int oh, int ow) {
  vec acc[7];
  UNROLL for (int i = 0; i < K; i++) acc[i] = SPLAT(0);
  for (int oy = 0; oy < oh; oy++) {
    const float *xr = x + (size_t)oy * S * wp * C, *gr = g + (size_t)oy * ow * C;
    int ox = 0;
    for (; ox + 4 <= ow; ox += 4) {
      const float *q = xr + ox * S * C;
      vec g0 = LOAD(gr + ox * C), g1 = LOAD(gr + (ox + 1) * C), g2 = LOAD(gr + (ox + 2) * C), g3 = LOAD(gr + (ox + 3) * C);
      UNROLL for (int i = 0; i < K; i++) {
        const float *p = q + i * D * C;
        vec t = MADD(LOAD(p), g0, MUL(LOAD(p + S * C), g1));
        vec u = MADD(LOAD(p + 2 * S * C), g2, MUL(LOAD(p + 3 * S * C), g3));
        acc[i] = ADD(acc[i], ADD(t, u));
      }
    }
    for (; ox < ow; ox++) {
      vec gv = LOAD(gr + ox * C);
      UNROLL for (int i = 0; i < K; i++) acc[i] = MADD(LOAD(xr + (ox * S + i * D) * C), gv, acc[i]);
    }
  }
  UNROLL for (int i = 0; i < K; i++) STORE(df + i * C, ADD(LOAD(df + i * C), acc[i]));
}

/* One tap at a time for other filter sizes. */
OUTLINE void dwFilterTap(const float *x, const float *g, float *df, int wp, int C, int oh, int ow, int s) {
  vec acc = SPLAT(0);
  for (int oy = 0; oy < oh; oy++)
    for (int ox = 0; ox < ow; ox++)
      acc = MADD(LOAD(x + ((size_t)oy * s * wp + ox * s) * C), LOAD(g + ((size_t)oy * ow + ox) * C), acc);
  STORE(df, ADD(LOAD(df), acc));
}

OUTLINE void dwFilterAny(const float *x, const float *g, float *df, int wp, int C, int oh, int ow, int k, int s, int d) {
  if (k == 3 && s == 1 && d == 1) dwFilterRow(3, 1, 1, x, g, df, wp, C, oh, ow);
  else if (k == 5 && s == 1 && d == 1) dwFilterRow(5, 1, 1, x, g, df, wp, C, oh, ow);
  else if (k == 7 && s == 1 && d == 1) dwFilterRow(7, 1, 1, x, g, df, wp, C, oh, ow);
  else if (k == 3) dwFilterRow(3, s, d, x, g, df, wp, C, oh, ow);
  else if (k == 5) dwFilterRow(5, s, d, x, g, df, wp, C, oh, ow);
  else if (k == 7) dwFilterRow(7, s, d, x, g, df, wp, C, oh, ow);
  else for (int i = 0; i < k; i++) dwFilterTap(x + (size_t)i * d * C, g, df + i * C, wp, C, oh, ow, s);
}

/* df[k, k, C], overwritten. */
EXPORT(depthwiseFilterGrad)(const float *x, const float *g, float *df, float *padded, int B, int H, int W, int C, int k,
                            int s, int p, int d, int oh, int ow) {
  int wp = W + 2 * p;
  zero(df, (long)k * k * C);
  for (int b = 0; b < B; b++) {
    const float *src = x + (size_t)b * H * W * C, *gb = g + (size_t)b * oh * ow * C;
    if (p > 0) { border(src, padded, H, W, C, p); src = padded; }
    int c = 0;
    for (; c + 4 <= C; c += 4)
      for (int kh = 0; kh < k; kh++)
        dwFilterAny(src + (size_t)kh * d * wp * C + c, gb + c, df + (size_t)kh * k * C + c, wp, C, oh, ow, k, s, d);
    for (; c < C; c++)
      for (int t = 0; t < k * k; t++) {
        const float *xt = src + ((size_t)(t / k) * d * wp + (t % k) * d) * C + c;
        float a = 0;
        for (int oy = 0; oy < oh; oy++)
          for (int ox = 0; ox < ow; ox++)
            a += xt[((size_t)oy * s * wp + ox * s) * C] * gb[((size_t)oy * ow + ox) * C + c];
        df[(size_t)t * C + c] += a;
      }
  }
}
