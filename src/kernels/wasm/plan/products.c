/* Pointwise convolution with both gradients, and the bias gradient. */
#include "tiles.h"

void productRows(const float *a, const left *l, const float *panel, int wide, const finish *e, size_t m, int pitch, int c, int rows) {
  tileRows(a, l, panel, wide, e, m, pitch, c, rows);
}

void outerTile(int wide, const pairs *s, float *d, int ld, int first) {
  if (wide) outer(2, s, d, ld, first);
  else outer(1, s, d, ld, first);
}

/* Panels [K][8] of a whole weight → packed, shared between the threads. */
static void packAll(const float *w, int ld, int transposed, int K, int N, float *packed, const team *t) {
  int lo, hi;
  range(N, 8, t, &lo, &hi);
  for (int n = lo; n < hi; n += 8) packPanel(w, ld, transposed, K, n, least(8, N - n), packed + (size_t)n * K);
  barrier(t);
}

void product(const map *a, const float *packed, const finish *e, int M, int K, int N, const team *t) {
  left l = { 1, K, a->mode ? K : a->ld, 0 };
  int block = most(8, least(256, 4096 / K & ~7)), lo, hi;
  range(M, 8, t, &lo, &hi);
  for (int m = lo; m < hi; m += block) {
    int rows = least(block, hi - m);
    const float *rowsAt = a->p + (size_t)m * a->ld;
    if (a->mode) {
      loadRows(a, rowsAt, rows, K, t->work);
      rowsAt = t->work;
    }
    for (int n = 0; n < N; n += 8) productRows(rowsAt, &l, packed + (size_t)n * K, N - n >= 8, e, m, 1, n, rows);
  }
}

KERNEL(pointwise) {
  int M = f[pointwise_M], K = f[pointwise_K], N = f[pointwise_N];
  map x = mapAt(f + pointwise_x);
  finish e = { PTR(f[pointwise_bias]), { 0 }, { PTR(f[pointwise_y]), f[pointwise_yld], 0, 0 } };
  float *packed = PTR(f[pointwise_tmp]);
  packAll(PTR(f[pointwise_w]), N, 0, K, N, packed, t);
  product(&x, packed, &e, M, K, N, t);
}

KERNEL(pointwiseGradInput) {
  int M = f[pointwiseGradInput_M], K = f[pointwiseGradInput_K], N = f[pointwiseGradInput_N];
  map dy = { PTR(f[pointwiseGradInput_dy]), f[pointwiseGradInput_dyld], 0 };
  finish e = { 0, maskAt(f + pointwiseGradInput_mask), intoAt(f + pointwiseGradInput_dx) };
  float *packed = PTR(f[pointwiseGradInput_tmp]);
  packAll(PTR(f[pointwiseGradInput_w]), N, 1, N, K, packed, t);
  product(&dy, packed, &e, M, N, K, t);
}

/* Rows of the map, four channels side by side: o[K/4][rows][4]. */
static void loadPanels(const map *x, const float *p, int rows, int K, float *o) {
  for (int c = 0; c < K; c += 4, o += rows * 4) {
    const float *q = p + c;
    if (x->mode == 2) {
      vec scale = LOAD(x->scale + c), shift = LOAD(x->shift + c);
      for (int r = 0; r < rows; r++, q += x->ld) STORE(o + r * 4, MINV(MAXV(ADD(MUL(LOAD(q), scale), shift), x->lo), x->hi));
    } else if (x->mode == 1) {
      for (int r = 0; r < rows; r++, q += x->ld) STORE(o + r * 4, MINV(MAXV(LOAD(q), x->lo), x->hi));
    } else {
      for (int r = 0; r < rows; r++, q += x->ld) STORE(o + r * 4, LOAD(q));
    }
  }
}

void rowsOuter(const map *x, const float *dy, int dyld, int lo, int hi, int K, int N, int n0, int n1, float *d, int add, const team *t) {
  int block = most(64, least(256, 8192 / (K + GROUP_COLUMNS) & ~3));
  int packed = x->mode || K > 32;
  for (int m = lo; m < hi; m += block) {
    int rows = least(block, hi - m), first = !add && m == lo;
    const float *xm = x->p + (size_t)m * x->ld;
    if (packed) loadPanels(x, xm, rows, K, t->work);
    for (int k = 0; k < K; k += 4)
      for (int n = n0; n < n1; n += 8) {
        pairs s = { packed ? t->work + (size_t)k * rows : xm + k, dy + (size_t)m * dyld + n, packed ? 4 : x->ld, dyld, rows, 1, 0, 0 };
        outerTile(n1 - n >= 8, &s, d + (size_t)k * N + n, N, first);
      }
  }
}

KERNEL(pointwiseGradWeight) {
  int M = f[pointwiseGradWeight_M], K = f[pointwiseGradWeight_K], N = f[pointwiseGradWeight_N];
  map x = mapAt(f + pointwiseGradWeight_x);
  const float *dy = PTR(f[pointwiseGradWeight_dy]);
  float *dw = PTR(f[pointwiseGradWeight_dw]), *parts = PTR(f[pointwiseGradWeight_tmp]);
  int groups = ceilDiv(N, GROUP_COLUMNS), units = ceilDiv(M, 256), chunks = gradChunks(units, N), lo, hi;
  size_t size = (size_t)K * N;
  range(chunks * groups, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int chunk = i / groups, n = i % groups * GROUP_COLUMNS;
    int from = (int)((long long)units * chunk / chunks) * 256, to = least(M, (int)((long long)units * (chunk + 1) / chunks) * 256);
    rowsOuter(&x, dy, f[pointwiseGradWeight_dyld], from, to, K, N, n, least(N, n + GROUP_COLUMNS),
              chunks == 1 ? dw : parts + chunk * size, chunks == 1, t);
  }
  if (chunks == 1) return;
  barrier(t);
  addParts(parts, chunks, size, dw, (int)size, t);
}

/* o[N] = Σ of dy's rows [lo, hi), sums of 256 rows at a time. */
static void sumRows(const float *dy, int ld, int lo, int hi, int N, float *o) {
  zero(o, N);
  for (int m = lo; m < hi; m += 256) {
    int rows = least(256, hi - m), c = 0;
    for (; c + 16 <= N; c += 16) {
      const float *p = dy + (size_t)m * ld + c;
      vec a[4];
      UNROLL for (int v = 0; v < 4; v++) a[v] = SPLAT(0);
      for (int r = 0; r < rows; r++, p += ld) UNROLL for (int v = 0; v < 4; v++) a[v] = ADD(a[v], LOAD(p + 4 * v));
      UNROLL for (int v = 0; v < 4; v++) STORE(o + c + 4 * v, ADD(LOAD(o + c + 4 * v), a[v]));
    }
    for (; c < N; c += 4) {
      const float *p = dy + (size_t)m * ld + c;
      vec a = SPLAT(0);
      for (int r = 0; r < rows; r++, p += ld) a = ADD(a, LOAD(p));
      STORE(o + c, ADD(LOAD(o + c), a));
    }
  }
}

KERNEL(biasGrad) {
  int M = f[biasGrad_M], N = f[biasGrad_N], lo, hi;
  float *parts = PTR(f[biasGrad_tmp]);
  int units = ceilDiv(M, 256), chunks = least(units, 16);
  range(chunks, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int from = (int)((long long)units * i / chunks) * 256, to = least(M, (int)((long long)units * (i + 1) / chunks) * 256);
    sumRows(PTR(f[biasGrad_dy]), f[biasGrad_dyld], from, to, N, parts + (size_t)i * N);
  }
  barrier(t);
  addParts(parts, chunks, N, PTR(f[biasGrad_db]), N, t);
}
