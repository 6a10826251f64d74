/** Backward rules, in reverse order of the forward ones: each finished gradient flows into the node's inputs and parameters. */
import { padTo4, UNBOUNDED } from "@/kernels/isa/isa";
import type { GraphNode, Op } from "@/nas/graph";
import { NONE } from "../symbols";
import { activationKinds, countsPads, dropPathMasks, isPointwise, partsOf, shiftArgs, shuffleRuns, windowArgs } from "./forward";
import { intoArgs } from "./gradients";
import type { Lowering } from "./lowering";
import { mixtureBackward } from "./mixtures";
import { rectangularBackward } from "./rectangular";
import { asStored, loadArgs, padded, refOf, subView, type Mask, type Value, type View } from "./values";

type OpOf<K extends Op["op"], U = Op> = U extends { readonly op: infer N } ? (K extends N ? U : never) : never;

function maskArgs(mask: Mask | null) {
  return mask
    ? { mask: 1, x: refOf(mask.stored), xld: mask.stored.buf.ld, lo: mask.lo, hi: mask.hi }
    : ({ mask: 0, x: NONE, xld: 0, lo: -UNBOUNDED, hi: UNBOUNDED } as const);
}

/** Lowers the backward pass of one node. */
export function lowerBackward(l: Lowering, node: GraphNode): void {
  if (!l.at.needsGradient(node.id)) return;
  if (l.group(node.id)) {
    mixtureBackward(l, node);
    return;
  }
  const value = l.values.get(node.id);
  // Views, clamps and fused activations feed the gradient of another node.
  if (value === undefined || value.holder !== node.id || l.at.swallowed.has(node.id)) return;
  const dy = l.gradients.finish(node.id, value.view);
  if (dy !== null) backwardOf(l, node, dy);
}

function backwardOf(l: Lowering, node: GraphNode, dy: View): void {
  const { attrs } = node;
  switch (attrs.op) {
    case "conv":
      return convBackward(l, node, attrs, dy);
    case "depthwise":
      return depthwiseBackward(l, node, attrs, dy);
    case "linear":
      return linearBackward(l, node, attrs, dy);
    case "batchNorm":
      return normBackward(l, node, attrs, dy);
    case "hswish":
    case "hsigmoid":
    case "sigmoid":
    case "swish":
      return activationBackward(l, node, activationKinds[attrs.op], dy);
    case "maxPool":
    case "avgPool":
      return poolBackward(l, node, attrs, dy);
    case "globalAvgPool":
      return globalPoolBackward(l, node, dy);
    case "add":
      for (const id of node.inputs) if (l.at.needsGradient(id)) l.gradients.pass(l.value(id), dy);
      return;
    case "concat":
      return concatBackward(l, node, dy);
    case "slice":
      return gatherBackward(l, node, attrs.begin, 1, dy);
    case "stridedSlice":
      return gatherBackward(l, node, attrs.begin, attrs.step, dy);
    case "shuffle":
      return shuffleBackward(l, node, attrs.groups, dy);
    case "scale":
      return scaleBackward(l, node, dy);
    case "mask":
      return maskBackward(l, node, attrs.weights, dy);
    case "dropPath":
      return dropPathBackward(l, node, attrs.scope, attrs.units ?? false, dy);
    case "subsample":
    case "scatter":
    case "resize":
      return resampleBackward(l, node, attrs.op, dy);
    case "shift":
      return shiftBackward(l, node, attrs.by, dy);
    case "input":
    case "relu":
    case "relu6":
    case "mix":
      return;
    default:
      attrs satisfies never;
  }
}

function needs(l: Lowering, node: GraphNode, i = 0): boolean {
  return l.at.needsGradient(node.inputs[i] ?? -1);
}

function biasBackward(l: Lowering, bias: string | undefined, dy: View): void {
  const db = l.wanted(bias);
  if (db !== NONE) l.emit("biasGrad", { dy: refOf(dy), dyld: dy.buf.ld, db, M: l.rows(dy), N: padded(dy) });
}

function convBackward(l: Lowering, node: GraphNode, attrs: OpOf<"conv">, dy: View): void {
  if (attrs.across) {
    rectangularBackward(l, node, { ...attrs, across: attrs.across }, dy);
    return biasBackward(l, attrs.bias, dy);
  }
  const x = l.input(node);
  const shape = windowArgs(x.view, dy, l.options.batch, attrs);
  const [K, N] = [padded(x.view), padTo4(attrs.cout)];
  const grads = { dy: refOf(dy), dyld: dy.buf.ld };
  const into = { ...loadArgs("x", x), ...grads, dw: l.weight(attrs.weight) };
  const grouped = { cin: attrs.cin, cout: attrs.cout, groups: attrs.groups, N };
  if (l.wants(attrs.weight)) {
    if (isPointwise(attrs)) l.emit("pointwiseGradWeight", { ...into, M: l.rows(dy), K, N });
    else if (attrs.groups === 1) l.emit("convGradWeight", { ...into, ...shape, K, N });
    else l.emit("groupConvGradWeight", { ...into, ...shape, ...grouped });
  }
  biasBackward(l, attrs.bias, dy);
  if (!needs(l, node)) return;
  const w = l.weight(attrs.weight);
  l.gradients.add(x, (target, mask) => {
    const common = { ...grads, w, ...intoArgs(target), ...maskArgs(mask) };
    if (isPointwise(attrs)) l.emit("pointwiseGradInput", { ...common, M: l.rows(dy), K, N });
    else if (attrs.groups === 1) l.emit("convGradInput", { ...common, ...shape, K, N });
    else l.emit("groupConvGradInput", { ...common, ...shape, ...grouped });
  }, true);
}

function linearBackward(l: Lowering, node: GraphNode, attrs: OpOf<"linear">, dy: View): void {
  const x = l.input(node);
  const [K, N, M] = [padded(x.view), padTo4(attrs.cout), l.rows(dy)];
  if (l.wants(attrs.weight)) l.emit("pointwiseGradWeight", { ...loadArgs("x", x), dy: refOf(dy), dyld: dy.buf.ld, dw: l.weight(attrs.weight), M, K, N });
  biasBackward(l, attrs.bias, dy);
  if (!needs(l, node)) return;
  l.gradients.add(x, (target, mask) => l.emit("pointwiseGradInput", { dy: refOf(dy), dyld: dy.buf.ld, w: l.weight(attrs.weight), ...intoArgs(target), ...maskArgs(mask), M, K, N }), true);
}

function depthwiseBackward(l: Lowering, node: GraphNode, attrs: OpOf<"depthwise">, dy: View): void {
  const x = l.input(node);
  const shape = { ...windowArgs(x.view, dy, l.options.batch, attrs), d: attrs.dilation, C: padded(dy) };
  if (l.wants(attrs.weight)) l.emit("depthwiseGradWeight", { ...loadArgs("x", x), dy: refOf(dy), dyld: dy.buf.ld, dw: l.weight(attrs.weight), ...shape });
  if (!needs(l, node)) return;
  l.gradients.add(x, (target, mask) => l.emit("depthwiseGradInput", { dy: refOf(dy), dyld: dy.buf.ld, w: l.weight(attrs.weight), ...intoArgs(target), ...maskArgs(mask), ...shape }), true);
}

function normBackward(l: Lowering, node: GraphNode, attrs: OpOf<"batchNorm">, dz: View): void {
  const [coef, value] = [l.coefs.get(node.id), l.value(node.id)];
  const source = l.at.node(node.inputs[0] ?? -1);
  if (coef === undefined) return;
  const input = l.value(source.id);
  const activation = l.at.fused.get(node.id)?.attrs.op;
  const emit = (du: View): void =>
    l.emit("normGrad", {
      dz: refOf(dz), dzld: dz.buf.ld, u: refOf(value.view), uld: value.view.buf.ld, coef: l.whole(coef), lo: activation ? 0 : -UNBOUNDED, hi: activation === "relu6" ? 6 : UNBOUNDED,
      dgamma: l.wanted(attrs.gamma), dbeta: l.wanted(attrs.beta), du: refOf(du), duld: du.buf.ld, M: l.rows(value.view), C: padded(value.view),
    }); // prettier-ignore
  // The input's own storage is not needed any more once its only reader is done: its gradient takes the place.
  if (l.isExclusive(source) && input.load.mode === 0 && input.mask === null && input.view.buf === value.view.buf) {
    emit(value.view);
    if (needs(l, node)) l.gradients.pass(input, value.view);
  } else l.gradients.addWritten(input, emit);
}

function activationBackward(l: Lowering, node: GraphNode, kind: number, dy: View): void {
  const x = l.input(node);
  if (!needs(l, node)) return;
  l.gradients.add(x, (target) => l.emit("activationGrad", { ...loadArgs("x", x), dy: refOf(dy), dyld: dy.buf.ld, ...intoArgs(target), kind, M: l.rows(dy), C: padded(dy) }));
}

function poolBackward(l: Lowering, node: GraphNode, attrs: OpOf<"maxPool">, dy: View): void {
  if (!needs(l, node)) return;
  const x = l.stored(l.input(node));
  const common = { dy: refOf(dy), dyld: dy.buf.ld, ...windowArgs(x.view, dy, l.options.batch, attrs), C: padded(dy) };
  l.gradients.add(x, (target) => {
    if (attrs.op === "maxPool") l.emit("maxPoolGrad", { x: refOf(x.view), xld: x.view.buf.ld, ...common, ...intoArgs(target) });
    else l.emit("avgPoolGrad", { ...common, ...intoArgs(target), pads: countsPads(attrs) });
  });
}

function globalPoolBackward(l: Lowering, node: GraphNode, dy: View): void {
  if (!needs(l, node)) return;
  const x = l.input(node);
  l.gradients.add(x, (target) => l.emit("globalPoolGrad", { dy: refOf(dy), dyld: dy.buf.ld, ...intoArgs(target), B: l.options.batch, rows: x.view.h * x.view.w, C: padded(dy) }));
}

function concatBackward(l: Lowering, node: GraphNode, dy: View): void {
  for (const { value, begin, id } of partsOf(l, node)) if (l.at.needsGradient(id)) l.gradients.pass(value, subView(dy, begin, value.view.channels));
}

/** A contribution that is written channel by channel: through a map of its own. */
function addChannels(l: Lowering, value: Value, write: (dx: View) => void): void {
  l.gradients.addWritten(value, (dx) => {
    l.clearPad(dx);
    write(dx);
  });
}

function gatherBackward(l: Lowering, node: GraphNode, begin: number, step: number, dy: View): void {
  if (!needs(l, node)) return;
  addChannels(l, l.input(node), (dx) => {
    l.emit("fill", { y: refOf(dx), yld: dx.buf.ld, from: 0, n: padded(dx), value: 0, M: l.rows(dx) });
    l.copyChannels({ view: dy, load: asStored }, { begin: 0, step: 1 }, dx, { begin, step }, dy.channels);
  });
}

function shuffleBackward(l: Lowering, node: GraphNode, groups: number, dy: View): void {
  const source = l.at.node(node.inputs[0] ?? -1);
  const parts = l.at.deferred.has(source.id) ? partsOf(l, source) : [{ value: l.input(node), begin: 0, id: source.id }];
  for (const { value, begin, id } of parts) {
    if (!l.at.needsGradient(id)) continue;
    addChannels(l, value, (dx) => {
      for (const run of shuffleRuns(dy.channels, groups, begin, value.view.channels))
        l.copyChannels({ view: dy, load: asStored }, { begin: run.to, step: groups }, dx, { begin: run.from, step: 1 }, run.n);
    });
  }
}

function scaleBackward(l: Lowering, node: GraphNode, dy: View): void {
  const [x, s] = [l.input(node, 0), l.stored(l.input(node, 1))];
  const rows = x.view.h * x.view.w;
  const common = { dy: refOf(dy), dyld: dy.buf.ld, rows, M: l.rows(dy), C: padded(dy) };
  if (needs(l, node, 0)) l.gradients.add(x, (target) => l.emit("scaleGradInput", { ...common, s: refOf(s.view), sb: s.view.buf.ld, sc: 1, ...intoArgs(target) }));
  if (needs(l, node, 1)) l.gradients.addWritten(s, (ds) => l.emit("scaleGradScale", { ...loadArgs("x", x), ...common, ds: refOf(ds), sb: ds.buf.ld }));
}

function maskBackward(l: Lowering, node: GraphNode, weights: string, dy: View): void {
  const [x, s] = [l.input(node), l.coefs.get(node.id)];
  if (s === undefined) return;
  const common = { dy: refOf(dy), dyld: dy.buf.ld, rows: x.view.h * x.view.w, M: l.rows(dy), C: padded(dy) };
  if (needs(l, node)) l.gradients.add(x, (target) => l.emit("scaleGradInput", { ...common, s: l.whole(s), sb: 0, sc: 1, ...intoArgs(target) }));
  if (!l.wants(weights)) return;
  const ds = l.vector(padded(dy));
  l.emit("scaleGradScale", { ...loadArgs("x", x), ...common, ds: l.whole(ds), sb: 0 });
  l.emit("vectorGrad", { dy: l.whole(ds), dw: l.weight(weights), n: padded(dy) });
}

function dropPathBackward(l: Lowering, node: GraphNode, scope: string, units: boolean, dy: View): void {
  if (!needs(l, node)) return;
  const x = l.input(node);
  const masks = dropPathMasks(l, scope, units, dy.channels);
  l.gradients.add(x, (target) => l.emit("scaleGradInput", { dy: refOf(dy), dyld: dy.buf.ld, ...masks, ...intoArgs(target), rows: x.view.h * x.view.w, M: l.rows(dy), C: padded(dy) }));
}

function resampleBackward(l: Lowering, node: GraphNode, op: "subsample" | "scatter" | "resize", dy: View): void {
  if (!needs(l, node)) return;
  const x = l.input(node);
  // The transpose of a resize is the same instruction with the sides swapped.
  const transposed = op === "resize" ? op : op === "subsample" ? "scatter" : "subsample";
  l.gradients.add(x, (target) => l.emit(transposed, { x: refOf(dy), xld: dy.buf.ld, ...intoArgs(target), B: l.options.batch, H: dy.h, W: dy.w, Ho: x.view.h, Wo: x.view.w, C: padded(dy) }));
}

function shiftBackward(l: Lowering, node: GraphNode, by: number, dy: View): void {
  if (!needs(l, node)) return;
  const x = l.input(node);
  l.gradients.add(x, (target) => l.emit("avgPoolGrad", { dy: refOf(dy), dyld: dy.buf.ld, ...intoArgs(target), ...shiftArgs(x.view, l.options.batch, by) }));
}
