/* Sums and copies of maps, constants, and vectors of parameters among the activations. */
#include "strips.h"

/* ---- apply --------------------------------------------------------------------------------------------------------- */

/* How apply treats an operand: 0 absent, 1 stored, 2 affine and clamped (a clamp alone has scale 1, shift 0). */
INLINE int kindOf(const map *x) { return !x->p ? 0 : x->mode ? 2 : 1; }

INLINE void coefOf(const int V, const map *x, int c, vec *scale, vec *shift) {
  UNROLL for (int v = 0; v < V; v++) {
    scale[v] = x->mode == 2 ? LOAD(x->scale + c + 4 * v) : SPLAT(1);
    shift[v] = x->mode == 2 ? LOAD(x->shift + c + 4 * v) : SPLAT(0);
  }
}

INLINE vec treated(const int kind, vec v, vec scale, vec shift, const map *x) {
  return kind == 2 ? MINV(MAXV(ADD(MUL(v, scale), shift), x->lo), x->hi) : v;
}

INLINE void applyRow(const int V, const int kx, const int kr, const map *x, const map *r, const float *xp, const float *rp, float *y,
                     const vec *xs, const vec *xt, const vec *rs, const vec *rt) {
  UNROLL for (int v = 0; v < V; v++) {
    vec o = treated(kx, LOAD(xp + 4 * v), xs[v], xt[v], x);
    if (kr) o = ADD(o, treated(kr, LOAD(rp + 4 * v), rs[v], rt[v], r));
    STORE(y + 4 * v, o);
  }
}

INLINE void applyStrip(const int V, const int R, const int kx, const int kr, const map *x, const map *r, float *y, size_t yld, int m, int end,
                       int c) {
  vec xs[4], xt[4], rs[4], rt[4];
  if (kx == 2) coefOf(V, x, c, xs, xt);
  if (kr == 2) coefOf(V, r, c, rs, rt);
  size_t xld = x->ld, rld = kr ? r->ld : 0;
  const float *xp = x->p + m * xld + c, *rp = kr ? r->p + m * rld + c : 0;
  y += m * yld + c;
  for (; m + R <= end; m += R, xp += R * xld, rp += R * rld, y += R * yld)
    UNROLL for (int j = 0; j < R; j++) applyRow(V, kx, kr, x, r, xp + j * xld, rp + j * rld, y + j * yld, xs, xt, rs, rt);
  for (; m < end; m++, xp += xld, rp += rld, y += yld) applyRow(V, kx, kr, x, r, xp, rp, y, xs, xt, rs, rt);
}

#define APPLY(name, WALK)                                                                              \
  static void name(const map *x, const map *r, float *y, size_t yld, int m, int end, int C) {          \
    int c = 0;                                                                                         \
    WALK(c, C, DO_##name)                                                                              \
  }
#define DO_applyCopy(V, R) applyStrip(V, R, 1, 0, x, r, y, yld, m, end, c)
#define DO_applyAffine(V, R) applyStrip(V, R, 2, 0, x, r, y, yld, m, end, c)
#define DO_applySum(V, R) applyStrip(V, R, 1, 1, x, r, y, yld, m, end, c)
#define DO_applyAffineSum(V, R) applyStrip(V, R, 2, 1, x, r, y, yld, m, end, c)
#define DO_applyBoth(V, R) applyStrip(V, R, 2, 2, x, r, y, yld, m, end, c)
APPLY(applyCopy, STRIPS)
APPLY(applyAffine, STRIPS)
APPLY(applySum, STRIPS)
APPLY(applyAffineSum, STRIPS)
APPLY(applyBoth, NARROW_STRIPS)

/* y = load(x) (+ load(r)) for this thread's share of M rows of C channels. */
static void applyAll(const map *x, const map *r, float *y, int yld, int M, int C, const team *t) {
  int kx = kindOf(x), kr = kindOf(r);
#define DO(from, to)                                                                     \
  {                                                                                      \
    if (!kr && kx == 1) applyCopy(x, 0, y, yld, from, to, C);                            \
    else if (!kr) applyAffine(x, 0, y, yld, from, to, C);                                \
    else if (kx == 1 && kr == 1) applySum(x, r, y, yld, from, to, C);                    \
    else if (kr == 1) applyAffineSum(x, r, y, yld, from, to, C);                         \
    else if (kx == 1) applyAffineSum(r, x, y, yld, from, to, C);                         \
    else applyBoth(x, r, y, yld, from, to, C);                                           \
  }
  EACH_BLOCK(M, (2 + (kr > 0)) * C, t, DO)
#undef DO
}

KERNEL(apply) {
  map x = mapAt(f + apply_x), r = mapAt(f + apply_r);
  applyAll(&x, &r, PTR(f[apply_y]), f[apply_yld], f[apply_M], f[apply_C], t);
}

/* ---- channels ------------------------------------------------------------------------------------------------------ */

/* Four of every second channel: the even (o = 0) or odd lanes of two vectors. */
INLINE vec everySecond(vec a, vec b, int o) { return o ? wasm_i32x4_shuffle(a, b, 1, 3, 5, 7) : wasm_i32x4_shuffle(a, b, 0, 2, 4, 6); }

/* Into the even or odd lanes of eight floats at y. A vector beyond the last channel still belongs to the row: rows are whole vectors. */
INLINE void storeSecond(float *y, vec v, int o, int acc) {
  vec a = LOAD(y), b = LOAD(y + 4);
  if (acc) v = ADD(v, everySecond(a, b, o));
  if (o) {
    STORE(y, wasm_i32x4_shuffle(a, v, 0, 4, 2, 5));
    STORE(y + 4, wasm_i32x4_shuffle(b, v, 0, 6, 2, 7));
  } else {
    STORE(y, wasm_i32x4_shuffle(a, v, 4, 1, 5, 3));
    STORE(y + 4, wasm_i32x4_shuffle(b, v, 6, 1, 7, 3));
  }
}

typedef struct {
  map x;
  float *y;
  int xb, xs, yld, yb, ys, n;
} lanes;

INLINE void oneByOne(const lanes *l, const int acc, const float *x, float *y, int i) {
  for (; i < l->n; i++) {
    int from = l->xb + i * l->xs;
    float v = load1(&l->x, x + from, from), *to = y + l->yb + i * l->ys;
    *to = acc ? *to + v : v;
  }
}

/* Rows [m, end); `mode` of the map, `xs` and `ys` 1 or 2 where they are constants, else 0. */
INLINE void laneRows(const lanes *l, const int mode, const int xs, const int ys, const int acc, int m, int end) {
  int odd = l->xb & 1, yodd = l->yb & 1;
  for (; m < end; m++) {
    const float *x = l->x.p + (size_t)m * l->x.ld;
    float *y = l->y + (size_t)m * l->yld;
    int i = 0;
    if (xs && ys)
      for (; i + 4 <= l->n; i += 4) {
        int c = l->xb + i * xs;
        vec v;
        if (xs == 1) v = loadAs(mode, &l->x, x + c, c);
        else v = everySecond(loadAs(mode, &l->x, x + c - odd, c - odd), loadAs(mode, &l->x, x + c - odd + 4, c - odd + 4), odd);
        float *to = y + l->yb + i * ys;
        if (ys == 1) STORE(to, acc ? ADD(LOAD(to), v) : v);
        else storeSecond(to - yodd, v, yodd, acc);
      }
    oneByOne(l, acc, x, y, i);
  }
}

#define LANE_ROWS(name, xs, ys)                                              \
  static void name(const lanes *l, int acc, int m, int end) {                \
    if (!acc && l->x.mode == 0) laneRows(l, 0, xs, ys, 0, m, end);           \
    else if (!acc && l->x.mode == 2) laneRows(l, 2, xs, ys, 0, m, end);      \
    else if (!acc) laneRows(l, 1, xs, ys, 0, m, end);                        \
    else if (l->x.mode == 0) laneRows(l, 0, xs, ys, 1, m, end);              \
    else laneRows(l, l->x.mode, xs, ys, 1, m, end);                          \
  }
LANE_ROWS(copyLanes, 1, 1)
LANE_ROWS(takeSecond, 2, 1)
LANE_ROWS(putSecond, 1, 2)
LANE_ROWS(anyLanes, 0, 0)

KERNEL(channels) {
  lanes l = { mapAt(f + channels_x), PTR(f[channels_y]), f[channels_xb], f[channels_xs], f[channels_yld], f[channels_yb], f[channels_ys], f[channels_n] };
  int acc = f[channels_acc], lo, hi;
  if (l.xs == 1 && l.ys == 1 && l.n % 4 == 0) {
    map x = l.x, old = { acc ? l.y + l.yb : 0, l.yld };
    x.p += l.xb;
    x.scale += l.xb;
    x.shift += l.xb;
    applyAll(&x, &old, l.y + l.yb, l.yld, f[channels_M], l.n, t);
    return;
  }
  range(f[channels_M], 16, t, &lo, &hi);
  if (l.xs == 1 && l.ys == 1) copyLanes(&l, acc, lo, hi);
  else if (l.xs == 2 && l.ys == 1) takeSecond(&l, acc, lo, hi);
  else if (l.xs == 1 && l.ys == 2) putSecond(&l, acc, lo, hi);
  else anyLanes(&l, acc, lo, hi);
}

/* ---- constants and vectors ----------------------------------------------------------------------------------------- */

KERNEL(fill) {
  int n = f[fill_n], yld = f[fill_yld], lo, hi;
  float value = asFloat(f[fill_value]);
  range(f[fill_M], 16, t, &lo, &hi);
  float *y = PTR(f[fill_y]) + (size_t)lo * yld + f[fill_from];
  int rows = hi - lo;
  if (n == yld) { /* one long row */
    n *= rows;
    rows = rows > 0;
  }
  for (int m = 0; m < rows; m++, y += yld) {
    int i = 0;
    for (; i + 4 <= n; i += 4) STORE(y + i, SPLAT(value));
    for (; i < n; i++) y[i] = value;
  }
}

KERNEL(vectorLoad) {
  const float *w = PTR(f[vectorLoad_w]);
  float *y = PTR(f[vectorLoad_y]);
  int lo, hi;
  range(f[vectorLoad_n], 16, t, &lo, &hi);
  for (; lo + 4 <= hi; lo += 4) STORE(y + lo, LOAD(w + lo));
  for (; lo < hi; lo++) y[lo] = w[lo];
}

KERNEL(vectorGrad) {
  const float *dy = PTR(f[vectorGrad_dy]);
  float *dw = PTR(f[vectorGrad_dw]);
  int lo, hi;
  range(f[vectorGrad_n], 16, t, &lo, &hi);
  for (; lo + 4 <= hi; lo += 4) STORE(dw + lo, ADD(LOAD(dw + lo), LOAD(dy + lo)));
  for (; lo < hi; lo++) dw[lo] += dy[lo];
}
