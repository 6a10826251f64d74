/* Grouped 1×1 convolutions as dense products of sections. */
#include "sections.h"

INLINE int padTo4(int n) { return (n + 3) & ~3; }

/* Groups of section i. */
INLINE int groupsOf(const sections *s, int i) { return least(s->unit, s->groups - i * s->unit); }

/* Floats of a section's weights. */
INLINE size_t sizeOf(const sections *s) { return (size_t)padTo4(s->unit * s->planes) * padTo4(s->unit * s->per); }

/* Panels of section i, or of its transpose; zero where input and output belong to different groups. */
static void packSection(const sections *s, int back, const float *w, int i, float *o) {
  int groups = groupsOf(s, i), planes = s->planes, per = s->per, inputs = groups * planes, outputs = groups * per;
  int columns = padTo4(back ? inputs : outputs), inner = padTo4(back ? outputs : inputs);
  const float *at = w + i * s->unit * per;
  for (int c = 0; c < columns; c += 8) {
    int width = least(8, columns - c);
    if (groups == 1 && planes % 4 == 0 && per % 4 == 0) {
      packPanel(at, s->N, back, inner, c, width, o + (size_t)c * inner);
      continue;
    }
    float *to = o + (size_t)c * inner;
    for (int q = 0; q < inner; q++)
      for (int j = 0; j < width; j++) {
        int k = back ? c + j : q, n = back ? q : c + j;
        *to++ = k < inputs && n < outputs && k / planes == n / per ? at[k % planes * s->N + n] : 0.f;
      }
  }
}

/* The map from channel c on. */
INLINE map mapFrom(map m, int c) {
  m.p += c;
  if (m.mode == 2) {
    m.scale += c;
    m.shift += c;
  }
  return m;
}

void sectionsProduct(const sections *s, int back, const map *a, const float *w, const finish *e, float *packed, int M, const team *t) {
  size_t size = sizeOf(s);
  int from = back ? s->per : s->planes, to = back ? s->planes : s->per, lo, hi;
  range(s->count, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) packSection(s, back, w, i, packed + i * size);
  barrier(t);
  for (int i = 0; i < s->count; i++) {
    int first = i * s->unit * to, groups = groupsOf(s, i);
    map part = mapFrom(*a, i * s->unit * from);
    finish f = *e;
    f.o.dx += first;
    if (f.bias) f.bias += first;
    if (f.o.base) f.o.base += first;
    if (f.k.on) f.k.x += first;
    product(&part, packed + i * size, &f, M, padTo4(groups * from), padTo4(groups * to), t);
  }
}

void sectionsOuter(const sections *s, const map *x, const float *dy, int dyld, int M, float *dw, float *parts, const team *t) {
  size_t size = sizeOf(s), chunkSize = size * s->count;
  int N = padTo4(s->unit * s->per), strips = ceilDiv(N, GROUP_COLUMNS), units = ceilDiv(M, 256), chunks = gradChunks(units, s->count * N), lo, hi;
  range(chunks * s->count * strips, 1, t, &lo, &hi);
  for (int j = lo; j < hi; j++) {
    int chunk = j / strips / s->count, i = j / strips % s->count, n = j % strips * GROUP_COLUMNS, groups = groupsOf(s, i), columns = padTo4(groups * s->per);
    int from = (int)((long long)units * chunk / chunks) * 256, to = least(M, (int)((long long)units * (chunk + 1) / chunks) * 256);
    if (n >= columns) continue;
    map part = mapFrom(*x, i * s->unit * s->planes);
    rowsOuter(&part, dy + i * s->unit * s->per, dyld, from, to, padTo4(groups * s->planes), N, n, least(columns, n + GROUP_COLUMNS),
              parts + chunk * chunkSize + i * size, 0, t);
  }
  barrier(t);
  range(s->planes, 1, t, &lo, &hi);
  for (int q = lo; q < hi; q++)
    for (int g = 0; g < s->groups; g++) {
      int i = g / s->unit, local = g - i * s->unit, n = 0;
      const float *p = parts + i * size + (size_t)(local * s->planes + q) * N + local * s->per;
      float *o = dw + (size_t)q * s->N + g * s->per;
      for (; n + 4 <= s->per; n += 4) {
        vec sum = LOAD(p + n);
        for (int c = 1; c < chunks; c++) sum = ADD(sum, LOAD(p + c * chunkSize + n));
        STORE(o + n, ADD(LOAD(o + n), sum));
      }
      for (; n < s->per; n++) {
        float sum = p[n];
        for (int c = 1; c < chunks; c++) sum += p[c * chunkSize + n];
        o[n] += sum;
      }
    }
}
