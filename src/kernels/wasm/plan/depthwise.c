/* Depthwise convolution with stride and dilation, and both gradients. */
#include "lines.h"

static void ownLanes(source *x, int g, const void *shape) {
  (void)shape;
  x->c = 4 * g;
}

/* Weights [k·k, C] → [C/4][ny][nx] of the taps of two phases, flipped when `flip`; this thread's share. */
static void packTaps(const float *w, int k, int C, const phase *y, const phase *x, int flip, vec *o, const team *t) {
  int lo, hi, n = y->count * x->count;
  range(C / 4, 1, t, &lo, &hi);
  for (int c = lo; c < hi; c++)
    for (int h = 0; h < y->count; h++)
      for (int v = 0; v < x->count; v++) {
        int kh = y->first + (flip ? y->count - 1 - h : h) * y->step, kw = x->first + (flip ? x->count - 1 - v : v) * x->step;
        o[c * n + h * x->count + v] = LOAD(w + (kh * k + kw) * C + 4 * c);
      }
}

KERNEL(depthwise) {
  window w = windowAt(f + depthwise_B);
  int d = f[depthwise_d], C = f[depthwise_C];
  source x = { mapAt(f + depthwise_x), w.H, w.W, 1 };
  taps k = { w.k, w.k, w.s, d, -w.p, -w.p };
  phase all = { 0, 1, w.k, d, 0 };
  grid g = { w.Ho, w.Wo, w.Wo, 0, 0, 1, w.Ho * w.Wo };
  finish e = { 0, { 0 }, { PTR(f[depthwise_y]), f[depthwise_yld], 0, 0 } };
  vec *packed = (vec *)PTR(f[depthwise_tmp]);
  packTaps(PTR(f[depthwise_w]), w.k, C, &all, &all, 0, packed, t);
  barrier(t);
  correlateAll(&x, ownLanes, 0, &k, packed, &g, &e, w.B, C / 4, t);
}

KERNEL(depthwiseGradInput) {
  window w = windowAt(f + depthwiseGradInput_B);
  int d = f[depthwiseGradInput_d], C = f[depthwiseGradInput_C];
  source dy = { { PTR(f[depthwiseGradInput_dy]), f[depthwiseGradInput_dyld], 0 }, w.Ho, w.Wo, 1 };
  finish e = { 0, maskAt(f + depthwiseGradInput_mask), intoAt(f + depthwiseGradInput_dx) };
  vec *packed = (vec *)PTR(f[depthwiseGradInput_tmp]), *o = packed;
  for (int i = 0; i < w.s * w.s; i++) {
    phase y = phaseOf(i / w.s, w.k, w.s, d, w.p), x = phaseOf(i % w.s, w.k, w.s, d, w.p);
    packTaps(PTR(f[depthwiseGradInput_w]), w.k, C, &y, &x, 1, o, t);
    o += C / 4 * y.count * x.count;
  }
  barrier(t);
  o = packed;
  for (int i = 0; i < w.s * w.s; i++) {
    int ry = i / w.s, rx = i % w.s;
    phase y = phaseOf(ry, w.k, w.s, d, w.p), x = phaseOf(rx, w.k, w.s, d, w.p);
    int none = y.count == 0 || x.count == 0;
    taps k = { none ? 0 : y.count, none ? 0 : x.count, 1, y.d, y.start, x.start };
    grid g = { ceilDiv(w.H - ry, w.s), ceilDiv(w.W - rx, w.s), w.W, ry, rx, w.s, w.H * w.W };
    if (g.rows > 0 && g.cols > 0) correlateAll(&dy, ownLanes, 0, &k, o, &g, &e, w.B, C / 4, t);
    o += C / 4 * y.count * x.count;
  }
}

KERNEL(depthwiseGradWeight) {
  window w = windowAt(f + depthwiseGradWeight_B);
  int C = f[depthwiseGradWeight_C];
  source x = { mapAt(f + depthwiseGradWeight_x), w.H, w.W, 1 };
  taps k = { w.k, w.k, w.s, f[depthwiseGradWeight_d], -w.p, -w.p };
  filter o = { PTR(f[depthwiseGradWeight_dy]), f[depthwiseGradWeight_dyld], w.Ho, w.Wo, w.B, C / 4, C, PTR(f[depthwiseGradWeight_dw]),
               PTR(f[depthwiseGradWeight_tmp]) };
  filterGrad(&x, ownLanes, 0, &k, &o, t);
}
