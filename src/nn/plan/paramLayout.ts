/**
 * Where parameters, their state and batch-norm banks live in the arenas W, G and S. Weights are stored with input and output channels padded
 * to multiples of 4 and every parameter starts a block of 64 floats: the optimizer works on blocks and knows decay and steps by block.
 */
import { BLOCK, hyperFields, padTo4, padToBlock } from "@/kernels/isa/isa";
import { AppError } from "@/lib/appError";
import type { Graph, ParamRole, ParamSpec } from "@/nas/graph";
import type { Part } from "../executor";
import { covers, partOf, type OnePart } from "../parts";

export interface ParamPlace {
  readonly spec: ParamSpec;
  /** Address in W and G (and, from the start of the region, in momenta). */
  readonly at: number;
  /** Padded length, and the length in blocks of 64 floats that the parameter owns. */
  readonly floats: number;
  readonly blocked: number;
  /** Rows and columns of the stored values, and the padded column count; see `pack`. */
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  /** Stored rows a group of `groupRows` real ones: input channels padded. Equal where nothing is padded. */
  readonly groupRows: number;
  readonly groupStride: number;
}

export interface NormPlace {
  /** Mean at `at`, variance at `at` + padded channels, from the start of a bank. */
  readonly at: number;
  readonly channels: number;
}

/** Neighbouring floats of W, G or a vector of that size; whole blocks. */
export interface Range {
  readonly at: number;
  readonly floats: number;
}

/** Roles that weight decay spares unless asked. */
const exempt: ReadonlySet<ParamRole> = new Set<ParamRole>(["gamma", "beta", "bias", "architecture"]);

function shapeOfStorage({ shape, role, name }: ParamSpec): Pick<ParamPlace, "rows" | "columns" | "stride" | "groupRows" | "groupStride"> {
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  if (shape.length === 4 && role === "depthwise") return { rows: a * b, columns: c, stride: padTo4(c), groupRows: 1, groupStride: 1 };
  if (shape.length === 4) return { rows: a * b * c, columns: d, stride: padTo4(d), groupRows: c, groupStride: padTo4(c) };
  if (shape.length === 2) return { rows: a, columns: b, stride: padTo4(b), groupRows: a, groupStride: padTo4(a) };
  if (shape.length === 1) return { rows: 1, columns: a, stride: padTo4(a), groupRows: 1, groupStride: 1 };
  throw new AppError("bug", `parameter "${name}" has ${shape.length} dimensions`);
}

/** Weights of grouped convolutions keep their rows unpadded. */
function placeOf(spec: ParamSpec, at: number): ParamPlace {
  const storage = shapeOfStorage(spec);
  const fitted = (spec.groups ?? 1) > 1 ? { ...storage, groupStride: storage.groupRows } : storage;
  const floats = (fitted.rows / fitted.groupRows) * fitted.groupStride * fitted.stride;
  return { spec, at, floats, blocked: padToBlock(floats), ...fitted };
}

const ringSlots = 1024;
const evaluationSlots = 64;
const normSlots = 1024;

export class ParamLayout {
  readonly params: ReadonlyMap<string, ParamPlace>;
  readonly norms: ReadonlyMap<string, NormPlace>;
  /** Floats of W, and of G. */
  readonly weightFloats: number;
  readonly bankFloats: number;
  /** Regions of S. The factor of vector arithmetic shares the first block with the hyper words. */
  readonly hyper = 0;
  readonly factor = hyperFields.length;
  readonly losses = { at: BLOCK, slots: ringSlots } as const;
  readonly evaluations = { at: BLOCK + 4 * ringSlots, slots: evaluationSlots } as const;
  readonly gradNorms = { at: BLOCK + 4 * (ringSlots + evaluationSlots), slots: normSlots } as const;
  readonly decay: number;
  readonly steps: number;
  readonly momentum: number;
  /** Second moment of Adam; the state ends here without it. */
  readonly second: number;

  constructor(params: readonly ParamSpec[], norms: Graph["norms"]) {
    const places = new Map<string, ParamPlace>();
    let at = 0;
    for (const spec of params) {
      const place = placeOf(spec, at);
      places.set(spec.name, place);
      at += place.blocked;
    }
    this.params = places;
    this.weightFloats = Math.max(BLOCK, at);
    const banks = new Map<string, NormPlace>();
    let bank = 0;
    for (const { stats, channels } of norms) {
      banks.set(stats, { at: bank, channels });
      bank += 2 * padTo4(channels);
    }
    this.norms = banks;
    this.bankFloats = padToBlock(Math.max(1, bank));
    const blocks = padToBlock(this.weightFloats / BLOCK);
    this.decay = this.gradNorms.at + normSlots;
    this.steps = this.decay + blocks;
    this.momentum = this.steps + blocks;
    this.second = this.momentum + this.weightFloats;
    if (hyperFields.length >= BLOCK) throw new AppError("bug", "the hyper block has grown");
  }

  param(name: string): ParamPlace {
    const place = this.params.get(name);
    if (place === undefined) throw new AppError("bug", `there is no parameter "${name}"`);
    return place;
  }

  norm(stats: string): NormPlace {
    const place = this.norms.get(stats);
    if (place === undefined) throw new AppError("bug", `there are no statistics "${stats}"`);
    return place;
  }

  /** Where the parameters of a part are. */
  rangesOf(part: Part): readonly Range[] {
    return joined([...this.params.values()].filter(({ spec }) => covers(part, spec.role)));
  }

  /** One float a block of 64: 1 where weight decay applies. `decayNorms` by part: whether it spares nothing there. */
  decayFlags(decayNorms: Readonly<Record<OnePart, boolean>>): Float32Array {
    const flags = new Float32Array(this.weightFloats / BLOCK);
    for (const { spec, at, blocked } of this.params.values()) if (decayNorms[partOf(spec.role)] || !exempt.has(spec.role)) flags.fill(1, at / BLOCK, (at + blocked) / BLOCK);
    return flags;
  }
}

/** Places as ranges, neighbours as one. */
export function joined(places: readonly ParamPlace[]): Range[] {
  const ranges: { at: number; floats: number }[] = [];
  for (const { at, blocked } of [...places].sort((a, b) => a.at - b.at)) {
    const last = ranges.at(-1);
    if (last && last.at + last.floats === at) last.floats += blocked;
    else ranges.push({ at, floats: blocked });
  }
  return ranges;
}

const isPacked = (p: ParamPlace): boolean => p.stride === p.columns && p.groupStride === p.groupRows;

/** A parameter's values in stored order. */
export function pack(place: ParamPlace, values: Float32Array): Float32Array {
  if (isPacked(place)) return values;
  const stored = new Float32Array(place.floats);
  for (let row = 0; row < place.rows; row++) stored.set(values.subarray(row * place.columns, (row + 1) * place.columns), storedRow(place, row) * place.stride);
  return stored;
}

/** The inverse of `pack`. */
export function unpack(place: ParamPlace, stored: Float32Array): Float32Array {
  if (isPacked(place)) return stored.slice(0, place.floats);
  const values = new Float32Array(place.rows * place.columns);
  for (let row = 0; row < place.rows; row++) {
    const from = storedRow(place, row) * place.stride;
    values.set(stored.subarray(from, from + place.columns), row * place.columns);
  }
  return values;
}

function storedRow(place: ParamPlace, row: number): number {
  const group = Math.floor(row / place.groupRows);
  return group * place.groupStride + (row - group * place.groupRows);
}
