/* Batch norm: statistics, coefficients from a bank, moving a bank, and the backward pass with the clamp folded in. */
#include "strips.h"
#include "hyper.h"

/* ---- coefficients and banks ---------------------------------------------------------------------------------------- */

/* The four vectors of channels c … c+3 at coef + cs·{0, 1, 2, 3}. */
INLINE void storeCoef(float *coef, int cs, int c, const float *gamma, const float *beta, vec mean, vec var, float eps) {
  vec r = DIV(SPLAT(1), wasm_f32x4_sqrt(ADD(var, SPLAT(eps))));
  vec scale = gamma ? MUL(LOAD(gamma + c), r) : r;
  vec shift = SUB(beta ? LOAD(beta + c) : SPLAT(0), MUL(mean, scale));
  STORE(coef + c, scale);
  STORE(coef + cs + c, shift);
  STORE(coef + 2 * cs + c, mean);
  STORE(coef + 3 * cs + c, r);
}

typedef struct {
  float *bank;
  int C;
  float keep, gain, unbias;
} mover;

/* `w` at bank of (bank, hyper, dynamic, keep, gain, unbias). */
INLINE mover moverAt(const word *w, int C) {
  const float *hyper = PTR(w[1]);
  mover b = { PTR(w[0]), C, asFloat(w[3]), asFloat(w[4]), asFloat(w[5]) };
  if (b.bank && w[2]) {
    b.keep = hyper[hyper_keep];
    b.gain = hyper[hyper_gain];
  }
  return b;
}

INLINE void moveOne(const mover *b, float *at, vec value) {
  vec moved = MUL(value, SPLAT(b->gain));
  /* What keep = 0 ignores may be NaN. */
  STORE(at, b->keep == 0 ? moved : ADD(MUL(LOAD(at), SPLAT(b->keep)), moved));
}

INLINE void moveBank(const mover *b, int c, vec mean, vec var) {
  moveOne(b, b->bank + c, mean);
  moveOne(b, b->bank + b->C + c, MUL(var, SPLAT(b->unbias)));
}

KERNEL(normFixed) {
  const float *bank = PTR(f[normFixed_bank]);
  int C = f[normFixed_C];
  if (t->id) return;
  for (int c = 0; c < C; c += 4)
    storeCoef(PTR(f[normFixed_coef]), f[normFixed_cs], c, PTR(f[normFixed_gamma]), PTR(f[normFixed_beta]), LOAD(bank + c),
              LOAD(bank + C + c), asFloat(f[normFixed_eps]));
}

KERNEL(bankMove) {
  const float *mean = PTR(f[bankMove_coef]) + 2 * f[bankMove_cs], *root = mean + f[bankMove_cs];
  mover b = moverAt(f + bankMove_bank, f[bankMove_C]);
  if (t->id) return;
  for (int c = 0; c < b.C; c += 4) {
    vec r = LOAD(root + c);
    vec var = SUB(DIV(SPLAT(1), MUL(r, r)), SPLAT(asFloat(f[bankMove_eps])));
    moveBank(&b, c, LOAD(mean + c), MAXV(var, SPLAT(0)));
  }
}

/* ---- statistics ---------------------------------------------------------------------------------------------------- */

/*
 * Mean and sum of squared deviations of a chunk in one pass, around the mean of its first rows: near enough to the chunk's own mean that
 * no digits are lost, however large that is.
 */
INLINE void moments(const int V, const int R, const float *u, size_t ld, int rows, float *mean, float *squares) {
  vec k[4], s[4], q[4];
  int first = least(rows, 8);
  UNROLL for (int v = 0; v < V; v++) {
    vec a = LOAD(u + 4 * v);
    for (int r = 1; r < first; r++) a = ADD(a, LOAD(u + r * ld + 4 * v));
    k[v] = MUL(a, SPLAT(1.f / first));
  }
  UNROLL for (int i = 0; i < R * V; i++) s[i] = q[i] = SPLAT(0);
  int r = 0;
  for (; r + R <= rows; r += R, u += R * ld)
    UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++) {
      vec d = SUB(LOAD(u + j * ld + 4 * v), k[v]);
      s[j * V + v] = ADD(s[j * V + v], d);
      q[j * V + v] = FMA(d, d, q[j * V + v]);
    }
  for (; r < rows; r++, u += ld)
    UNROLL for (int v = 0; v < V; v++) {
      vec d = SUB(LOAD(u + 4 * v), k[v]);
      s[v] = ADD(s[v], d);
      q[v] = FMA(d, d, q[v]);
    }
  UNROLL for (int v = 0; v < V; v++) {
    UNROLL for (int j = 1; j < R; j++) {
      s[v] = ADD(s[v], s[j * V + v]);
      q[v] = ADD(q[v], q[j * V + v]);
    }
    vec d = MUL(s[v], SPLAT(1.f / rows));
    STORE(mean + 4 * v, ADD(k[v], d));
    STORE(squares + 4 * v, SUB(q[v], MUL(s[v], d)));
  }
}

static void partMoments(const float *u, size_t ld, int rows, int c, int end, float *mean, float *squares) {
  for (; c + 8 <= end; c += 8) moments(2, 2, u + c, ld, rows, mean + c, squares + c);
  if (c < end) moments(1, 4, u + c, ld, rows, mean + c, squares + c);
}

KERNEL(normStats) {
  int M = f[normStats_M], C = f[normStats_C], uld = f[normStats_uld], chunks = chunksOf(M), lo, hi;
  const float *u = PTR(f[normStats_u]);
  float *parts = PTR(f[normStats_tmp]);
#define DO(i, from, to) \
  partMoments(u + (size_t)(i) * CHUNK_ROWS * uld, uld, rowsOf(i, M), from, to, parts + (i) * 2 * C, parts + (i) * 2 * C + C)
  EACH_PART(M, C, t, DO)
#undef DO
  barrier(t);
  mover b = moverAt(f + normStats_bank, C);
  range(C, 4, t, &lo, &hi);
  for (int c = lo; c < hi; c += 4) {
    /* Chan's formula for all chunks at once, relative to the first one's mean. */
    vec first = LOAD(parts + c), d = SPLAT(0), e = d, q = d;
    const float *p = parts + c;
    for (int i = 0; i < chunks; i++, p += 2 * C) {
      vec delta = SUB(LOAD(p), first), w = MUL(delta, SPLAT((float)rowsOf(i, M)));
      d = ADD(d, w);
      e = FMA(w, delta, e);
      q = ADD(q, LOAD(p + C));
    }
    vec inv = SPLAT(1.f / M), shift = MUL(d, inv), mean = ADD(first, shift);
    vec var = MAXV(MUL(ADD(q, SUB(e, MUL(d, shift))), inv), SPLAT(0));
    storeCoef(PTR(f[normStats_coef]), C, c, PTR(f[normStats_gamma]), PTR(f[normStats_beta]), mean, var, asFloat(f[normStats_eps]));
    if (b.bank) moveBank(&b, c, mean, var);
  }
}

/* ---- backward ------------------------------------------------------------------------------------------------------ */

typedef struct {
  const float *dz, *u, *coef; /* coef: scale, shift, mean, r */
  size_t dzld, uld;
  int C;
  vec lo, hi;
} norm;

/* Bounds that matter: 0 none, 1 the lower one (ReLU), 2 both. */
INLINE vec masked(const int bounds, vec g, vec z, const norm *n) {
  if (bounds == 0) return g;
  vec open = wasm_f32x4_gt(z, n->lo);
  if (bounds == 2) open = AND(open, wasm_f32x4_lt(z, n->hi));
  return AND(g, open);
}

/* sums[c] = Σ g, sums[C + c] = Σ g·(u − mean) over rows [m, m + rows). */
INLINE void gradSums(const int V, const int R, const int bounds, const norm *n, int m, int rows, int c, float *sums) {
  const float *u = n->u + m * n->uld + c, *dz = n->dz + m * n->dzld + c, *coef = n->coef + c;
  vec scale[2], shift[2], mean[2], s[2], q[2];
  UNROLL for (int v = 0; v < V; v++) {
    scale[v] = LOAD(coef + 4 * v);
    shift[v] = LOAD(coef + n->C + 4 * v);
    mean[v] = LOAD(coef + 2 * n->C + 4 * v);
  }
  UNROLL for (int i = 0; i < R * V; i++) s[i] = q[i] = SPLAT(0);
  int r = 0;
  for (; r + R <= rows; r += R, u += R * n->uld, dz += R * n->dzld)
    UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++) {
      vec x = LOAD(u + j * n->uld + 4 * v), g = masked(bounds, LOAD(dz + j * n->dzld + 4 * v), ADD(MUL(x, scale[v]), shift[v]), n);
      s[j * V + v] = ADD(s[j * V + v], g);
      q[j * V + v] = FMA(g, SUB(x, mean[v]), q[j * V + v]);
    }
  for (; r < rows; r++, u += n->uld, dz += n->dzld)
    UNROLL for (int v = 0; v < V; v++) {
      vec x = LOAD(u + 4 * v), g = masked(bounds, LOAD(dz + 4 * v), ADD(MUL(x, scale[v]), shift[v]), n);
      s[v] = ADD(s[v], g);
      q[v] = FMA(g, SUB(x, mean[v]), q[v]);
    }
  /* Both at once: V8's allocation of registers in the loop above depends on it (a tenth of the time). */
  UNROLL for (int v = 0; v < V; v++) {
    UNROLL for (int j = 1; j < R; j++) {
      s[v] = ADD(s[v], s[j * V + v]);
      q[v] = ADD(q[v], q[j * V + v]);
    }
    STORE(sums + c + 4 * v, s[v]);
    STORE(sums + n->C + c + 4 * v, q[v]);
  }
}

static void partSums(int bounds, const norm *n, int m, int rows, int c, int end, float *sums) {
#define DO(V, R)                                                    \
  {                                                                 \
    if (bounds == 0) gradSums(V, R, 0, n, m, rows, c, sums);        \
    else if (bounds == 1) gradSums(V, R, 1, n, m, rows, c, sums);   \
    else gradSums(V, R, 2, n, m, rows, c, sums);                    \
  }
  NARROW_STRIPS(c, end, DO)
#undef DO
}

/* du = scale·g − a − (u − mean)·b on rows [m, end). */
INLINE void gradRows(const int V, const int bounds, const norm *n, const float *ab, float *du, size_t duld, int m, int end, int c) {
  const float *u = n->u + m * n->uld + c, *dz = n->dz + m * n->dzld + c, *coef = n->coef + c;
  vec scale[2], shift[2], mean[2], a[2], b[2];
  UNROLL for (int v = 0; v < V; v++) {
    scale[v] = LOAD(coef + 4 * v);
    shift[v] = LOAD(coef + n->C + 4 * v);
    mean[v] = LOAD(coef + 2 * n->C + 4 * v);
    a[v] = LOAD(ab + c + 4 * v);
    b[v] = LOAD(ab + n->C + c + 4 * v);
  }
  du += m * duld + c;
  for (; m < end; m++, u += n->uld, dz += n->dzld, du += duld)
    UNROLL for (int v = 0; v < V; v++) {
      vec x = LOAD(u + 4 * v), g = masked(bounds, LOAD(dz + 4 * v), ADD(MUL(x, scale[v]), shift[v]), n);
      STORE(du + 4 * v, SUB(SUB(MUL(g, scale[v]), a[v]), MUL(SUB(x, mean[v]), b[v])));
    }
}

static void blockGrad(int bounds, const norm *n, const float *ab, float *du, size_t duld, int m, int end) {
  int c = 0;
#define DO(V, R)                                                        \
  {                                                                     \
    if (bounds == 0) gradRows(V, 0, n, ab, du, duld, m, end, c);        \
    else if (bounds == 1) gradRows(V, 1, n, ab, du, duld, m, end, c);   \
    else gradRows(V, 2, n, ab, du, duld, m, end, c);                    \
  }
  NARROW_STRIPS(c, n->C, DO)
#undef DO
}

KERNEL(normGrad) {
  int M = f[normGrad_M], C = f[normGrad_C], chunks = chunksOf(M), lo, hi;
  float bottom = asFloat(f[normGrad_lo]), top = asFloat(f[normGrad_hi]);
  norm n = { PTR(f[normGrad_dz]), PTR(f[normGrad_u]), PTR(f[normGrad_coef]), f[normGrad_dzld], f[normGrad_uld], C, SPLAT(bottom), SPLAT(top) };
  int bounds = top < 3.4e38f ? 2 : bottom > -3.4e38f;
  float *parts = PTR(f[normGrad_tmp]), *ab = parts + (size_t)chunks * 2 * C;
#define DO(i, from, to) partSums(bounds, &n, (i) * CHUNK_ROWS, rowsOf(i, M), from, to, parts + (size_t)(i) * 2 * C)
  EACH_PART(M, C, t, DO)
#undef DO
  barrier(t);
  float *dgamma = PTR(f[normGrad_dgamma]), *dbeta = PTR(f[normGrad_dbeta]);
  range(C, 4, t, &lo, &hi);
  for (int c = lo; c < hi; c += 4) {
    vec s = SPLAT(0), q = s, scale = LOAD(n.coef + c), r = LOAD(n.coef + 3 * C + c);
    const float *p = parts + c;
    for (int i = 0; i < chunks; i++, p += 2 * C) {
      s = ADD(s, LOAD(p));
      q = ADD(q, LOAD(p + C));
    }
    q = MUL(q, r);
    if (dgamma) STORE(dgamma + c, ADD(LOAD(dgamma + c), q));
    if (dbeta) STORE(dbeta + c, ADD(LOAD(dbeta + c), s));
    vec share = MUL(scale, SPLAT(1.f / M));
    STORE(ab + c, MUL(s, share));
    STORE(ab + C + c, MUL(MUL(q, r), share));
  }
  barrier(t);
  float *du = PTR(f[normGrad_du]);
#define DO(from, to) blockGrad(bounds, &n, ab, du, f[normGrad_duld], from, to)
  EACH_BLOCK(M, 3 * C, t, DO)
#undef DO
}
