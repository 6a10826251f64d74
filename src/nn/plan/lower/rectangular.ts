/** Convolutions whose axes differ (1×7, then 7×1): patches as rows, and a product of rows. The instructions for square windows do not know them. */
import { padTo4, UNBOUNDED } from "@/kernels/isa/isa";
import type { GraphNode, Op } from "@/nas/graph";
import { NONE } from "../symbols";
import { intoArgs } from "./gradients";
import type { Lowering } from "./lowering";
import { asStored, loadArgs, padded, refOf, type View } from "./values";

type Conv = Extract<Op, { readonly op: "conv" }>;

/** Attributes of such a convolution: k, stride and pad are those of the vertical axis. */
export type Rectangular = Conv & { readonly across: NonNullable<Conv["across"]> };

function rectangleArgs(l: Lowering, x: View, y: View, { k, stride, pad, across }: Rectangular) {
  return { B: l.options.batch, H: x.h, W: x.w, Ho: y.h, Wo: y.w, kh: k, kw: across.k, sh: stride, sw: across.stride, ph: pad, pw: across.pad, C: padded(x) };
}

/** A map with a row of patches for each pixel of y: the channels of every tap side by side, as the rows of the weights are. */
function patchesLike(l: Lowering, x: View, y: View, { k, across }: Rectangular): View {
  return l.map(y.h, y.w, k * across.k * padded(x));
}

function unfolded(l: Lowering, x: View, y: View, attrs: Rectangular): View {
  const patches = patchesLike(l, x, y, attrs);
  l.emit("unfold", { x: refOf(x), xld: x.buf.ld, y: refOf(patches), yld: patches.buf.ld, ...rectangleArgs(l, x, y, attrs) });
  return patches;
}

export function lowerRectangular(l: Lowering, node: GraphNode, attrs: Rectangular): void {
  const [x, y] = [l.stored(l.input(node)), l.result(node)];
  const patches = unfolded(l, x.view, y, attrs);
  const common = { ...loadArgs("x", { view: patches, load: asStored }), w: l.weight(attrs.weight), bias: l.optional(attrs.bias), y: refOf(y), yld: y.buf.ld };
  l.emit("pointwise", { ...common, M: l.rows(y), K: padded(patches), N: padTo4(attrs.cout) });
  l.define(node, y);
}

/** Gradients of the weights and of the input; the patches are made again, since keeping them would cost as many maps as there are taps. */
export function rectangularBackward(l: Lowering, node: GraphNode, attrs: Rectangular, dy: View): void {
  const x = l.stored(l.input(node));
  const grads = { dy: refOf(dy), dyld: dy.buf.ld };
  const [M, N] = [l.rows(dy), padTo4(attrs.cout)];
  if (l.wants(attrs.weight)) {
    const patches = unfolded(l, x.view, dy, attrs);
    l.emit("pointwiseGradWeight", { ...loadArgs("x", { view: patches, load: asStored }), ...grads, dw: l.weight(attrs.weight), M, K: padded(patches), N });
  }
  if (!l.at.needsGradient(node.inputs[0] ?? -1)) return;
  const patches = patchesLike(l, x.view, dy, attrs);
  const unmasked = { mask: 0, x: NONE, xld: 0, lo: -UNBOUNDED, hi: UNBOUNDED } as const;
  l.emit("pointwiseGradInput", { ...grads, w: l.weight(attrs.weight), ...intoArgs({ dx: patches, base: null }), ...unmasked, M, K: padded(patches), N });
  l.gradients.add(x, (target) => l.emit("unfoldGrad", { dy: refOf(patches), dyld: patches.buf.ld, ...intoArgs(target), ...rectangleArgs(l, x.view, dy, attrs) }));
}
