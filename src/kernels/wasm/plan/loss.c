/* Softmax cross entropy with its gradient and the metrics of a step. */
#include "math.h"
#include "strips.h"
#include "hyper.h"

/* Images whose losses are summed apart (scratch.ts has the same). */
#define LOSS_ROWS 16

/* All lanes below `n` of the vector at i. */
INLINE vec lanesBelow(int i, int n) { return wasm_i32x4_lt(wasm_i32x4_make(i, i + 1, i + 2, i + 3), wasm_i32x4_splat(n)); }

INLINE float largest(const float *z, int n) {
  float top = z[0];
  for (int i = 1; i < n; i++) top = z[i] > top ? z[i] : top;
  return top;
}

/* The first of equals. */
INLINE int argmax(const float *z, int n) {
  int best = 0;
  for (int i = 1; i < n; i++)
    if (z[i] > z[best]) best = i;
  return best;
}

/* Of n logits: d = z − max, e = exp(d), both 0 in pad lanes; Σ e. */
INLINE float exponentials(const float *z, int n, float *d, float *e) {
  vec top = SPLAT(largest(z, n)), total = SPLAT(0);
  for (int i = 0; i < n; i += 4) {
    vec real = lanesBelow(i, n), v = AND(SUB(LOAD(z + i), top), real), x = AND(expv(v), real);
    STORE(d + i, v);
    STORE(e + i, x);
    total = ADD(total, x);
  }
  return sumLanes(total);
}

/* Fills in the target of a row and tells the right class. `d` is scratch. */
INLINE int targetOf(const word *f, int row, int n, float *target, float *d) {
  const float *t = PTR(f[softmaxLoss_t]);
  if (f[softmaxLoss_mode] == 0) {
    float smoothing = PTR(f[softmaxLoss_hyper])[hyper_smoothing];
    int label = (int)t[row];
    for (int i = 0; i < n; i += 4) STORE(target + i, AND(SPLAT(smoothing / n), lanesBelow(i, n)));
    if (label >= 0 && label < n) target[label] += 1 - smoothing;
    return label;
  }
  const float *given = t + (size_t)row * f[softmaxLoss_tld];
  if (f[softmaxLoss_mode] == 1) {
    for (int i = 0; i < n; i += 4) STORE(target + i, AND(LOAD(given + i), lanesBelow(i, n)));
  } else {
    vec inv = SPLAT(1 / exponentials(given, n, d, target));
    for (int i = 0; i < n; i += 4) STORE(target + i, MUL(LOAD(target + i), inv));
  }
  return argmax(given, n);
}

/* Loss of a row; writes its gradient. */
INLINE float lossOf(const word *f, int row, int n, const float *z, int *isRight, float *work) {
  int padded = (n + 3) & ~3;
  float *d = work, *e = d + padded, *target = e + padded;
  *isRight = targetOf(f, row, n, target, d) == argmax(z, n);
  float total = exponentials(z, n, d, e), log = (float)logd(total);
  float *dz = PTR(f[softmaxLoss_dz]);
  if (dz) {
    vec inv = SPLAT(1 / total), scale = SPLAT(asFloat(f[softmaxLoss_gradScale]) * PTR(f[softmaxLoss_hyper])[hyper_gradWeight]);
    dz += (size_t)row * f[softmaxLoss_dzld];
    for (int i = 0; i < n; i += 4) STORE(dz + i, MUL(SUB(MUL(LOAD(e + i), inv), LOAD(target + i)), scale));
  }
  vec loss = SPLAT(0);
  for (int i = 0; i < n; i += 4) loss = FMA(LOAD(target + i), SUB(SPLAT(log), LOAD(d + i)), loss);
  return sumLanes(loss);
}

KERNEL(softmaxLoss) {
  int B = f[softmaxLoss_B], n = f[softmaxLoss_classes], chunks = ceilDiv(B, LOSS_ROWS), lo, hi;
  const float *hyper = PTR(f[softmaxLoss_hyper]);
  float *parts = PTR(f[softmaxLoss_tmp]);
  if (3 * n + 12 > t->workFloats) __builtin_trap();
  range(chunks, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    float loss = 0;
    int rights = 0;
    for (int b = i * LOSS_ROWS; b < least(B, (i + 1) * LOSS_ROWS); b++) {
      int isRight;
      loss += lossOf(f, b, n, PTR(f[softmaxLoss_z]) + (size_t)b * f[softmaxLoss_zld], &isRight, t->work);
      rights += isRight;
    }
    parts[2 * i] = loss;
    parts[2 * i + 1] = (float)rights;
  }
  barrier(t);
  if (t->id) return;
  float *metrics = PTR(f[softmaxLoss_metrics]) + 4 * (int)hyper[hyper_slot];
  double loss = 0, rights = 0;
  for (int i = 0; i < chunks; i++) {
    loss += parts[2 * i];
    rights += parts[2 * i + 1];
  }
  metrics[0] += (float)(loss * asFloat(f[softmaxLoss_lossScale]) * hyper[hyper_lossWeight]);
  metrics[1] += (float)rights;
  metrics[2] += (float)B;
}
