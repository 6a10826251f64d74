/*
 * What all WASM SIMD kernels share. They work on the linear memory of tfjs-wasm: its tensors are our operands, nothing is copied.
 * Rules that make this safe: no static data (the module owns no address in that memory), no growth (all scratch comes
 * from the caller), float32 in fixed summation order, block sums where a sum is long. Layout NHWC, filters HWIO.
 * Built by build.mjs into module.ts; a test fails when the two no longer belong together.
 */
#pragma once
#include <stddef.h>
#include <wasm_simd128.h>

typedef v128_t vec;

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#define OUTLINE static __attribute__((noinline))
#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define SPLAT(s) wasm_f32x4_splat(s)
#define LOADSPLAT(p) wasm_v128_load32_splat(p)
#define ADD(a, b) wasm_f32x4_add(a, b)
#define SUB(a, b) wasm_f32x4_sub(a, b)
#define MUL(a, b) wasm_f32x4_mul(a, b)
#define MADD(a, b, c) wasm_f32x4_add(wasm_f32x4_mul(a, b), c)

INLINE int least(int a, int b) { return a < b ? a : b; }

INLINE void storePart(float *o, vec v, int n) {
  if (n >= 4) { STORE(o, v); return; }
  if (n > 0) o[0] = wasm_f32x4_extract_lane(v, 0);
  if (n > 1) o[1] = wasm_f32x4_extract_lane(v, 1);
  if (n > 2) o[2] = wasm_f32x4_extract_lane(v, 2);
}

INLINE void zero(float *p, long n) {
  long i = 0;
  for (; i + 4 <= n; i += 4) STORE(p + i, SPLAT(0));
  for (; i < n; i++) p[i] = 0;
}

/* ---- images with a zero border --------------------------------------------------------------------------------- */

INLINE void copyRun(const float *from, float *to, int n) {
  int i = 0;
  for (; i + 4 <= n; i += 4) STORE(to + i, LOAD(from + i));
  for (; i < n; i++) to[i] = from[i];
}

/* x[H, W, C] → o[H + 2p, W + 2p, C]. */
INLINE void border(const float *x, float *o, int H, int W, int C, int p) {
  int row = (W + 2 * p) * C;
  zero(o, (long)p * row);
  for (int y = 0; y < H; y++) {
    float *r = o + (size_t)(y + p) * row;
    zero(r, (long)p * C);
    copyRun(x + (size_t)y * W * C, r + p * C, W * C);
    zero(r + (size_t)(p + W) * C, (long)p * C);
  }
  zero(o + (size_t)(p + H) * row, (long)p * row);
}

/* o[H + 2p, W + 2p, C] without its border → x[H, W, C]. */
INLINE void unborder(const float *o, float *x, int H, int W, int C, int p) {
  for (int y = 0; y < H; y++)
    copyRun(o + ((size_t)(y + p) * (W + 2 * p) + p) * C, x + (size_t)y * W * C, W * C);
}
