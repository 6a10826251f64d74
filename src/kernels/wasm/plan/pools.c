/*
 * Maximum and average pools and their gradients. Windows are separable: first along columns into a line of scratch, then along the
 * line, so that a 3×3 window costs 3 + 3 loads instead of 9.
 */
#include "strips.h"

/* Channels whose line of `pixels` fits the scratch: all C, or as many as possible. */
INLINE int fitting(int floats, int pixels, int C) {
  int fit = floats / pixels & ~3;
  if (fit < 4) __builtin_trap();
  return least(C, fit);
}

/* Valid taps [lo, hi) of output o on an axis of n pixels. */
INLINE void validTaps(const window *w, int o, int n, int *lo, int *hi) {
  int start = o * w->s - w->p;
  *lo = most(0, -start);
  *hi = most(*lo, least(w->k, n - start));
}

/* Outputs [lo, hi) of n whose window has pixel i. */
INLINE void windowsOf(const window *w, int i, int n, int *lo, int *hi) {
  int first = i + w->p - w->k + 1;
  *lo = first <= 0 ? 0 : ceilDiv(first, w->s);
  *hi = least(n, (i + w->p) / w->s + 1);
}

/* o[c] = op over n blocks, `step` apart, of C channels; times `factor` unless max. */
INLINE void combine(const int max, const int n, const float *p, size_t step, int count, int C, vec factor, float *o) {
  for (int c = 0; c < C; c += 4) {
    const float *q = p + c;
    vec a = LOAD(q);
    if (n) {
      UNROLL for (int i = 1; i < n; i++) a = max ? MAXV(a, LOAD(q + i * step)) : ADD(a, LOAD(q + i * step));
    } else {
      for (int i = 1; i < count; i++) {
        q += step;
        a = max ? MAXV(a, LOAD(q)) : ADD(a, LOAD(q));
      }
    }
    STORE(o + c, max ? a : MUL(a, factor));
  }
}

INLINE void combineAny(const int max, const float *p, size_t step, int count, int C, vec factor, float *o) {
  if (count == 3) combine(max, 3, p, step, 3, C, factor, o);
  else if (count > 0) combine(max, 0, p, step, count, C, factor, o);
  else zero(o, C);
}

/* One output row of C channels: image x, row oy → y. */
INLINE void poolRow(const int max, const window *w, int pads, const float *x, size_t xld, int oy, int C, float *line, float *y, size_t yld) {
  int a, e;
  validTaps(w, oy, w->H, &a, &e);
  const float *row = x + (size_t)(oy * w->s - w->p + a) * w->W * xld;
  /* Rows of pixels without gaps are one long pixel. */
  int whole = xld == (size_t)C;
  for (int i = 0; i < (whole ? 1 : w->W); i++) combineAny(max, row + i * xld, w->W * xld, e - a, whole ? C * w->W : C, SPLAT(1), line + i * C);
  for (int ox = 0; ox < w->Wo; ox++, y += yld) {
    int b, d;
    validTaps(w, ox, w->W, &b, &d);
    int count = pads ? w->k * w->k : (e - a) * (d - b);
    combineAny(max, line + (ox * w->s - w->p + b) * C, C, e > a ? d - b : 0, C, SPLAT(count ? 1.f / count : 0), y);
  }
}

INLINE void pool(const int max, const window *w, int pads, const float *x, size_t xld, float *y, size_t yld, int C, const team *t) {
  int lo, hi, part = fitting(t->workFloats, w->W, C);
  range(w->B * w->Ho, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++)
    for (int c = 0; c < C; c += part)
      poolRow(max, w, pads, x + (size_t)(i / w->Ho) * w->H * w->W * xld + c, xld, i % w->Ho, least(part, C - c), t->work,
              y + (size_t)i * w->Wo * yld + c, yld);
}

KERNEL(maxPool) {
  window w = windowAt(f + maxPool_B);
  pool(1, &w, 0, PTR(f[maxPool_x]), f[maxPool_xld], PTR(f[maxPool_y]), f[maxPool_yld], f[maxPool_C], t);
}

KERNEL(avgPool) {
  window w = windowAt(f + avgPool_B);
  pool(0, &w, f[avgPool_pads], PTR(f[avgPool_x]), f[avgPool_xld], PTR(f[avgPool_y]), f[avgPool_yld], f[avgPool_C], t);
}

/* ---- gradient of the average --------------------------------------------------------------------------------------- */

/* 1 / (taps that count on this axis). */
INLINE float share(const window *w, int pads, int o, int n) {
  int lo, hi;
  validTaps(w, o, n, &lo, &hi);
  return 1.f / (pads ? w->k : most(1, hi - lo));
}

/* o[c] = Σ over n blocks, `step` apart, of C channels, each times its factor, and all times `factor`. */
INLINE void weighted(const int n, const float *p, size_t step, int count, int C, const float *factors, float factor, float *o) {
  vec k[3];
  UNROLL for (int i = 0; i < n; i++) k[i] = SPLAT(factors[i] * factor);
  for (int c = 0; c < C; c += 4) {
    vec s = SPLAT(0);
    if (n) UNROLL for (int i = 0; i < n; i++) s = FMA(LOAD(p + i * step + c), k[i], s);
    else for (int i = 0; i < count; i++) s = FMA(LOAD(p + i * step + c), SPLAT(factors[i] * factor), s);
    STORE(o + c, s);
  }
}

/* dx = base + Σ over n blocks of the line. */
INLINE void addLine(const int n, const float *p, int count, int C, const into *o, size_t m, int c0) {
  for (int c = 0; c < C; c += 4) {
    vec s = SPLAT(0);
    if (n) UNROLL for (int i = 0; i < n; i++) s = ADD(s, LOAD(p + i * C + c));
    else for (int i = 0; i < count; i++) s = ADD(s, LOAD(p + i * C + c));
    storeInto(o, m, c0 + c, s);
  }
}

/* Input row iy of C channels from the image's dy; `work`: the shares of rows and columns, and a line. */
static void avgGradRow(const window *w, const float *dy, size_t dyld, int iy, int C, float *work, const into *o, size_t m, int c0) {
  const float *sy = work, *sx = work + w->Ho;
  float *line = work + w->Ho + w->Wo;
  int a, e;
  windowsOf(w, iy, w->Ho, &a, &e);
  const float *p = dy + (size_t)a * w->Wo * dyld;
  for (int ox = 0; ox < w->Wo; ox++, p += dyld) {
    if (e - a == 3) weighted(3, p, w->Wo * dyld, 3, C, sy + a, sx[ox], line + ox * C);
    else if (e - a == 2) weighted(2, p, w->Wo * dyld, 2, C, sy + a, sx[ox], line + ox * C);
    else if (e - a == 1) weighted(1, p, w->Wo * dyld, 1, C, sy + a, sx[ox], line + ox * C);
    else weighted(0, p, w->Wo * dyld, e - a, C, sy + a, sx[ox], line + ox * C);
  }
  for (int ix = 0; ix < w->W; ix++) {
    int b, d;
    windowsOf(w, ix, w->Wo, &b, &d);
    if (d - b == 3) addLine(3, line + b * C, 3, C, o, m + ix, c0);
    else if (d - b == 2) addLine(2, line + b * C, 2, C, o, m + ix, c0);
    else if (d - b == 1) addLine(1, line + b * C, 1, C, o, m + ix, c0);
    else addLine(0, line + b * C, d - b, C, o, m + ix, c0);
  }
}

KERNEL(avgPoolGrad) {
  window w = windowAt(f + avgPoolGrad_B);
  into o = intoAt(f + avgPoolGrad_dx);
  const float *dy = PTR(f[avgPoolGrad_dy]);
  int C = f[avgPoolGrad_C], dyld = f[avgPoolGrad_dyld], pads = f[avgPoolGrad_pads], lo, hi;
  int part = fitting(t->workFloats - w.Ho - w.Wo, w.Wo, C);
  for (int i = 0; i < w.Ho; i++) t->work[i] = share(&w, pads, i, w.H);
  for (int i = 0; i < w.Wo; i++) t->work[w.Ho + i] = share(&w, pads, i, w.W);
  range(w.B * w.H, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++)
    for (int c = 0; c < C; c += part)
      avgGradRow(&w, dy + (size_t)(i / w.H) * w.Ho * w.Wo * dyld + c, dyld, i % w.H, least(part, C - c), t->work, &o, (size_t)i * w.W, c);
}

/* ---- gradient of the maximum --------------------------------------------------------------------------------------- */

/*
 * For a band of input rows: first the place (tap number) of each window's first maximum, by rows (largest of the taps of a row) and
 * then along columns; then every pixel gathers the gradients of the windows whose maximum it is.
 */
typedef struct {
  const window *w;
  const float *x, *dy; /* the image, the group's first channel */
  size_t xld, dyld;
  int G;               /* channels of the group */
  float *top;          /* [k][Wo][G] largest of the row's taps, of row y in ring slot y mod k */
  int *at, *arg;       /* [k][Wo][G] which tap that is; [rows][Wo][G] the window's tap */
} maxima;

#define INTS(p) (*(vec *)(p))

/* Taps come in rising order, so that the later of two is the larger number. */
INLINE void better(vec *best, vec *at, vec v, vec tap) {
  *at = wasm_i32x4_max(*at, AND(tap, wasm_f32x4_gt(v, *best)));
  *best = MAXV(*best, v);
}

/* Largest of n taps of a row, `step` apart, the first being tap b; n = 0: `count`. */
INLINE void rowMaximum(const int n, int count, const float *p, size_t step, int b, int G, float *top, int *at) {
  for (int c = 0; c < G; c += 4) {
    const float *q = p + c;
    vec best = LOAD(q), where = wasm_i32x4_splat(b);
    if (n) UNROLL for (int i = 1; i < n; i++) better(&best, &where, LOAD(q + i * step), wasm_i32x4_splat(i));
    else for (int i = 1; i < count; i++) better(&best, &where, LOAD(q + i * step), wasm_i32x4_splat(b + i));
    STORE(top + c, best);
    INTS(at + c) = where;
  }
}

static void rowMaxima(const maxima *g, int y) {
  const window *w = g->w;
  const float *row = g->x + (size_t)y * w->W * g->xld;
  size_t to = (size_t)(y % w->k) * w->Wo * g->G;
  for (int ox = 0; ox < w->Wo; ox++, to += g->G) {
    int b, d;
    validTaps(w, ox, w->W, &b, &d);
    const float *p = row + (size_t)(ox * w->s - w->p + b) * g->xld;
    if (d - b == 3 && b == 0) rowMaximum(3, 3, p, g->xld, 0, g->G, g->top + to, g->at + to);
    else rowMaximum(0, d - b, p, g->xld, b, g->G, g->top + to, g->at + to);
  }
}

/* Tap numbers of the maxima of output row oy, whose input rows are in the ring; n = 0: any number of them. */
INLINE void placesOf(const int n, const window *w, const maxima *g, int oy, int a, int e, int *arg) {
  int size = w->Wo * g->G, first = (oy * w->s - w->p + a) % w->k;
  size_t at[3];
  UNROLL for (int i = 0; i < n; i++) at[i] = (size_t)((first + i) % w->k) * size;
  for (int c = 0; c < size; c += 4) {
    size_t from = (size_t)first * size + c;
    vec best = LOAD(g->top + from), place = wasm_i32x4_add(INTS(g->at + from), wasm_i32x4_splat(a * w->k));
    if (n) {
      UNROLL for (int i = 1; i < n; i++)
        better(&best, &place, LOAD(g->top + at[i] + c), wasm_i32x4_add(INTS(g->at + at[i] + c), wasm_i32x4_splat((a + i) * w->k)));
    } else {
      for (int i = a + 1; i < e; i++) {
        from = (size_t)((first + i - a) % w->k) * size + c;
        better(&best, &place, LOAD(g->top + from), wasm_i32x4_add(INTS(g->at + from), wasm_i32x4_splat(i * w->k)));
      }
    }
    INTS(arg + c) = place;
  }
}

static void places(const maxima *g, int oy, int *arg) {
  int a, e;
  validTaps(g->w, oy, g->w->H, &a, &e);
  if (e - a == 3) placesOf(3, g->w, g, oy, a, e, arg);
  else placesOf(0, g->w, g, oy, a, e, arg);
}

/* One pixel of a row of W: dx = base + v; pixels of the padding are left out. */
INLINE void putPixel(const into *o, size_t m, int W, int ix, int c, vec v) {
  if (ix >= 0 && ix < W) storeInto(o, m + ix, c, v);
}

/*
 * Input row from n ≤ 3 rows of windows of 3 columns, stride 1 or 2. What a window gives to its three pixels is added to sums that
 * move along with it, so that every window is read once a row. `tap`: number of the first tap of the first row's windows.
 */
INLINE void slide(const int n, const int s, const maxima *g, const int *arg, const float *dy, int tap, const into *o, size_t m, int c0) {
  const window *w = g->w;
  vec taps[9];
  UNROLL for (int j = 0; j < n; j++) UNROLL for (int i = 0; i < 3; i++) taps[3 * j + i] = wasm_i32x4_splat(tap - 3 * s * j + i);
  size_t argRow = (size_t)w->Wo * g->G, dyRow = w->Wo * g->dyld;
  for (int c = 0; c < g->G; c += 4) {
    const int *at = arg + c;
    const float *d = dy + c;
    vec a = SPLAT(0), b = a;
    int ix = -w->p;
    for (int ox = 0; ox < w->Wo; ox++, at += g->G, d += g->dyld, ix += s) {
      vec v[3];
      UNROLL for (int i = 0; i < 3; i++) v[i] = SPLAT(0);
      UNROLL for (int j = 0; j < n; j++) {
        vec where = INTS(at + j * argRow), given = LOAD(d + j * dyRow);
        UNROLL for (int i = 0; i < 3; i++) {
          vec part = AND(given, wasm_i32x4_eq(where, taps[3 * j + i]));
          v[i] = j ? ADD(v[i], part) : part;
        }
      }
      putPixel(o, m, w->W, ix, c0 + c, ADD(a, v[0]));
      if (s == 1) {
        a = ADD(b, v[1]);
        b = v[2];
      } else {
        putPixel(o, m, w->W, ix + 1, c0 + c, v[1]);
        a = v[2];
      }
    }
    for (; ix < w->W; ix++, a = b, b = SPLAT(0)) putPixel(o, m, w->W, ix, c0 + c, a);
  }
}

/* The same for any window, pixel by pixel. */
static void gatherPixels(const maxima *g, const int *arg, const float *dy, int rows, int tap, const into *o, size_t m, int c0) {
  const window *w = g->w;
  for (int ix = 0; ix < w->W; ix++) {
    int b, d;
    windowsOf(w, ix, w->Wo, &b, &d);
    for (int c = 0; c < g->G; c += 4) {
      vec sum = SPLAT(0);
      for (int j = 0; j < rows; j++)
        for (int i = b; i < d; i++) {
          size_t at = (size_t)j * w->Wo + i;
          vec own = wasm_i32x4_splat(tap - j * w->k * w->s + ix + w->p - i * w->s);
          sum = ADD(sum, AND(LOAD(dy + at * g->dyld + c), wasm_i32x4_eq(INTS(arg + at * g->G + c), own)));
        }
      storeInto(o, m + ix, c0 + c, sum);
    }
  }
}

/* Input row iy; `first` is the output row that g->arg begins with. */
static void gatherRow(const maxima *g, int iy, int first, const into *o, size_t m, int c0) {
  const window *w = g->w;
  int a, e;
  windowsOf(w, iy, w->Ho, &a, &e);
  const int *arg = g->arg + (size_t)(a - first) * w->Wo * g->G;
  const float *dy = g->dy + (size_t)a * w->Wo * g->dyld;
  int tap = (iy + w->p - a * w->s) * w->k, n = e - a;
  if (w->k != 3 || w->s > 2 || n < 1 || n > 3) gatherPixels(g, arg, dy, n, tap, o, m, c0);
  else if (w->s == 1 && n == 3) slide(3, 1, g, arg, dy, tap, o, m, c0);
  else if (w->s == 1 && n == 2) slide(2, 1, g, arg, dy, tap, o, m, c0);
  else if (w->s == 2 && n == 2) slide(2, 2, g, arg, dy, tap, o, m, c0);
  else if (w->s == 2 && n == 1) slide(1, 2, g, arg, dy, tap, o, m, c0);
  else gatherPixels(g, arg, dy, n, tap, o, m, c0);
}

/* Input rows [y0, y1) of an image. */
static void maxGradBand(const maxima *g, int y0, int y1, const into *o, size_t image, int c0) {
  const window *w = g->w;
  int first, last, unused, done = 0;
  windowsOf(w, y0, w->Ho, &first, &unused);
  windowsOf(w, y1 - 1, w->Ho, &unused, &last);
  for (int oy = first; oy < last; oy++) {
    int a, e, start = oy * w->s - w->p;
    validTaps(w, oy, w->H, &a, &e);
    for (done = most(done, start + a); done < start + e; done++) rowMaxima(g, done);
    places(g, oy, g->arg + (size_t)(oy - first) * w->Wo * g->G);
  }
  for (int iy = y0; iy < y1; iy++) gatherRow(g, iy, first, o, image + (size_t)iy * w->W, c0);
}

KERNEL(maxPoolGrad) {
  window w = windowAt(f + maxPoolGrad_B);
  into o = intoAt(f + maxPoolGrad_dx);
  int C = f[maxPoolGrad_C], G = 16, lo, hi;
  while (G > 4 && t->workFloats / (w.Wo * G) - 2 * w.k < 2 * w.k) G /= 2;
  int fit = t->workFloats / (w.Wo * G) - 2 * w.k, groups = ceilDiv(C, G);
  int band = fit >= w.Ho ? w.H : most(1, (fit - ceilDiv(w.k, w.s) - 1) * w.s);
  if (fit < ceilDiv(w.k, w.s)) __builtin_trap();
  range(w.B * groups, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int b = i / groups, c = i % groups * G;
    maxima g = { &w, PTR(f[maxPoolGrad_x]) + (size_t)b * w.H * w.W * f[maxPoolGrad_xld] + c,
                 PTR(f[maxPoolGrad_dy]) + (size_t)b * w.Ho * w.Wo * f[maxPoolGrad_dyld] + c, f[maxPoolGrad_xld], f[maxPoolGrad_dyld], least(G, C - c),
                 t->work, 0, 0 };
    size_t ring = (size_t)w.k * w.Wo * g.G;
    g.at = (int *)t->work + ring;
    g.arg = g.at + ring;
    for (int y = 0; y < w.H; y += band) maxGradBand(&g, y, least(w.H, y + band), &o, (size_t)b * w.H * w.W, c);
  }
}
