/* Batch norm with its activation (training, gradient, evaluation), and the SGD update. */
#include "simd.h"

INLINE int chunkRows(int C) {
  int r = 4096 / C;
  return r < 16 ? 16 : r > 256 ? 256 : r;
}

/* upper bound of the activation: 0 = none, < 0 = relu, > 0 = clip at it (relu6) */
INLINE vec activate(vec v, float cap) {
  if (cap == 0) return v;
  v = wasm_f32x4_pmax(SPLAT(0), v);
  return cap > 0 ? wasm_f32x4_pmin(SPLAT(cap), v) : v;
}
INLINE float activate1(float v, float cap) {
  if (cap == 0) return v;
  v = v > 0 ? v : 0;
  return cap > 0 && v > cap ? cap : v;
}
/* the gradient where the activation lets it through */
INLINE vec gate(vec z, vec g, float cap) {
  if (cap == 0) return g;
  vec open = wasm_f32x4_gt(z, SPLAT(0));
  if (cap > 0) open = wasm_v128_and(open, wasm_f32x4_lt(z, SPLAT(cap)));
  return wasm_v128_and(g, open);
}
INLINE float gate1(float z, float g, float cap) { return cap == 0 ? g : z > 0 && (cap < 0 || z < cap) ? g : 0; }

/* Mean and biased variance per channel over M rows: chunk moments merged by Chan's formula. */
OUTLINE void moments(const float *x, float *mean, float *var, int M, int C) {
  int R = chunkRows(C);
  zero(mean, C);
  zero(var, C);
  for (int m0 = 0; m0 < M; m0 += R) {
    int n = least(R, M - m0);
    float inv = 1.f / n, share = (float)n / (m0 + n), cross = (float)m0 * share;
    const float *xm = x + (size_t)m0 * C;
    int c = 0;
    for (; c + 4 <= C; c += 4) {
      vec s0 = SPLAT(0), s1 = s0;
      int i = 0;
      for (; i + 2 <= n; i += 2) {
        s0 = ADD(s0, LOAD(xm + (size_t)i * C + c));
        s1 = ADD(s1, LOAD(xm + (size_t)(i + 1) * C + c));
      }
      if (i < n) s0 = ADD(s0, LOAD(xm + (size_t)i * C + c));
      vec mu = MUL(ADD(s0, s1), SPLAT(inv)), q0 = SPLAT(0), q1 = q0;
      for (i = 0; i + 2 <= n; i += 2) {
        vec d0 = SUB(LOAD(xm + (size_t)i * C + c), mu), d1 = SUB(LOAD(xm + (size_t)(i + 1) * C + c), mu);
        q0 = MADD(d0, d0, q0);
        q1 = MADD(d1, d1, q1);
      }
      if (i < n) { vec d0 = SUB(LOAD(xm + (size_t)i * C + c), mu); q0 = MADD(d0, d0, q0); }
      vec delta = SUB(mu, LOAD(mean + c));
      STORE(mean + c, MADD(delta, SPLAT(share), LOAD(mean + c)));
      STORE(var + c, ADD(LOAD(var + c), MADD(MUL(delta, delta), SPLAT(cross), ADD(q0, q1))));
    }
    for (; c < C; c++) {
      float s = 0, q = 0;
      for (int i = 0; i < n; i++) s += xm[(size_t)i * C + c];
      float mu = s * inv;
      for (int i = 0; i < n; i++) { float e = xm[(size_t)i * C + c] - mu; q += e * e; }
      float delta = mu - mean[c];
      mean[c] += delta * share;
      var[c] += q + delta * delta * cross;
    }
  }
  for (int c = 0; c < C; c++) var[c] /= M;
}

/* y = act((x − mean)·scale + beta) row by row; scale is scratch [C]. */
OUTLINE void normalise(const float *x, const float *mean, const float *scale, const float *beta, float *y, int M, int C,
                      float cap) {
  for (int m = 0; m < M; m++, x += C, y += C) {
    int c = 0;
    for (; c + 4 <= C; c += 4)
      STORE(y + c, activate(MADD(SUB(LOAD(x + c), LOAD(mean + c)), LOAD(scale + c), LOAD(beta + c)), cap));
    for (; c < C; c++) y[c] = activate1((x[c] - mean[c]) * scale[c] + beta[c], cap);
  }
}

EXPORT(batchNormTrain)(const float *x, const float *gamma, const float *beta, float *y, float *mean, float *var,
                       float *scale, int M, int C, float eps, float cap) {
  moments(x, mean, var, M, C);
  for (int c = 0; c < C; c++) scale[c] = gamma[c] / __builtin_sqrtf(var[c] + eps);
  normalise(x, mean, scale, beta, y, M, C, cap);
}

EXPORT(batchNormEval)(const float *x, const float *mean, const float *var, const float *gamma, const float *beta,
                      float *y, float *scale, int M, int C, float eps, float cap) {
  for (int c = 0; c < C; c++) scale[c] = gamma[c] / __builtin_sqrtf(var[c] + eps);
  normalise(x, mean, scale, beta, y, M, C, cap);
}

/* scratch: 5·C floats (rstd, scale, and the three per-channel coefficients of dx). */
EXPORT(batchNormGrad)(const float *dy, const float *x, const float *mean, const float *var, const float *gamma,
                      const float *beta, float *dx, float *dgamma, float *dbeta, float *scratch, int M, int C,
                      float eps, float cap) {
  float *rstd = scratch, *scale = rstd + C, *k0 = scale + C, *k1 = k0 + C;
  for (int c = 0; c < C; c++) {
    rstd[c] = 1.f / __builtin_sqrtf(var[c] + eps);
    scale[c] = gamma[c] / __builtin_sqrtf(var[c] + eps);
  }
  zero(dgamma, C);
  zero(dbeta, C);
  int R = chunkRows(C);
  for (int m0 = 0; m0 < M; m0 += R) {
    int n = least(R, M - m0), c = 0;
    const float *xm = x + (size_t)m0 * C, *gm = dy + (size_t)m0 * C;
    for (; c + 4 <= C; c += 4) {
      vec mu = LOAD(mean + c), sc = LOAD(scale + c), be = LOAD(beta + c), s0 = SPLAT(0), s1 = s0;
      for (int i = 0; i < n; i++) {
        vec e = SUB(LOAD(xm + (size_t)i * C + c), mu);
        vec g = gate(MADD(e, sc, be), LOAD(gm + (size_t)i * C + c), cap);
        s0 = ADD(s0, g);
        s1 = MADD(g, e, s1);
      }
      STORE(dbeta + c, ADD(LOAD(dbeta + c), s0));
      STORE(dgamma + c, ADD(LOAD(dgamma + c), s1));
    }
    for (; c < C; c++) {
      float s0 = 0, s1 = 0;
      for (int i = 0; i < n; i++) {
        float e = xm[(size_t)i * C + c] - mean[c], g = gate1(e * scale[c] + beta[c], gm[(size_t)i * C + c], cap);
        s0 += g;
        s1 += g * e;
      }
      dbeta[c] += s0;
      dgamma[c] += s1;
    }
  }
  for (int c = 0; c < C; c++) {
    dgamma[c] *= rstd[c];
    k0[c] = dbeta[c] / M;
    k1[c] = dgamma[c] * rstd[c] / M;
  }
  for (int m = 0; m < M; m++, x += C, dy += C, dx += C) {
    int c = 0;
    for (; c + 4 <= C; c += 4) {
      vec e = SUB(LOAD(x + c), LOAD(mean + c)), sc = LOAD(scale + c);
      vec g = gate(MADD(e, sc, LOAD(beta + c)), LOAD(dy + c), cap);
      STORE(dx + c, MUL(sc, SUB(g, MADD(e, LOAD(k1 + c), LOAD(k0 + c)))));
    }
    for (; c < C; c++) {
      float e = x[c] - mean[c], g = gate1(e * scale[c] + beta[c], dy[c], cap);
      dx[c] = scale[c] * (g - (e * k1[c] + k0[c]));
    }
  }
}

/* d = factor·g + decay·p; buf' = momentum·buf + d (no buf yet: d); p' = p − lr·(nesterov ? d + momentum·buf' : buf'). */
EXPORT(sgd)(const float *p, const float *g, const float *buf, const float *factor, float *p2, float *buf2, int n,
            float lr, float momentum, float decay, int nesterov) {
  float f = factor[0];
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    vec pv = LOAD(p + i), d = MADD(LOAD(g + i), SPLAT(f), MUL(SPLAT(decay), pv));
    vec b = buf ? MADD(SPLAT(momentum), LOAD(buf + i), d) : d;
    vec u = nesterov ? MADD(SPLAT(momentum), b, d) : b;
    STORE(buf2 + i, b);
    STORE(p2 + i, SUB(pv, MUL(SPLAT(lr), u)));
  }
  for (; i < n; i++) {
    float d = g[i] * f + decay * p[i], b = buf ? momentum * buf[i] + d : d;
    buf2[i] = b;
    p2[i] = p[i] - lr * (nesterov ? d + momentum * b : b);
  }
}
