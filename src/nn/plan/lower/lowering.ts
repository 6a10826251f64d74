/**
 * One segment of a graph (or all of it) on its way to calls: buffers, values and gradients by node, and the lists of calls
 * that the forward and backward rules append to.
 */
import { padTo4, type Instruction } from "@/kernels/isa/isa";
import { AppError } from "@/lib/appError";
import type { Graph, GraphNode } from "@/nas/graph";
import type { Part } from "../../executor";
import { isResult } from "../../liveGraph";
import { covers } from "../../parts";
import type { ParamLayout } from "../paramLayout";
import { symbolic, NONE, type ArgsOf, type Buf, type Ref, type SymbolCall } from "../symbols";
import { Gradients } from "./gradients";
import { analyse, writesPlainMap, type Analysis, type MixGroup } from "./groups";
import { asStored, loadArgs, padded, refOf, sidesOf, subView, type Load, type Value, type View } from "./values";

/** Where batch norms take their statistics from, and what they do to a bank. `bank` is its address in S. */
export type NormMode =
  | { readonly kind: "batch" }
  | { readonly kind: "running"; readonly bank: number }
  | { readonly kind: "recalibrate"; readonly bank: number }
  | { readonly kind: "fixed"; readonly bank: number };

export interface LowerOptions {
  readonly batch: number;
  readonly norms: NormMode;
  /** Whether a backward pass follows. */
  readonly train: boolean;
  /**
   * What follows the output: a softmax loss against labels or a teacher's logits, or nothing. "given": the frame brings the gradient of the
   * output, and that of the images is wanted.
   */
  readonly loss: "labels" | "teacher" | "given" | null;
  /** Parameters whose gradients are wanted; nothing is computed for the others. */
  readonly part: Part;
  /** Keep apart what is the same in every forward pass (coefficients of given statistics), so that many passes compute it once. */
  readonly hoist?: boolean;
}

/** Whether a parameter belongs to the part whose gradients are wanted. */
export function isWanted(layout: ParamLayout, part: Part, name: string): boolean {
  return covers(part, layout.param(name).spec.role);
}

/** A node's value that crosses the border of a segment: where its map and its gradient are. */
export interface Boundary {
  readonly node: number;
  readonly value: Buf;
  readonly gradient: Buf | null;
}

export class Lowering {
  readonly graph: Graph;
  readonly options: LowerOptions;
  readonly layout: ParamLayout;
  readonly at: Analysis;
  readonly members: ReadonlySet<number>;
  readonly forward: SymbolCall[] = [];
  readonly backward: SymbolCall[] = [];
  readonly values = new Map<number, Value>();
  readonly gradients: Gradients;
  /** Coefficients of a batch norm, or of a mixed op, by node. */
  readonly coefs = new Map<number, Buf>();
  /** The wide map and the weights of a mixed op, by its root. */
  readonly wides = new Map<number, { readonly map: View; readonly weights: Buf; readonly leaves: readonly { readonly prob: Buf }[] }>();
  /** Where a node has to put its result. */
  readonly places = new Map<number, View>();
  private readonly makeBuf: (floats: number, ld: number, channels: number, fixed: string | null) => Buf;
  private readonly materialised = new Map<string, Value>();
  private readonly boundaryGradients = new Map<number, Buf>();
  private emitting: "forward" | "backward" = "forward";

  constructor(graph: Graph, members: ReadonlySet<number>, needs: ReadonlySet<number>, options: LowerOptions, layout: ParamLayout, boundaries: readonly Boundary[], makeBuf: Lowering["makeBuf"]) {
    this.graph = graph;
    this.members = members;
    this.options = options;
    this.layout = layout;
    this.makeBuf = makeBuf;
    this.at = analyse(graph, members, needs);
    this.gradients = new Gradients({
      makeOwn: (holder) => this.ownGradient(holder),
      makeTemporary: (like, channels) => this.map(like.h, like.w, channels),
      emit: (call) => this.backward.push(call),
      rows: (view) => this.rows(view),
    });
    for (const { node, value, gradient } of boundaries) {
      const { h, w, c } = sidesOf(this.at.node(node).shape);
      const view: View = { buf: value, at: 0, channels: c, h, w };
      if (gradient) this.boundaryGradients.set(node, gradient);
      if (members.has(node)) this.places.set(node, view);
      else this.values.set(node, { view, load: asStored, holder: node, offset: 0, mask: null });
    }
    // Larger maps before their parts: a mixed op or an outer concatenation decides where an inner one lies.
    for (const id of [...members].sort((a, b) => b - a)) this.placeParts(this.at.node(id));
  }

  /** Appends a call to the pass that is being lowered. */
  emit<I extends Instruction>(op: I, args: ArgsOf<I>): void {
    (this.emitting === "forward" ? this.forward : this.backward).push(symbolic(op, args));
  }

  /** From here on calls belong to the backward pass. */
  turn(): void {
    this.emitting = "backward";
  }

  rows(view: View): number {
    return this.options.batch * view.h * view.w;
  }

  map(h: number, w: number, channels: number): View {
    const ld = padTo4(channels);
    return { buf: this.makeBuf(this.options.batch * h * w * ld, ld, channels, null), at: 0, channels, h, w };
  }

  vector(length: number, fixed: string | null = null): Buf {
    return this.makeBuf(padTo4(length), padTo4(length), length, fixed);
  }

  whole(buf: Buf): Ref {
    return { buf, at: 0, span: buf.floats };
  }

  /** Something of `floats` an example that the frame fills before a step: labels, a teacher's logits, multipliers of drop path, the output's gradient. */
  fixedInput(name: string, floats: number, ld = floats, channels = ld): Buf {
    return this.makeBuf(this.options.batch * floats, ld, channels, name);
  }

  value(id: number): Value {
    const value = this.values.get(id);
    if (value === undefined) throw new AppError("bug", `node ${id} (${this.at.node(id).name}) is read before it is lowered`);
    return value;
  }

  input(node: GraphNode, i = 0): Value {
    return this.value(node.inputs[i] ?? -1);
  }

  /** The map that a node writes: its own, or the place that it was given inside a larger one. */
  result(node: GraphNode): View {
    const { h, w, c } = sidesOf(node.shape);
    return this.places.get(node.id) ?? this.map(h, w, c);
  }

  /** A value that is stored as it is and carries its own gradient. */
  define(node: GraphNode, view: View): void {
    this.values.set(node.id, { view, load: asStored, holder: node.id, offset: 0, mask: null });
  }

  /** The same value, stored as it is: for instructions that load nothing on the way. */
  stored(value: Value): Value {
    if (value.load.mode === 0) return value;
    const key = `${value.holder}:${value.offset}:${value.view.channels}:${value.view.buf.id}:${value.load.lo}:${value.load.hi}`;
    const known = this.materialised.get(key);
    if (known) return known;
    const view = this.map(value.view.h, value.view.w, value.view.channels);
    this.copy(value, view);
    const made = { ...value, view, load: asStored };
    this.materialised.set(key, made);
    return made;
  }

  /** y = value (+ other), both loaded. The result must be aligned; see `copyChannels` otherwise. */
  copy(value: Pick<Value, "view" | "load">, y: View, other: Pick<Value, "view" | "load"> | null = null): void {
    this.emit("apply", { ...loadArgs("x", value), ...loadArgs("r", other), y: refOf(y), yld: y.buf.ld, M: this.rows(y), C: padded(y) });
  }

  /** y[:, yb + i·ys] = value[:, xb + i·xs]. */
  copyChannels(value: Pick<Value, "view" | "load">, from: { readonly begin: number; readonly step: number }, y: View, to: { readonly begin: number; readonly step: number }, n: number, add = false): void {
    this.emit("channels", {
      ...loadArgs("x", value), xb: from.begin, xs: from.step, y: refOf(y), yld: y.buf.ld, yb: to.begin, ys: to.step, n, acc: add ? 1 : 0, M: this.rows(y),
    }); // prettier-ignore
  }

  /** Zeroes the pad lanes of a map that is written channel by channel. */
  clearPad(y: View): void {
    const n = padded(y) - y.channels;
    if (n > 0) this.emit("fill", { y: refOf(y), yld: y.buf.ld, from: y.channels, n, value: 0, M: this.rows(y) });
  }

  weight(name: string): number {
    return this.layout.param(name).at;
  }

  optional(name: string | undefined): number {
    return name === undefined ? NONE : this.weight(name);
  }

  /** Whether a parameter's gradient is wanted. */
  wants(name: string): boolean {
    return isWanted(this.layout, this.options.part, name);
  }

  /** Address of a parameter's gradient where it is wanted. */
  wanted(name: string | undefined): number {
    return name === undefined || !this.wants(name) ? NONE : this.weight(name);
  }

  group(id: number): MixGroup | null {
    return this.at.groups.get(id) ?? null;
  }

  /** A load through a norm's coefficients. */
  normLoad(coef: Buf, channels: number, lo: number, hi: number): Load {
    return { mode: 2, coef: { buf: coef, at: 0, span: coef.floats }, cs: channels, lo, hi };
  }

  /**
   * Whether a node's stored result may be overwritten by its gradient once the only reader is done: it is stored for itself, nobody else
   * reads it, and no part of it is read elsewhere.
   */
  isExclusive(node: GraphNode): boolean {
    if (!this.members.has(node.id) || !writesPlainMap(node) || this.at.readers(node.id).length !== 1 || isResult(this.graph, node.id)) return false;
    if (this.boundaryGradients.has(node.id)) return false;
    if (node.attrs.op !== "concat") return true;
    return node.inputs.every((i) => !this.places.has(i) || this.isExclusive(this.at.node(i)));
  }

  private ownGradient(holder: number): View {
    const { h, w, c } = sidesOf(this.at.node(holder).shape);
    const fixed = this.boundaryGradients.get(holder);
    if (fixed && !this.members.has(holder)) return { buf: fixed, at: 0, channels: c, h, w };
    return this.map(h, w, c);
  }

  /** Lets producers write straight into concatenations and mixed ops where nothing stands against it. */
  private placeParts(node: GraphNode): void {
    const group = this.at.groups.get(node.id);
    if (group) {
      this.placeSlots(node, group);
      return;
    }
    if (node.attrs.op !== "concat" || this.at.deferred.has(node.id)) return;
    const { h, w, c } = sidesOf(node.shape);
    const whole = this.places.get(node.id) ?? this.map(h, w, c);
    this.places.set(node.id, whole);
    const [reader, ...others] = this.at.readers(node.id);
    const overwritten = others.length === 0 && reader?.attrs.op === "batchNorm";
    let begin = 0;
    for (const id of node.inputs) {
      const part = this.at.node(id);
      const size = sidesOf(part.shape).c;
      const free = this.members.has(id) && !this.places.has(id) && writesPlainMap(part) && begin % 4 === 0 && (size % 4 === 0 || begin + size === c);
      const repeated = node.inputs.filter((i) => i === id).length > 1;
      if (free && !repeated && (!overwritten || this.at.readers(id).length === 1) && !this.at.swallowed.has(id)) {
        this.places.set(id, subView(whole, begin, size));
        this.placeParts(part);
      }
      begin += size;
    }
  }

  private placeSlots(node: GraphNode, group: MixGroup): void {
    if (this.wides.has(node.id)) return;
    const { h, w, c } = sidesOf(node.shape);
    const lanes = padTo4(c);
    const map = this.map(h, w, lanes * group.slots.length);
    const leaves = group.leaves.map(({ node: leaf }) => ({ prob: this.vector(leaf.attrs.op === "mix" ? leaf.attrs.count : 0) }));
    this.wides.set(node.id, { map, weights: this.vector(group.slots.length), leaves });
    group.slots.forEach((slot, i) => {
      const own = slot.norm !== null || (this.at.readers(slot.node.id).length === 1 && writesPlainMap(slot.node) && !isResult(this.graph, slot.node.id));
      if (!own || this.places.has(slot.node.id) || !this.members.has(slot.node.id)) return;
      this.places.set(slot.node.id, { ...subView(map, i * lanes, c), h, w });
      this.placeParts(slot.node);
    });
  }
}
