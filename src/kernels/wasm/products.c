/* Matrix products, and images as rows of patches: dense convolution with both gradients is made of these. */
#include "simd.h"

/* Panels of 8 columns, zero-filled on the right: packed[panel][k][8]. transposed: b is [N, K] instead of [K, N]. */
EXPORT(pack)(const float *b, float *packed, int K, int N, int transposed) {
  for (int n0 = 0; n0 < N; n0 += 8) {
    float *o = packed + (size_t)n0 * K;
    for (int k = 0; k < K; k++)
      for (int j = 0; j < 8; j++) {
        int n = n0 + j;
        o[k * 8 + j] = n >= N ? 0.f : transposed ? b[(size_t)n * K + k] : b[(size_t)k * N + n];
      }
  }
}

/* R rows × V vectors of one panel. */
INLINE void tile(const int R, const int V, const float *a, const float *panel, float *c, int K, int N, int width) {
  vec acc[8][2];
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int v = 0; v < V; v++) acc[r][v] = SPLAT(0);
  for (int k = 0; k < K; k++) {
    vec b0 = LOAD(panel + k * 8), b1 = b0;
    if (V == 2) b1 = LOAD(panel + k * 8 + 4);
    UNROLL for (int r = 0; r < R; r++) {
      vec s = LOADSPLAT(a + (size_t)r * K + k);
      acc[r][0] = MADD(s, b0, acc[r][0]);
      if (V == 2) acc[r][1] = MADD(s, b1, acc[r][1]);
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    storePart(c + (size_t)r * N, acc[r][0], width);
    if (V == 2) storePart(c + (size_t)r * N + 4, acc[r][1], width - 4);
  }
}

/* c[M, N] = a[M, K] · b, b packed. */
EXPORT(matmul)(const float *a, const float *packed, float *c, int M, int K, int N) {
  int rows = 8192 / K;
  rows = rows < 8 ? 8 : rows & ~7;
  for (int m0 = 0; m0 < M; m0 += rows) {
    int m1 = least(M, m0 + rows);
    for (int n0 = 0; n0 < N; n0 += 8) {
      const float *panel = packed + (size_t)n0 * K;
      int width = least(8, N - n0), m = m0;
      if (width > 4) {
        for (; m + 4 <= m1; m += 4) tile(4, 2, a + (size_t)m * K, panel, c + (size_t)m * N + n0, K, N, width);
        for (; m < m1; m++) tile(1, 2, a + (size_t)m * K, panel, c + (size_t)m * N + n0, K, N, width);
      } else {
        for (; m + 8 <= m1; m += 8) tile(8, 1, a + (size_t)m * K, panel, c + (size_t)m * N + n0, K, N, width);
        for (; m < m1; m++) tile(1, 1, a + (size_t)m * K, panel, c + (size_t)m * N + n0, K, N, width);
      }
    }
  }
}

/* R rows of d × V vectors, over M rows of a and g; added to d. */
INLINE void outerTile(const int R, const int V, const float *a, const float *g, float *d, int M, int K, int N) {
  vec acc[4][2];
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int v = 0; v < V; v++) acc[r][v] = SPLAT(0);
  for (int m = 0; m < M; m++, a += K, g += N) {
    vec g0 = LOAD(g), g1 = g0;
    if (V == 2) g1 = LOAD(g + 4);
    UNROLL for (int r = 0; r < R; r++) {
      vec s = LOADSPLAT(a + r);
      acc[r][0] = MADD(s, g0, acc[r][0]);
      if (V == 2) acc[r][1] = MADD(s, g1, acc[r][1]);
    }
  }
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int v = 0; v < V; v++) {
    float *o = d + (size_t)r * N + v * 4;
    STORE(o, ADD(LOAD(o), acc[r][v]));
  }
}

INLINE void outerRows(const int R, const float *a, const float *g, float *d, int M, int K, int N) {
  int n = 0;
  for (; n + 8 <= N; n += 8) outerTile(R, 2, a, g + n, d + n, M, K, N);
  for (; n + 4 <= N; n += 4) outerTile(R, 1, a, g + n, d + n, M, K, N);
  for (; n < N; n++)
    for (int r = 0; r < R; r++) {
      float s = 0;
      for (int m = 0; m < M; m++) s += a[(size_t)m * K + r] * g[(size_t)m * N + n];
      d[(size_t)r * N + n] += s;
    }
}

/* d[K, N] += a[M, K]ᵀ · g[M, N], in blocks of 256 rows. */
EXPORT(outer)(const float *a, const float *g, float *d, int M, int K, int N) {
  for (int m0 = 0; m0 < M; m0 += 256) {
    int m = least(256, M - m0), k = 0;
    const float *am = a + (size_t)m0 * K, *gm = g + (size_t)m0 * N;
    for (; k + 4 <= K; k += 4) outerRows(4, am + k, gm, d + (size_t)k * N, m, K, N);
    for (; k < K; k++) outerRows(1, am + k, gm, d + (size_t)k * N, m, K, N);
  }
}

EXPORT(clear)(float *p, int n) { zero(p, n); }

/* One image as rows of patches [oh·ow, k·k·C]; `padded` is scratch of (H+2p)(W+2p)C. */
EXPORT(patches)(const float *x, float *padded, float *o, int H, int W, int C, int k, int s, int p, int oh, int ow) {
  const float *src = x;
  if (p > 0) { border(x, padded, H, W, C, p); src = padded; }
  int wp = W + 2 * p, run = k * C;
  for (int oy = 0; oy < oh; oy++)
    for (int ox = 0; ox < ow; ox++)
      for (int kh = 0; kh < k; kh++, o += run) copyRun(src + ((size_t)(oy * s + kh) * wp + ox * s) * C, o, run);
}

/* Adjoint of `patches`: adds the patches up into the padded image and writes its inside to x. */
EXPORT(unpatches)(const float *o, float *padded, float *x, int H, int W, int C, int k, int s, int p, int oh, int ow) {
  int wp = W + 2 * p, run = k * C;
  zero(padded, (long)(H + 2 * p) * wp * C);
  for (int oy = 0; oy < oh; oy++)
    for (int ox = 0; ox < ow; ox++)
      for (int kh = 0; kh < k; kh++, o += run) {
        float *to = padded + ((size_t)(oy * s + kh) * wp + ox * s) * C;
        int i = 0;
        for (; i + 4 <= run; i += 4) STORE(to + i, ADD(LOAD(to + i), LOAD(o + i)));
        for (; i < run; i++) to[i] += o[i];
      }
  unborder(padded, x, H, W, C, p);
}
