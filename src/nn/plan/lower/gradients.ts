/**
 * Gradients of maps during lowering. What flows into a node arrives in pieces: the first writes, later ones add, and a gradient that is
 * merely passed on (an addition's, a slice of a concatenation's) is an alias until something must be added to it. No buffer is cleared first.
 */
import { AppError } from "@/lib/appError";
import { padTo4 } from "@/kernels/isa/isa";
import { NONE, symbolic, type ArgsOf, type Ref, type SymbolCall } from "../symbols";
import { asStored, loadArgs, padded, refOf, subView, type Value, type View } from "./values";

/** Where a contribution goes and what it is added to. */
export interface Target {
  readonly dx: View;
  readonly base: View | null;
}

interface Piece {
  readonly from: number;
  readonly to: number;
  /** Null: in the node's own gradient buffer. */
  readonly alias: View | null;
}

export interface GradientEnv {
  /** Own gradient buffer of a node (a new one, or the place that the frame fixed for it). */
  makeOwn(holder: number): View;
  /** A temporary map of the same rows as `like` with that many channels. */
  makeTemporary(like: View, channels: number): View;
  emit(call: SymbolCall): void;
  rows(view: View): number;
}

/** Fields of a gradient's result. */
export function intoArgs({ dx, base }: Target): { readonly dx: Ref; readonly dxld: number; readonly base: Ref | typeof NONE; readonly baseld: number } {
  return { dx: refOf(dx), dxld: dx.buf.ld, base: base ? refOf(base) : NONE, baseld: base?.buf.ld ?? 0 };
}

export class Gradients {
  private readonly env: GradientEnv;
  private readonly owns = new Map<number, View>();
  private readonly pieces = new Map<number, Piece[]>();

  constructor(env: GradientEnv) {
    this.env = env;
  }

  /** Adds a contribution of an instruction that writes dx = base + value itself. `masks`: it also applies the value's clamp. */
  add(value: Value, emit: (target: Target, mask: Value["mask"]) => void, masks = false): void {
    if (value.mask !== null && !masks) {
      const temporary = this.env.makeTemporary(value.view, value.view.channels);
      emit({ dx: temporary, base: null }, null);
      this.addMasked(value, temporary);
      return;
    }
    emit(this.claim(value), value.mask);
  }

  /** Adds a contribution of an instruction that can only write. */
  addWritten(value: Value, emit: (dx: View) => void): void {
    if (value.mask === null && this.covering(value).length === 0) {
      emit(this.claim(value).dx);
      return;
    }
    const temporary = this.env.makeTemporary(value.view, value.view.channels);
    emit(temporary);
    this.pass(value, temporary);
  }

  /** Adds a gradient that exists already and stays unchanged. */
  pass(value: Value, given: View): void {
    // A view of a neighbour's lanes would smuggle them in as padding.
    const gradient = isAligned(given) ? given : this.aligned(given);
    if (value.mask !== null) {
      this.addMasked(value, gradient);
      return;
    }
    if (this.covering(value).length === 0 && gradient.channels === value.view.channels) {
      this.list(value.holder).push({ from: value.offset, to: value.offset + padded(value.view), alias: gradient });
      return;
    }
    this.sum(gradient, this.claim(value));
  }

  /** The whole gradient of a node, or null when nothing flowed into it. */
  finish(holder: number, like: View): View | null {
    const pieces = this.pieces.get(holder);
    if (pieces === undefined || pieces.length === 0) return null;
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined && first.from === 0 && first.to >= padded(like)) return first.alias ?? this.own(holder);
    return this.settle(holder, 0, padded(like));
  }

  /** As `finish`, in the node's own buffer. */
  finishInPlace(holder: number, like: View): void {
    this.settle(holder, 0, padded(like));
  }

  private list(holder: number): Piece[] {
    const known = this.pieces.get(holder);
    if (known) return known;
    const made: Piece[] = [];
    this.pieces.set(holder, made);
    return made;
  }

  private own(holder: number): View {
    const known = this.owns.get(holder);
    if (known) return known;
    const made = this.env.makeOwn(holder);
    this.owns.set(holder, made);
    return made;
  }

  private covering(value: Value): Piece[] {
    const [from, to] = [value.offset, value.offset + padded(value.view)];
    return this.list(value.holder).filter((p) => p.from < to && from < p.to);
  }

  /** Makes the value's range of the gradient its own; says where to write and what is there to add to. */
  private claim(value: Value): Target {
    const [from, to] = [value.offset, value.offset + padded(value.view)];
    const met = this.covering(value);
    const [only] = met;
    const dx = subView(this.own(value.holder), value.offset, value.view.channels);
    if (only === undefined) {
      this.list(value.holder).push({ from, to, alias: null });
      return { dx, base: null };
    }
    if (met.length === 1 && only.from === from && only.to === to && only.alias !== null) {
      this.replace(value.holder, only, { from, to, alias: null });
      return { dx, base: only.alias };
    }
    this.settle(value.holder, from, to);
    return { dx, base: dx };
  }

  private replace(holder: number, old: Piece, next: Piece): void {
    const list = this.list(holder);
    list[list.indexOf(old)] = next;
  }

  /** Makes a range of the gradient whole in the own buffer: copies aliases, zeroes what nothing flowed into. */
  private settle(holder: number, from: number, to: number): View {
    const own = this.own(holder);
    let covered = from;
    for (const piece of [...this.list(holder)].sort((a, b) => a.from - b.from)) {
      if (piece.to <= from || piece.from >= to) continue;
      if (piece.from > covered) this.zero(own, covered, piece.from);
      if (piece.alias !== null) {
        this.sum(piece.alias, { dx: subView(own, piece.from, piece.alias.channels), base: null });
        this.replace(holder, piece, { ...piece, alias: null });
      }
      covered = Math.max(covered, piece.to);
    }
    if (covered < to) this.zero(own, covered, to);
    const rest = this.list(holder).filter((p) => p.to <= from || p.from >= to);
    const touched = this.list(holder).filter((p) => p.to > from && p.from < to);
    const whole = { from: Math.min(from, ...touched.map((p) => p.from)), to: Math.max(to, ...touched.map((p) => p.to)), alias: null };
    this.pieces.set(holder, [...rest, whole]);
    return own;
  }

  private zero(view: View, from: number, to: number): void {
    const y = subView(view, from, to - from);
    this.env.emit(symbolic("fill", { y: { buf: view.buf, at: view.at, span: to }, yld: view.buf.ld, from, n: y.channels, value: 0, M: this.env.rows(view) }));
  }

  private sum(gradient: View, { dx, base }: Target): void {
    const r = base ? { view: base, load: asStored } : null;
    const args = { ...loadArgs("x", { view: gradient, load: asStored }), ...loadArgs("r", r), y: refOf(dx), yld: dx.buf.ld, M: this.env.rows(gradient), C: padTo4(dx.channels) };
    this.env.emit(symbolic("apply", args));
  }

  /** A copy with lanes of its own. */
  private aligned(gradient: View): View {
    const dx = this.env.makeTemporary(gradient, gradient.channels);
    if (dx.channels % 4 !== 0) this.zero(dx, 0, padTo4(dx.channels));
    // Rows begin at a multiple of 4; the channels inside them need not.
    const begin = gradient.at % 4;
    const x = { ...refOf(gradient), at: gradient.at - begin, span: padTo4(begin + gradient.channels) };
    const args = { ...loadArgs("x", { view: gradient, load: asStored }), x, xb: begin, xs: 1, y: refOf(dx), yld: dx.buf.ld, yb: 0, ys: 1, n: dx.channels, acc: 0, M: this.env.rows(gradient) };
    this.env.emit(symbolic("channels", args));
    return dx;
  }

  /** The clamp's derivative is that of a ReLU (or ReLU6) of what is stored. */
  private addMasked(value: Value, gradient: View): void {
    const mask = value.mask;
    if (mask === null) throw new AppError("bug", "a value without a clamp");
    const target = this.claim({ ...value, mask: null });
    const args: ArgsOf<"activationGrad"> = {
      ...loadArgs("x", { view: mask.stored, load: asStored }), dy: refOf(gradient), dyld: gradient.buf.ld, ...intoArgs(target), kind: mask.hi === 6 ? 1 : 0,
      M: this.env.rows(value.view), C: padded(value.view),
    }; // prettier-ignore
    this.env.emit(symbolic("activationGrad", args));
  }
}

/** Whether whole vectors of four cover the view and nothing of a neighbour. */
function isAligned(view: View): boolean {
  return view.at % 4 === 0 && (view.channels % 4 === 0 || view.at + view.channels === view.buf.channels);
}
