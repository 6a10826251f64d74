/*
 * Convolutions whose channels do not mix (depthwise) or mix within narrow groups. Four output channels at a time, the source's
 * lines are first copied, loaded and zero-padded, into scratch as [plane][row][column] of vectors; then no loop knows of borders, load modes
 * or strides of maps. A plane is one input of the four lanes: one for depthwise, the group's width for grouped convolutions.
 */
#pragma once
#include "tiles.h"

/* Vectors of scratch for lines, so that they stay in the first-level cache (scratchProducts.ts has the same). */
#define LINES 1536

/* Source maps [.., H, W, ..] and which of its channels feed the lanes: with `gather` 0 channels c … c+3, else at[lane] + plane, −1 none. */
typedef struct {
  map x;
  int H, W, planes, gather, c, at[4];
} source;

/* Taps: output (j, i) reads source rows row0 + j·s + h·d, h < ky, and columns col0 + i·s + v·d, v < kx. */
typedef struct {
  int ky, kx, s, d, row0, col0;
} taps;

/* Where outputs go: (j, i), j < rows, i < cols, is pixel (y0 + pitch·j)·W + x0 + pitch·i of an image of `pixels`. */
typedef struct {
  int rows, cols, W, y0, x0, pitch, pixels;
} grid;

INLINE int lineWidth(const taps *k, int cols) { return (((cols + 3) & ~3) - 1) * k->s + (most(k->kx, 1) - 1) * k->d + 1; }
INLINE int lineRows(const taps *k, int rows) { return (rows - 1) * k->s + (most(k->ky, 1) - 1) * k->d + 1; }

/* Output rows whose lines fit. */
INLINE int bandRows(const taps *k, int planes, int width, int rows) {
  int fit = LINES / (planes * width) - (k->ky - 1) * k->d - 1;
  return least(rows, fit <= 0 ? 1 : fit / k->s + 1);
}

/* Lines for output rows [j, j + rows) of image b → work. */
void stageLines(const source *x, const taps *k, int b, int j, int rows, int width, vec *work);

/* Output rows [j, j + rows) of image b, channels c … c+3, from lines; w: [plane][ky][kx]. */
void correlate(const vec *lines, const taps *k, int planes, int width, const vec *w, const grid *g, const finish *e, int b, int j, int rows,
               int c);

/* A whole layer for this thread's share of (image, band, lanes): `lanesOf` fills in the channels of lane group g. */
typedef void lanesOf(source *x, int g, const void *shape);
void correlateAll(source *x, lanesOf *lanes, const void *shape, const taps *k, const vec *w, const grid *g, const finish *e, int B, int lanesCount,
                  const team *t);

/* dw[tap·stride] += Σ over the rows of a band of lines · dy; dy as vectors [rows][cols]. */
void correlateGrad(const vec *lines, const taps *k, int width, const vec *dy, int rows, int cols, float *dw, size_t stride);

/* The whole filter gradient; dw of plane q, tap i, lane group g at dw + (i·planes + q)·N + 4g. parts: chunks of that size. */
typedef struct {
  const float *dy;
  int dyld, Ho, Wo, B, groups, N;
  float *dw, *parts;
} filter;
void filterGrad(source *x, lanesOf *lanes, const void *shape, const taps *k, const filter *o, const team *t);

/* Chunks of (image, band) units that are summed apart (scratchProducts.ts has the same). */
INLINE int filterChunks(int units, int groups) { return most(1, least(units, ceilDiv(16, groups))); }

/*
 * Backwards with stride s a gradient falls into s·s phases, each a convolution of stride 1 with every s-th tap (every s/gcd(s, d)-th, when
 * dilated), flipped. One axis of phase r: taps first, first + step, …; count of them; dilation and source start of the flipped run.
 */
typedef struct {
  int first, step, count, d, start;
} phase;

INLINE phase phaseOf(int r, int k, int s, int d, int p) {
  int g = s, n = d;
  while (n) { int q = g % n; g = n; n = q; }
  phase o = { -1, s / g, 0, d / g, 0 };
  for (int i = 0; i < least(k, o.step) && o.first < 0; i++)
    if ((r + p - i * d) % s == 0) o.first = i;
  if (o.first < 0) return o;
  o.count = (k - 1 - o.first) / o.step + 1;
  int last = o.first + (o.count - 1) * o.step;
  o.start = (r + p - last * d) / s; /* exact, so the sign does no harm */
  return o;
}
