/**
 * Mixed ops: all candidates of all edges into a node side by side in one wide map, normalised, weighted and summed in one pass;
 * one reduction gives the norms' gradients and those of the weights.
 */
import { padTo4 } from "@/kernels/isa/isa";
import { AppError } from "@/lib/appError";
import type { GraphNode } from "@/nas/graph";
import { NONE } from "../symbols";
import { bankArgs } from "./forward";
import type { MixGroup, MixLeaf } from "./groups";
import type { Lowering } from "./lowering";
import { refOf, sidesOf, subView, type View } from "./values";

interface Wide {
  readonly group: MixGroup;
  readonly map: View;
  readonly weights: ReturnType<Lowering["vector"]>;
  readonly leaves: readonly { readonly prob: ReturnType<Lowering["vector"]> }[];
  /** Padded channels of a slot. */
  readonly lanes: number;
  readonly channels: number;
}

function wideOf(l: Lowering, node: GraphNode): Wide {
  const [group, wide] = [l.group(node.id), l.wides.get(node.id)];
  if (!group || !wide) throw new AppError("bug", `${node.name} is no mixed op`);
  const { c } = sidesOf(node.shape);
  return { group, ...wide, lanes: padTo4(c), channels: c };
}

function slotView(wide: Wide, i: number): View {
  return subView(wide.map, i * wide.lanes, wide.channels);
}

/** Weight index of every input of a mixture, four bits each. */
function packIndex(index: readonly number[]): { readonly index0: number; readonly index1: number } {
  const words = [0, 0];
  index.forEach((value, i) => {
    words[i >> 3] = ((words[i >> 3] ?? 0) | (value << (4 * (i & 7)))) >>> 0;
  });
  return { index0: words[0] ?? 0, index1: words[1] ?? 0 };
}

function leafArgs(leaf: MixLeaf) {
  const { attrs } = leaf.node;
  if (attrs.op !== "mix") throw new AppError("bug", `${leaf.node.name} is no mixture`);
  if (attrs.count > 16 || attrs.index.length > 16) throw new AppError("bug", `${leaf.node.name} mixes more than 16 candidates`);
  return { attrs, n: attrs.count, soft: attrs.soft ? 1 : 0, count: attrs.index.length, ...packIndex(attrs.index) };
}

export function lowerMixture(l: Lowering, node: GraphNode): void {
  const wide = wideOf(l, node);
  const { group, map, weights, lanes } = wide;
  const channels = lanes * group.slots.length;
  group.slots.forEach((slot, i) => {
    const target = slotView(wide, i);
    const value = l.value(slot.node.id);
    if (value.view.buf === target.buf && value.view.at === target.at && value.load.mode === 0) return;
    l.copy(value, target);
  });
  const coef = l.vector(4 * channels);
  l.coefs.set(node.id, coef);
  lowerCoefficients(l, wide, channels);
  group.leaves.forEach((leaf, i) => {
    const { attrs, ...args } = leafArgs(leaf);
    const prob = wide.leaves[i]?.prob;
    if (!prob) throw new AppError("bug", "a mixture lost its probabilities");
    l.emit("mixWeights", { alpha: l.weight(attrs.weights) + attrs.begin, ...args, prob: l.whole(prob), wv: { buf: weights, at: leaf.start, span: args.count } });
  });
  const y = l.result(node);
  l.emit("mix", { u: refOf(map), uld: map.buf.ld, coef: l.whole(coef), wv: l.whole(weights), y: refOf(y), yld: y.buf.ld, slots: group.slots.length, C: lanes, M: l.rows(map) });
  l.define(node, y);
}

/** Scale and shift of every wide channel: batch or bank statistics for normalised slots, identity for plain ones. */
function lowerCoefficients(l: Lowering, wide: Wide, channels: number): void {
  const { group, map, lanes } = wide;
  const coef = l.coefs.get(group.root.id);
  if (!coef) throw new AppError("bug", "a mixture lost its coefficients");
  const { norms } = l.options;
  const M = l.rows(map);
  const whole = { coef: l.whole(coef), cs: channels };
  const firstNorm = group.slots.find((slot) => slot.norm)?.norm;
  if (norms.kind !== "fixed" && firstNorm?.attrs.op === "batchNorm") {
    const none = { gamma: NONE, beta: NONE, bank: NONE, hyper: l.layout.hyper, dynamic: 0, keep: 0, gain: 0, unbias: 1 };
    l.emit("normStats", { u: refOf(map), uld: map.buf.ld, ...none, coef: whole.coef, eps: firstNorm.attrs.eps, M, C: channels });
  }
  group.slots.forEach((slot, i) => {
    const from = i * lanes;
    const attrs = slot.norm?.attrs;
    if (attrs?.op !== "batchNorm") {
      l.emit("plainCoef", { ...whole, from, n: lanes });
      return;
    }
    const part = { buf: coef, at: from, span: coef.floats - from };
    const [gamma, beta] = [l.optional(attrs.gamma), l.optional(attrs.beta)];
    if (norms.kind === "fixed") {
      l.emit("normFixed", { bank: norms.bank + l.layout.norm(attrs.stats).at, gamma, beta, coef: part, cs: channels, eps: attrs.eps, C: lanes });
      return;
    }
    if (norms.kind !== "batch") l.emit("bankMove", { coef: part, cs: channels, ...bankArgs(l, attrs, M), eps: attrs.eps, C: lanes });
    if (gamma !== NONE || beta !== NONE) l.emit("affineCoef", { ...whole, from, gamma, beta, C: lanes });
  });
}

export function mixtureBackward(l: Lowering, node: GraphNode): void {
  const wide = wideOf(l, node);
  const { group, map, weights, lanes } = wide;
  const coef = l.coefs.get(node.id);
  const dy = l.gradients.finish(node.id, l.value(node.id).view);
  if (!coef || dy === null) return;
  const channels = lanes * group.slots.length;
  const [sums, dwv] = [l.vector(2 * channels), l.vector(group.slots.length)];
  const plain = [0, 0];
  group.slots.forEach((slot, i) => {
    if (slot.norm === null) plain[i >> 5] = ((plain[i >> 5] ?? 0) | (1 << (i & 31))) >>> 0;
  });
  l.emit("mixGrad", {
    dy: refOf(dy), dyld: dy.buf.ld, u: refOf(map), uld: map.buf.ld, coef: l.whole(coef), wv: l.whole(weights), dwv: l.whole(dwv), sums: l.whole(sums), du: refOf(map), duld: map.buf.ld,
    plain0: plain[0] ?? 0, plain1: plain[1] ?? 0, slots: group.slots.length, C: lanes, M: l.rows(map),
  }); // prettier-ignore
  group.leaves.forEach((leaf, i) => {
    const { attrs, ...args } = leafArgs(leaf);
    const prob = wide.leaves[i]?.prob;
    if (prob && l.wants(attrs.weights)) l.emit("mixWeightsGrad", { dwv: { buf: dwv, at: leaf.start, span: args.count }, prob: l.whole(prob), dalpha: l.weight(attrs.weights) + attrs.begin, ...args });
  });
  group.slots.forEach((slot, i) => {
    const attrs = slot.norm?.attrs;
    const [dgamma, dbeta] = attrs?.op === "batchNorm" ? [l.wanted(attrs.gamma), l.wanted(attrs.beta)] : [NONE, NONE];
    if (dgamma !== NONE || dbeta !== NONE) l.emit("affineMixGrad", { sums: l.whole(sums), cs: channels, from: i * lanes, wv: { buf: weights, at: i, span: 1 }, dgamma, dbeta, C: lanes });
    if (l.at.needsGradient(slot.node.id)) l.gradients.pass(l.value(slot.node.id), slotView(wide, i));
  });
}
