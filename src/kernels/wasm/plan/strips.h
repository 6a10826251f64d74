/*
 * How the streaming kernels walk over a map: strips of channels that fit the registers, so that coefficients and sums of a strip
 * stay there while the rows go by. Sums over rows are kept apart by chunks of rows, which the shape alone decides.
 */
#pragma once
#include "simd.h"

/* Rows of a chunk, channels of a work item (scratch.ts has the first as well). */
#define CHUNK_ROWS 128
#define GROUP 16

INLINE int chunksOf(int M) { return ceilDiv(M, CHUNK_ROWS); }
INLINE int rowsOf(int chunk, int M) { return least(CHUNK_ROWS, M - chunk * CHUNK_ROWS); }

/* Rows of an elementwise block, of which the strips together touch C channels: it should stay in the first-level cache. */
INLINE int blockRows(int C) { return least(64, most(8, 2048 / C & ~3)); }

/* Adds up the sums of R rows at a time → o[4·V]. */
INLINE void storeSums(const int V, const int R, vec *s, float *o) {
  UNROLL for (int v = 0; v < V; v++) {
    UNROLL for (int j = 1; j < R; j++) s[v] = ADD(s[v], s[j * V + v]);
    STORE(o + 4 * v, s[v]);
  }
}

/*
 * DO(V, R) for strips of channels from c to end: V vectors wide, R rows at a time (enough independent sums to hide the latency of
 * an addition). `c` is a variable of the caller that DO reads.
 */
#define STRIPS(c, end, DO)            \
  {                                   \
    for (; c + 16 <= end; c += 16) DO(4, 1); \
    if (c + 8 <= end) {               \
      DO(2, 2);                       \
      c += 8;                         \
    }                                 \
    if (c < end) DO(1, 4);            \
  }

/* The same where a strip has many coefficients: V8 has 15 registers, and a loop that spills takes twice as long. */
#define NARROW_STRIPS(c, end, DO)            \
  {                                          \
    for (; c + 8 <= end; c += 8) DO(2, 1);   \
    if (c < end) DO(1, 2);                   \
  }

/* For this thread's share of (chunk, group of channels): DO(chunk, from, to). */
#define EACH_PART(M, C, t, DO)                                                      \
  {                                                                                 \
    int groups_ = ceilDiv(C, GROUP), lo_, hi_;                                      \
    range(chunksOf(M) * groups_, 1, t, &lo_, &hi_);                                 \
    for (int i_ = lo_; i_ < hi_; i_++)                                              \
      DO(i_ / groups_, i_ % groups_ * GROUP, least(C, i_ % groups_ * GROUP + GROUP)); \
  }

/* For this thread's rows in blocks: DO(from, to). */
#define EACH_BLOCK(M, C, t, DO)                                                    \
  {                                                                                \
    int lo_, hi_, rows_ = blockRows(C);                                            \
    range(M, 16, t, &lo_, &hi_);                                                   \
    for (int m_ = lo_; m_ < hi_; m_ += rows_) DO(m_, least(hi_, m_ + rows_));      \
  }

/* o[4·V] = Σ over `rows` rows of p. */
INLINE void sumStrip(const int V, const int R, const float *p, size_t ld, int rows, float *o) {
  vec s[4];
  UNROLL for (int i = 0; i < R * V; i++) s[i] = SPLAT(0);
  int r = 0;
  for (; r + R <= rows; r += R, p += R * ld)
    UNROLL for (int j = 0; j < R; j++) UNROLL for (int v = 0; v < V; v++) s[j * V + v] = ADD(s[j * V + v], LOAD(p + j * ld + 4 * v));
  for (; r < rows; r++, p += ld) UNROLL for (int v = 0; v < V; v++) s[v] = ADD(s[v], LOAD(p + 4 * v));
  storeSums(V, R, s, o);
}
