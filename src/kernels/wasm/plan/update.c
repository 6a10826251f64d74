/* The end of a step: the gradients' norm, the clipping factor, the optimizers, sums of vectors. All in blocks of 64 floats, the unit of their flags. */
#include "math.h"
#include "hyper.h"

#define BLOCK 64
/* Floats whose squares are summed apart (scratch.ts has the same). */
#define NORM_FLOATS 4096

KERNEL(gradNorm) {
  const float *g = PTR(f[gradNorm_g]);
  float *parts = PTR(f[gradNorm_tmp]);
  int n = f[gradNorm_n], chunks = ceilDiv(n, NORM_FLOATS), lo, hi;
  range(chunks, 1, t, &lo, &hi);
  for (int i = lo; i < hi; i++) {
    vec s[4];
    UNROLL for (int v = 0; v < 4; v++) s[v] = SPLAT(0);
    for (int k = i * NORM_FLOATS; k < least(n, (i + 1) * NORM_FLOATS); k += 16)
      UNROLL for (int v = 0; v < 4; v++) {
        vec x = LOAD(g + k + 4 * v);
        s[v] = FMA(x, x, s[v]);
      }
    parts[i] = sumLanes(ADD(ADD(s[0], s[1]), ADD(s[2], s[3])));
  }
  barrier(t);
  if (t->id) return;
  double sum = 0;
  for (int i = 0; i < chunks; i++) sum += parts[i];
  *PTR(f[gradNorm_out]) = (float)sum;
}

KERNEL(stepFinish) {
  float *hyper = PTR(f[stepFinish_hyper]), *norms = PTR(f[stepFinish_norms]);
  int count = f[stepFinish_count], next = ((int)hyper[hyper_slot] + 1) % f[stepFinish_ring];
  if (t->id) return;
  double sum = 0, clip = hyper[hyper_clip];
  for (int i = 0; i < count; i++) sum += norms[i];
  double factor = clip > 0 ? clip / (__builtin_sqrt(sum) + 1e-6) : 1;
  hyper[hyper_factor] = factor > 1 ? 1 : (float)factor;
  zero(norms, count);
  zero(PTR(f[stepFinish_metrics]) + 4 * next, 4);
}

/* Clipped gradient with the weight's decay. Leaves 0 in its place. */
INLINE vec takeGradient(float *g, vec w, vec factor, vec decay) {
  vec d = ADD(MUL(LOAD(g), factor), MUL(decay, w));
  STORE(g, SPLAT(0));
  return d;
}

KERNEL(sgd) {
  const float *hyper = PTR(f[sgd_hyper]), *decays = PTR(f[sgd_decay]);
  float *w = PTR(f[sgd_w]), *g = PTR(f[sgd_g]), *m = PTR(f[sgd_m]);
  vec lr = SPLAT(hyper[hyper_lr]), momentum = SPLAT(hyper[hyper_momentum]), factor = SPLAT(hyper[hyper_factor]);
  int isNesterov = hyper[hyper_nesterov] != 0, lo, hi;
  range(f[sgd_n], BLOCK, t, &lo, &hi);
  for (int block = lo; block < hi; block += BLOCK) {
    vec decay = SPLAT(hyper[hyper_weightDecay] * decays[block / BLOCK]);
    for (int i = block; i < block + BLOCK; i += 4) {
      vec p = LOAD(w + i), d = takeGradient(g + i, p, factor, decay);
      vec v = ADD(MUL(momentum, LOAD(m + i)), d);
      STORE(m + i, v);
      if (isNesterov) v = ADD(d, MUL(momentum, v));
      STORE(w + i, SUB(p, MUL(lr, v)));
    }
  }
}

KERNEL(adam) {
  const float *hyper = PTR(f[adam_hyper]), *decays = PTR(f[adam_decay]);
  float *w = PTR(f[adam_w]), *g = PTR(f[adam_g]), *m = PTR(f[adam_m]), *v = PTR(f[adam_v]), *steps = PTR(f[adam_steps]);
  double beta1 = hyper[hyper_beta1], beta2 = hyper[hyper_beta2];
  vec b1 = SPLAT((float)beta1), c1 = SPLAT((float)(1 - beta1)), b2 = SPLAT((float)beta2), c2 = SPLAT((float)(1 - beta2));
  vec eps = SPLAT(hyper[hyper_eps]), factor = SPLAT(hyper[hyper_factor]), rate = eps, inv = eps;
  int known = 0, lo, hi; /* the step that rate and inv belong to */
  range(f[adam_n], BLOCK, t, &lo, &hi);
  for (int block = lo; block < hi; block += BLOCK) {
    vec decay = SPLAT(hyper[hyper_weightDecay] * decays[block / BLOCK]);
    int step = (int)(steps[block / BLOCK] += 1);
    if (step != known) {
      rate = SPLAT((float)(hyper[hyper_lr] / (1 - powerd(beta1, step))));
      inv = SPLAT((float)(1 / (1 - powerd(beta2, step))));
      known = step;
    }
    for (int i = block; i < block + BLOCK; i += 4) {
      vec p = LOAD(w + i), d = takeGradient(g + i, p, factor, decay);
      vec first = ADD(MUL(b1, LOAD(m + i)), MUL(c1, d)), second = ADD(MUL(b2, LOAD(v + i)), MUL(MUL(c2, d), d));
      STORE(m + i, first);
      STORE(v + i, second);
      vec size = ADD(wasm_f32x4_sqrt(MUL(second, inv)), eps);
      STORE(w + i, SUB(p, MUL(rate, DIV(first, size))));
    }
  }
}

KERNEL(vectorScale) {
  const float *hyper = PTR(f[vectorScale_hyper]);
  float *norms = PTR(f[vectorScale_norms]);
  int count = f[vectorScale_count];
  if (t->id) return;
  double sum = 0, power = hyper[hyper_power], scale = hyper[hyper_lr];
  for (int i = 0; i < count; i++) sum += norms[i];
  if (power > 0) scale *= __builtin_sqrt(sum);
  if (power < 0) scale /= __builtin_sqrt(sum);
  zero(norms, count);
  *PTR(f[vectorScale_out]) = (float)scale;
}

KERNEL(axpy) {
  float *y = PTR(f[axpy_y]);
  const float *x = PTR(f[axpy_x]);
  vec scale = SPLAT(*PTR(f[axpy_scale]));
  int lo, hi;
  range(f[axpy_n], BLOCK, t, &lo, &hi);
  for (int block = lo; block < hi; block += BLOCK)
    for (int i = block; i < block + BLOCK; i += 4) STORE(y + i, FMA(LOAD(x + i), scale, LOAD(y + i)));
}
