/* Activations and multipliers (squeeze-and-excitation, channel masks, drop path), with their gradients. */
#include "math.h"
#include "strips.h"

enum { relu, relu6, hardSwish, sigmoid, swish, hardSigmoid };

INLINE vec clampv(vec v, float lo, float hi) { return MINV(MAXV(v, SPLAT(lo)), SPLAT(hi)); }

INLINE vec value(const int kind, vec x) {
  const vec sixth = SPLAT(1.f / 6);
  switch (kind) {
    case relu: return MAXV(x, SPLAT(0));
    case relu6: return clampv(x, 0, 6);
    case hardSwish: return MUL(x, MUL(clampv(ADD(x, SPLAT(3)), 0, 6), sixth));
    case sigmoid: return sigmoidv(x);
    case swish: return MUL(x, sigmoidv(x));
    default: return MUL(clampv(ADD(x, SPLAT(3)), 0, 6), sixth);
  }
}

/* dy · f′(x); 0 on the kinks of relu, relu6 and hard sigmoid. */
INLINE vec slope(const int kind, vec x, vec dy) {
  const vec one = SPLAT(1);
  switch (kind) {
    case relu: return AND(dy, wasm_f32x4_gt(x, SPLAT(0)));
    case relu6: return between(dy, x, SPLAT(0), SPLAT(6));
    case hardSwish: {
      vec d = MUL(ADD(ADD(x, x), SPLAT(3)), SPLAT(1.f / 6));
      d = wasm_v128_bitselect(one, d, wasm_f32x4_ge(x, SPLAT(3)));
      return AND(MUL(dy, d), wasm_f32x4_gt(x, SPLAT(-3)));
    }
    case sigmoid: {
      vec s = sigmoidv(x);
      return MUL(dy, MUL(s, SUB(one, s)));
    }
    case swish: {
      vec s = sigmoidv(x);
      return MUL(dy, MUL(s, ADD(one, MUL(x, SUB(one, s)))));
    }
    default: return between(MUL(dy, SPLAT(1.f / 6)), x, SPLAT(-3), SPLAT(3));
  }
}

/* Lanes of channels c … c+3 below `real`. */
INLINE vec realLanes(int c, int real) { return wasm_i32x4_lt(wasm_i32x4_make(c, c + 1, c + 2, c + 3), wasm_i32x4_splat(real)); }

INLINE void activate(const int kind, const map *x, float *y, size_t yld, int real, int C, int m, int end) {
  int whole = real & ~3;
  for (; m < end; m++) {
    const float *p = x->p + (size_t)m * x->ld;
    float *o = y + m * yld;
    int c = 0;
    for (; c < whole; c += 4) STORE(o + c, value(kind, loadx(x, p + c, c)));
    for (; c < C; c += 4) STORE(o + c, AND(value(kind, loadx(x, p + c, c)), realLanes(c, real)));
  }
}

#define KIND(k) \
  case k: activate(k, &x, y, f[activation_yld], least(f[activation_real], C), C, lo, hi); break;
KERNEL(activation) {
  map x = mapAt(f + activation_x);
  float *y = PTR(f[activation_y]);
  int C = f[activation_C], lo, hi;
  range(f[activation_M], 16, t, &lo, &hi);
  switch (f[activation_kind]) { KIND(0) KIND(1) KIND(2) KIND(3) KIND(4) KIND(5) default: __builtin_trap(); }
}
#undef KIND

INLINE void activateGrad(const int kind, const map *x, const float *dy, size_t dyld, const into *o, int C, int m, int end) {
  for (; m < end; m++) {
    const float *p = x->p + (size_t)m * x->ld, *d = dy + m * dyld;
    for (int c = 0; c < C; c += 4) storeInto(o, m, c, slope(kind, loadx(x, p + c, c), LOAD(d + c)));
  }
}

#define KIND(k) \
  case k: activateGrad(k, &x, PTR(f[activationGrad_dy]), f[activationGrad_dyld], &o, f[activationGrad_C], lo, hi); break;
KERNEL(activationGrad) {
  map x = mapAt(f + activationGrad_x);
  into o = intoAt(f + activationGrad_dx);
  int lo, hi;
  range(f[activationGrad_M], 16, t, &lo, &hi);
  switch (f[activationGrad_kind]) { KIND(0) KIND(1) KIND(2) KIND(3) KIND(4) KIND(5) default: __builtin_trap(); }
}
#undef KIND

/* ---- multipliers --------------------------------------------------------------------------------------------------- */

/* s[b·sb + c·sc] for the rows of each image. */
typedef struct {
  const float *s;
  int sb, sc, rows;
} factors;

INLINE factors factorsAt(const word *s, int rows) {
  factors o = { PTR(s[0]), s[1], s[2], rows };
  return o;
}

INLINE vec factorAt(const int sc, const float *s, int c) { return sc ? LOAD(s + c) : LOADSPLAT(s); }

INLINE void scaleRows(const int mode, const int sc, const map *x, const factors *k, float *y, size_t yld, int C, int m, int end) {
  while (m < end) {
    int b = m / k->rows, stop = least(end, (b + 1) * k->rows);
    const float *s = k->s + (size_t)b * k->sb, *p = x->p + (size_t)m * x->ld;
    float *o = y + m * yld;
    for (; m < stop; m++, p += x->ld, o += yld)
      for (int c = 0; c < C; c += 4) STORE(o + c, MUL(loadAs(mode, x, p + c, c), factorAt(sc, s, c)));
  }
}

KERNEL(scale) {
  map x = mapAt(f + scale_x);
  factors k = factorsAt(f + scale_s, f[scale_rows]);
  float *y = PTR(f[scale_y]);
  int C = f[scale_C], yld = f[scale_yld], lo, hi;
  range(f[scale_M], 16, t, &lo, &hi);
  if (k.sc != 0 && k.sc != 1) __builtin_trap();
  if (k.sc) {
    if (x.mode == 0) scaleRows(0, 1, &x, &k, y, yld, C, lo, hi);
    else if (x.mode == 1) scaleRows(1, 1, &x, &k, y, yld, C, lo, hi);
    else scaleRows(2, 1, &x, &k, y, yld, C, lo, hi);
  } else {
    if (x.mode == 0) scaleRows(0, 0, &x, &k, y, yld, C, lo, hi);
    else if (x.mode == 1) scaleRows(1, 0, &x, &k, y, yld, C, lo, hi);
    else scaleRows(2, 0, &x, &k, y, yld, C, lo, hi);
  }
}

INLINE void scaleGradRows(const int sc, const float *dy, size_t dyld, const factors *k, const into *o, int C, int m, int end) {
  for (; m < end; m++) {
    const float *s = k->s + (size_t)(m / k->rows) * k->sb, *d = dy + m * dyld;
    for (int c = 0; c < C; c += 4) storeInto(o, m, c, MUL(LOAD(d + c), factorAt(sc, s, c)));
  }
}

KERNEL(scaleGradInput) {
  factors k = factorsAt(f + scaleGradInput_s, f[scaleGradInput_rows]);
  into o = intoAt(f + scaleGradInput_dx);
  const float *dy = PTR(f[scaleGradInput_dy]);
  int lo, hi;
  range(f[scaleGradInput_M], 16, t, &lo, &hi);
  if (k.sc != 0 && k.sc != 1) __builtin_trap();
  if (k.sc) scaleGradRows(1, dy, f[scaleGradInput_dyld], &k, &o, f[scaleGradInput_C], lo, hi);
  else scaleGradRows(0, dy, f[scaleGradInput_dyld], &k, &o, f[scaleGradInput_C], lo, hi);
}

/* o[4·V] = Σ over rows [m, m + rows) of dy · load(x). */
INLINE void productSums(const int V, const int R, const map *x, const float *dy, size_t dyld, int m, int rows, int c, float *o) {
  vec s[4];
  size_t xld = x->ld;
  const float *p = x->p + m * xld + c, *d = dy + m * dyld + c;
  UNROLL for (int i = 0; i < R * V; i++) s[i] = SPLAT(0);
  int r = 0;
  for (; r + R <= rows; r += R, p += R * xld, d += R * dyld)
    UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++)
      s[j * V + v] = FMA(LOAD(d + j * dyld + 4 * v), loadx(x, p + j * xld + 4 * v, c + 4 * v), s[j * V + v]);
  for (; r < rows; r++, p += xld, d += dyld)
    UNROLL for (int v = 0; v < V; v++) s[v] = FMA(LOAD(d + 4 * v), loadx(x, p + 4 * v, c + 4 * v), s[v]);
  storeSums(V, R, s, o);
}

static void partProducts(const map *x, const float *dy, size_t dyld, int m, int rows, int c, int end, float *o) {
#define DO(V, R) productSums(V, R, x, dy, dyld, m, rows, c, o + c)
  STRIPS(c, end, DO)
#undef DO
}

KERNEL(scaleGradScale) {
  map x = mapAt(f + scaleGradScale_x);
  const float *dy = PTR(f[scaleGradScale_dy]);
  float *ds = PTR(f[scaleGradScale_ds]), *parts = PTR(f[scaleGradScale_tmp]);
  int M = f[scaleGradScale_M], C = f[scaleGradScale_C], rows = f[scaleGradScale_rows], sb = f[scaleGradScale_sb], dyld = f[scaleGradScale_dyld], lo, hi;
  if (sb) {
    int groups = ceilDiv(C, GROUP);
    range(M / rows * groups, 1, t, &lo, &hi);
    for (int i = lo; i < hi; i++) {
      int b = i / groups, c = i % groups * GROUP;
      partProducts(&x, dy, dyld, b * rows, rows, c, least(C, c + GROUP), ds + (size_t)b * sb);
    }
    return;
  }
#define DO(i, from, to) partProducts(&x, dy, dyld, (i) * CHUNK_ROWS, rowsOf(i, M), from, to, parts + (size_t)(i) * C)
  EACH_PART(M, C, t, DO)
#undef DO
  barrier(t);
  range(C, 4, t, &lo, &hi);
  for (int c = lo; c < hi; c += 4) {
    vec s = LOAD(parts + c);
    for (int i = 1; i < chunksOf(M); i++) s = ADD(s, LOAD(parts + (size_t)i * C + c));
    STORE(ds + c, s);
  }
}
