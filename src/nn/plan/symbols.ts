/**
 * Calls before they have addresses. A lowered graph is a list of calls whose activations are references into buffers that have a
 * size but no place yet; scheduling and placing come later and need to know only what each call reads and writes.
 */
import { isa, type FieldKind, type Instruction } from "@/kernels/isa/isa";

/** Memory of the activation arena that is placed later. `ld` is the row stride of a map, or the whole length of a vector. */
export interface Buf {
  readonly id: number;
  readonly floats: number;
  readonly ld: number;
  /** Real channels of a map (its row may be longer); of a vector: its length. */
  readonly channels: number;
  /** Place that the frame fixes (batch, boundary of a segment), by name; null: placed by lifetime. */
  readonly fixed: string | null;
}

/** Columns [at, at + span) of every row of a map, or elements of a vector. */
export interface Ref {
  readonly buf: Buf;
  readonly at: number;
  readonly span: number;
}

/** Absent address. */
export const NONE = -1;

export type SymbolArg = number | Ref;

export interface SymbolCall {
  readonly op: Instruction;
  readonly args: Readonly<Record<string, SymbolArg>>;
}

export type ArgsOf<I extends Instruction> = { readonly [K in Exclude<keyof (typeof isa)[I], "tmp">]: (typeof isa)[I][K] extends "A" ? Ref | typeof NONE : number };

/** A call checked against its instruction; `tmp` is given when it is placed. */
export function symbolic<I extends Instruction>(op: I, args: ArgsOf<I>): SymbolCall {
  return { op, args: args as Readonly<Record<string, SymbolArg>> };
}

/** Activation fields that an instruction writes (it may read them too); all other activation fields are only read. */
const outputs: Readonly<Record<string, true>> = { y: true, dx: true, du: true, dz: true, ds: true, coef: true, prob: true, wv: true, dwv: true, sums: true };
/** Where a field of that name is an input after all. */
const inputsIn: Partial<Record<Instruction, readonly string[]>> = {
  normGrad: ["dz", "coef"],
  bankMove: ["coef"],
  mix: ["coef", "wv"],
  mixGrad: ["coef", "wv"],
  mixWeightsGrad: ["dwv", "prob"],
  affineMixGrad: ["sums", "wv"],
};

export interface Access {
  readonly ref: Ref;
  readonly writes: boolean;
}

/** Kinds of an instruction's fields by name. */
export function kindsOf(op: Instruction): Readonly<Record<string, FieldKind>> {
  return isa[op];
}

/** What a call touches in the activation arena. */
export function accessesOf(call: SymbolCall): Access[] {
  const kinds = kindsOf(call.op);
  const accesses: Access[] = [];
  for (const [name, value] of Object.entries(call.args)) {
    if (typeof value === "number" || kinds[name] !== "A") continue;
    accesses.push({ ref: value, writes: outputs[name] === true && inputsIn[call.op]?.includes(name) !== true });
  }
  return accesses;
}

/** What the call adds to outside the activations, weight gradients and the metrics of the loss: calls that share one must keep their order. */
export function sumsOf(call: SymbolCall): string[] {
  const kinds = kindsOf(call.op);
  // Mixtures may read ranges of one parameter that overlap; every other gradient is a whole parameter's.
  const numbers = call.op === "mixWeightsGrad" ? Number(call.args["n"]) : 1;
  return Object.entries(call.args).flatMap(([name, value]) => {
    if ((kinds[name] !== "G" && name !== "metrics") || typeof value !== "number" || value < 0) return [];
    return Array.from({ length: numbers }, (_, i) => `${kinds[name]}${value + i}`);
  });
}
