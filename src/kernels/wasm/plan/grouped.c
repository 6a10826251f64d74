/*
 * Grouped convolution of any group width, and both gradients: the lines of depthwise convolution with one plane an input of the group; 1×1 kernels
 * of wider groups are products.
 */
#include "lines.h"
#include "sections.h"

typedef struct {
  int channels, per, planes; /* lanes' real channels; of one group; inputs of one group */
} widths;

/* Lane l of group g belongs to a group of channels; it reads that group's inputs. */
static void groupLanes(source *x, int g, const void *shape) {
  const widths *s = shape;
  x->gather = 1;
  for (int l = 0; l < 4; l++) {
    int n = 4 * g + l;
    x->at[l] = n < s->channels ? n / s->per * s->planes : -1;
  }
}

KERNEL(groupConv) {
  window w = windowAt(f + groupConv_B);
  int groups = f[groupConv_groups], N = f[groupConv_N], taps2 = w.k * w.k, lo, hi;
  widths s = { f[groupConv_cout], f[groupConv_cout] / groups, f[groupConv_cin] / groups };
  source x = { mapAt(f + groupConv_x), w.H, w.W, s.planes };
  taps k = { w.k, w.k, w.s, 1, -w.p, -w.p };
  grid g = { w.Ho, w.Wo, w.Wo, 0, 0, 1, w.Ho * w.Wo };
  finish e = { PTR(f[groupConv_bias]), { 0 }, { PTR(f[groupConv_y]), f[groupConv_yld], 0, 0 } };
  sections parts = sectionsAt(f[groupConv_cin], f[groupConv_cout], groups, N);
  if (isProduct(&w, &parts)) {
    sectionsProduct(&parts, 0, &x.x, PTR(f[groupConv_w]), &e, PTR(f[groupConv_tmp]), w.B * w.H * w.W, t);
    return;
  }
  vec *packed = (vec *)PTR(f[groupConv_tmp]);
  range(N / 4, 1, t, &lo, &hi);
  for (int n = lo; n < hi; n++)
    for (int q = 0; q < s.planes; q++)
      for (int i = 0; i < taps2; i++) packed[(n * s.planes + q) * taps2 + i] = LOAD(PTR(f[groupConv_w]) + (i * s.planes + q) * N + 4 * n);
  barrier(t);
  correlateAll(&x, groupLanes, &s, &k, packed, &g, &e, w.B, N / 4, t);
}

/* Weights of input lanes c … c+3: [output of the group][taps of the phases, flipped]. */
static void packBack(const float *w, int k, int N, const widths *s, int c, const phase *y, const phase *x, vec *o) {
  for (int q = 0; q < s->planes; q++)
    for (int h = y->count - 1; h >= 0; h--)
      for (int v = x->count - 1; v >= 0; v--) {
        int tap = (y->first + h * y->step) * k + x->first + v * x->step;
        float lane[4];
        for (int l = 0; l < 4; l++) {
          int i = c + l;
          lane[l] = i < s->channels ? w[(tap * s->per + i % s->per) * N + i / s->per * s->planes + q] : 0.f;
        }
        *o++ = LOAD(lane);
      }
}

KERNEL(groupConvGradInput) {
  window w = windowAt(f + groupConvGradInput_B);
  int groups = f[groupConvGradInput_groups], N = f[groupConvGradInput_N], cin = f[groupConvGradInput_cin], lanes = ceilDiv(cin, 4), lo, hi;
  widths s = { cin, cin / groups, f[groupConvGradInput_cout] / groups };
  source dy = { { PTR(f[groupConvGradInput_dy]), f[groupConvGradInput_dyld], 0 }, w.Ho, w.Wo, s.planes };
  finish e = { 0, maskAt(f + groupConvGradInput_mask), intoAt(f + groupConvGradInput_dx) };
  sections parts = sectionsAt(cin, f[groupConvGradInput_cout], groups, N);
  if (isProduct(&w, &parts)) {
    sectionsProduct(&parts, 1, &dy.x, PTR(f[groupConvGradInput_w]), &e, PTR(f[groupConvGradInput_tmp]), w.B * w.H * w.W, t);
    return;
  }
  vec *o = (vec *)PTR(f[groupConvGradInput_tmp]);
  for (int i = 0; i < w.s * w.s; i++) {
    int ry = i / w.s, rx = i % w.s;
    phase y = phaseOf(ry, w.k, w.s, 1, w.p), x = phaseOf(rx, w.k, w.s, 1, w.p);
    int none = y.count == 0 || x.count == 0, n = y.count * x.count * s.planes;
    taps k = { none ? 0 : y.count, none ? 0 : x.count, 1, y.d, y.start, x.start };
    grid g = { ceilDiv(w.H - ry, w.s), ceilDiv(w.W - rx, w.s), w.W, ry, rx, w.s, w.H * w.W };
    if (g.rows > 0 && g.cols > 0) {
      range(lanes, 1, t, &lo, &hi);
      for (int c = lo; c < hi; c++) packBack(PTR(f[groupConvGradInput_w]), w.k, N, &s, 4 * c, &y, &x, o + (size_t)c * n);
      barrier(t);
      correlateAll(&dy, groupLanes, &s, &k, o, &g, &e, w.B, lanes, t);
    }
    o += (size_t)lanes * n;
  }
}

KERNEL(groupConvGradWeight) {
  window w = windowAt(f + groupConvGradWeight_B);
  int groups = f[groupConvGradWeight_groups], N = f[groupConvGradWeight_N];
  widths s = { f[groupConvGradWeight_cout], f[groupConvGradWeight_cout] / groups, f[groupConvGradWeight_cin] / groups };
  source x = { mapAt(f + groupConvGradWeight_x), w.H, w.W, s.planes };
  taps k = { w.k, w.k, w.s, 1, -w.p, -w.p };
  sections parts = sectionsAt(f[groupConvGradWeight_cin], f[groupConvGradWeight_cout], groups, N);
  if (isProduct(&w, &parts)) {
    sectionsOuter(&parts, &x.x, PTR(f[groupConvGradWeight_dy]), f[groupConvGradWeight_dyld], w.B * w.H * w.W, PTR(f[groupConvGradWeight_dw]),
                  PTR(f[groupConvGradWeight_tmp]), t);
    return;
  }
  filter o = { PTR(f[groupConvGradWeight_dy]), f[groupConvGradWeight_dyld], w.Ho, w.Wo, w.B, N / 4, N, PTR(f[groupConvGradWeight_dw]),
               PTR(f[groupConvGradWeight_tmp]) };
  filterGrad(&x, groupLanes, &s, &k, &o, t);
}
