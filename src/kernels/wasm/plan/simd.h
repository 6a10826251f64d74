/*
 * What the kernels share: vectors of four channels, the fields that instructions have in common, and the partition of work.
 * A kernel is `KERNEL(name) { … }` with its descriptor in `f` (one word a field, indices in isa.h) and its thread in `t`.
 * Addresses in a descriptor are byte addresses, 0 is none. Floats are exact float32; no static data that is written to.
 */
#pragma once
#include <stddef.h>
#include <wasm_simd128.h>
#include "isa.h"

typedef v128_t vec;

#define KERNEL(name) void k_##name(const word *f, const team *t)
#define INLINE static inline __attribute__((always_inline))
#define OUTLINE static __attribute__((noinline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define SPLAT(s) wasm_f32x4_splat(s)
#define LOADSPLAT(p) wasm_v128_load32_splat(p)
#define ADD(a, b) wasm_f32x4_add(a, b)
#define SUB(a, b) wasm_f32x4_sub(a, b)
#define MUL(a, b) wasm_f32x4_mul(a, b)
#define DIV(a, b) wasm_f32x4_div(a, b)
/* One instruction each on x86; a NaN in the first operand stays. */
#define MAXV(a, b) wasm_f32x4_pmax(a, b)
#define MINV(a, b) wasm_f32x4_pmin(a, b)
#define AND(a, b) wasm_v128_and(a, b)
/* a·b + c: two roundings; one or two, as the processor likes, in the relaxed build. */
#ifdef RELAXED
#define FMA(a, b, c) __builtin_wasm_fma_f32x4(a, b, c) /* operands as in the standard's relaxed_madd, which build.mjs makes of it */
#else
#define FMA(a, b, c) wasm_f32x4_add(wasm_f32x4_mul(a, b), c)
#endif

INLINE int least(int a, int b) { return a < b ? a : b; }
INLINE int most(int a, int b) { return a > b ? a : b; }
INLINE int ceilDiv(int a, int b) { return (a + b - 1) / b; }

/* ---- descriptor words -------------------------------------------------------------------------------------------- */

INLINE float asFloat(word w) { return __builtin_bit_cast(float, w); }
#define PTR(w) ((float *)(size_t)(unsigned)(w))

/* A map as `loaded(…)` of isa.ts describes it; `mapAt(f + pointwise_x)`. */
typedef struct {
  const float *p;
  int ld, mode;
  const float *scale, *shift;
  vec lo, hi;
} map;

INLINE map mapAt(const word *w) {
  map m = { PTR(w[0]), w[1], w[2], PTR(w[3]), PTR(w[3]) + w[4], SPLAT(asFloat(w[5])), SPLAT(asFloat(w[6])) };
  return m;
}

/* load(x) of the four channels from c on, stored at p. `mode` is the map's own, or a constant in specialised loops. */
INLINE vec loadAs(const int mode, const map *m, const float *p, int c) {
  vec v = LOAD(p);
  if (mode == 0) return v;
  if (mode == 2) v = ADD(MUL(v, LOAD(m->scale + c)), LOAD(m->shift + c));
  return MINV(MAXV(v, m->lo), m->hi);
}

INLINE vec loadx(const map *m, const float *p, int c) { return loadAs(m->mode, m, p, c); }

/* The same of one channel. */
INLINE float load1(const map *m, const float *p, int c) {
  float v = *p;
  if (m->mode == 0) return v;
  if (m->mode == 2) v = v * m->scale[c] + m->shift[c];
  float lo = wasm_f32x4_extract_lane(m->lo, 0), hi = wasm_f32x4_extract_lane(m->hi, 0);
  v = v < lo ? lo : v;
  return v > hi ? hi : v;
}

/* `into`: where a gradient goes, and what it is added to; `intoAt(f + pool_dx)`. */
typedef struct {
  float *dx;
  int ld;
  const float *base;
  int baseld;
} into;

INLINE into intoAt(const word *w) {
  into o = { PTR(w[0]), w[1], PTR(w[2]), w[3] };
  return o;
}

INLINE void storeInto(const into *o, size_t m, int c, vec v) {
  if (o->base) v = ADD(v, LOAD(o->base + m * o->baseld + c));
  STORE(o->dx + m * o->ld + c, v);
}

/* `masked`: the clamp's mask of a gradient; `maskAt(f + pointwiseGradInput_mask)`. */
typedef struct {
  int on;
  const float *x;
  int ld;
  vec lo, hi;
} mask;

INLINE mask maskAt(const word *w) {
  mask m = { w[0], PTR(w[1]), w[2], SPLAT(asFloat(w[3])), SPLAT(asFloat(w[4])) };
  return m;
}

INLINE vec between(vec v, vec x, vec lo, vec hi) { return AND(v, AND(wasm_f32x4_gt(x, lo), wasm_f32x4_lt(x, hi))); }

INLINE void storeMasked(const mask *k, const into *o, size_t m, int c, vec v) {
  if (k->on) v = between(v, LOAD(k->x + m * k->ld + c), k->lo, k->hi);
  storeInto(o, m, c, v);
}

/* `window`: B, H, W, Ho, Wo, k, s, p; `windowAt(f + conv_B)`. */
typedef struct {
  int B, H, W, Ho, Wo, k, s, p;
} window;

INLINE window windowAt(const word *w) {
  window o = { w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7] };
  return o;
}

/* ---- work and sums ----------------------------------------------------------------------------------------------- */

/* This thread's part [lo, hi) of `total` items, in whole grains. */
INLINE void range(int total, int grain, const team *t, int *lo, int *hi) {
  int grains = ceilDiv(total, grain);
  int a = (int)((long long)grains * t->id / t->n), b = (int)((long long)grains * (t->id + 1) / t->n);
  *lo = least(a * grain, total);
  *hi = least(b * grain, total);
}

INLINE float sumLanes(vec v) {
  vec a = ADD(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(ADD(a, wasm_i32x4_shuffle(a, a, 1, 0, 3, 2)), 0);
}

INLINE void zero(float *p, long n) {
  long i = 0;
  for (; i + 4 <= n; i += 4) STORE(p + i, SPLAT(0));
  for (; i < n; i++) p[i] = 0;
}

/* to[i] += Σ over parts of from[part·stride + i] for this thread's share of n (a multiple of 4) floats; parts in order. */
INLINE void addParts(const float *from, int parts, size_t stride, float *to, int n, const team *t) {
  int lo, hi;
  range(n, 16, t, &lo, &hi);
  for (int i = lo; i < hi; i += 4) {
    vec a = LOAD(from + i);
    for (int k = 1; k < parts; k++) a = ADD(a, LOAD(from + k * stride + i));
    STORE(to + i, ADD(LOAD(to + i), a));
  }
}
