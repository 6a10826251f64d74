/** Values during lowering: where a node's result is stored, how it is to be loaded, and whose gradient it feeds. */
import { padTo4, UNBOUNDED } from "@/kernels/isa/isa";
import type { Shape } from "@/nas/graph";
import { NONE, type Buf, type Ref } from "../symbols";

/** Channels [at, at + padded) of the rows of a buffer. A vector value is a map of one pixel an image. */
export interface View {
  readonly buf: Buf;
  readonly at: number;
  /** Real channels. */
  readonly channels: number;
  readonly h: number;
  readonly w: number;
}

/** How the stored numbers become the value: see `loaded` of the instruction set. */
export interface Load {
  readonly mode: 0 | 1 | 2;
  /** Scale of channel 0 of this view; shift lies `cs` further on. */
  readonly coef: Ref | typeof NONE;
  readonly cs: number;
  readonly lo: number;
  readonly hi: number;
}

export const asStored: Load = { mode: 0, coef: NONE, cs: 0, lo: -UNBOUNDED, hi: UNBOUNDED };

/** A clamp between a stored value and this one, through which gradients must pass. */
export interface Mask {
  readonly stored: View;
  readonly lo: number;
  readonly hi: number;
}

export interface Value {
  readonly view: View;
  readonly load: Load;
  /** Node whose gradient collects what flows into this value, from channel `offset` on. */
  readonly holder: number;
  readonly offset: number;
  readonly mask: Mask | null;
}

export const padded = (view: View): number => padTo4(view.channels);

export function refOf(view: View): Ref {
  return { buf: view.buf, at: view.at, span: padded(view) };
}

/** Channels [begin, begin + size) of a view. */
export function subView(view: View, begin: number, size: number): View {
  return { ...view, at: view.at + begin, channels: size };
}

/** [h, w, c] or [c]. */
export function sidesOf(shape: Shape): { readonly h: number; readonly w: number; readonly c: number } {
  return shape.length === 1 ? { h: 1, w: 1, c: shape[0] ?? 0 } : { h: shape[0] ?? 0, w: shape[1] ?? 0, c: shape[2] ?? 0 };
}

type LoadArgs<P extends string> = { readonly [K in P | `${P}coef`]: Ref | typeof NONE } & { readonly [K in `${P}ld` | `${P}mode` | `${P}cs` | `${P}lo` | `${P}hi`]: number };

/** The fields of a loaded operand; null: an absent one. */
export function loadArgs<P extends string>(prefix: P, value: Pick<Value, "view" | "load"> | null): LoadArgs<P> {
  const load = value?.load ?? asStored;
  return {
    [prefix]: value ? refOf(value.view) : NONE,
    [`${prefix}ld`]: value?.view.buf.ld ?? 0,
    [`${prefix}mode`]: load.mode,
    [`${prefix}coef`]: load.coef,
    [`${prefix}cs`]: load.cs,
    [`${prefix}lo`]: load.lo,
    [`${prefix}hi`]: load.hi,
  } as LoadArgs<P>;
}
