/**
 * Builds the test cases of instructions: memory full of noise in which maps, weights and vectors are laid out as plans lay them out,
 * or more awkwardly (wide rows, offsets inside wider maps, channels that do not fill their padding).
 */
import { type Rng, rootKey } from "@/lib/rng";
import { type Arena, type Call, type HyperField, hyperAt, hyperFields, type Instruction, UNBOUNDED } from "../isa";

/** What a case compares: `rows` × `channels` floats. */
export interface Region {
  readonly name: string;
  readonly arena: Arena;
  readonly at: number;
  readonly rows: number;
  readonly ld: number;
  readonly channels: number;
  /** Largest error allowed, relative to the largest expected value of the region. */
  readonly tolerance: number;
}

/** Floats copied from one arena to another, or inside one. */
export interface Copy {
  readonly source: Arena;
  readonly from: number;
  readonly target: Arena;
  readonly to: number;
  readonly length: number;
}

export interface BuiltCase {
  readonly memory: Readonly<Record<Arena, Float32Array>>;
  /** What the memory of an arena is created as, where it is something else. */
  readonly kinds: Partial<Readonly<Record<Arena, Arena>>>;
  /** Done before the calls, in order. */
  readonly copies: readonly Copy[];
  /** In order; the calls of one group are independent of each other. `tmp` fields are placed by who runs the case. */
  readonly groups: readonly (readonly Call[])[];
  /** Everything that may change, scratch apart. */
  readonly outputs: readonly Region[];
}

export interface Case {
  readonly name: string;
  readonly op: Instruction;
  build(): BuiltCase;
}

export const TOLERANCE = 1e-5;

/** A map, or any other block of rows, by its address and row stride. */
export interface Place {
  readonly at: number;
  readonly ld: number;
}

export interface MapOptions {
  /** Channels from here on are pad lanes: 0. */
  readonly real?: number;
  /** Row stride: exactly the channels, or wider with the map somewhere inside; by chance when absent. */
  readonly wide?: boolean;
  /** Standard normal when absent. */
  readonly value?: (row: number, c: number) => number;
  /** Floats that the address is a multiple of; 1 is an odd address. */
  readonly align?: number;
}

export interface OutputOptions extends MapOptions {
  readonly name?: string;
  readonly tolerance?: number;
}

export interface LoadOptions extends MapOptions {
  readonly mode?: number;
  readonly bounds?: readonly [number, number];
  /** Loaded values keep this far (1e-3) from these, unless a clamp puts them there exactly: derivatives jump there. */
  readonly avoid?: readonly number[];
}

type LoadedFields = Readonly<Record<"x" | "xld" | "xmode" | "xcoef" | "xcs" | "xlo" | "xhi", number>>;

const BOUNDS: readonly (readonly [number, number])[] = [
  [0, UNBOUNDED],
  [0, 6],
  [-UNBOUNDED, UNBOUNDED],
  [-0.5, 0.75],
];

const clamp = (v: number, lo: number, hi: number): number => Math.min(Math.max(v, lo), hi);

export class CaseBuilder {
  readonly rng: Rng;
  readonly outputs: Region[] = [];
  readonly kinds: Partial<Record<Arena, Arena>> = {};
  readonly copies: Copy[] = [];
  private readonly floats: Record<Arena, number[]> = { A: [], W: [], G: [], S: [] };

  constructor(name: string) {
    this.rng = rootKey(11).fold(name).stream();
  }

  /** `n` floats of noise behind some more noise that must not change. */
  reserve(arena: Arena, n: number, align = 4): number {
    const floats = this.floats[arena];
    const noise = (count: number): void => {
      for (let i = 0; i < count; i++) floats.push(Math.fround(this.rng.next() * 8 - 4));
    };
    noise(4 + this.rng.int(8));
    while (align === 1 ? floats.length % 2 === 0 : floats.length % align !== 0) noise(1);
    const at = floats.length;
    noise(n);
    return at;
  }

  set(arena: Arena, at: number, value: number): void {
    this.floats[arena][at] = Math.fround(value);
  }

  get(arena: Arena, at: number): number {
    const value = this.floats[arena][at];
    if (value === undefined) throw new RangeError(`Nothing was reserved at ${arena}[${at}].`);
    return value;
  }

  /** A block of rows with pad lanes 0. */
  block(
    arena: Arena,
    rows: number,
    channels: number,
    { real = channels, wide, value, align = 4 }: MapOptions = {},
  ): Place {
    const isWide = wide ?? this.rng.int(2) === 1;
    const [before, after] = isWide ? [4 * this.rng.int(3), 4 * (1 + this.rng.int(2))] : [0, 0];
    const ld = before + channels + after;
    const at = this.reserve(arena, rows * ld, align) + before;
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < channels; c++)
        this.set(arena, at + row * ld + c, c < real ? (value?.(row, c) ?? this.rng.normal()) : 0);
    }
    return { at, ld };
  }

  /** A map of activations that is read. */
  map(rows: number, channels: number, options: MapOptions = {}): Place {
    return this.block("A", rows, channels, options);
  }

  /** A vector that is read; never wider than its floats. */
  vector(arena: Arena, n: number, options: MapOptions = {}): number {
    return this.block(arena, 1, n, { ...options, wide: false }).at;
  }

  /** Declare what lies there already as changed by the case. */
  changes(
    arena: Arena,
    { at, ld }: Place,
    rows: number,
    channels: number,
    { name = "y", tolerance = TOLERANCE }: OutputOptions = {},
  ): void {
    this.outputs.push({ name, arena, at, rows, ld, channels, tolerance });
  }

  /** A map that is written whole: it holds NaN before. */
  output(rows: number, channels: number, options: OutputOptions = {}): Place {
    const place = this.block("A", rows, channels, { ...options, real: channels, value: () => NaN });
    this.changes("A", place, rows, channels, options);
    return place;
  }

  /** A vector that the case changes, added to or replaced. */
  changedVector(arena: Arena, n: number, options: OutputOptions = {}): number {
    const at = this.vector(arena, n, options);
    this.changes(arena, { at, ld: n }, 1, n, options);
    return at;
  }

  /** Fields of a loaded map. */
  load(
    rows: number,
    channels: number,
    { mode = 0, bounds, avoid = [], real = channels, ...options }: LoadOptions = {},
  ): LoadedFields {
    const [lo, hi] = (bounds ?? BOUNDS[this.rng.int(BOUNDS.length)] ?? [0, 0]).map(Math.fround) as [number, number];
    const cs = channels + 4 * this.rng.int(3);
    const coef = mode === 2 ? this.reserve("A", 2 * cs) : -1;
    for (let c = 0; mode === 2 && c < channels; c++) {
      this.set("A", coef + c, 0.5 + this.rng.next());
      this.set("A", coef + cs + c, c < real ? this.rng.normal() / 2 : 0);
    }
    const loaded = (v: number, c: number): number => {
      if (mode === 0) return v;
      return clamp(mode === 1 ? v : v * this.get("A", coef + c) + this.get("A", coef + cs + c), lo, hi);
    };
    const isClear = (v: number): boolean =>
      (mode > 0 && (v === lo || v === hi)) || avoid.every((kink) => Math.abs(v - kink) > 1e-3);
    const draw = (row: number, c: number): number => Math.fround(options.value?.(row, c) ?? 2 * this.rng.normal());
    const value = (row: number, c: number): number => {
      let v = draw(row, c);
      while (!isClear(loaded(v, c))) v = draw(row, c);
      return v;
    };
    const { at, ld } = this.map(rows, channels, { ...options, real, value });
    return { x: at, xld: ld, xmode: mode, xcoef: coef, xcs: cs, xlo: mode === 0 ? 0 : lo, xhi: mode === 0 ? 0 : hi };
  }

  /** Fields of `dx` and `base`: kind 0 no base, 1 another map, 2 dx itself. */
  into(
    rows: number,
    channels: number,
    kind: number,
    real = channels,
  ): Readonly<Record<"dx" | "dxld" | "base" | "baseld", number>> {
    if (kind === 2) {
      const { at, ld } = this.map(rows, channels, { real });
      this.changes("A", { at, ld }, rows, channels, { name: "dx" });
      return { dx: at, dxld: ld, base: at, baseld: ld };
    }
    const dx = this.output(rows, channels, { name: "dx" });
    if (kind === 0) return { dx: dx.at, dxld: dx.ld, base: -1, baseld: 0 };
    const base = this.map(rows, channels, { real });
    return { dx: dx.at, dxld: dx.ld, base: base.at, baseld: base.ld };
  }

  /** Fields of a mask; the stored map often lies on its bounds exactly. */
  masked(
    rows: number,
    channels: number,
    isMasked: boolean,
    real = channels,
  ): Readonly<Record<"mask" | "x" | "xld" | "lo" | "hi", number>> {
    if (!isMasked) return { mask: 0, x: -1, xld: 0, lo: 0, hi: 0 };
    const [lo, hi] = (BOUNDS[this.rng.int(BOUNDS.length)] ?? [0, 0]).map(Math.fround) as [number, number];
    const value = (): number => (this.rng.int(4) === 0 ? (this.rng.int(2) === 0 ? 0 : 6) : 3 * this.rng.normal());
    const { at, ld } = this.map(rows, channels, { real, value });
    return { mask: 1, x: at, xld: ld, lo, hi };
  }

  /** A hyper block with these words; the others are 0. */
  hyper(values: Partial<Readonly<Record<HyperField, number>>>): number {
    return this.vector("S", hyperFields.length, { value: (_row, i) => values[hyperFields[i] as HyperField] ?? 0 });
  }

  /** Declare a word of a hyper block as changed. */
  changesHyper(hyper: number, field: HyperField): void {
    this.changes("S", { at: hyper + hyperAt[field], ld: 1 }, 1, 1, { name: field });
  }

  finish(groups: readonly (readonly Call[])[]): BuiltCase {
    for (const arena of ["A", "W", "G", "S"] as const) this.reserve(arena, 16);
    const arrays = Object.entries(this.floats).map(([arena, values]) => [arena, Float32Array.from(values)]);
    const memory = Object.fromEntries(arrays) as Record<Arena, Float32Array>;
    return { memory, kinds: this.kinds, copies: this.copies, groups, outputs: this.outputs };
  }
}

/** How the cases of an instruction are made from a list of shapes and a number that selects its options. */
export interface Recipe<S> {
  readonly op: Instruction;
  readonly shapes: readonly S[];
  /** Options are selected by 0 … variants − 1; 1 when absent. */
  readonly variants?: number;
  /** Lays out the maps and returns the call. */
  make(b: CaseBuilder, shape: S, variant: number): Call;
}

/** Each shape and each variant at least once, and groups of several calls with equal options and different shapes. */
export function casesOf<S extends object>({ op, shapes, variants = 1, make }: Recipe<S>): Case[] {
  const shapeAt = (i: number): S => shapes[i % shapes.length] as S;
  const single = (i: number): Case => {
    const name = `${op} ${i}: ${Object.entries(shapeAt(i))
      .map(([key, value]) => `${key} ${value}`)
      .join(" ")}, variant ${i % variants}`;
    return {
      name,
      op,
      build: () => {
        const b = new CaseBuilder(name);
        return b.finish([[make(b, shapeAt(i), i % variants)]]);
      },
    };
  };
  const batch = (size: number, variant: number): Case => {
    const name = `${op} group of ${size}, variant ${variant}`;
    return {
      name,
      op,
      build: () => {
        const b = new CaseBuilder(name);
        return b.finish([Array.from({ length: size }, (_, i) => make(b, shapeAt(i), variant))]);
      },
    };
  };
  const singles = Array.from({ length: Math.max(shapes.length, variants) }, (_, i) => single(i));
  return [...singles, batch(2, 0), batch(5, variants - 1)];
}
