/*
 * Grouped 1×1 convolutions as dense products. Groups are put together until their channels fill whole vectors: 2 groups of 8 are two products,
 * 2 groups of 6 are one of 12 with zeros between them. A section costs what a pointwise convolution costs, a third of the general kernel.
 */
#pragma once
#include "tiles.h"

typedef struct {
  int groups, planes, per; /* inputs and outputs of one group */
  int N;                   /* row of the weight */
  int unit, count;         /* groups of a section, and how many sections */
} sections;

/* scratchProducts.ts has the same, and the same condition. */
INLINE sections sectionsAt(int cin, int cout, int groups, int N) {
  sections s = { groups, cin / groups, cout / groups, N, 1, 0 };
  while (s.unit < 4 && (s.unit * s.planes % 4 || s.unit * s.per % 4)) s.unit *= 2;
  s.unit = least(s.unit, groups);
  s.count = ceilDiv(groups, s.unit);
  return s;
}

/* Narrower groups would be zeros for the most part. */
INLINE int isProduct(const window *w, const sections *s) { return w->k == 1 && w->s == 1 && w->p == 0 && s->planes >= 4 && s->per >= 4; }

/* e = load(a) · w over M rows, or (`back`) a · wᵀ. `packed` holds all sections. */
void sectionsProduct(const sections *s, int back, const map *a, const float *w, const finish *e, float *packed, int M, const team *t);

/* dw += load(x)ᵀ · dy. */
void sectionsOuter(const sections *s, const map *x, const float *dy, int dyld, int M, float *dw, float *parts, const team *t);
