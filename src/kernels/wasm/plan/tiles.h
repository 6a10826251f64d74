/*
 * The inner loops of matrix products. A left operand is read row by row, `runs` stretches of `K` floats each (one for a plain product, one a
 * filter row for convolutions over padded lines); the right operand lies in panels of 8 columns (the last may have 4), each
 * panel [runs·K][8]. All K are multiples of 4.
 */
#pragma once
#include "simd.h"

/* What becomes of a product: y = (base +) [mask] · value, or value + bias. Rows of the output are numbered pixels. */
typedef struct {
  const float *bias;
  mask k;
  into o;
} finish;

/* Left operand of a tile: R rows `step` apart; stretch i of a row begins at i·runStep. */
typedef struct {
  int runs, K, step;
  size_t runStep;
} left;

/* The first n of R × V finished vectors: pixels m, m + pitch, …, channels c, c + 4, …. */
INLINE void storeTile(const int R, const int V, const finish *e, size_t m, int pitch, int c, int n, const vec *acc) {
  size_t step = (size_t)pitch * e->o.ld;
  float *o = e->o.dx + m * e->o.ld + c;
  if (n < R || e->o.base) {
    UNROLL for (int r = 0; r < R; r++)
      if (r < n) UNROLL for (int v = 0; v < V; v++) storeMasked(&e->k, &e->o, m + (size_t)r * pitch, c + 4 * v, acc[r * V + v]);
  } else if (e->k.on) {
    size_t xstep = (size_t)pitch * e->k.ld;
    const float *x = e->k.x + m * e->k.ld + c;
    vec lo = e->k.lo, hi = e->k.hi;
    UNROLL for (int r = 0; r < R; r++) {
      UNROLL for (int v = 0; v < V; v++) STORE(o + 4 * v, between(acc[r * V + v], LOAD(x + 4 * v), lo, hi));
      o += step;
      x += xstep;
    }
  } else {
    UNROLL for (int r = 0; r < R; r++) {
      UNROLL for (int v = 0; v < V; v++) STORE(o + 4 * v, acc[r * V + v]);
      o += step;
    }
  }
}

/* R rows × V vectors: sums into pixels m, m + pitch, … and columns from c on. */
INLINE void tile(const int R, const int V, const float *a, const left *l, const float *panel, const finish *e, size_t m, int pitch,
                 int c) {
  vec acc[6 * 2];
  UNROLL for (int v = 0; v < V; v++) {
    vec start = e->bias ? LOAD(e->bias + c + 4 * v) : SPLAT(0);
    UNROLL for (int r = 0; r < R; r++) acc[r * V + v] = start;
  }
  const float *run = a;
  ROLLED for (int i = 0; i < l->runs; i++, run += l->runStep) {
    const float *row[6];
    UNROLL for (int r = 0; r < R; r++) row[r] = run + (size_t)r * l->step;
    ROLLED for (int n = l->K; n > 0; n--) {
      vec b0 = LOAD(panel), b1 = V == 2 ? LOAD(panel + 4) : b0;
      UNROLL for (int r = 0; r < R; r++) {
        vec s = LOADSPLAT(row[r]++);
        acc[r * V] = FMA(s, b0, acc[r * V]);
        if (V == 2) acc[r * V + 1] = FMA(s, b1, acc[r * V + 1]);
      }
      panel += 4 * V;
    }
  }
  storeTile(R, V, e, m, pitch, c, R, acc);
}

/* `rows` rows against one panel of 8 or 4 columns. */
INLINE void tileRows(const float *a, const left *l, const float *panel, int wide, const finish *e, size_t m, int pitch, int c, int rows) {
  int r = 0;
  if (wide) {
    for (; r + 4 <= rows; r += 4) tile(4, 2, a + (size_t)r * l->step, l, panel, e, m + (size_t)r * pitch, pitch, c);
    const float *rest = a + (size_t)r * l->step;
    m += (size_t)r * pitch;
    if (rows - r == 3) tile(3, 2, rest, l, panel, e, m, pitch, c);
    if (rows - r == 2) tile(2, 2, rest, l, panel, e, m, pitch, c);
    if (rows - r == 1) tile(1, 2, rest, l, panel, e, m, pitch, c);
  } else {
    for (; r + 6 <= rows; r += 6) tile(6, 1, a + (size_t)r * l->step, l, panel, e, m + (size_t)r * pitch, pitch, c);
    for (; r + 4 <= rows; r += 4) tile(4, 1, a + (size_t)r * l->step, l, panel, e, m + (size_t)r * pitch, pitch, c);
    for (; r < rows; r++) tile(1, 1, a + (size_t)r * l->step, l, panel, e, m + (size_t)r * pitch, pitch, c);
  }
}

/* The out-of-line version, one body for all kernels. */
void productRows(const float *a, const left *l, const float *panel, int wide, const finish *e, size_t m, int pitch, int c, int rows);

/* One panel of `width` columns of b[K, N] from column n on: o[k][width]; with `transposed` of b[N, K], row stride ld either way. */
INLINE void packPanel(const float *b, int ld, int transposed, int K, int n, int width, float *o) {
  if (!transposed) {
    for (int k = 0; k < K; k++, o += width)
      for (int j = 0; j < width; j += 4) STORE(o + j, LOAD(b + (size_t)k * ld + n + j));
    return;
  }
  for (int j = 0; j < width; j += 4) {
    const float *r0 = b + (size_t)(n + j) * ld, *r1 = r0 + ld, *r2 = r1 + ld, *r3 = r2 + ld;
    for (int k = 0; k < K; k += 4) {
      vec a = LOAD(r0 + k), c = LOAD(r1 + k), d = LOAD(r2 + k), e = LOAD(r3 + k);
      vec p = wasm_i32x4_shuffle(a, c, 0, 4, 1, 5), q = wasm_i32x4_shuffle(a, c, 2, 6, 3, 7);
      vec s = wasm_i32x4_shuffle(d, e, 0, 4, 1, 5), u = wasm_i32x4_shuffle(d, e, 2, 6, 3, 7);
      float *to = o + (size_t)k * width + j;
      STORE(to, wasm_i64x2_shuffle(p, s, 0, 2));
      STORE(to + width, wasm_i64x2_shuffle(p, s, 1, 3));
      STORE(to + 2 * width, wasm_i64x2_shuffle(q, u, 0, 2));
      STORE(to + 3 * width, wasm_i64x2_shuffle(q, u, 1, 3));
    }
  }
}

/* Rows of K channels at p (stride ld) as load(x) has them → o[rows][K]. */
INLINE void loadRows(const map *x, const float *p, int rows, int K, float *o) {
  if (x->mode) {
    for (int c = 0; c < K; c += 4) {
      const float *q = p + c;
      float *to = o + c;
      vec lo = x->lo, hi = x->hi;
      if (x->mode == 2) {
        vec scale = LOAD(x->scale + c), shift = LOAD(x->shift + c);
        for (int r = 0; r < rows; r++, q += x->ld, to += K) STORE(to, MINV(MAXV(ADD(MUL(LOAD(q), scale), shift), lo), hi));
      } else {
        for (int r = 0; r < rows; r++, q += x->ld, to += K) STORE(to, MINV(MAXV(LOAD(q), lo), hi));
      }
    }
  } else {
    for (int r = 0; r < rows; r++, p += x->ld, o += K)
      for (int c = 0; c < K; c += 4) STORE(o + c, LOAD(p + c));
  }
}

/* d[4, 4·V] (row stride ld) = or += Σ over `rows` blocks of `n` rows of x[4]ᵀ · g[4·V]. */
typedef struct {
  const float *x, *g;
  int xstep, gstep;             /* from one row to the next */
  int n, blocks;
  size_t xblock, gblock;        /* from one block of rows to the next */
} pairs;

INLINE void outer(const int V, const pairs *s, float *d, int ld, int first) {
  vec acc[4][2];
  UNROLL for (int r = 0; r < 4; r++) UNROLL for (int v = 0; v < V; v++) acc[r][v] = SPLAT(0);
  const float *xb = s->x, *gb = s->g;
  ROLLED for (int i = 0; i < s->blocks; i++, xb += s->xblock, gb += s->gblock) {
    const float *x = xb, *g = gb;
    int n = s->n;
    ROLLED for (; n > 0; n--, x += s->xstep, g += s->gstep) {
      vec g0 = LOAD(g), g1 = V == 2 ? LOAD(g + 4) : g0;
      UNROLL for (int r = 0; r < 4; r++) {
        vec t = LOADSPLAT(x + r);
        acc[r][0] = FMA(t, g0, acc[r][0]);
        if (V == 2) acc[r][1] = FMA(t, g1, acc[r][1]);
      }
    }
  }
  UNROLL for (int r = 0; r < 4; r++) UNROLL for (int v = 0; v < V; v++) {
    float *o = d + (size_t)r * ld + 4 * v;
    STORE(o, first ? acc[r][v] : ADD(LOAD(o), acc[r][v]));
  }
}

void outerTile(int wide, const pairs *s, float *d, int ld, int first);

/* e = load(a)[M, K] · packed[K, N]. */
void product(const map *a, const float *packed, const finish *e, int M, int K, int N, const team *t);

/* d[K, columns n0 … n1) (row stride N) = Σ over rows [lo, hi) of load(x)ᵀ · dy, or added with `add`. */
void rowsOuter(const map *x, const float *dy, int dyld, int lo, int hi, int K, int N, int n0, int n1, float *d, int add, const team *t);

/* Weight gradients: columns of a work item, and chunks of rows that are summed apart (scratchProducts.ts has the same). */
#define GROUP_COLUMNS 32
INLINE int gradChunks(int units, int N) { return most(1, least(units, ceilDiv(8, ceilDiv(N, GROUP_COLUMNS)))); }
