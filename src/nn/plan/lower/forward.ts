/** Forward rules: what each op of the graph becomes. */
import { padTo4, UNBOUNDED } from "@/kernels/isa/isa";
import { AppError } from "@/lib/appError";
import type { GraphNode, Op } from "@/nas/graph";
import { NONE, type Ref } from "../symbols";
import type { Lowering } from "./lowering";
import { lowerMixture } from "./mixtures";
import { lowerRectangular } from "./rectangular";
import { loadArgs, padded, refOf, subView, type Value, type View } from "./values";

type OpOf<K extends Op["op"], U = Op> = U extends { readonly op: infer N } ? (K extends N ? U : never) : never;

export const activationKinds = { relu: 0, relu6: 1, hswish: 2, sigmoid: 3, swish: 4, hsigmoid: 5 } as const;

/** Fields of a window over a map. */
export function windowArgs(x: View, y: View, batch: number, { k, stride, pad }: { readonly k: number; readonly stride: number; readonly pad: number }) {
  return { B: batch, H: x.h, W: x.w, Ho: y.h, Wo: y.w, k, s: stride, p: pad };
}

/** Whether a convolution is a product of rows. */
export function isPointwise(attrs: OpOf<"conv">): boolean {
  return attrs.across === undefined && attrs.k === 1 && attrs.stride === 1 && attrs.pad === 0 && attrs.groups === 1;
}

/** Lowers one node. Nodes that a group swallowed are the group's business. */
export function lowerForward(l: Lowering, node: GraphNode): void {
  if (l.group(node.id)) {
    lowerMixture(l, node);
    return;
  }
  if (l.at.swallowed.has(node.id)) return;
  const { attrs } = node;
  switch (attrs.op) {
    case "input":
      return;
    case "conv":
      return lowerConv(l, node, attrs);
    case "depthwise":
      return lowerDepthwise(l, node, attrs);
    case "linear":
      return lowerLinear(l, node, attrs);
    case "batchNorm":
      return lowerNorm(l, node, attrs);
    case "relu":
    case "relu6":
      return lowerClamp(l, node, attrs.op === "relu6" ? 6 : UNBOUNDED);
    case "hswish":
    case "hsigmoid":
    case "sigmoid":
    case "swish":
      return lowerActivation(l, node, activationKinds[attrs.op]);
    case "maxPool":
    case "avgPool":
      return lowerPool(l, node, attrs);
    case "globalAvgPool":
      return lowerGlobalPool(l, node);
    case "add":
      return lowerAdd(l, node);
    case "concat":
      return lowerConcat(l, node);
    case "slice":
      return lowerSlice(l, node, attrs.begin, attrs.size);
    case "stridedSlice":
      return lowerGather(l, node, attrs.begin, attrs.step);
    case "shuffle":
      return lowerShuffle(l, node, attrs.groups);
    case "scale":
      return lowerScale(l, node);
    case "mask":
      return lowerMask(l, node, attrs.weights);
    case "dropPath":
      return lowerDropPath(l, node, attrs.scope, attrs.units ?? false);
    case "subsample":
    case "scatter":
    case "resize":
      return lowerResample(l, node, attrs.op);
    case "shift":
      return lowerShift(l, node, attrs.by);
    case "mix":
      throw new AppError("bug", `the mixed op ${node.name} belongs to no group`);
    default:
      attrs satisfies never;
  }
}

function lowerConv(l: Lowering, node: GraphNode, attrs: OpOf<"conv">): void {
  if (attrs.across) return lowerRectangular(l, node, { ...attrs, across: attrs.across });
  const [x, y] = [l.input(node), l.result(node)];
  const common = { ...loadArgs("x", x), w: l.weight(attrs.weight), bias: l.optional(attrs.bias), y: refOf(y), yld: y.buf.ld };
  const N = padTo4(attrs.cout);
  if (isPointwise(attrs)) l.emit("pointwise", { ...common, M: l.rows(y), K: padded(x.view), N });
  else if (attrs.groups === 1) l.emit("conv", { ...common, ...windowArgs(x.view, y, l.options.batch, attrs), K: padded(x.view), N });
  else l.emit("groupConv", { ...common, ...windowArgs(x.view, y, l.options.batch, attrs), cin: attrs.cin, cout: attrs.cout, groups: attrs.groups, N });
  l.define(node, y);
}

function lowerDepthwise(l: Lowering, node: GraphNode, attrs: OpOf<"depthwise">): void {
  const [x, y] = [l.input(node), l.result(node)];
  l.emit("depthwise", { ...loadArgs("x", x), w: l.weight(attrs.weight), y: refOf(y), yld: y.buf.ld, ...windowArgs(x.view, y, l.options.batch, attrs), d: attrs.dilation, C: padded(y) });
  l.define(node, y);
}

function lowerLinear(l: Lowering, node: GraphNode, attrs: OpOf<"linear">): void {
  const [x, y] = [l.input(node), l.result(node)];
  l.emit("pointwise", { ...loadArgs("x", x), w: l.weight(attrs.weight), bias: l.optional(attrs.bias), y: refOf(y), yld: y.buf.ld, M: l.rows(y), K: padded(x.view), N: padTo4(attrs.cout) });
  l.define(node, y);
}

/** Fields by which a norm's statistics reach their bank, or none. */
export function bankArgs(l: Lowering, attrs: OpOf<"batchNorm">, rows: number) {
  const { norms } = l.options;
  const bank = norms.kind === "batch" ? NONE : norms.bank + l.layout.norm(attrs.stats).at;
  const dynamic = norms.kind === "recalibrate";
  // A single row has no variance; PyTorch refuses, we keep zero.
  return { bank, hyper: l.layout.hyper, dynamic: dynamic ? 1 : 0, keep: 1 - attrs.momentum, gain: attrs.momentum, unbias: rows > 1 ? rows / (rows - 1) : 1 };
}

function lowerNorm(l: Lowering, node: GraphNode, attrs: OpOf<"batchNorm">): void {
  const x = l.stored(l.input(node));
  const C = padded(x.view);
  const coef = l.vector(4 * C);
  l.coefs.set(node.id, coef);
  const affine = { gamma: l.optional(attrs.gamma), beta: l.optional(attrs.beta), coef: l.whole(coef), eps: attrs.eps, C };
  if (l.options.norms.kind === "fixed") l.emit("normFixed", { ...affine, bank: l.options.norms.bank + l.layout.norm(attrs.stats).at, cs: C });
  else {
    const M = l.rows(x.view);
    l.emit("normStats", { u: refOf(x.view), uld: x.view.buf.ld, ...affine, ...bankArgs(l, attrs, M), M });
  }
  const activation = l.at.fused.get(node.id);
  const hi = activation?.attrs.op === "relu6" ? 6 : UNBOUNDED;
  l.values.set(node.id, { view: x.view, load: l.normLoad(coef, C, activation ? 0 : -UNBOUNDED, hi), holder: node.id, offset: 0, mask: null });
}

function lowerClamp(l: Lowering, node: GraphNode, hi: number): void {
  const source = l.input(node);
  const norm = l.at.fused.get(node.inputs[0] ?? -1);
  if (norm?.id === node.id) {
    l.values.set(node.id, source);
    return;
  }
  // The clamp is applied where the value is loaded. A clamp of a clamp keeps the narrower one, since both begin at zero.
  const x = source.mask === null ? l.stored(source) : source;
  const upper = Math.min(hi, x.mask?.hi ?? UNBOUNDED);
  const mask = { stored: x.mask?.stored ?? x.view, lo: 0, hi: upper };
  l.values.set(node.id, { ...x, load: { mode: 1, coef: NONE, cs: 0, lo: 0, hi: upper }, mask });
}

function lowerActivation(l: Lowering, node: GraphNode, kind: number): void {
  const [x, y] = [l.input(node), l.result(node)];
  l.emit("activation", { ...loadArgs("x", x), y: refOf(y), yld: y.buf.ld, kind, real: y.channels, M: l.rows(y), C: padded(y) });
  l.define(node, y);
}

function lowerPool(l: Lowering, node: GraphNode, attrs: OpOf<"maxPool">): void {
  const [x, y] = [l.stored(l.input(node)), l.result(node)];
  const common = { x: refOf(x.view), xld: x.view.buf.ld, y: refOf(y), yld: y.buf.ld, ...windowArgs(x.view, y, l.options.batch, attrs), C: padded(y) };
  if (attrs.op === "maxPool") l.emit("maxPool", common);
  else l.emit("avgPool", { ...common, pads: countsPads(attrs) });
  l.define(node, y);
}

/** Whether an average counts the padding. */
export function countsPads(attrs: OpOf<"maxPool">): number {
  return attrs.countPads === false ? 0 : 1;
}

function lowerGlobalPool(l: Lowering, node: GraphNode): void {
  const [x, y] = [l.input(node), l.result(node)];
  l.emit("globalPool", { ...loadArgs("x", x), y: refOf(y), yld: y.buf.ld, B: l.options.batch, rows: x.view.h * x.view.w, C: padded(y) });
  l.define(node, y);
}

function lowerAdd(l: Lowering, node: GraphNode): void {
  const y = l.result(node);
  l.copy(l.input(node, 0), y, l.input(node, 1));
  l.define(node, y);
}

/** Channels of each input of a concatenation, in order. */
export function partsOf(l: Lowering, node: GraphNode): { readonly value: Value; readonly begin: number; readonly id: number }[] {
  let begin = 0;
  return node.inputs.map((id) => {
    const part = { value: l.value(id), begin, id };
    begin += part.value.view.channels;
    return part;
  });
}

function lowerConcat(l: Lowering, node: GraphNode): void {
  if (l.at.deferred.has(node.id)) return;
  const y = l.result(node);
  for (const { value, begin } of partsOf(l, node)) {
    const size = value.view.channels;
    const to = subView(y, begin, size);
    if (value.view.buf === to.buf && value.view.at === to.at && value.load.mode === 0) continue;
    if (begin % 4 === 0 && (size % 4 === 0 || begin + size === y.channels) && to.at % 4 === 0) l.copy(value, to);
    else l.copyChannels(value, { begin: 0, step: 1 }, y, { begin, step: 1 }, size);
  }
  l.clearPad(y);
  l.define(node, y);
}

function lowerSlice(l: Lowering, node: GraphNode, begin: number, size: number): void {
  const x = l.input(node);
  if (begin % 4 !== 0 || size % 4 !== 0 || x.view.at % 4 !== 0) return lowerGather(l, node, begin, 1);
  const { coef } = x.load;
  const load = coef === NONE ? x.load : { ...x.load, coef: { ...coef, at: coef.at + begin, span: coef.span - begin } };
  const mask = x.mask && { ...x.mask, stored: subView(x.mask.stored, begin, size) };
  l.values.set(node.id, { view: subView(x.view, begin, size), load, holder: x.holder, offset: x.offset + begin, mask });
}

function lowerGather(l: Lowering, node: GraphNode, begin: number, step: number): void {
  const y = l.result(node);
  l.copyChannels(l.input(node), { begin, step }, y, { begin: 0, step: 1 }, y.channels);
  l.clearPad(y);
  l.define(node, y);
}

/** Where channels [begin, begin + size) of the shuffled map's input go: runs with a common step. */
export function shuffleRuns(channels: number, groups: number, begin: number, size: number): { readonly from: number; readonly n: number; readonly to: number }[] {
  const per = channels / groups;
  const runs: { from: number; n: number; to: number }[] = [];
  for (let at = begin; at < begin + size; ) {
    const group = Math.floor(at / per);
    const n = Math.min(begin + size, (group + 1) * per) - at;
    runs.push({ from: at - begin, n, to: (at - group * per) * groups + group });
    at += n;
  }
  return runs;
}

function lowerShuffle(l: Lowering, node: GraphNode, groups: number): void {
  const y = l.result(node);
  const source = l.at.node(node.inputs[0] ?? -1);
  const parts = l.at.deferred.has(source.id) ? partsOf(l, source) : [{ value: l.input(node), begin: 0 }];
  for (const { value, begin } of parts)
    for (const run of shuffleRuns(y.channels, groups, begin, value.view.channels)) l.copyChannels(value, { begin: run.from, step: 1 }, y, { begin: run.to, step: groups }, run.n);
  l.clearPad(y);
  l.define(node, y);
}

function lowerScale(l: Lowering, node: GraphNode): void {
  const [x, s, y] = [l.input(node, 0), l.stored(l.input(node, 1)), l.result(node)];
  l.emit("scale", { ...loadArgs("x", x), s: refOf(s.view), sb: s.view.buf.ld, sc: 1, y: refOf(y), yld: y.buf.ld, rows: x.view.h * x.view.w, M: l.rows(y), C: padded(y) });
  l.define(node, y);
}

function lowerMask(l: Lowering, node: GraphNode, weights: string): void {
  const [x, y] = [l.input(node), l.result(node)];
  const s = l.vector(padded(y));
  l.coefs.set(node.id, s);
  l.emit("vectorLoad", { w: l.weight(weights), y: l.whole(s), n: padded(y) });
  l.emit("scale", { ...loadArgs("x", x), s: l.whole(s), sb: 0, sc: 1, y: refOf(y), yld: y.buf.ld, rows: x.view.h * x.view.w, M: l.rows(y), C: padded(y) });
  l.define(node, y);
}

/** Multipliers of a drop-path scope, one an image or one a unit, and their strides. */
export function dropPathMasks(l: Lowering, scope: string, units: boolean, channels: number): { readonly s: Ref; readonly sb: number; readonly sc: number } {
  if (!units) return { s: l.whole(l.fixedInput(`mask:${scope}`, 1)), sb: 1, sc: 0 };
  const masks = l.fixedInput(`mask:${scope}`, padTo4(channels), padTo4(channels), channels);
  return { s: l.whole(masks), sb: masks.ld, sc: 1 };
}

function lowerDropPath(l: Lowering, node: GraphNode, scope: string, units: boolean): void {
  const x = l.input(node);
  if (!l.options.train) {
    l.values.set(node.id, x);
    return;
  }
  const y = l.result(node);
  l.emit("scale", { ...loadArgs("x", x), ...dropPathMasks(l, scope, units, y.channels), y: refOf(y), yld: y.buf.ld, rows: x.view.h * x.view.w, M: l.rows(y), C: padded(y) });
  l.define(node, y);
}

function lowerResample(l: Lowering, node: GraphNode, op: "subsample" | "scatter" | "resize"): void {
  const [x, y] = [l.stored(l.input(node)), l.result(node)];
  l.emit(op, { x: refOf(x.view), xld: x.view.buf.ld, dx: refOf(y), dxld: y.buf.ld, base: NONE, baseld: 0, B: l.options.batch, H: x.view.h, W: x.view.w, Ho: y.h, Wo: y.w, C: padded(y) });
  l.define(node, y);
}

/** Fields of a shift as an average over single pixels: window position o reads pixel o + by, and nothing beyond the edge. */
export function shiftArgs(x: View, batch: number, by: number) {
  return { ...windowArgs(x, x, batch, { k: 1, stride: 1, pad: -by }), pads: 1, C: padded(x) };
}

function lowerShift(l: Lowering, node: GraphNode, by: number): void {
  const [x, y] = [l.stored(l.input(node)), l.result(node)];
  l.emit("avgPool", { x: refOf(x.view), xld: x.view.buf.ld, y: refOf(y), yld: y.buf.ld, ...shiftArgs(x.view, l.options.batch, by) });
  l.define(node, y);
}
