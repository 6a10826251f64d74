/* Mixed ops: the weights of the candidates, their weighted sum over one wide map, and both backwards. */
#include "math.h"
#include "strips.h"

/* ---- weights ------------------------------------------------------------------------------------------------------- */

/* Number i of up to sixteen in two words of eight nibbles. */
INLINE int nibble(const word *index, int i) { return (unsigned)index[i >> 3] >> (i & 7) * 4 & 15; }

KERNEL(mixWeights) {
  const float *alpha = PTR(f[mixWeights_alpha]);
  float *prob = PTR(f[mixWeights_prob]), *wv = PTR(f[mixWeights_wv]), p[16];
  int n = f[mixWeights_n];
  if (t->id) return;
  if (f[mixWeights_soft]) {
    float top = alpha[0], total = 0;
    for (int i = 1; i < n; i++) top = alpha[i] > top ? alpha[i] : top;
    for (int i = 0; i < 16; i++) p[i] = i < n ? alpha[i] - top : 0;
    for (int i = 0; i < n; i += 4) STORE(p + i, expv(LOAD(p + i)));
    for (int i = 0; i < n; i++) total += p[i];
    for (int i = 0; i < n; i++) prob[i] = p[i] / total;
  } else {
    for (int i = 0; i < n; i++) prob[i] = alpha[i];
  }
  for (int i = 0; i < f[mixWeights_count]; i++) wv[i] = prob[nibble(f + mixWeights_index0, i)];
}

KERNEL(mixWeightsGrad) {
  const float *dwv = PTR(f[mixWeightsGrad_dwv]), *prob = PTR(f[mixWeightsGrad_prob]);
  float *dalpha = PTR(f[mixWeightsGrad_dalpha]), d[16] = { 0 }, mean = 0;
  int n = f[mixWeightsGrad_n];
  if (t->id) return;
  for (int i = 0; i < f[mixWeightsGrad_count]; i++) d[nibble(f + mixWeightsGrad_index0, i)] += dwv[i];
  for (int i = 0; i < n; i++) mean += prob[i] * d[i];
  for (int i = 0; i < n; i++) dalpha[i] += f[mixWeightsGrad_soft] ? prob[i] * (d[i] - mean) : d[i];
}

/* ---- the sum ------------------------------------------------------------------------------------------------------- */

/* y = b + Σ_s u_s·a_s for R rows and V vectors of channels. */
INLINE void mixTile(const int R, const int V, const float *u, size_t uld, const float *a, const float *b, int slots, int C, float *y, size_t yld) {
  vec acc[8];
  UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++) acc[j * V + v] = LOAD(b + 4 * v);
  for (int s = 0; s < slots; s++, u += C, a += C)
    UNROLL for (int v = 0; v < V; v++) {
      vec k = LOAD(a + 4 * v);
      UNROLL for (int j = 0; j < R; j++) acc[j * V + v] = FMA(LOAD(u + j * uld + 4 * v), k, acc[j * V + v]);
    }
  UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++) STORE(y + j * yld + 4 * v, acc[j * V + v]);
}

INLINE void mixRows(const int R, const float *u, size_t uld, const float *a, const float *b, int slots, int C, float *y, size_t yld) {
  int c = 0;
  for (; c + 8 <= C; c += 8) mixTile(R, 2, u + c, uld, a + c, b + c, slots, C, y + c, yld);
  if (c < C) mixTile(R, 1, u + c, uld, a + c, b + c, slots, C, y + c, yld);
}

KERNEL(mix) {
  int slots = f[mix_slots], C = f[mix_C], wide = slots * C, lo, hi;
  size_t uld = f[mix_uld], yld = f[mix_yld];
  const float *coef = PTR(f[mix_coef]), *wv = PTR(f[mix_wv]), *u = PTR(f[mix_u]);
  float *y = PTR(f[mix_y]);
  /* Every thread makes its own coefficients: a = wv·scale, b = Σ wv·shift. */
  float *a = t->work, *b = a + wide;
  if (wide + C > t->workFloats) __builtin_trap();
  for (int c = 0; c < C; c += 4) {
    vec sum = SPLAT(0);
    for (int s = 0; s < slots; s++) {
      vec w = LOADSPLAT(wv + s);
      STORE(a + s * C + c, MUL(w, LOAD(coef + s * C + c)));
      sum = FMA(w, LOAD(coef + wide + s * C + c), sum);
    }
    STORE(b + c, sum);
  }
  range(f[mix_M], 4, t, &lo, &hi);
  u += lo * uld;
  y += lo * yld;
  for (; lo + 4 <= hi; lo += 4, u += 4 * uld, y += 4 * yld) mixRows(4, u, uld, a, b, slots, C, y, yld);
  for (; lo < hi; lo++, u += uld, y += yld) mixRows(1, u, uld, a, b, slots, C, y, yld);
}

/* ---- backward ------------------------------------------------------------------------------------------------------ */

typedef struct {
  const float *dy, *u;
  size_t dyld, uld;
  int C, wide; /* channels of dy and of u */
  float *mean, *a, *b, *k; /* [wide] each: mean, then du = dy·k − a − (u − mean)·b */
} mixed;

/* o[j] = Σ dy·(u − mean) of wide channels from j on; those of dy begin at j modulo C and may start over. */
INLINE void crossSums(const int V, const int R, const mixed *x, int m, int rows, int j, float *o) {
  vec s[4], mean[4];
  size_t at[4];
  const float *u = x->u + m * x->uld + j, *dy = x->dy + m * x->dyld;
  UNROLL for (int v = 0; v < V; v++) {
    mean[v] = LOAD(x->mean + j + 4 * v);
    at[v] = (j + 4 * v) % x->C;
  }
  UNROLL for (int i = 0; i < R * V; i++) s[i] = SPLAT(0);
  int r = 0;
  for (; r + R <= rows; r += R, u += R * x->uld, dy += R * x->dyld)
    UNROLL for (int i = 0; i < R; i++) UNROLL for (int v = 0; v < V; v++)
      s[i * V + v] = FMA(LOAD(dy + i * x->dyld + at[v]), SUB(LOAD(u + i * x->uld + 4 * v), mean[v]), s[i * V + v]);
  for (; r < rows; r++, u += x->uld, dy += x->dyld)
    UNROLL for (int v = 0; v < V; v++) s[v] = FMA(LOAD(dy + at[v]), SUB(LOAD(u + 4 * v), mean[v]), s[v]);
  storeSums(V, R, s, o + j);
}

/* Of a chunk: wide channels [j, end) of o, and where j lies among dy's own channels Σ dy of them behind. */
static void partMix(const mixed *x, int m, int rows, int j, int end, float *o) {
  int c = j, stop = least(end, x->C);
#define DO(V, R) sumStrip(V, R, x->dy + m * x->dyld + c, x->dyld, rows, o + x->wide + c)
  if (c < stop) STRIPS(c, stop, DO)
#undef DO
#define DO(V, R) crossSums(V, R, x, m, rows, j, o)
  STRIPS(j, end, DO)
#undef DO
}

INLINE void mixGradStrip(const int V, const int R, const mixed *x, float *du, size_t duld, int m, int end, int j) {
  vec mean[2], a[2], b[2], k[2];
  size_t at[2];
  UNROLL for (int v = 0; v < V; v++) {
    mean[v] = LOAD(x->mean + j + 4 * v);
    a[v] = LOAD(x->a + j + 4 * v);
    b[v] = LOAD(x->b + j + 4 * v);
    k[v] = LOAD(x->k + j + 4 * v);
    at[v] = (j + 4 * v) % x->C;
  }
  const float *u = x->u + m * x->uld + j, *dy = x->dy + m * x->dyld;
  du += m * duld + j;
  for (; m < end; m++, u += x->uld, dy += x->dyld, du += duld)
    UNROLL for (int v = 0; v < V; v++) {
      vec h = SUB(LOAD(u + 4 * v), mean[v]);
      STORE(du + 4 * v, SUB(SUB(MUL(LOAD(dy + at[v]), k[v]), a[v]), MUL(h, b[v])));
    }
}

static void blockMixGrad(const mixed *x, float *du, size_t duld, int m, int end) {
  int j = 0;
#define DO(V, R) mixGradStrip(V, R, x, du, duld, m, end, j)
  NARROW_STRIPS(j, x->wide, DO)
#undef DO
}

INLINE int isPlain(const word *f, int s) { return (unsigned)f[s < 32 ? mixGrad_plain0 : mixGrad_plain1] >> (s & 31) & 1; }

/* Sums, dwv and coefficients of slot s from the chunks' parts. */
static void finishSlot(const word *f, const mixed *x, int s, const float *parts) {
  const float *coef = PTR(f[mixGrad_coef]);
  float *sums = PTR(f[mixGrad_sums]), w = PTR(f[mixGrad_wv])[s];
  int M = f[mixGrad_M], C = x->C, wide = x->wide, plain = isPlain(f, s);
  vec dwv = SPLAT(0), inv = SPLAT(1.f / M), zero = SPLAT(0), one = SPLAT(1);
  for (int c = 0; c < C; c += 4) {
    int j = s * C + c;
    vec s0 = zero, s1 = zero;
    const float *p = parts;
    for (int i = 0; i < chunksOf(M); i++, p += wide + C) {
      s0 = ADD(s0, LOAD(p + wide + c));
      s1 = ADD(s1, LOAD(p + j));
    }
    vec scale = plain ? one : LOAD(coef + j), shift = plain ? zero : LOAD(coef + wide + j);
    vec mean = LOAD(x->mean + j), r = plain ? one : LOAD(coef + 3 * wide + j);
    s1 = MUL(s1, r);
    STORE(sums + j, s0);
    STORE(sums + wide + j, s1);
    dwv = ADD(dwv, ADD(MUL(DIV(scale, r), s1), MUL(ADD(shift, MUL(mean, scale)), s0)));
    vec k = MUL(SPLAT(w), scale), share = MUL(k, inv);
    STORE(x->k + j, k);
    STORE(x->a + j, plain ? zero : MUL(share, s0));
    STORE(x->b + j, plain ? zero : MUL(share, MUL(s1, r)));
  }
  PTR(f[mixGrad_dwv])[s] = sumLanes(dwv);
}

KERNEL(mixGrad) {
  int M = f[mixGrad_M], C = f[mixGrad_C], slots = f[mixGrad_slots], wide = slots * C, lo, hi;
  const float *coef = PTR(f[mixGrad_coef]);
  float *own = PTR(f[mixGrad_tmp]), *parts = own + 4 * wide;
  mixed x = { PTR(f[mixGrad_dy]), PTR(f[mixGrad_u]), f[mixGrad_dyld], f[mixGrad_uld], C, wide, own, own + wide, own + 2 * wide, own + 3 * wide };
  range(slots, 1, t, &lo, &hi);
  for (int s = lo; s < hi; s++)
    for (int j = s * C; j < (s + 1) * C; j += 4) STORE(x.mean + j, isPlain(f, s) ? SPLAT(0) : LOAD(coef + 2 * wide + j));
  barrier(t);
#define DO(i, from, to) partMix(&x, (i) * CHUNK_ROWS, rowsOf(i, M), from, to, parts + (size_t)(i) * (wide + C))
  EACH_PART(M, wide, t, DO)
#undef DO
  barrier(t);
  for (int s = lo; s < hi; s++) finishSlot(f, &x, s, parts);
  barrier(t);
  float *du = PTR(f[mixGrad_du]);
#define DO(from, to) blockMixGrad(&x, du, f[mixGrad_duld], from, to)
  EACH_BLOCK(M, 2 * wide, t, DO)
#undef DO
}

/* ---- coefficients inside a wide map -------------------------------------------------------------------------------- */

KERNEL(plainCoef) {
  int cs = f[plainCoef_cs];
  float *coef = PTR(f[plainCoef_coef]) + f[plainCoef_from];
  if (t->id) return;
  for (int c = 0; c < f[plainCoef_n]; c++) {
    coef[c] = coef[3 * cs + c] = 1;
    coef[cs + c] = coef[2 * cs + c] = 0;
  }
}

KERNEL(affineCoef) {
  const float *gamma = PTR(f[affineCoef_gamma]), *beta = PTR(f[affineCoef_beta]);
  float *scale = PTR(f[affineCoef_coef]) + f[affineCoef_from], *shift = scale + f[affineCoef_cs];
  if (t->id) return;
  for (int c = 0; c < f[affineCoef_C]; c += 4) {
    vec g = LOAD(gamma + c);
    STORE(scale + c, MUL(LOAD(scale + c), g));
    STORE(shift + c, ADD(MUL(LOAD(shift + c), g), LOAD(beta + c)));
  }
}

KERNEL(affineMixGrad) {
  const float *s0 = PTR(f[affineMixGrad_sums]) + f[affineMixGrad_from], *s1 = s0 + f[affineMixGrad_cs];
  float *dgamma = PTR(f[affineMixGrad_dgamma]), *dbeta = PTR(f[affineMixGrad_dbeta]);
  if (t->id) return;
  vec w = LOADSPLAT(PTR(f[affineMixGrad_wv]));
  for (int c = 0; c < f[affineMixGrad_C]; c += 4) {
    STORE(dgamma + c, ADD(LOAD(dgamma + c), MUL(w, LOAD(s1 + c))));
    STORE(dbeta + c, ADD(LOAD(dbeta + c), MUL(w, LOAD(s0 + c))));
  }
}
