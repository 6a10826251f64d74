/* The few transcendental functions that training needs, without a libm. */
#pragma once
#include "simd.h"

/* e^x within 2 ulp; x below −87.3 gives e^−87.3 (about 1e−38), above 88.3 e^88.3. NaN stays. */
INLINE vec expv(vec x) {
  x = MINV(MAXV(x, SPLAT(-87.3f)), SPLAT(88.3f));
  /* Adding 1.5·2^23 rounds to an integer n, which then is the low bits of the sum. */
  vec big = SPLAT(12582912), sum = ADD(MUL(x, SPLAT(1.44269504f)), big), n = SUB(sum, big);
  /* x − n·ln 2; the first part has 9 bits, so that its product is exact. */
  vec r = SUB(SUB(x, MUL(n, SPLAT(0.693359375f))), MUL(n, SPLAT(-2.12194440e-4f)));
  /* Taylor, the next term being below 2^−27 for |r| ≤ ln 2 / 2; in halves, for a long chain of sums would cost more than their number. */
  vec q = MUL(r, r), one = SPLAT(1);
  vec low = FMA(q, FMA(r, SPLAT(1.f / 6), SPLAT(0.5f)), ADD(r, one));
  vec high = FMA(q, FMA(r, SPLAT(1.f / 5040), SPLAT(1.f / 720)), FMA(r, SPLAT(1.f / 120), SPLAT(1.f / 24)));
  vec p = FMA(MUL(q, q), high, low);
  return wasm_i32x4_add(p, wasm_i32x4_shl(sum, 23)); /* n more in the exponent */
}

INLINE vec sigmoidv(vec x) { return DIV(SPLAT(1), ADD(SPLAT(1), expv(SUB(SPLAT(0), x)))); }

/* Natural logarithm of a positive normal number; accurate beyond float32. */
INLINE double logd(float x) {
  int bits = __builtin_bit_cast(int, x), e = (bits >> 23) - 127;
  double m = __builtin_bit_cast(float, (bits & 0x7fffff) | 0x3f800000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    e++;
  }
  double s = (m - 1) / (m + 1), q = s * s; /* q below 0.0295: 2·artanh(s) by its series */
  double sum = 1 + q * (1. / 3 + q * (1. / 5 + q * (1. / 7 + q * (1. / 9 + q * (1. / 11 + q * (1. / 13))))));
  return 2 * s * sum + e * 0.6931471805599453;
}

/* x^n by squaring, n ≥ 0: 1 − 0.999^n keeps float32's precision from the first step to the millionth. */
INLINE double powerd(double x, int n) {
  double o = 1;
  for (; n > 0; n >>= 1, x *= x)
    if (n & 1) o *= x;
  return o;
}
