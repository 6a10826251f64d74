/*
 * Dense convolution with both gradients. The lines of a band of rows are copied into scratch, loaded and zero-padded; a filter row is
 * then one stretch of kx·K floats of a line, so the product runs over lines as it would over a matrix, without patches. Backwards the
 * same with transposed, flipped weights, by phases when strided.
 */
#include "tiles.h"
#include "lines.h"

/* Floats of lines (scratchProducts.ts has the same). */
#define DENSE_LINES 8192

/* Source maps of C channels; `step`: between the source pixels that are used (1 but for strided 1×1). */
typedef struct {
  map x;
  int H, W, C, step;
} plane;

/* Lines for output rows [j, j + rows) of image b → o[lines][width][C]. */
static void stageDense(const plane *x, const taps *k, int b, int j, int rows, int width, float *o) {
  int lines = lineRows(k, rows), C = x->C;
  map m = x->x;
  m.ld *= x->step;
  int from = least(width, ceilDiv(most(0, -k->col0), x->step)), inside = x->W - k->col0;
  int to = inside <= 0 ? from : most(from, least(width, ceilDiv(inside, x->step)));
  for (int r = 0; r < lines; r++, o += (size_t)width * C) {
    int iy = k->row0 + (j * k->s + r) * x->step;
    if (iy < 0 || iy >= x->H) {
      zero(o, (long)width * C);
      continue;
    }
    const float *p = x->x.p + ((size_t)(b * x->H + iy) * x->W + k->col0 + from * x->step) * x->x.ld;
    zero(o, (long)from * C);
    loadRows(&m, p, to - from, C, o + (size_t)from * C);
    zero(o + (size_t)to * C, (long)(width - to) * C);
  }
}

/* Width of the lines of `cols` outputs: no more than they read. */
INLINE int denseWidth(const taps *k, int cols) { return (cols - 1) * k->s + most(k->kx, 1); }

INLINE int denseBand(const taps *k, int floatsOfLine, int rows) {
  int fit = DENSE_LINES / floatsOfLine - k->ky;
  return least(rows, fit <= 0 ? 1 : fit / k->s + 1);
}

/* No tap reaches these outputs. */
static void convolveNone(const grid *g, const finish *e, int b, int j, int rows, int N) {
  for (int r = 0; r < rows; r++) {
    size_t m = (size_t)b * g->pixels + (g->y0 + g->pitch * (j + r)) * g->W + g->x0;
    for (int i = 0; i < g->cols; i++, m += g->pitch)
      for (int c = 0; c < N; c += 4) storeInto(&e->o, m, c, SPLAT(0));
  }
}

/* This thread's share of (image, band): N output columns from packed panels [taps·C][8]. */
static void convolve(const plane *x, const taps *k, const float *packed, const grid *g, const finish *e, int B, int N, const team *t) {
  int width = denseWidth(k, g->cols), C = x->C, band = denseBand(k, width * C, g->rows), bands = ceilDiv(g->rows, band), lo, hi;
  int depth = k->ky * k->kx * C;
  left l = { k->ky, k->kx * C, k->s * C, (size_t)width * C };
  range(B * bands, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int b = i / bands, j = i % bands * band, rows = least(band, g->rows - j);
    if (!depth) {
      convolveNone(g, e, b, j, rows, N);
      continue;
    }
    stageDense(x, k, b, j, rows, width, t->work);
    for (int n = 0; n < N; n += 8)
      for (int r = 0; r < rows; r++) {
        size_t m = (size_t)b * g->pixels + (g->y0 + g->pitch * (j + r)) * g->W + g->x0;
        productRows(t->work + (size_t)r * k->s * width * C, &l, packed + (size_t)n * depth, N - n >= 8, e, m, g->pitch, n, g->cols);
      }
  }
}

/* Taps of a forward window; a strided 1×1 reads the pixels it needs only. */
INLINE taps forwardTaps(const window *w, plane *x) {
  taps k = { w->k, w->k, w->s, 1, -w->p, -w->p };
  if (w->k == 1) {
    x->step = w->s;
    k.s = 1;
  }
  return k;
}

KERNEL(conv) {
  window w = windowAt(f + conv_B);
  int K = f[conv_K], N = f[conv_N], depth = w.k * w.k * K, lo, hi;
  plane x = { mapAt(f + conv_x), w.H, w.W, K, 1 };
  taps k = forwardTaps(&w, &x);
  grid g = { w.Ho, w.Wo, w.Wo, 0, 0, 1, w.Ho * w.Wo };
  finish e = { PTR(f[conv_bias]), { 0 }, { PTR(f[conv_y]), f[conv_yld], 0, 0 } };
  float *packed = PTR(f[conv_tmp]);
  range(N, 8, t, &lo, &hi);
  for (int n = lo; n < hi; n += 8) packPanel(PTR(f[conv_w]), N, 0, depth, n, least(8, N - n), packed + (size_t)n * depth);
  barrier(t);
  convolve(&x, &k, packed, &g, &e, w.B, N, t);
}

/* Panel of dx channels c … of a phase: its taps flipped, then the channels of dy. */
static void packBack(const float *w, int k, int K, int N, int c, const phase *y, const phase *x, float *o) {
  int width = least(8, K - c);
  for (int h = y->count - 1; h >= 0; h--)
    for (int v = x->count - 1; v >= 0; v--, o += (size_t)N * width)
      packPanel(w + (size_t)((y->first + h * y->step) * k + x->first + v * x->step) * K * N, N, 1, N, c, width, o);
}

KERNEL(convGradInput) {
  window w = windowAt(f + convGradInput_B);
  int K = f[convGradInput_K], N = f[convGradInput_N], lo, hi;
  plane dy = { { PTR(f[convGradInput_dy]), f[convGradInput_dyld], 0 }, w.Ho, w.Wo, N, 1 };
  finish e = { 0, maskAt(f + convGradInput_mask), intoAt(f + convGradInput_dx) };
  float *o = PTR(f[convGradInput_tmp]);
  range(K, 8, t, &lo, &hi);
  for (int i = 0; i < w.s * w.s; i++) {
    int ry = i / w.s, rx = i % w.s;
    phase y = phaseOf(ry, w.k, w.s, 1, w.p), x = phaseOf(rx, w.k, w.s, 1, w.p);
    int none = y.count == 0 || x.count == 0, depth = y.count * x.count * N;
    taps k = { none ? 0 : y.count, none ? 0 : x.count, 1, 1, y.start, x.start };
    grid g = { ceilDiv(w.H - ry, w.s), ceilDiv(w.W - rx, w.s), w.W, ry, rx, w.s, w.H * w.W };
    if (g.rows > 0 && g.cols > 0) {
      for (int c = lo; c < hi && depth; c += 8) packBack(PTR(f[convGradInput_w]), w.k, K, N, c, &y, &x, o + (size_t)c * depth);
      barrier(t);
      convolve(&dy, &k, o, &g, &e, w.B, K, t);
    }
    o += (size_t)K * depth;
  }
}

/* Columns n0 … n1 of a filter gradient over one band; `first` writes, else adds. */
static void bandOuter(const float *lines, const taps *k, int width, int K, const float *dy, int dyld, int rows, int cols, int n0, int n1,
                      float *d, int N, int first) {
  for (int h = 0; h < k->ky; h++)
    for (int i = 0; i < k->kx * K; i += 4)
      for (int n = n0; n < n1; n += 8) {
        pairs s = { lines + (size_t)h * width * K + i, dy + n, k->s * K, dyld, cols, rows, (size_t)k->s * width * K, (size_t)cols * dyld };
        outerTile(n1 - n >= 8, &s, d + (size_t)(h * k->kx * K + i) * N + n, N, first);
      }
}

KERNEL(convGradWeight) {
  window w = windowAt(f + convGradWeight_B);
  int K = f[convGradWeight_K], N = f[convGradWeight_N], dyld = f[convGradWeight_dyld], lo, hi;
  plane x = { mapAt(f + convGradWeight_x), w.H, w.W, K, 1 };
  taps k = forwardTaps(&w, &x);
  const float *dy = PTR(f[convGradWeight_dy]);
  float *dw = PTR(f[convGradWeight_dw]), *parts = PTR(f[convGradWeight_tmp]);
  int width = denseWidth(&k, w.Wo), band = denseBand(&k, width * K, w.Ho), bands = ceilDiv(w.Ho, band);
  int groups = ceilDiv(N, GROUP_COLUMNS), units = w.B * bands, chunks = gradChunks(units, N);
  size_t size = (size_t)w.k * w.k * K * N;
  range(chunks * groups, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int chunk = i / groups, n = i % groups * GROUP_COLUMNS;
    int from = (int)((long long)units * chunk / chunks), to = (int)((long long)units * (chunk + 1) / chunks);
    for (int u = from; u < to; u++) {
      int b = u / bands, j = u % bands * band, rows = least(band, w.Ho - j);
      stageDense(&x, &k, b, j, rows, width, t->work);
      bandOuter(t->work, &k, width, K, dy + (size_t)(b * w.Ho + j) * w.Wo * dyld, dyld, rows, w.Wo, n, least(N, n + GROUP_COLUMNS),
                chunks == 1 ? dw : parts + chunk * size, N, chunks > 1 && u == from);
    }
  }
  if (chunks == 1) return;
  barrier(t);
  addParts(parts, chunks, size, dw, (int)size, t);
}
