/* Copies of lines and the loops over them; see lines.h. */
#include "lines.h"

/* Four lanes from four channels; those of no channel (keep 0) read the first and drop it. */
INLINE vec gather(const float *p, const int *at, vec keep) {
  vec v = wasm_v128_load32_zero(p + at[0]);
  v = wasm_v128_load32_lane(p + at[1], v, 1);
  v = wasm_v128_load32_lane(p + at[2], v, 2);
  return AND(wasm_v128_load32_lane(p + at[3], v, 3), keep);
}

INLINE void stageGathered(const source *x, const float *p, int n, int plane, vec *o) {
  const map *m = &x->x;
  int ld = m->ld, at[4], same = x->at[0] == x->at[3];
  UNROLL for (int l = 0; l < 4; l++) at[l] = (x->at[l] < 0 ? x->at[0] : x->at[l]) + plane;
  vec keep = wasm_i32x4_ge(wasm_i32x4_make(x->at[0], x->at[1], x->at[2], x->at[3]), wasm_i32x4_splat(0));
  if (m->mode == 0) {
    if (same) for (int i = 0; i < n; i++, p += ld) o[i] = LOADSPLAT(p + at[0]);
    else for (int i = 0; i < n; i++, p += ld) o[i] = gather(p, at, keep);
    return;
  }
  vec scale = SPLAT(1), shift = SPLAT(0);
  if (m->mode == 2) {
    scale = gather(m->scale, at, keep);
    shift = gather(m->shift, at, keep);
  }
  for (int i = 0; i < n; i++, p += ld) {
    vec v = same ? LOADSPLAT(p + at[0]) : gather(p, at, keep);
    o[i] = AND(MINV(MAXV(ADD(MUL(v, scale), shift), m->lo), m->hi), keep);
  }
}

/* Columns [0, n) of a line from source pixels at p. */
INLINE void stageRun(const source *x, const float *p, int n, int plane, vec *o) {
  const map *m = &x->x;
  int ld = m->ld, c = x->c;
  if (x->gather) {
    stageGathered(x, p, n, plane, o);
    return;
  }
  p += c;
  if (m->mode == 0) {
    for (int i = 0; i < n; i++, p += ld) o[i] = LOAD(p);
  } else if (m->mode == 1) {
    for (int i = 0; i < n; i++, p += ld) o[i] = loadAs(1, m, p, c);
  } else {
    vec scale = LOAD(m->scale + c), shift = LOAD(m->shift + c);
    for (int i = 0; i < n; i++, p += ld) o[i] = MINV(MAXV(ADD(MUL(LOAD(p), scale), shift), m->lo), m->hi);
  }
}

void stageLines(const source *x, const taps *k, int b, int j, int rows, int width, vec *work) {
  int lines = lineRows(k, rows), top = k->row0 + j * k->s;
  int from = least(width, most(0, -k->col0)), to = most(from, least(width, x->W - k->col0));
  for (int q = 0; q < x->planes; q++)
    for (int r = 0; r < lines; r++, work += width) {
      int iy = top + r;
      if (iy < 0 || iy >= x->H) {
        for (int i = 0; i < width; i++) work[i] = SPLAT(0);
        continue;
      }
      const float *p = x->x.p + ((size_t)(b * x->H + iy) * x->W + k->col0 + from) * x->x.ld;
      for (int i = 0; i < from; i++) work[i] = SPLAT(0);
      stageRun(x, p, to - from, q, work + from);
      for (int i = to; i < width; i++) work[i] = SPLAT(0);
    }
}

/*
 * Engines move the loads of a basic block before its arithmetic, so a block must not load more than the 16 registers hold beside its sums:
 * filter rows are taken in pieces of at most three taps, each a loop of its own.
 */
INLINE void linePiece(const int P, const int S, const int D, const vec *x, int ky, int step, const vec *w, int wstep, vec *acc) {
  ROLLED for (int h = 0; h < ky; h++, x += step, w += wstep) {
    vec f[3];
    UNROLL for (int v = 0; v < P; v++) f[v] = w[v];
    UNROLL for (int i = 0; i < 3 * S + (P - 1) * D + 1; i++) {
      int used = 0;
      UNROLL for (int v = 0; v < P; v++) used |= i >= v * D && (i - v * D) % S == 0 && (i - v * D) / S < 4;
      if (!used) continue;
      vec a = x[i];
      UNROLL for (int v = 0; v < P; v++)
        if (i >= v * D && (i - v * D) % S == 0 && (i - v * D) / S < 4) acc[(i - v * D) / S] = FMA(a, f[v], acc[(i - v * D) / S]);
    }
  }
}

/* Four outputs of a row. KX, S, D are constants in the instances that matter. */
INLINE void lineTile(const int KX, const int S, const int D, const vec *x, const taps *k, int planes, int width, size_t plane, const vec *w,
                     vec *acc) {
  const int P = S == 1 && D == 1 ? 3 : 2;
  ROLLED for (int q = 0; q < planes; q++, x += plane, w += k->ky * KX) {
    UNROLL for (int v = 0; v < KX; v += P) linePiece(KX - v < P ? KX - v : P, S, D, x + v * D, k->ky, D * width, w + v, KX, acc);
  }
}

/* The same for any taps. */
INLINE void lineTileAny(const vec *x, const taps *k, int planes, int width, size_t plane, const vec *w, vec *acc) {
  for (int q = 0; q < planes; q++, x += plane)
    for (int h = 0; h < k->ky; h++)
      for (int v = 0; v < k->kx; v++) {
        const vec *p = x + h * k->d * width + v * k->d;
        vec f = *w++;
        UNROLL for (int i = 0; i < 4; i++) acc[i] = FMA(p[i * k->s], f, acc[i]);
      }
}

/* KX 0: any. */
INLINE void lineBand(const int KX, const int S, const int D, const vec *lines, const taps *k, int planes, int width, const vec *w, const grid *g,
                     const finish *e, int b, int j, int rows, int c) {
  size_t plane = (size_t)lineRows(k, rows) * width;
  vec start = e->bias ? LOAD(e->bias + c) : SPLAT(0), acc[4];
  for (int r = 0; r < rows; r++) {
    const vec *x = lines + (size_t)r * k->s * width;
    size_t m = (size_t)b * g->pixels + (g->y0 + g->pitch * (j + r)) * g->W + g->x0;
    for (int i = 0; i < g->cols; i += 4, x += 4 * k->s) {
      UNROLL for (int v = 0; v < 4; v++) acc[v] = start;
      if (KX) lineTile(KX, S, D, x, k, planes, width, plane, w, acc);
      else lineTileAny(x, k, planes, width, plane, w, acc);
      storeTile(4, 1, e, m + (size_t)i * g->pitch, g->pitch, c, g->cols - i, acc);
    }
  }
}

void correlate(const vec *lines, const taps *k, int planes, int width, const vec *w, const grid *g, const finish *e, int b, int j, int rows,
               int c) {
#define CASE(KX, S, D) \
  if (k->kx == KX && k->s == S && (k->d == D || KX == 1)) { lineBand(KX, S, D, lines, k, planes, width, w, g, e, b, j, rows, c); return; }
  CASE(3, 1, 1) CASE(5, 1, 1) CASE(7, 1, 1)
  CASE(3, 2, 1) CASE(5, 2, 1) CASE(7, 2, 1)
  CASE(3, 1, 2) CASE(5, 1, 2)
  CASE(1, 1, 1) CASE(2, 1, 1) CASE(4, 1, 1)
#undef CASE
  lineBand(0, 1, 1, lines, k, planes, width, w, g, e, b, j, rows, c);
}

void correlateAll(source *x, lanesOf *lanes, const void *shape, const taps *k, const vec *w, const grid *g, const finish *e, int B, int lanesCount,
                  const team *t) {
  int width = lineWidth(k, g->cols), band = bandRows(k, x->planes, width, g->rows), bands = ceilDiv(g->rows, band), lo, hi;
  size_t weights = (size_t)x->planes * k->ky * k->kx;
  range(B * bands * lanesCount, 1, t, &lo, &hi);
  vec *work = (vec *)t->work;
  for (int i = lo; i < hi; i++) {
    int group = i % lanesCount, j = i / lanesCount % bands * band, b = i / lanesCount / bands, rows = least(band, g->rows - j);
    lanes(x, group, shape);
    if (weights) stageLines(x, k, b, j, rows, width, work);
    correlate(work, k, x->planes, width, w + group * weights, g, e, b, j, rows, group * 4);
  }
}

/* ---- filter gradients -------------------------------------------------------------------------------------------- */

/* One row of the filter, all taps at once, T pixels at a time; as few loads a block as linePiece. */
INLINE void gradRow(const int KX, const int S, const int D, const int T, const vec *lines, int width, const vec *dy, int rows, int cols,
                    float *dw, size_t stride) {
  const int sets = KX == 3 ? T : 1; /* sums apart, where three would wait for each other */
  vec acc[2][7];
  UNROLL for (int j = 0; j < sets; j++) UNROLL for (int i = 0; i < KX; i++) acc[j][i] = SPLAT(0);
  for (int r = 0; r < rows; r++, lines += S * width) {
    const vec *x = lines;
    int n = cols;
    ROLLED for (; n >= T; n -= T, x += T * S, dy += T) {
      vec g[T];
      UNROLL for (int j = 0; j < T; j++) g[j] = dy[j];
      UNROLL for (int j = 0; j < T; j++)
        UNROLL for (int v = 0; v < KX; v++) acc[j % sets][v] = FMA(x[j * S + v * D], g[j], acc[j % sets][v]);
    }
    if (T > 1 && n) {
      UNROLL for (int v = 0; v < KX; v++) acc[0][v] = FMA(x[v * D], *dy, acc[0][v]);
      dy++;
    }
  }
  UNROLL for (int i = 0; i < KX; i++) {
    vec a = sets == 2 ? ADD(acc[0][i], acc[1][i]) : acc[0][i];
    STORE(dw + i * stride, ADD(LOAD(dw + i * stride), a));
  }
}

/* One tap. */
INLINE void gradTap(const vec *lines, int s, int width, const vec *dy, int rows, int cols, float *dw) {
  vec acc[4];
  UNROLL for (int i = 0; i < 4; i++) acc[i] = SPLAT(0);
  for (int r = 0; r < rows; r++, lines += s * width) {
    const vec *x = lines;
    int n = cols;
    for (; n >= 4; n -= 4, x += 4 * s, dy += 4) UNROLL for (int j = 0; j < 4; j++) acc[j] = FMA(x[j * s], dy[j], acc[j]);
    for (; n > 0; n--, x += s, dy++) acc[0] = FMA(*x, *dy, acc[0]);
  }
  STORE(dw, ADD(LOAD(dw), ADD(ADD(acc[0], acc[1]), ADD(acc[2], acc[3]))));
}

void correlateGrad(const vec *lines, const taps *k, int width, const vec *dy, int rows, int cols, float *dw, size_t stride) {
  for (int h = 0; h < k->ky; h++) {
    const vec *x = lines + h * k->d * width;
    float *o = dw + (size_t)h * k->kx * stride;
#define CASE(KX, S, D, T) if (k->kx == KX && k->s == S && k->d == D) { gradRow(KX, S, D, T, x, width, dy, rows, cols, o, stride); continue; }
    CASE(3, 1, 1, 2) CASE(5, 1, 1, 2) CASE(7, 1, 1, 2)
    CASE(3, 2, 1, 2) CASE(5, 2, 1, 2) CASE(7, 2, 1, 1)
    CASE(3, 1, 2, 2) CASE(5, 1, 2, 1)
#undef CASE
    for (int v = 0; v < k->kx; v++) gradTap(x + v * k->d, k->s, width, dy, rows, cols, o + v * stride);
  }
}

/* Rows of four channels of dy → [rows·cols] vectors. */
static void stageGrad(const float *p, int ld, int n, vec *o) {
  for (int i = 0; i < n; i++, p += ld) o[i] = LOAD(p);
}

void filterGrad(source *x, lanesOf *lanes, const void *shape, const taps *k, const filter *o, const team *t) {
  int width = lineWidth(k, o->Wo), band = bandRows(k, 1, width, o->Ho), bands = ceilDiv(o->Ho, band), lo, hi;
  int units = o->B * bands, chunks = filterChunks(units, o->groups), planes = x->planes, total = k->ky * k->kx;
  size_t size = (size_t)total * planes * o->N;
  vec *work = (vec *)t->work, *dy = work + (size_t)lineRows(k, band) * width;
  x->planes = 1;
  range(chunks * o->groups, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    int group = i % o->groups, chunk = i / o->groups;
    int from = (int)((long long)units * chunk / chunks), to = (int)((long long)units * (chunk + 1) / chunks);
    float *out = (chunks == 1 ? o->dw : o->parts + chunk * size) + group * 4;
    if (chunks > 1)
      for (int q = 0; q < total * planes; q++) STORE(out + (size_t)q * o->N, SPLAT(0));
    for (int u = from; u < to; u++) {
      int b = u / bands, j = u % bands * band, rows = least(band, o->Ho - j);
      stageGrad(o->dy + ((size_t)(b * o->Ho + j) * o->Wo) * o->dyld + group * 4, o->dyld, rows * o->Wo, dy);
      for (int q = 0; q < planes; q++) {
        lanes(x, group, shape);
        if (x->gather) for (int l = 0; l < 4; l++) x->at[l] += x->at[l] < 0 ? 0 : q;
        stageLines(x, k, b, j, rows, width, work);
        correlateGrad(work, k, width, dy, rows, o->Wo, out + (size_t)q * o->N, (size_t)planes * o->N);
      }
    }
  }
  if (chunks == 1) return;
  barrier(t);
  addParts(o->parts, chunks, size, o->dw, (int)size, t);
}
