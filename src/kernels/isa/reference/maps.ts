/**
 * Memory, loads and stores that the instructions of the reference have in common. Sums are float64 numbers; what is stored is as
 * precise as the arena's array (float32 in a machine, float64 where a test differentiates).
 */
import { AppError } from "@/lib/appError";
import type { Arena, Call, Instruction } from "../isa";

export type Floats = Float32Array | Float64Array;
export type Memory = Readonly<Record<Arena, Floats>>;
export type Args<I extends Instruction> = Call<I>["args"];

/** The executable definitions of some instructions. */
export type Definitions<K extends Instruction> = { readonly [I in K]: (f: Args<I>, memory: Memory) => void };

function outside(values: Floats, i: number): AppError {
  return new AppError("bug", `Address ${i} is outside an arena of ${values.length} floats.`);
}

/** Read a float; throws outside the arena. */
export function get(values: Floats, i: number): number {
  const value = values[i];
  if (value === undefined) throw outside(values, i);
  return value;
}

/** Write a float; throws outside the arena. */
export function put(values: Floats, i: number, value: number): void {
  if (!(i >= 0 && i < values.length)) throw outside(values, i);
  values[i] = value;
}

export function add(values: Floats, i: number, value: number): void {
  put(values, i, get(values, i) + value);
}

/** Call `f` with 0 … n−1. */
export function times(n: number, f: (i: number) => void): void {
  for (let i = 0; i < n; i++) f(i);
}

/** Σ f(i) for i < n. */
export function sum(n: number, f: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += f(i);
  return total;
}

/** clamp that keeps NaN. */
export const clamp = (v: number, lo: number, hi: number): number => (v < lo ? lo : v > hi ? hi : v);

/** A value of a map at a row and a channel. */
export type Load = (row: number, c: number) => number;

interface LoadedX {
  readonly x: number;
  readonly xld: number;
  readonly xmode: number;
  readonly xcoef: number;
  readonly xcs: number;
  readonly xlo: number;
  readonly xhi: number;
}

/** load(x) of an instruction with a loaded map. */
export function loadX({ A }: Memory, { x, xld, xmode, xcoef, xcs, xlo, xhi }: LoadedX): Load {
  const stored: Load = (row, c) => get(A, x + row * xld + c);
  if (xmode === 0) return stored;
  if (xmode === 1) return (row, c) => clamp(stored(row, c), xlo, xhi);
  return (row, c) => clamp(stored(row, c) * get(A, xcoef + c) + get(A, xcoef + xcs + c), xlo, xhi);
}

/** A map as it is stored. */
export function stored(values: Floats, start: number, ld: number): Load {
  return (row, c) => get(values, start + row * ld + c);
}

interface Into {
  readonly dx: number;
  readonly dxld: number;
  readonly base: number;
  readonly baseld: number;
}

/** dx = (base +) value(row, c). Elementwise, so that dx may be the base or any map that `value` reads at the same place. */
export function storeInto(
  { A }: Memory,
  { dx, dxld, base, baseld }: Into,
  rows: number,
  channels: number,
  value: Load,
): void {
  times(rows, (row) =>
    times(channels, (c) => {
      const below = base >= 0 ? get(A, base + row * baseld + c) : 0;
      put(A, dx + row * dxld + c, below + value(row, c));
    }),
  );
}

interface Masked {
  readonly mask: number;
  readonly x: number;
  readonly xld: number;
  readonly lo: number;
  readonly hi: number;
}

/** `value`, multiplied by [lo < x < hi] where the instruction has a mask. */
export function maskedBy({ A }: Memory, { mask, x, xld, lo, hi }: Masked, value: Load): Load {
  if (mask === 0) return value;
  const isInside: Load = (row, c) => {
    const held = get(A, x + row * xld + c);
    return lo < held && held < hi ? 1 : 0;
  };
  return (row, c) => value(row, c) * isInside(row, c);
}

/** Sums over a map of rows × channels, in float64. */
export class Sums {
  private readonly values: Float64Array;
  private readonly channels: number;

  constructor(rows: number, channels: number) {
    this.values = new Float64Array(rows * channels);
    this.channels = channels;
  }

  add(row: number, c: number, value: number): void {
    add(this.values, row * this.channels + c, value);
  }

  readonly at: Load = (row, c) => get(this.values, row * this.channels + c);
}

export interface Window {
  readonly B: number;
  readonly H: number;
  readonly W: number;
  readonly Ho: number;
  readonly Wo: number;
  readonly k: number;
  readonly s: number;
  readonly p: number;
}

/** A window with its own size, stride and padding on each axis. */
export interface Rectangle extends Omit<Window, "k" | "s" | "p"> {
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly ph: number;
  readonly pw: number;
}

type VisitTap = (out: number, input: number, tap: number) => void;

/** Every pair of an output row and an input row that meet in a tap (i·kw + j, row-major), padding left out. */
export function eachTapOf(f: Rectangle, dilation: number, visit: VisitTap): void {
  times(f.B * f.Ho * f.Wo, (out) => {
    const [b, oy, ox] = [Math.floor(out / (f.Ho * f.Wo)), Math.floor(out / f.Wo) % f.Ho, out % f.Wo];
    times(f.kh * f.kw, (tap) => {
      const y = oy * f.sh - f.ph + Math.floor(tap / f.kw) * dilation;
      const x = ox * f.sw - f.pw + (tap % f.kw) * dilation;
      if (y >= 0 && y < f.H && x >= 0 && x < f.W) visit(out, (b * f.H + y) * f.W + x, tap);
    });
  });
}

/** The same of a square window. */
export function eachTap({ k, s, p, ...map }: Window, dilation: number, visit: VisitTap): void {
  eachTapOf({ ...map, kh: k, kw: k, sh: s, sw: s, ph: p, pw: p }, dilation, visit);
}
